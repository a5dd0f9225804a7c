//! What the records of one case add up to.

use delivery::{Record, Totals};
use theory::Expectation;

/// Of the latencies of a hundred messages the second longest, about.
pub(crate) const P99: f64 = 0.99;

/// Messages that a class sends in the course's experiments.
pub(crate) const CLASS: u64 = 10;

/// All sums that the numbers are made from. It takes the records in any order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) totals: Totals,
    /// A latency to count by, and how many are not longer.
    p99_ms: f64,
    pub(crate) within_p99: u64,
    /// Of each ten messages, by their numbers, how many all subscribers got.
    pub(crate) of_classes: Vec<u8>,
}

/// What rounding to nanoseconds leaves of equality.
const EQUAL_MS: f64 = 1e-5;

impl Tally {
    /// Counts which latencies are not longer than the p99 that is predicted, where one is.
    pub(crate) fn expecting(expectation: &Expectation) -> Self {
        Self::with_p99(expectation.latency.as_ref().map(|latency| latency.quantile(P99)))
    }

    fn with_p99(p99_ms: Option<f64>) -> Self {
        Self { p99_ms: p99_ms.unwrap_or_default() + EQUAL_MS, ..Self::default() }
    }

    /// The records of one message. One that was disturbed by hand, or by a broker that went away, is not
    /// counted: theory knows of nothing like that.
    pub(crate) fn add(&mut self, records: &[Record]) {
        if records.iter().any(|record| record.is_disturbed) {
            return;
        }
        self.totals.add(records);
        for record in records {
            let latency_ms = record.latency().map(|latency| latency.as_secs_f64() * 1e3);
            self.within_p99 += u64::from(latency_ms.is_some_and(|ms| ms <= self.p99_ms));
        }
        self.add_to_class(records);
    }

    fn add_to_class(&mut self, records: &[Record]) {
        let Some(class) = records.first().map(|record| (record.message.0 / CLASS) as usize) else {
            return;
        };
        if class >= self.of_classes.len() {
            self.of_classes.resize(class + 1, 0);
        }
        let got_by_all = records.iter().all(|record| record.delivered.is_some());
        self.of_classes[class] += u8::from(got_by_all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::records::tests::record;

    #[test]
    fn each_ten_messages_are_a_class_in_whatever_order_they_come() {
        let mut tally = Tally::with_p99(None);
        for message in (0..25).rev() {
            let latency_ms = (message % 7 != 3).then_some(100);
            tally.add(&[record(message, 0, latency_ms), record(message, 1, Some(90))]);
        }
        // 3; 10 and 17; 24 did not reach the first subscriber.
        assert_eq!(tally.of_classes, [9, 8, 4]);
        assert_eq!((tally.totals.messages, tally.totals.targets), (25, 50));
        assert_eq!(tally.totals.delivered, 46);
    }

    #[test]
    fn a_message_that_was_disturbed_counts_nowhere() {
        let mut tally = Tally::with_p99(None);
        let disturbed = Record { is_disturbed: true, ..record(0, 1, Some(90)) };
        tally.add(&[record(0, 0, Some(90)), disturbed]);
        tally.add(&[record(1, 0, Some(90)), record(1, 1, Some(90))]);
        assert_eq!((tally.totals.messages, tally.totals.targets, tally.within_p99), (1, 2, 0));
        assert_eq!(tally.of_classes, [1]);
    }

    #[test]
    fn latencies_are_counted_up_to_the_predicted_p99_itself() {
        let mut tally = Tally::with_p99(Some(120.0));
        for (message, latency_ms) in [(0, Some(119)), (1, Some(120)), (2, Some(121)), (3, None)] {
            tally.add(&[record(message, 0, latency_ms)]);
        }
        assert_eq!(tally.within_p99, 2);
    }
}
