//! Good and bad times of a link, as the seed and the time have it.

use std::time::Duration;

use simulation::{Chance, Distribution};

use crate::config::Burst;

/// How many bad times are in an epoch, in the mean. Each epoch begins afresh, so that whoever asks after a
/// long silence waits for the bad times of one epoch and not for those of years. A chain that forgets once in a
/// thousand of its own cycles differs from one that does not by less than a million messages can tell.
const BURSTS_IN_EPOCH: u32 = 1_000;

/// Streams of chance that no packet has: one for each epoch.
const STREAMS: u64 = 1_023 << 6;

/// The chain, followed to some moment. Moments that are asked for never go back.
#[derive(Clone, Debug)]
pub(super) struct Bursts {
    seed: u64,
    epoch: Option<Epoch>,
}

#[derive(Clone, Debug)]
struct Epoch {
    burst: Burst,
    ends: Duration,
    chance: Chance,
    is_bad: bool,
    /// When the good or bad time ends that was reached.
    until: Duration,
}

impl Bursts {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, epoch: None }
    }

    pub(super) fn is_bad(&mut self, burst: Burst, now: Duration) -> bool {
        let is_known = |epoch: &Epoch| epoch.burst == burst && now < epoch.ends;
        let epoch = match self.epoch.take().filter(is_known) {
            Some(epoch) => epoch,
            None => Epoch::at(self.seed, burst, now),
        };
        self.epoch.insert(epoch).is_bad(now)
    }
}

impl Epoch {
    /// The one that holds this moment, at its beginning.
    fn at(seed: u64, burst: Burst, now: Duration) -> Self {
        let length = mean_length(burst).div_f64(burst.share) * BURSTS_IN_EPOCH;
        let number = now.as_nanos() / length.as_nanos();
        let begins = Duration::from_nanos_u128(number * length.as_nanos());
        let mut chance = Chance::new(seed, (number as u64) << 16 | STREAMS);
        let is_bad = chance.unit() < burst.share;
        let mut epoch =
            Self { burst, ends: begins.saturating_add(length), chance, is_bad, until: begins };
        epoch.until = begins.saturating_add(epoch.draw_length());
        epoch
    }

    fn is_bad(&mut self, now: Duration) -> bool {
        while self.until <= now {
            self.is_bad = !self.is_bad;
            self.until = self.until.saturating_add(self.draw_length());
        }
        self.is_bad
    }

    /// Of the good or bad time that begins.
    fn draw_length(&mut self) -> Duration {
        let bad = mean_length(self.burst);
        let share = self.burst.share;
        let mean = if self.is_bad { bad } else { bad.mul_f64((1.0 - share) / share) };
        Distribution::Exponential { mean }.draw(&mut self.chance)
    }
}

fn mean_length(burst: Burst) -> Duration {
    Duration::from_millis(burst.mean_length_ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: Burst = Burst { share: 0.2, mean_length_ms: 50 };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The link, each millisecond.
    fn states(seed: u64, count: u64) -> Vec<bool> {
        let mut bursts = Bursts::new(seed);
        (0..count).map(|at| bursts.is_bad(BURST, ms(at))).collect()
    }

    fn count(states: impl Iterator<Item = bool>) -> f64 {
        states.map(f64::from).sum()
    }

    /// A thousand seconds hold 4,000 bad times, so a mean of them is right to 1.6%, and to 7% with certainty.
    /// Those shorter than a millisecond are not seen; that is why the mean is a little more.
    #[test]
    fn bad_times_have_their_share_and_their_length() {
        let states = states(1, 1_000_000);
        let bad = count(states.iter().copied());
        assert!((bad / 1e6 - 0.2).abs() < 0.02, "{bad}");
        let begun = count(states.windows(2).map(|pair| !pair[0] && pair[1]));
        assert!((bad / begun - 50.0).abs() < 4.0, "{bad} {begun}");
    }

    /// After a time t a bad link is bad with π + (1 - π) e^(-rt), where r = 1 / (L (1 - π)): here with
    /// 0.2 + 0.8 e^(-t / 40 ms).
    #[test]
    fn the_link_forgets_as_the_chain_does() {
        let states = states(2, 1_000_000);
        for (later, expected) in [(10, 0.823_04), (40, 0.494_30), (100, 0.265_67), (1000, 0.2)] {
            let pairs = states.iter().zip(&states[later..]);
            let both = count(pairs.map(|(now, then)| *now && *then));
            let share = both / count(states[..states.len() - later].iter().copied());
            assert!((share - expected).abs() < 0.03, "{later} ms: {share} and not {expected}");
        }
    }

    /// An epoch of these is 250 s.
    #[test]
    fn the_state_does_not_depend_on_who_else_asked() {
        let all = states(3, 600_000);
        let mut seldom = Bursts::new(3);
        for at in (0..600_000).step_by(77_777) {
            assert_eq!(seldom.is_bad(BURST, ms(at)), all[at as usize], "{at} ms");
        }
        let at_once: Vec<_> = (0..600_000)
            .step_by(50_000)
            .map(|at| Bursts::new(3).is_bad(BURST, ms(at)) == all[at as usize])
            .collect();
        assert!(at_once.iter().all(|is_same| *is_same), "{at_once:?}");
        assert_ne!(states(4, 10_000), all[..10_000]);
    }

    /// Ten thousand years of bad times of a millisecond would never end.
    #[test]
    fn a_silence_of_years_is_soon_over() {
        let burst = Burst { share: 0.5, mean_length_ms: 1 };
        let mut bursts = Bursts::new(1);
        let year = Duration::from_secs(365 * 24 * 3600);
        let bad = count((0..10_000).map(|years| bursts.is_bad(burst, year * years)));
        assert!((bad / 1e4 - 0.5).abs() < 0.03, "{bad}");
    }
}
