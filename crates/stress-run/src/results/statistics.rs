//! Numbers that describe a cell's clients.
//!
//! Times are of transfers that succeeded: where there is none there is no time, least of all zero. Of a cell
//! that was repeated inside the bursts are taken together: times are over all transfers, makespans are
//! averaged.

use std::collections::{BTreeMap, BTreeSet};

use figures::Sample;

use super::outcome::JobOutcome;

/// All transfers of an attempt, burst by burst.
#[derive(Clone, Copy)]
pub(super) struct Transfers<'a>(pub(super) &'a [JobOutcome]);

impl Transfers<'_> {
    pub(super) fn bursts(self) -> u32 {
        self.0.last().map_or(0, |outcome| outcome.burst)
    }

    pub(super) fn clients(self) -> u64 {
        distinct(self.0.iter().map(|outcome| outcome.client))
    }

    /// Clients of which a transfer failed, in whichever burst.
    pub(super) fn clients_failed(self) -> u64 {
        let failed = self.0.iter().filter(|outcome| outcome.failure.is_some());
        distinct(failed.map(|outcome| outcome.client))
    }

    /// `deadline 3; refused 1`.
    pub(super) fn failure_causes(self) -> String {
        let mut causes = BTreeMap::<&str, u64>::new();
        for failure in self.0.iter().filter_map(|outcome| outcome.failure.as_ref()) {
            *causes.entry(&failure.cause).or_default() += 1;
        }
        let causes: Vec<String> =
            causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
        causes.join("; ")
    }

    /// Of those of which it is known.
    pub(super) fn known(self, value: impl Fn(&JobOutcome) -> Option<f64>) -> Sample {
        Sample::of(self.0.iter().filter_map(value))
    }

    /// Of all that succeeded, or of none where it is not known of each.
    pub(super) fn known_of_all(self, value: impl Fn(&JobOutcome) -> Option<f64>) -> Sample {
        let values: Option<Vec<f64>> = self.succeeded().map(value).collect();
        Sample::of(values.unwrap_or_default())
    }

    /// Seconds that the clients' threads ran, could have run, and were blocked, the queue aside.
    pub(super) fn service_parts(self) -> [Sample; 3] {
        [0, 1, 2].map(|part| {
            self.known_of_all(|outcome| Some(outcome.seconds_running_runnable_blocked()?[part]))
        })
    }

    /// Of each burst the seconds from its release to the last byte of its last client.
    pub(super) fn makespans(self) -> Sample {
        let mut makespans = BTreeMap::<u32, f64>::new();
        for outcome in self.0 {
            if let Some(seconds) = outcome.seconds() {
                let makespan = makespans.entry(outcome.burst).or_default();
                *makespan = makespan.max(seconds);
            }
        }
        Sample::of(makespans.into_values())
    }

    /// Of the seconds of clients it is their throughput, which times their mean is the volume; of the
    /// makespans it is the goodput. `None` where no bytes are moved.
    pub(super) fn bytes_per_second(self, seconds: &Sample) -> Option<f64> {
        let bytes: u64 = self.succeeded().map(|outcome| outcome.bytes).sum();
        Some(bytes as f64 / seconds.total()).filter(|rate| *rate > 0.0)
    }

    /// Jain's index of the clients' throughputs: 1 when all are equal, 1/n when one has all.
    pub(super) fn fairness(self) -> Option<f64> {
        // Clients that move no bytes are compared by their requests.
        let rate = |outcome: &JobOutcome| Some(outcome.bytes.max(1) as f64 / outcome.seconds()?);
        self.known(rate).fairness()
    }

    fn succeeded(&self) -> impl Iterator<Item = &JobOutcome> {
        self.0.iter().filter(|outcome| outcome.failure.is_none())
    }
}

fn distinct(clients: impl Iterator<Item = u32>) -> u64 {
    clients.collect::<BTreeSet<u32>>().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(client: u32, burst: u32, seconds: f64, bytes: u64) -> JobOutcome {
        let mut outcome = JobOutcome::of(client, burst, 1_000);
        outcome.first_byte_ns = Some(1_000 + (seconds / 2.0 * 1e9) as u64);
        outcome.finished_ns = Some(1_000 + (seconds * 1e9) as u64);
        outcome.bytes = bytes;
        outcome
    }

    /// Of one burst, each of 600 bytes.
    fn outcomes(seconds: &[f64]) -> Vec<JobOutcome> {
        (1..).zip(seconds).map(|(client, &seconds)| outcome(client, 1, seconds, 600)).collect()
    }

    fn assert_near(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{value} {expected}");
    }

    /// The mean time is 1.5 s; 1,800 bytes in 4.5 s of clients, and in the 3 s of the burst.
    #[test]
    fn time_times_throughput_is_the_volume() {
        let outcomes = outcomes(&[0.5, 1.0, 3.0]);
        let transfers = Transfers(&outcomes);
        let (seconds, makespans) = (transfers.known(JobOutcome::seconds), transfers.makespans());
        assert_eq!((seconds.mean(), makespans.mean()), (Some(1.5), Some(3.0)));
        assert_eq!(transfers.bytes_per_second(&seconds), Some(400.0));
        assert_eq!(transfers.bytes_per_second(&makespans), Some(600.0));
        assert_eq!(transfers.known(JobOutcome::seconds_to_first_byte).mean(), Some(0.75));
    }

    /// Bursts of 3 s and 4 s: 2,400 bytes in 7 s. A burst that starts later is no longer for it.
    #[test]
    fn bursts_are_taken_together_and_their_makespans_averaged() {
        let mut outcomes = outcomes(&[1.0, 3.0, 2.0, 4.0]);
        for late in &mut outcomes[2..] {
            late.burst = 2;
            late.client -= 2;
            let later = |ns: Option<u64>| ns.map(|ns| ns + 5_000_000_000);
            late.released_ns += 5_000_000_000;
            (late.first_byte_ns, late.finished_ns) =
                (later(late.first_byte_ns), later(late.finished_ns));
        }
        let transfers = Transfers(&outcomes);
        assert_eq!((transfers.bursts(), transfers.clients()), (2, 2));
        let seconds = transfers.known(JobOutcome::seconds);
        assert_eq!((seconds.mean(), seconds.quantile(1.0)), (Some(2.5), Some(4.0)));
        assert_eq!(transfers.makespans().mean(), Some(3.5));
        assert_eq!(transfers.bytes_per_second(&transfers.makespans()), Some(2400.0 / 7.0));
    }

    #[test]
    fn fairness_is_jains_index() {
        let fairness = |seconds: &[f64]| Transfers(&outcomes(seconds)).fairness();
        assert_near(fairness(&[1.0; 4]), 1.0);
        // Rates of 4 to 1: (4 + 1)² / (2 (16 + 1)).
        assert_near(fairness(&[1.0, 4.0]), 25.0 / 34.0);
        // 1 / (1 + squared coefficient of variation) of the rates, by numpy.
        assert_near(fairness(&[0.5, 0.6, 1.2, 0.9, 2.0, 0.75]), 0.860_456_200_881_732_5);
        assert_eq!(fairness(&[]), None);
        // One client has nearly all: 1/n.
        let index = fairness(&[1e-6, 1e6, 1e6, 1e6]).unwrap();
        assert!((index - 0.25).abs() < 1e-9, "{index}");
        // Lists move no bytes, and are compared by their requests.
        let lists = [1.0, 4.0].map(|seconds| outcome(1, 1, seconds, 0));
        assert_near(Transfers(&lists).fairness(), 25.0 / 34.0);
        assert_eq!(Transfers(&lists).bytes_per_second(&Transfers(&lists).makespans()), None);
    }

    #[test]
    fn failures_have_no_time_no_bytes_and_no_part_in_the_makespan() {
        let mut outcomes = outcomes(&[9.0, 2.0]);
        outcomes[0].fail("timeout", String::new());
        let transfers = Transfers(&outcomes);
        let seconds = transfers.known(JobOutcome::seconds);
        assert_eq!((seconds.mean(), transfers.makespans().mean()), (Some(2.0), Some(2.0)));
        assert_eq!(transfers.bytes_per_second(&seconds), Some(300.0));
        let none = Transfers(&outcomes[..1]);
        assert_eq!((none.makespans().mean(), none.fairness()), (None, None));
        assert_eq!(none.bytes_per_second(&none.makespans()), None);
    }

    #[test]
    fn a_client_that_failed_in_one_burst_has_failed_and_each_failure_has_its_cause() {
        let mut outcomes: Vec<JobOutcome> = [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2)]
            .map(|(c, b)| outcome(c, b, 1.0, 1))
            .into();
        for (index, cause) in [(1, "timeout"), (4, "timeout"), (5, "refused")] {
            outcomes[index].fail(cause, String::new());
        }
        let transfers = Transfers(&outcomes);
        assert_eq!((transfers.clients(), transfers.clients_failed()), (3, 2));
        assert_eq!(transfers.failure_causes(), "refused 1; timeout 2");
        assert_eq!(Transfers(&[]).failure_causes(), "");
    }
}
