//! What the searches of a case were like, in numbers.

use figures::Sample;
use serde::Serialize;

use super::{
    plan::{Case, Method, Plan},
    records::Record,
};

/// A line of `table.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) case: String,
    pub(crate) method: Method,
    pub(crate) nodes: usize,
    pub(crate) degree: usize,
    pub(crate) away_percent: u8,
    pub(crate) searches: usize,
    /// The part of them that found the file.
    pub(crate) found: Option<f64>,
    /// With nodes that come and go: the part of the time that one of the holders is there.
    pub(crate) predicted_found: Option<f64>,
    /// The part of those that found it, of the searches for which a holder could be reached when they began.
    pub(crate) found_there: Option<f64>,
    pub(crate) messages_mean: Option<f64>,
    pub(crate) predicted_least: Option<f64>,
    pub(crate) predicted_most: Option<f64>,
    /// The mean divided by what is predicted exactly, minus one.
    pub(crate) off: Option<f64>,
    pub(crate) messages_p50: Option<f64>,
    pub(crate) messages_p95: Option<f64>,
    pub(crate) messages_max: Option<f64>,
    pub(crate) hits_mean: Option<f64>,
    pub(crate) hops_mean: Option<f64>,
    pub(crate) hops_max: Option<f64>,
    pub(crate) time_mean_ms: Option<f64>,
    pub(crate) time_p95_ms: Option<f64>,
}

impl Line {
    pub(crate) fn of(plan: &Plan, case: &Case, records: &[Record]) -> Self {
        let sample = |of: fn(&Record) -> Option<f64>| Sample::of(records.iter().filter_map(of));
        let messages = sample(|it| Some(it.messages as f64));
        let hops = sample(|it| it.hops.map(f64::from));
        let time = sample(|it| it.time_ms);
        let is_there = |record: &&Record| record.nearest.is_some();
        let [least, most] =
            [all(records, |it| it.predicted_least), all(records, |it| it.predicted_most)];
        let off = messages.mean().zip(least.filter(|_| least == most));
        Self {
            case: case.name.clone(),
            method: case.method,
            nodes: case.nodes,
            degree: plan.degree,
            away_percent: case.away_percent,
            searches: records.len(),
            found: share_found(records.iter()),
            predicted_found: predicted_found(plan, case),
            found_there: share_found(records.iter().filter(is_there)),
            messages_mean: messages.mean(),
            predicted_least: least,
            predicted_most: most,
            off: off.map(|(mean, predicted)| mean / predicted - 1.0),
            messages_p50: messages.quantile(0.5),
            messages_p95: messages.quantile(0.95),
            messages_max: messages.quantile(1.0),
            hits_mean: sample(|it| Some(it.hits as f64)).mean(),
            hops_mean: hops.mean(),
            hops_max: hops.quantile(1.0),
            time_mean_ms: time.mean(),
            time_p95_ms: time.quantile(0.95),
        }
    }
}

/// The mean of what is predicted of every search; none where it is not of some.
fn all(records: &[Record], of: fn(&Record) -> Option<f64>) -> Option<f64> {
    let values: Option<Vec<f64>> = records.iter().map(of).collect();
    Sample::of(values?).mean()
}

fn share_found<'a>(records: impl Iterator<Item = &'a Record>) -> Option<f64> {
    let is_found = |record: &Record| f64::from(u8::from(record.found > 0));
    Sample::of(records.map(is_found)).mean()
}

/// A search finds nothing while all who have the file are away.
fn predicted_found(plan: &Plan, case: &Case) -> Option<f64> {
    let all_away = case.is_away().powi(i32::try_from(plan.holders).ok()?);
    (case.away_percent > 0).then_some(1.0 - all_away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::saved::tests::plan;

    fn record(messages: u64, hops: Option<u16>, nearest: Option<u32>, predicted: f64) -> Record {
        Record {
            seed: 1,
            asker: 0,
            messages,
            hits: hops.unwrap_or_default().into(),
            found: usize::from(hops.is_some()),
            hops,
            time_ms: hops.map(|hops| f64::from(hops) * 40.0),
            nearest,
            predicted_least: Some(predicted),
            predicted_most: Some(predicted),
        }
    }

    #[test]
    fn the_numbers_of_four_searches_are_those_by_hand() {
        let records = [
            record(10, Some(1), Some(1), 10.0),
            record(20, Some(3), Some(3), 20.0),
            record(30, None, None, 25.0),
            record(40, None, Some(2), 25.0),
        ];
        let case = Case::new(Method::Flood, 100, 25);
        let line = Line::of(&plan(), &case, &records);
        assert_eq!((line.found, line.found_there), (Some(0.5), Some(2.0 / 3.0)));
        assert_eq!(line.predicted_found, Some(0.75));
        assert_eq!((line.messages_mean, line.predicted_least), (Some(25.0), Some(20.0)));
        assert_eq!(line.off, Some(0.25));
        assert_eq!(
            (line.messages_p50, line.messages_p95, line.messages_max),
            (Some(20.0), Some(40.0), Some(40.0))
        );
        assert_eq!((line.hops_mean, line.hops_max), (Some(2.0), Some(3.0)));
        assert_eq!((line.time_mean_ms, line.time_p95_ms), (Some(80.0), Some(120.0)));
    }

    #[test]
    fn of_no_searches_nothing_is_said() {
        let line = Line::of(&plan(), &Case::new(Method::Flood, 100, 0), &[]);
        assert_eq!(
            (line.searches, line.found, line.messages_mean, line.off),
            (0, None, None, None)
        );
        assert_eq!((line.predicted_least, line.predicted_found), (None, None));
    }
}
