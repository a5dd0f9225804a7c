//! Numbers that describe a cell's clients.

use std::collections::BTreeMap;

use super::outcome::Outcome;

/// What the transfers of one cell that succeeded took. Of a cell that was repeated inside, the bursts
/// are taken together: times are over all transfers, makespans are averaged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) mean_s: f64,
    pub(crate) min_s: f64,
    pub(crate) median_s: f64,
    pub(crate) p95_s: f64,
    pub(crate) max_s: f64,
    pub(crate) first_byte_mean_s: f64,
    /// Σ bytes ÷ Σ seconds: time × throughput is the volume.
    pub(crate) throughput: f64,
    /// From the release to the last client's last byte.
    pub(crate) makespan_s: f64,
    /// Σ bytes ÷ makespan, in bytes per second.
    pub(crate) goodput: f64,
    /// Jain's index of the clients' throughputs: 1 when all are equal, 1/n when one has all.
    pub(crate) fairness: f64,
}

impl Summary {
    /// `None` when no client succeeded: there is no time to report then, least of all zero.
    pub(crate) fn of(outcomes: &[Outcome]) -> Option<Self> {
        let succeeded: Vec<(f64, f64, f64)> = outcomes
            .iter()
            .filter_map(|outcome| {
                let first_byte_s = outcome.seconds_to_first_byte()?;
                Some((outcome.seconds()?, first_byte_s, outcome.bytes as f64))
            })
            .collect();
        if succeeded.is_empty() {
            return None;
        }
        let mut seconds: Vec<f64> = succeeded.iter().map(|&(seconds, _, _)| seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let count = seconds.len() as f64;
        let (total_s, max_s) = (seconds.iter().sum::<f64>(), seconds[seconds.len() - 1]);
        let bytes: f64 = succeeded.iter().map(|&(_, _, bytes)| bytes).sum();
        let makespans = makespans(outcomes);
        let total_makespan_s: f64 = makespans.iter().sum();
        // Clients that move no bytes are compared by their requests.
        let rates = succeeded.iter().map(|&(seconds, _, bytes)| bytes.max(1.0) / seconds);
        let (rate_sum, rate_squares) =
            rates.fold((0.0, 0.0), |(sum, squares), rate| (sum + rate, squares + rate * rate));
        Some(Self {
            mean_s: total_s / count,
            min_s: seconds[0],
            median_s: quantile(&seconds, 0.5),
            p95_s: quantile(&seconds, 0.95),
            max_s,
            first_byte_mean_s: succeeded.iter().map(|&(_, first, _)| first).sum::<f64>() / count,
            throughput: bytes / total_s,
            makespan_s: total_makespan_s / makespans.len() as f64,
            goodput: bytes / total_makespan_s,
            fairness: rate_sum * rate_sum / (count * rate_squares),
        })
    }
}

/// Of each burst the seconds from its release to the last byte of its last client.
fn makespans(outcomes: &[Outcome]) -> Vec<f64> {
    let mut makespans = BTreeMap::<u32, f64>::new();
    for outcome in outcomes {
        if let Some(seconds) = outcome.seconds() {
            let makespan = makespans.entry(outcome.burst).or_default();
            *makespan = makespan.max(seconds);
        }
    }
    makespans.into_values().collect()
}

/// How the time of a cell's clients was spent, where the server tells when it picked them up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Waits {
    /// From the connection to the worker that picked it up.
    pub(crate) queue_mean_s: f64,
    pub(crate) queue_max_s: f64,
    /// From there to the last byte.
    pub(crate) service_mean_s: f64,
    /// The parts of the time after the queue, where the system tells them.
    pub(crate) service_parts: Option<ServiceParts>,
}

/// How a client's thread spent its time, the queue aside: means in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ServiceParts {
    /// On a processor.
    pub(crate) cpu_s: f64,
    /// Runnable, and waiting for a processor.
    pub(crate) run_queue_s: f64,
    /// Waiting for the server, the network or the disk.
    pub(crate) blocked_s: f64,
}

impl Waits {
    /// `None` unless it is known of every client that succeeded.
    pub(crate) fn of(outcomes: &[Outcome]) -> Option<Self> {
        let succeeded = || outcomes.iter().filter(|outcome| outcome.failure.is_none());
        let queue: Vec<f64> = succeeded().map(Outcome::seconds_in_queue).collect::<Option<_>>()?;
        let service: Vec<f64> =
            succeeded().map(Outcome::seconds_in_service).collect::<Option<_>>()?;
        let parts: Option<Vec<[f64; 3]>> =
            succeeded().map(Outcome::seconds_running_runnable_blocked).collect();
        let count = queue.len() as f64;
        (!queue.is_empty()).then(|| Self {
            queue_mean_s: queue.iter().sum::<f64>() / count,
            queue_max_s: queue.iter().copied().fold(0.0, f64::max),
            service_mean_s: service.iter().sum::<f64>() / count,
            service_parts: parts.map(|parts| {
                let mean = |index: usize| parts.iter().map(|part| part[index]).sum::<f64>() / count;
                ServiceParts { cpu_s: mean(0), run_queue_s: mean(1), blocked_s: mean(2) }
            }),
        })
    }
}

/// The smallest value that at least this share of the values does not exceed (nearest rank).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(seconds: f64, bytes: u64) -> Outcome {
        let mut outcome = Outcome::of(0, 1, 1_000);
        outcome.first_byte_ns = Some(1_000 + (seconds / 2.0 * 1e9) as u64);
        outcome.finished_ns = Some(1_000 + (seconds * 1e9) as u64);
        outcome.bytes = bytes;
        outcome
    }

    #[test]
    fn time_times_throughput_is_the_volume() {
        let outcomes: Vec<Outcome> = [0.5, 1.0, 3.0].map(|s| outcome(s, 600)).into();
        let summary = Summary::of(&outcomes).unwrap();
        assert_eq!((summary.mean_s, summary.min_s, summary.max_s), (1.5, 0.5, 3.0));
        assert_eq!((summary.median_s, summary.p95_s), (1.0, 3.0));
        assert_eq!(summary.first_byte_mean_s, 0.75);
        assert_eq!(summary.throughput, 1800.0 / 4.5);
        assert!((summary.mean_s * summary.throughput - 600.0).abs() < 1e-9);
        assert_eq!((summary.makespan_s, summary.goodput), (3.0, 600.0));
    }

    #[test]
    fn bursts_are_taken_together_and_their_makespans_averaged() {
        let mut outcomes: Vec<Outcome> = [1.0, 3.0, 2.0, 4.0].map(|s| outcome(s, 600)).into();
        (outcomes[2].burst, outcomes[3].burst) = (2, 2);
        let summary = Summary::of(&outcomes).unwrap();
        assert_eq!((summary.mean_s, summary.max_s, summary.makespan_s), (2.5, 4.0, 3.5));
        assert_eq!(summary.goodput, 2400.0 / 7.0);
        assert!((summary.mean_s * summary.throughput - 600.0).abs() < 1e-9);
    }

    #[test]
    fn fairness_is_jains_index() {
        let equal: Vec<Outcome> = [1.0; 4].map(|s| outcome(s, 8)).into();
        assert!((Summary::of(&equal).unwrap().fairness - 1.0).abs() < 1e-12);
        // Rates 8 and 2: (8 + 2)² / (2 (64 + 4)).
        let unequal: Vec<Outcome> = [1.0, 4.0].map(|s| outcome(s, 8)).into();
        assert!((Summary::of(&unequal).unwrap().fairness - 100.0 / 136.0).abs() < 1e-12);
    }

    #[test]
    fn failures_have_no_time() {
        let mut failed = outcome(1.0, 10);
        failed.fail("timeout", String::new());
        assert_eq!(Summary::of(&[failed.clone()]), None);
        assert_eq!(Summary::of(&[failed, outcome(2.0, 10)]).unwrap().mean_s, 2.0);
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=50).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.5), 25.0);
        assert_eq!(quantile(&values, 0.95), 48.0);
        assert_eq!(quantile(&[7.0], 0.95), 7.0);
    }
}
