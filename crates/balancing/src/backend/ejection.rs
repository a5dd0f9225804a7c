//! Ejection: a backend whose checks pass and whose requests fail gets none for a time.

use std::time::Duration;

/// When a backend is ejected, and for how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EjectionRule {
    /// Requests that must fail in a row, none having succeeded in between.
    pub failures: u32,
    /// The first ejection is so long, each later one twice as long as the one before, up to `longest`.
    pub first: Duration,
    pub longest: Duration,
    /// Each such time without an ejection halves the next one.
    pub forgiven_after: Duration,
}

impl Default for EjectionRule {
    /// Five failures, then 10 s; ten checks have passed by then, or found it down. At most 5 minutes, so
    /// that nobody has to enable by hand what was mended; a minute of service forgives one ejection.
    fn default() -> Self {
        Self {
            failures: 5,
            first: Duration::from_secs(10),
            longest: Duration::from_secs(300),
            forgiven_after: Duration::from_secs(60),
        }
    }
}

impl EjectionRule {
    /// How long an ejection is that `remembered` others went before.
    fn length(&self, remembered: u32) -> Duration {
        let factor = 1_u32.checked_shl(remembered).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// The failures of one backend, and what followed from them.
#[derive(Debug, Default)]
pub(crate) struct Ejection {
    failures_in_a_row: u32,
    /// Ejections that make the next one longer.
    remembered: u32,
    /// The end of the last ejection.
    until: Duration,
    /// That end has not been told yet.
    is_end_untold: bool,
}

impl Ejection {
    pub(crate) fn holds(&self, now: Duration) -> bool {
        now < self.until
    }

    pub(crate) fn until(&self) -> Duration {
        self.until
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures_in_a_row = 0;
    }

    /// Counts a failure. True where there were enough of them; how many there are stays known, so that
    /// the next one asks again where an ejection was not possible.
    pub(crate) fn failed(&mut self, rule: &EjectionRule) -> bool {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.failures_in_a_row >= rule.failures
    }

    /// Ejects, and says until when.
    pub(crate) fn begin(&mut self, now: Duration, rule: &EjectionRule) -> Duration {
        let remembered = self.remembered.saturating_sub(self.forgiven(now, rule));
        let length = rule.length(remembered);
        // What is remembered stops growing with the length, or it would take as long to forget again.
        let grows = length < rule.longest;
        *self = Self {
            failures_in_a_row: 0,
            remembered: remembered + u32::from(grows),
            until: now.saturating_add(length),
            is_end_untold: true,
        };
        self.until
    }

    /// Ejections that time has made up for.
    fn forgiven(&self, now: Duration, rule: &EjectionRule) -> u32 {
        let quiet = now.saturating_sub(self.until).as_nanos();
        let times = quiet.checked_div(rule.forgiven_after.as_nanos()).unwrap_or(u128::MAX);
        u32::try_from(times).unwrap_or(u32::MAX)
    }

    /// Ends it early. The end is still told.
    pub(crate) fn cut_short(&mut self, now: Duration) {
        self.until = self.until.min(now);
    }

    /// Ends it because something stronger was found; of the end there is nothing to tell.
    pub(crate) fn supersede(&mut self, now: Duration) {
        self.cut_short(now);
        self.failures_in_a_row = 0;
        self.is_end_untold = false;
    }

    /// True once for each end that was to be told.
    pub(crate) fn tell_end(&mut self, now: Duration) -> bool {
        let is_news = self.is_end_untold && !self.holds(now);
        self.is_end_untold &= !is_news;
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn length(ejection: &mut Ejection, now: Duration) -> Duration {
        ejection.begin(now, &EjectionRule::default()) - now
    }

    #[test]
    fn five_failures_in_a_row_are_enough_and_a_success_begins_anew() {
        let rule = EjectionRule::default();
        let mut ejection = Ejection::default();
        assert_eq!([(); 4].map(|()| ejection.failed(&rule)), [false; 4]);
        ejection.succeeded();
        assert_eq!(
            [(); 6].map(|()| ejection.failed(&rule)),
            [false, false, false, false, true, true]
        );
        ejection.begin(s(1), &rule);
        assert!(!ejection.failed(&rule), "an ejection begins the count anew");
    }

    #[test]
    fn each_ejection_is_twice_as_long_up_to_the_longest() {
        let mut ejection = Ejection::default();
        let mut now = s(50);
        for expected in [10, 20, 40, 80, 160, 300, 300, 300] {
            assert_eq!(length(&mut ejection, now), s(expected));
            assert!(ejection.holds(ejection.until() - Duration::from_nanos(1)));
            assert!(!ejection.holds(ejection.until()));
            now = ejection.until();
        }
    }

    #[test]
    fn each_minute_of_service_halves_the_next_ejection() {
        let ejected_often = || {
            let mut ejection = Ejection::default();
            for _ in 0..20 {
                ejection.begin(ejection.until(), &EjectionRule::default());
            }
            ejection
        };
        for (minutes, expected) in
            [(0, 300), (1, 160), (2, 80), (3, 40), (4, 20), (5, 10), (99, 10)]
        {
            let mut ejection = ejected_often();
            let now = ejection.until() + s(60 * minutes + 59);
            assert_eq!(length(&mut ejection, now), s(expected), "after {minutes} minutes");
        }
    }

    #[test]
    fn where_ejections_are_forgiven_at_once_all_are_alike() {
        let rule = EjectionRule { forgiven_after: Duration::ZERO, ..EjectionRule::default() };
        let mut ejection = Ejection::default();
        for _ in 0..3 {
            let now = ejection.until() + s(1);
            assert_eq!(ejection.begin(now, &rule) - now, s(10));
        }
    }

    #[test]
    fn the_end_of_an_ejection_is_told_once() {
        let mut ejection = Ejection::default();
        assert!(!ejection.tell_end(s(0)), "there was none");
        length(&mut ejection, s(0));
        assert!(!ejection.tell_end(s(9)));
        assert!(ejection.tell_end(s(10)) && !ejection.tell_end(s(10)));
        length(&mut ejection, s(20));
        ejection.cut_short(s(25));
        assert!(ejection.tell_end(s(25)));
        length(&mut ejection, s(30));
        ejection.supersede(s(31));
        assert!(!ejection.holds(s(31)) && !ejection.tell_end(s(99)));
    }

    #[test]
    fn time_that_goes_on_for_ever_overflows_nothing() {
        let rule = EjectionRule { longest: Duration::MAX, ..EjectionRule::default() };
        let mut ejection = Ejection::default();
        for _ in 0..100 {
            ejection.begin(Duration::MAX - s(1), &rule);
        }
        assert_eq!(ejection.until(), Duration::MAX);
    }
}
