//! How many of n independent trials succeed, exactly.

/// The chances of each number of successes, but for those below 1e-300 of the most likely number's.
#[derive(Clone, Debug)]
pub struct Binomial {
    /// The least number of successes that has a chance worth mentioning.
    first: u64,
    chances: Vec<f64>,
}

impl Binomial {
    /// Takes time and memory as √trials: ten million trials have 120,000 numbers worth mentioning.
    ///
    /// From one number to the next the chance is multiplied by (n - k) / (k + 1) · p / (1 - p). So
    /// all are known in units of the most likely one, and since they add up to 1, that unit is
    /// known too: no factorial is needed.
    pub fn new(trials: u64, chance: f64) -> Self {
        const NEGLIGIBLE: f64 = 1e-300;
        // A sum of chances may be rounded beyond them.
        let chance = chance.clamp(0.0, 1.0);
        let odds = chance / (1.0 - chance);
        let mode = (((trials as f64 + 1.0) * chance) as u64).min(trials);
        let next = |k: u64| (trials - k) as f64 / (k + 1) as f64 * odds;
        let scan = |weight: &mut f64, ratio: f64| {
            *weight *= ratio;
            (*weight > NEGLIGIBLE).then_some(*weight)
        };
        let mut chances: Vec<f64> =
            (0..mode).rev().map(|k| 1.0 / next(k)).scan(1.0, scan).collect();
        let first = mode - chances.len() as u64;
        chances.reverse();
        chances.push(1.0);
        chances.extend((mode..trials).map(next).scan(1.0, scan));
        let total: f64 = chances.iter().sum();
        chances.iter_mut().for_each(|chance| *chance /= total);
        Self { first, chances }
    }

    /// Each number of successes with its chance, in order.
    pub fn chances(&self) -> impl DoubleEndedIterator<Item = (u64, f64)> {
        self.chances.iter().enumerate().map(|(above, chance)| (self.first + above as u64, *chance))
    }

    /// The chance of so many successes or fewer.
    pub fn at_most(&self, successes: u64) -> f64 {
        // From the smallest on, so that they are not rounded away.
        self.chances().take_while(|(k, _)| *k <= successes).map(|(_, chance)| chance).sum()
    }

    /// The chance of so many successes or more.
    pub fn at_least(&self, successes: u64) -> f64 {
        self.chances().rev().take_while(|(k, _)| *k >= successes).map(|(_, chance)| chance).sum()
    }

    /// Twice the chance of a number that is at least as far out on the same side, or 1.
    pub fn p_value(&self, successes: u64) -> f64 {
        (2.0 * self.at_most(successes).min(self.at_least(successes))).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-11 * expected, "{value} {expected}");
    }

    #[test]
    fn a_few_trials_have_the_chances_counted_by_hand() {
        let coins = Binomial::new(4, 0.5);
        let chances: Vec<_> = coins.chances().map(|(_, chance)| (chance * 16.0).round()).collect();
        assert_eq!(chances, [1.0, 4.0, 6.0, 4.0, 1.0]);
        assert_close(coins.at_most(1), 5.0 / 16.0);
        assert_close(coins.at_least(3), 5.0 / 16.0);
        assert_close(coins.p_value(0), 2.0 / 16.0);
        assert_eq!(coins.p_value(2), 1.0);
        assert_close(Binomial::new(10, 0.9).at_least(10), 0.9_f64.powi(10));
    }

    /// By Python's exact fractions.
    #[test]
    fn many_trials_have_exact_tails() {
        let rare = Binomial::new(1000, 0.001);
        assert_close(rare.at_most(0), 0.367_695_424_770_964_06);
        assert_close(rare.at_least(6), 0.000_588_070_101_762_978_4);
        let common = Binomial::new(1000, 0.3);
        assert_close(common.at_most(200), 4.986_258_932_157_392e-13);
        assert_close(common.at_least(400), 1.104_129_819_055_682_2e-11);
    }

    /// The mean is n p and the variance n p (1 - p).
    #[test]
    fn ten_million_trials_keep_their_moments() {
        let many = Binomial::new(10_000_000, 0.25);
        let mean: f64 = many.chances().map(|(k, chance)| k as f64 * chance).sum();
        assert_close(mean, 2.5e6);
        let square = |(k, chance): (u64, f64)| (k as f64 - mean).powi(2) * chance;
        let variance: f64 = many.chances().map(square).sum();
        assert!((variance / 1.875e6 - 1.0).abs() < 1e-9, "{variance}");
    }

    #[test]
    fn what_always_or_never_happens_has_one_number() {
        for (chance, number) in [(0.0, 0), (1.0, 100)] {
            let certain = Binomial::new(100, chance);
            assert_eq!(certain.chances().collect::<Vec<_>>(), [(number, 1.0)]);
            assert_eq!(certain.p_value(number), 1.0);
            assert_eq!(certain.p_value(50), 0.0);
        }
        assert_eq!(Binomial::new(0, 0.3).chances().collect::<Vec<_>>(), [(0, 1.0)]);
    }
}
