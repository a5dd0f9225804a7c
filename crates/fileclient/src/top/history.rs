//! Throughput over the last minutes, as the bars of a sparkline.

use std::{collections::VecDeque, time::Duration};

use super::view::Rates;

/// A bar for each look of half an hour at the usual interval; far more than any screen is wide.
const LOOKS_MAX: usize = 1800;

/// How much time a sparkline shows at least, however narrow it is.
const WINDOW: Duration = Duration::from_secs(120);

/// The rates of past looks, `None` for those that failed.
#[derive(Debug, Default)]
pub(super) struct History {
    looks: VecDeque<Option<Rates>>,
    /// How many looks were forgotten.
    forgotten: usize,
}

impl History {
    pub(super) fn push(&mut self, rates: Option<Rates>) {
        if self.looks.len() == LOOKS_MAX {
            self.looks.pop_front();
            self.forgotten += 1;
        }
        self.looks.push_back(rates);
    }

    /// `width` bars, the newest last, each the mean of as many looks as it takes to show two
    /// minutes. `None` where no look succeeded.
    ///
    /// Looks are grouped by their number since the beginning, so that a bar keeps its height while
    /// it moves to the left.
    pub(super) fn bars(
        &self,
        width: usize,
        interval: Duration,
        rate: impl Fn(&Rates) -> f64,
    ) -> Vec<Option<u64>> {
        let group = looks_in_a_bar(width, interval);
        let end = (self.forgotten + self.looks.len()).div_ceil(group);
        let bar = |back: usize| {
            let number = end.checked_sub(back)?;
            let start = (number * group).max(self.forgotten) - self.forgotten;
            let past = ((number + 1) * group).saturating_sub(self.forgotten);
            let looks = self.looks.range(start.min(self.looks.len())..past.min(self.looks.len()));
            mean(looks.flatten().map(&rate))
        };
        (1..=width).rev().map(bar).collect()
    }

    /// How much time `width` bars show.
    pub(super) fn span(width: usize, interval: Duration) -> Duration {
        interval.mul_f64((width * looks_in_a_bar(width, interval)) as f64)
    }
}

fn looks_in_a_bar(width: usize, interval: Duration) -> usize {
    let looks = WINDOW.as_secs_f64() / (interval.as_secs_f64() * width.max(1) as f64);
    (looks.ceil() as usize).max(1)
}

fn mean(rates: impl Iterator<Item = f64>) -> Option<u64> {
    let (sum, count) = rates.fold((0.0, 0.0), |(sum, count), rate| (sum + rate, count + 1.0));
    (count > 0.0).then_some((sum / count) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(rates: impl IntoIterator<Item = Option<f64>>) -> History {
        let mut history = History::default();
        for rate in rates {
            history.push(rate.map(|bytes_in| Rates { bytes_in, ..Rates::default() }));
        }
        history
    }

    fn bars(history: &History, width: usize) -> Vec<Option<u64>> {
        history.bars(width, Duration::from_secs(1), |rates| rates.bytes_in)
    }

    #[test]
    fn the_newest_look_is_the_last_bar() {
        let wide = bars(&history([Some(1.0), None, Some(3.0)]), 120);
        assert_eq!(wide[117..], [Some(1), None, Some(3)]);
        assert!(wide[..117].iter().all(Option::is_none));
    }

    #[test]
    fn a_narrow_sparkline_shows_two_minutes_all_the_same() {
        let narrow = bars(&history((1..=120).map(|n| Some(f64::from(n)))), 60);
        assert_eq!(narrow.len(), 60);
        assert_eq!((narrow[0], narrow[59]), (Some(1), Some(119)));
        assert_eq!(History::span(60, Duration::from_secs(1)), WINDOW);
        assert_eq!(History::span(200, Duration::from_secs(1)), Duration::from_secs(200));
    }

    #[test]
    fn what_is_forgotten_does_not_move_the_bars() {
        let many = history((0..LOOKS_MAX as u32 + 7).map(|n| Some(f64::from(n))));
        let few = history((0..LOOKS_MAX as u32).map(|n| Some(f64::from(n))));
        assert_eq!(bars(&many, 120)[119], Some(LOOKS_MAX as u64 + 6));
        // A bar holds two looks; the last of 1807 holds one.
        assert_eq!(bars(&many, 60)[55..59], [1798, 1800, 1802, 1804].map(Some));
        assert_eq!(bars(&few, 60)[59], Some(1798));
    }
}
