//! How many requests may be sent again. Without a limit, retries are what finishes off the backends that
//! are left when one is lost.

use std::time::Duration;

/// So many of a hundred requests may be sent again,
const PERCENT: u64 = 20;
/// but at least so many a second, or a pool of few requests would have none,
const PER_SECOND_MIN: u64 = 3;
/// counted over so long. All requests in flight on a backend are lost at the same moment: a budget of one
/// second would be used up by those.
const SECONDS: u64 = 10;

/// In the seconds that are counted, [`take`](Self::take) allows 20% of the requests, and at least three for
/// each second of them.
///
/// Whoever was not answered because a connection could not be made, or because a check has just taken
/// the backend out, need not ask: this is for failures that sending again may spread.
#[derive(Clone, Debug, Default)]
pub struct RetryBudget {
    /// The last ones, each at its number modulo their count.
    seconds: [Second; SECONDS as usize],
}

#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    requests: u64,
    retries: u64,
}

impl RetryBudget {
    /// Counts a request of a client, once however often it is sent.
    pub fn request(&mut self, now: Duration) {
        self.second(now).requests += 1;
    }

    /// Whether one may be sent again; counts it if so.
    pub fn take(&mut self, now: Duration) -> bool {
        let oldest = now.as_secs().saturating_sub(SECONDS - 1);
        let counted = self.seconds.iter().filter(|second| second.number >= oldest);
        let (requests, retries) = counted.fold((0, 0), |(requests, retries), second| {
            (requests + second.requests, retries + second.retries)
        });
        let may = retries < (requests * PERCENT / 100).max(PER_SECOND_MIN * SECONDS);
        self.second(now).retries += u64::from(may);
        may
    }

    fn second(&mut self, now: Duration) -> &mut Second {
        let number = now.as_secs();
        let second = &mut self.seconds[(number % SECONDS) as usize];
        if second.number != number {
            *second = Second { number, ..Second::default() };
        }
        second
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn taken(budget: &mut RetryBudget, now: Duration) -> usize {
        (0..10_000).take_while(|_| budget.take(now)).count()
    }

    fn requests(budget: &mut RetryBudget, now: Duration, count: usize) {
        (0..count).for_each(|_| budget.request(now));
    }

    #[test]
    fn few_requests_have_three_retries_a_second() {
        let mut budget = RetryBudget::default();
        assert_eq!(taken(&mut budget, s(0)), 30);
        assert_eq!(taken(&mut budget, s(9)), 0);
        assert_eq!(taken(&mut budget, s(10)), 30);
    }

    #[test]
    fn many_requests_have_a_fifth_of_their_number() {
        let mut budget = RetryBudget::default();
        requests(&mut budget, s(100), 1000);
        assert_eq!(taken(&mut budget, s(101)), 200);
        requests(&mut budget, s(105), 49);
        assert_eq!(taken(&mut budget, s(105)), 9);
        assert_eq!(taken(&mut budget, s(109)), 0);
    }

    #[test]
    fn what_was_counted_long_ago_allows_nothing_and_stands_in_no_ones_way() {
        let mut budget = RetryBudget::default();
        requests(&mut budget, s(0), 1000);
        assert_eq!(taken(&mut budget, s(9)), 200);
        assert_eq!(
            taken(&mut budget, s(10)),
            0,
            "the retries are counted longer than the requests"
        );
        assert_eq!(taken(&mut budget, s(19)), 30);
        assert_eq!(taken(&mut budget, s(1_000_000)), 30);
    }

    proptest! {
        /// Held against a list of all that was ever counted.
        #[test]
        fn never_more_than_the_share_is_given_and_never_less(
            steps in vec((0_u64..4000, 0_usize..120, 0_usize..40), 0..25),
        ) {
            let mut budget = RetryBudget::default();
            let (mut requested, mut retried) = (Vec::new(), Vec::new());
            let mut now = s(0);
            for (pause_ms, requests, retries) in steps {
                now += Duration::from_millis(pause_ms);
                for _ in 0..requests {
                    budget.request(now);
                    requested.push(now.as_secs());
                }
                for _ in 0..retries {
                    let counted = |seconds: &[u64]| {
                        seconds.iter().filter(|&&second| second + SECONDS > now.as_secs()).count()
                    };
                    let share = counted(&requested) / 5;
                    let may = counted(&retried) < share.max(30);
                    prop_assert_eq!(budget.take(now), may);
                    retried.extend(may.then_some(now.as_secs()));
                }
            }
            // Over all of the time: a share of everything, and three a second for ten seconds longer.
            let at_most = requested.len() / 5 + 3 * (now.as_secs() as usize + 10);
            prop_assert!(retried.len() <= at_most, "{} of {at_most}", retried.len());
        }
    }
}
