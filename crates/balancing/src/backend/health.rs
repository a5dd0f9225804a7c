//! Up or down, as checks say: it takes several in a row to change it, so that one lost packet does not.

/// What checks have found.
#[derive(Debug)]
pub(crate) struct Health {
    is_up: bool,
    /// Checks in a row that say the opposite.
    contrary: u32,
}

impl Health {
    /// Up until checks say otherwise: a balancer that has just started would serve no one until then, and
    /// whoever meets a dead backend first is sent to another one.
    pub(crate) fn up() -> Self {
        Self { is_up: true, contrary: 0 }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_up
    }

    /// Counts a check. True where it is the last of `fall` or `rise` that were needed for a change.
    pub(crate) fn checked(&mut self, passed: bool, fall: u32, rise: u32) -> bool {
        if passed == self.is_up {
            self.contrary = 0;
            return false;
        }
        self.contrary += 1;
        let needed = if self.is_up { fall } else { rise };
        if self.contrary < needed {
            return false;
        }
        *self = Self { is_up: passed, contrary: 0 };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds checks, `+` for passed, and says after each whether it is up.
    fn after_each(checks: &str, fall: u32, rise: u32) -> Vec<bool> {
        let mut health = Health::up();
        let feed = |check| {
            let was_up = health.is_up();
            let changed = health.checked(check == '+', fall, rise);
            assert_eq!(changed, health.is_up() != was_up);
            health.is_up()
        };
        checks.chars().map(feed).collect()
    }

    #[test]
    fn three_in_a_row_fall_and_two_in_a_row_rise() {
        let (up, down) = (true, false);
        assert_eq!(after_each("---", 3, 2), [up, up, down]);
        assert_eq!(after_each("--+--", 3, 2), [up; 5], "a check that passes begins the count anew");
        assert_eq!(after_each("---+-++", 3, 2), [up, up, down, down, down, down, up]);
        assert_eq!(after_each("-+", 1, 1), [down, up]);
    }

    #[test]
    fn a_count_of_zero_is_a_count_of_one() {
        assert_eq!(after_each("-+", 0, 0), [false, true]);
    }
}
