//! The table of a run: for each case a row with what theory expects, and below it one with what came of it in each
//! world.

use cli::Grid;
use figures::Numbers;

use crate::{
    language::Language,
    results::{
        numbers::{Distance, Measure, Number},
        records::World,
        saved::CaseResult,
    },
};

/// Those of a terminal come first; it has no room for the others.
const COLUMNS: [Measure; 9] = [
    Measure::Delivered,
    Measure::Acknowledged,
    Measure::FailedThoughDelivered,
    Measure::Attempts,
    Measure::Duplicates,
    Measure::Latency,
    Measure::LatencyP99,
    Measure::Held,
    Measure::Throughput,
];
const COLUMNS_ON_SCREEN: usize = 7;

/// The case and the world.
const NAMES: usize = 2;

pub(crate) fn grid(results: &[CaseResult], language: Language) -> Grid {
    table(results, COLUMNS.len(), language)
}

pub(crate) fn on_screen(results: &[CaseResult], language: Language) -> String {
    table(results, COLUMNS_ON_SCREEN, language).on_screen()
}

/// With the first of the columns, and how far the two are apart.
fn table(results: &[CaseResult], columns: usize, language: Language) -> Grid {
    let mut heads: Vec<&'static str> = language.summary_columns().into();
    heads.drain(NAMES + columns..NAMES + COLUMNS.len());
    Grid {
        numbers: (NAMES..heads.len()).collect(),
        heads,
        rows: results
            .iter()
            .flat_map(|result| rows(result, &COLUMNS[..columns], language))
            .collect(),
    }
}

fn rows(result: &CaseResult, columns: &[Measure], language: Language) -> Vec<Vec<String>> {
    let name = || result.case.name.clone();
    let mut rows = Vec::new();
    for world in result.worlds.keys() {
        let numbers = result.numbers(*world);
        let values = |value: fn(&Number) -> Option<f64>| {
            let field = |measure: &Measure| {
                let number = numbers.iter().find(|number| number.measure == *measure);
                let value = number.and_then(value);
                value.map_or_else(String::new, |value| shown(*measure, value, language))
            };
            columns.iter().map(field).collect::<Vec<_>>()
        };
        if rows.is_empty() {
            let mut row = vec![name(), language.predicted()];
            row.extend(values(|number| number.predicted));
            row.extend([String::new(), String::new()]);
            rows.push(row);
        }
        let mut row = vec![name(), language.world(*world)];
        row.extend(values(|number| number.observed));
        row.extend(agreement(&numbers, language));
        rows.push(row);
    }
    rows
}

/// How many numbers agree, and how many standard errors the farthest is away.
fn agreement(numbers: &[Number], language: Language) -> [String; 2] {
    let tested = numbers.iter().filter_map(|number| number.distance);
    let agreeing = tested.clone().filter(|distance| distance.agrees()).count();
    let errors = tested.clone().filter_map(|distance| match distance {
        Distance::Errors(z) => Some(z),
        Distance::Chance(_) => None,
    });
    let farthest = errors.max_by(|a, b| a.abs().total_cmp(&b.abs()));
    [
        format!("{agreeing}/{}", tested.count()),
        farthest.map_or_else(String::new, |z| language.decimal(z, 1)),
    ]
}

/// With as many digits as tell cases apart.
pub(crate) fn shown(measure: Measure, value: f64, language: Language) -> String {
    let decimals = match measure {
        Measure::Delivered
        | Measure::DeliveredToAll
        | Measure::Acknowledged
        | Measure::FailedThoughDelivered => 5,
        Measure::Attempts | Measure::Copies | Measure::Duplicates | Measure::Packets => 4,
        Measure::Latency | Measure::LatencyP99 | Measure::TimeToAck | Measure::Held => 1,
        Measure::Throughput => 2,
    };
    language.decimal(value, decimals)
}

impl Language {
    pub(crate) fn measure(self, measure: Measure) -> String {
        match measure {
            Measure::Delivered => self.measure_delivered(),
            Measure::DeliveredToAll => self.measure_delivered_to_all(),
            Measure::Acknowledged => self.measure_acknowledged(),
            Measure::FailedThoughDelivered => self.measure_failed(),
            Measure::Attempts => self.measure_attempts(),
            Measure::Copies => self.measure_copies(),
            Measure::Duplicates => self.measure_duplicates(),
            Measure::Packets => self.measure_packets(),
            Measure::Latency => self.measure_latency(),
            Measure::LatencyP99 => self.measure_p99(),
            Measure::TimeToAck => self.measure_time_to_ack(),
            Measure::Held => self.measure_held(),
            Measure::Throughput => self.measure_throughput(),
        }
    }

    pub(crate) fn world(self, world: World) -> String {
        match world {
            World::Simulated => self.simulated(),
            World::Live => self.live(),
            World::Broker => self.broker(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::saved::tests::made_up;

    #[test]
    fn what_theory_expects_stands_above_what_came_of_it() {
        let run = made_up();
        let grid = grid(&run.results, Language::En);
        assert_eq!(grid.rows.len(), 4);
        assert!(grid.rows.iter().all(|row| row.len() == grid.heads.len()));
        assert_eq!(grid.rows[0][..3], ["direct", "predicted", "0.90000"]);
        assert_eq!(
            grid.rows[2][..6],
            ["pubsub", "predicted", "0.99900", "0.99314", "0.00586", "1.2261"]
        );
        assert_eq!(grid.rows[3][1], "simulated");
        let indonesian = super::grid(&run.results, Language::Id);
        assert_eq!(indonesian.rows[2][2], "0,99900");
    }
}
