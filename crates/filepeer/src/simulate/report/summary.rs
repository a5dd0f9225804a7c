//! The table of a run: a row for each case.

use cli::Grid;
use figures::Numbers;

use crate::{
    language::Language,
    simulate::{
        numbers::Line,
        plan::Method,
        saved::{CaseResult, SavedRun},
    },
};

/// Those of a terminal, which has no room for more.
const COLUMNS_ON_SCREEN: usize = 8;

impl Language {
    pub(crate) fn method(self, method: Method) -> String {
        match method {
            Method::Flood => self.method_flood(),
            Method::Rings => self.method_rings(),
            Method::Walkers => self.method_walkers(),
            Method::Bloom => self.method_bloom(),
        }
    }

    /// With as many digits as say something; nothing where there is no number.
    pub(super) fn some(self, value: Option<f64>) -> String {
        value.map_or_else(String::new, |value| self.number(value))
    }

    pub(super) fn some_percent(self, share: Option<f64>) -> String {
        share.map_or_else(String::new, |share| self.percent_of_many(share))
    }

    /// 99.98% is not all.
    pub(super) fn percent_of_many(self, share: f64) -> String {
        match share {
            share if share > 0.995 && share < 1.0 => format!("{}%", self.decimal(share * 100.0, 2)),
            share => self.percent(share),
        }
    }
}

pub(super) fn grid(run: &SavedRun, language: Language) -> Grid {
    let heads: Vec<&'static str> = language.summary_columns().into();
    let row = |result: &CaseResult| row(&result.line, language).to_vec();
    let rows = run.results.iter().map(row).collect();
    Grid { numbers: (1..heads.len()).collect(), heads, rows }
}

pub(super) fn on_screen(run: &SavedRun, language: Language) -> String {
    let mut grid = grid(run, language);
    grid.heads.truncate(COLUMNS_ON_SCREEN);
    grid.numbers.truncate(COLUMNS_ON_SCREEN - 1);
    grid.rows.iter_mut().for_each(|row| row.truncate(COLUMNS_ON_SCREEN));
    grid.on_screen()
}

fn row(line: &Line, language: Language) -> [String; 12] {
    [
        line.case.clone(),
        line.searches.to_string(),
        language.some_percent(line.found),
        language.some_percent(line.found_there),
        language.some(line.messages_mean),
        predicted(line, language),
        language.some(line.messages_p95),
        language.some(line.messages_max),
        language.some(line.hops_mean),
        language.some(line.hops_max),
        language.some(line.time_mean_ms),
        language.some(line.time_p95_ms),
    ]
}

fn predicted(line: &Line, language: Language) -> String {
    match (line.predicted_least, line.predicted_most) {
        (Some(least), None) => language.at_least(language.number(least)),
        (least, _) => language.some(least),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::saved::tests::made_up;

    #[test]
    fn a_row_has_what_is_predicted_beside_what_was_simulated() {
        let run = made_up();
        let grid = grid(&run, Language::En);
        assert_eq!(grid.rows.len(), 16);
        assert!(grid.rows.iter().all(|row| row.len() == grid.heads.len()));
        // Of 20 nodes with 3 neighbours each, whose distances are below the TTL: 2 times 30 edges - 20 + 1.
        assert_eq!(grid.rows[0][..6], ["flood-20", "40", "100%", "100%", "41.0", "41.0"]);
        assert_eq!(grid.rows[2][5], "≥ 10.0");
        let indonesian = super::grid(&run, Language::Id);
        assert_eq!(indonesian.rows[0][4], "41,0");
        for language in [Language::En, Language::Id] {
            let screen = on_screen(&run, language);
            assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
        }
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(Language::En.percent_of_many(0.9998), "99.98%");
        assert_eq!(Language::Id.percent_of_many(1.0), "100%");
    }
}
