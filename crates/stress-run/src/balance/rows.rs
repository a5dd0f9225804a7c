//! A row of the table: measured, simulated and on paper.

use std::time::Duration;

use balancing::{PolicyName, simulate::Results};
use serde::{Deserialize, Serialize};
use simulation::Latencies;

use super::{
    measured::Measurement,
    on_paper::OnPaper,
    plan::{BalancePlan, Cell, ScenarioName},
    simulated::share_a,
};

/// Times are in milliseconds and of requests that succeeded; of none there are no times. `a` is the first
/// server, to which things happen.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) policy: String,
    pub(crate) repetition: u32,
    pub(crate) rate_per_s: f64,
    pub(crate) requests_succeeded: u64,
    pub(crate) requests_failed: u64,
    /// Due, and sent by no client.
    pub(crate) unsent: u64,
    pub(crate) retries: u64,
    pub(crate) failure_causes: String,
    pub(crate) longest_gap_ms: f64,
    pub(crate) longest_gap_from_s: f64,
    pub(crate) mean_ms: Option<f64>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p90_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) p999_ms: Option<f64>,
    pub(crate) max_ms: Option<f64>,
    pub(crate) share_a: Option<f64>,
    pub(crate) simulated_mean_ms: Option<f64>,
    pub(crate) simulated_p50_ms: Option<f64>,
    pub(crate) simulated_p99_ms: Option<f64>,
    pub(crate) simulated_max_ms: Option<f64>,
    pub(crate) simulated_share_a: Option<f64>,
    pub(crate) simulated_failed: u64,
    pub(crate) simulated_retries: u64,
    /// Measured over simulated, minus one.
    pub(crate) mean_off: Option<f64>,
    pub(crate) p99_off: Option<f64>,
    pub(crate) predicted_by: Option<String>,
    /// Of the mean.
    pub(crate) predicted_least_ms: Option<f64>,
    pub(crate) predicted_most_ms: Option<f64>,
    pub(crate) predicted_share_a: Option<f64>,
    /// As the balancer and the servers count those that succeeded.
    pub(crate) balancer_requests: Option<u64>,
    pub(crate) servers_requests: u64,
    /// What else the machine did.
    pub(crate) disturbed: Option<String>,
    /// How the counts contradict one another.
    pub(crate) invalid: Option<String>,
}

/// Columns that together name a row.
pub(crate) const KEY: [&str; 3] = ["scenario", "policy", "repetition"];

/// A measured row is as simulated when it is off by no more than this.
pub(crate) const BAND: f64 = 0.15;

impl Row {
    pub(crate) fn of(
        plan: &BalancePlan,
        cell: Cell,
        measured: &Measurement,
        simulated: &Results,
        on_paper: &OnPaper,
    ) -> Self {
        let (real, virtual_) = (measured.response(), &simulated.response);
        let at = |of: &Latencies, share| of.quantile(share).map(ms);
        let (mean_ms, p99_ms) = (real.mean().map(ms), at(real, 0.99));
        let (simulated_mean_ms, simulated_p99_ms) = (virtual_.mean().map(ms), at(virtual_, 0.99));
        let gap = measured.load.longest_gap;
        let causes = measured.failure_causes().into_iter();
        let causes: Vec<String> =
            causes.map(|(cause, count)| format!("{cause}: {count}")).collect();
        Self {
            scenario: cell.scenario.to_string(),
            policy: cell.policy.to_string(),
            repetition: cell.repetition,
            rate_per_s: plan.rate(cell.scenario),
            requests_succeeded: measured.outcomes().ok,
            requests_failed: measured.outcomes().failed,
            unsent: measured.load.unsent,
            retries: measured.retries(),
            failure_causes: causes.join(", "),
            longest_gap_ms: ms(gap.length),
            longest_gap_from_s: gap.from.as_secs_f64(),
            mean_ms,
            p50_ms: at(real, 0.5),
            p90_ms: at(real, 0.9),
            p99_ms,
            p999_ms: at(real, 0.999),
            max_ms: real.longest().map(ms),
            share_a: measured.share_a(),
            simulated_mean_ms,
            simulated_p50_ms: at(virtual_, 0.5),
            simulated_p99_ms,
            simulated_max_ms: virtual_.longest().map(ms),
            simulated_share_a: share_a(simulated),
            simulated_failed: simulated.failures.total() + simulated.unfinished,
            simulated_retries: simulated.retries,
            mean_off: off(mean_ms, simulated_mean_ms),
            p99_off: off(p99_ms, simulated_p99_ms),
            predicted_by: on_paper.mean.map(|mean| mean.model.to_owned()),
            predicted_least_ms: on_paper.mean.map(|mean| ms(mean.least)),
            predicted_most_ms: on_paper.mean.and_then(|mean| mean.most).map(ms),
            predicted_share_a: on_paper.share_a,
            balancer_requests: measured.balancer_requests(),
            servers_requests: measured.servers_requests,
            disturbed: measured.disturbance.clone(),
            invalid: measured.contradiction(cell.scenario.incident()),
        }
    }

    /// As a gate sees it that is checked before anything was measured.
    pub(crate) fn unmeasured(cell: Cell) -> Self {
        Self {
            scenario: cell.scenario.to_string(),
            policy: cell.policy.to_string(),
            repetition: cell.repetition,
            ..Self::default()
        }
    }

    /// `None` where it names what this program does not know.
    pub(crate) fn cell(&self) -> Option<Cell> {
        Some(Cell {
            repetition: self.repetition,
            scenario: self.scenario.parse::<ScenarioName>().ok()?,
            policy: self.policy.parse::<PolicyName>().ok()?,
        })
    }

    /// Where it is known as one number.
    pub(crate) fn predicted_mean_ms(&self) -> Option<f64> {
        self.predicted_least_ms.filter(|least| Some(*least) == self.predicted_most_ms)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.requests_failed > 0 || self.unsent > 0
    }

    /// Whether mean and p99 are as simulated; `None` where there is nothing to compare.
    pub(crate) fn is_as_simulated(&self) -> Option<bool> {
        Some(self.mean_off?.abs() <= BAND && self.p99_off?.abs() <= BAND)
    }
}

fn off(measured: Option<f64>, simulated: Option<f64>) -> Option<f64> {
    Some(measured? / simulated.filter(|simulated| *simulated > 0.0)? - 1.0)
}

/// To the microsecond.
pub(crate) fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a row that nobody measured.
    pub(in crate::balance) fn row(scenario: &str, policy: &str) -> Row {
        Row {
            scenario: scenario.to_owned(),
            policy: policy.to_owned(),
            repetition: 1,
            rate_per_s: 360.0,
            requests_succeeded: 2_000,
            requests_failed: 0,
            unsent: 0,
            retries: 0,
            failure_causes: String::new(),
            longest_gap_ms: 40.0,
            longest_gap_from_s: 1.5,
            mean_ms: Some(12.5),
            p50_ms: Some(11.0),
            p90_ms: Some(14.0),
            p99_ms: Some(20.0),
            p999_ms: Some(30.0),
            max_ms: Some(40.0),
            share_a: Some(0.33),
            simulated_mean_ms: Some(12.0),
            simulated_p50_ms: Some(11.0),
            simulated_p99_ms: Some(19.0),
            simulated_max_ms: Some(25.0),
            simulated_share_a: Some(0.333),
            simulated_failed: 0,
            simulated_retries: 0,
            mean_off: off(Some(12.5), Some(12.0)),
            p99_off: off(Some(20.0), Some(19.0)),
            predicted_by: Some("M/D/c".to_owned()),
            predicted_least_ms: Some(11.9),
            predicted_most_ms: Some(11.9),
            predicted_share_a: Some(1.0 / 3.0),
            balancer_requests: Some(2_000),
            servers_requests: 2_000,
            disturbed: None,
            invalid: None,
        }
    }

    #[test]
    fn a_row_is_as_simulated_when_mean_and_p99_are_within_the_band() {
        let with = |mean_off, p99_off| Row { mean_off, p99_off, ..row("equal", "two-choices") };
        assert_eq!(with(Some(0.15), Some(-0.15)).is_as_simulated(), Some(true));
        assert_eq!(with(Some(0.0), Some(0.16)).is_as_simulated(), Some(false));
        assert_eq!(with(Some(-0.2), Some(0.0)).is_as_simulated(), Some(false));
        assert_eq!(with(None, Some(0.0)).is_as_simulated(), None);
        assert!((off(Some(12.0), Some(10.0)).unwrap() - 0.2).abs() < 1e-9);
        assert_eq!(off(Some(12.0), Some(0.0)), None);
    }

    #[test]
    fn a_row_reads_back_as_the_trial_that_it_is_of() {
        let cell = row("drained", "peak-ewma").cell().unwrap();
        assert_eq!((cell.scenario, cell.policy), (ScenarioName::Drained, PolicyName::PeakEwma));
        assert_eq!(row("flooded", "peak-ewma").cell(), None);
    }
}
