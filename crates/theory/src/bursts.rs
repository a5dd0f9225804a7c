//! Losses that come together: the chain of Gilbert ("Capacity of a burst-noise channel", 1960), in
//! continuous time.
//!
//! The link is good or bad, each for an exponentially distributed time, and whatever is sent while
//! it is bad is lost. So between two looks at the link all that matters is how far they are apart;
//! what has happened to a message is carried from one attempt to the next as two chances, one for
//! each state of the link.

use delivery::Burst;

use crate::travel::Travel;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bursts {
    /// π: the part of the time in which the link is bad.
    bad: f64,
    /// r: how fast the link forgets its state, in 1/ms.
    rate: f64,
}

/// The chance of something, and the link is good; of the same, and it is bad.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) good: f64,
    pub(crate) bad: f64,
}

impl State {
    pub(crate) fn either(self) -> f64 {
        self.good + self.bad
    }
}

impl Bursts {
    /// With bad times of mean length L the good ones have the mean length L (1 - π) / π, so that π
    /// is the part of the bad ones. A chain of two states forgets as fast as it leaves both: r =
    /// 1/L + π / (L (1 - π)) = 1 / (L (1 - π)).
    pub(crate) fn new(burst: Burst) -> Self {
        let length = f64::from(burst.mean_length_ms);
        Self { bad: burst.share, rate: 1.0 / (length * (1.0 - burst.share)) }
    }

    /// The link at a moment that has nothing to do with its state.
    fn at_any_time(self) -> State {
        State { good: 1.0 - self.bad, bad: self.bad }
    }

    /// So much later. From bad to bad this is `P_BB` = π + (1-π) e^(-r gap): what is left of the
    /// difference from the long run shrinks by e^(-r gap).
    fn later(self, state: State, gap: f64) -> State {
        let total = state.either();
        let kept = (state.bad - self.bad * total) * (-self.rate * gap).exp();
        let bad = self.bad * total + kept;
        State { good: total - bad, bad }
    }

    /// P(D > t): an attempt that finds the link good fails until its message arrives; one that
    /// finds it bad fails. For t without end this is π times the product of `P_BB` of the gaps: all
    /// attempts find it bad.
    pub(crate) fn undelivered(self, sent_at: &[f64], travel: Travel, time: f64) -> f64 {
        let mut state = self.at_any_time();
        let mut before = 0.0;
        for &sent in sent_at.iter().take_while(|sent| **sent <= time) {
            state = self.later(state, sent - before);
            state.good *= 1.0 - travel.one_way(time - sent);
            before = sent;
        }
        state.either()
    }

    /// P(A > t), where the link is looked at in the order of time: no attempt may be sent before
    /// the message of the one before it has arrived, or the ACK of one would be sent after the
    /// other.
    pub(crate) fn unacknowledged(self, sent_at: &[f64], travel: Travel, time: f64) -> f64 {
        let sent = sent_at.iter().take_while(|sent| **sent <= time).count();
        let Some(last) = sent.checked_sub(1) else { return 1.0 };
        let state = self.before_attempt(sent_at, last, travel, time, None);
        let round_trip = RoundTrip::new(travel, time - sent_at[last], self.rate);
        // The ACK is sent while the link is good, which it was when the message was sent: P_GG(l) =
        // 1-π + π e^(-r l).
        let acknowledged = (1.0 - self.bad) * round_trip.arrived + self.bad * round_trip.early;
        state.either() - state.good * acknowledged
    }

    /// The link when an attempt is due, and no ACK of the attempts before it has arrived by a
    /// certain time. If one of them is named, its copy arrives, so it has found the link good.
    pub(crate) fn before_attempt(
        self,
        sent_at: &[f64],
        attempt: usize,
        travel: Travel,
        time: f64,
        arrives: Option<usize>,
    ) -> State {
        let mut state = self.at_any_time();
        for (before, pair) in sent_at[..=attempt].windows(2).enumerate() {
            if arrives == Some(before) {
                state.bad = 0.0;
            }
            let gap = pair[1] - pair[0];
            let later = self.later(state, gap);
            let acknowledged = self.acknowledged(travel, time - pair[0], gap);
            state = State {
                good: later.good - state.good * acknowledged.good,
                bad: later.bad - state.good * acknowledged.bad,
            };
        }
        state
    }

    /// After so long the link has forgotten its state, but for e^-30 of the difference.
    pub(crate) fn forgets_in(self) -> f64 {
        30.0 / self.rate
    }

    /// Of an attempt that finds the link good: its ACK has arrived so long after it was sent, and
    /// the state of the link one gap after it was sent.
    ///
    /// With l for the time that the message travels, it is the mean over l of `P_GG(l)` (the ACK is
    /// not lost) times `P_GG` or `P_GB` of gap - l (the state one gap later), where the ACK has
    /// arrived. These have two terms each, so the product has four: a constant, one with e^(-r l),
    /// one with e^(-r (gap - l)) and one with e^(-r gap).
    fn acknowledged(self, travel: Travel, elapsed: f64, gap: f64) -> State {
        let (good, bad) = (1.0 - self.bad, self.bad);
        let round_trip = RoundTrip::new(travel, elapsed, self.rate);
        let early = bad * round_trip.early;
        let late = bad * round_trip.late * (-self.rate * (gap - travel.max)).exp();
        let both = bad * round_trip.arrived * (-self.rate * gap).exp();
        State {
            good: good * (good * round_trip.arrived + early + late) + bad * both,
            bad: bad * (good * round_trip.arrived + early - both) - good * late,
        }
    }
}

/// Means over the time l that a message travels, counting only where its ACK has arrived, too.
struct RoundTrip {
    /// Of 1: `F_RTT`.
    arrived: f64,
    /// Of e^(-r l).
    early: f64,
    /// Of e^(-r (b - l)).
    late: f64,
}

impl RoundTrip {
    /// Given l, the ACK has arrived with the chance `F_L(elapsed - l)`. As l grows from a to b that
    /// is 1, then falls in a line, then is 0, so each mean is a sum of integrals of a line times an
    /// exponential.
    fn new(travel: Travel, elapsed: f64, rate: f64) -> Self {
        let (min, max, width) = (travel.min, travel.max, travel.width());
        let arrived = travel.round_trip(elapsed);
        if width == 0.0 {
            return Self { arrived, early: arrived * (-rate * min).exp(), late: arrived };
        }
        let (falls, ends) = ((elapsed - max).clamp(min, max), (elapsed - min).clamp(min, max));
        let (top, bottom) = (travel.one_way(elapsed - falls), travel.one_way(elapsed - ends));
        let decayed = |time: f64| (-rate * time).exp();
        let early = decayed(min) * decaying_line(rate, falls - min, 1.0, 1.0)
            + decayed(falls) * decaying_line(rate, ends - falls, top, bottom);
        let late = decayed(max - falls) * decaying_line(rate, falls - min, 1.0, 1.0)
            + decayed(max - ends) * decaying_line(rate, ends - falls, bottom, top);
        Self { arrived, early: early / width, late: late / width }
    }
}

/// The integral over u from 0 to `len` of e^(-rate u) times the line from `first` to `last`.
fn decaying_line(rate: f64, len: f64, first: f64, last: f64) -> f64 {
    let z = rate * len;
    // The integrals over v from 0 to 1 of e^(-z v), and of v e^(-z v). Near 0 the second is its
    // series, since the difference would be rounded away.
    let constant = if z == 0.0 { 1.0 } else { -(-z).exp_m1() / z };
    let slope = if z < 0.01 {
        1.0 / 2.0 - z * (1.0 / 3.0 - z * (1.0 / 8.0 - z * (1.0 / 30.0 - z / 144.0)))
    } else {
        (constant - (-z).exp()) / z
    };
    len * (first * constant + (last - first) * slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integral::integral;

    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-12, "{value} {expected}");
    }

    #[test]
    fn the_link_forgets_but_keeps_its_share() {
        let bursts = Bursts::new(Burst { share: 0.1, mean_length_ms: 2000 });
        let later = bursts.later(bursts.at_any_time(), 123.0);
        assert_close(later.bad, 0.1);
        let bad = bursts.later(State { good: 0.0, bad: 1.0 }, 600.0);
        assert_close(bad.bad, 0.1 + 0.9 * (-600.0_f64 / 1800.0).exp());
        assert_close(bad.either(), 1.0);
    }

    /// By numerical integration over l, of the very definition.
    #[test]
    fn what_an_attempt_leaves_behind_is_the_integral_over_its_travel() {
        let (travel, gap) = (Travel { min: 50.0, max: 250.0 }, 300.0);
        for mean_length_ms in [1, 40, 2000, 600_000] {
            let bursts = Bursts::new(Burst { share: 0.3, mean_length_ms });
            let from_good = |gap| bursts.later(State { good: 1.0, bad: 0.0 }, gap);
            for elapsed in [90.0, 150.0, 300.0, 420.0, 500.0, 1e4] {
                let mean = |state: &dyn Fn(f64) -> f64| {
                    let mut breaks: [f64; 4] = [50.0, elapsed - 250.0, elapsed - 50.0, 250.0]
                        .map(|at: f64| at.clamp(50.0, 250.0));
                    breaks.sort_by(f64::total_cmp);
                    let arrived = |l: f64| travel.one_way(elapsed - l) / travel.width();
                    integral(|l| from_good(l).good * arrived(l) * state(gap - l), &breaks)
                };
                let acknowledged = bursts.acknowledged(travel, elapsed, gap);
                assert_close(acknowledged.good, mean(&|rest| from_good(rest).good));
                assert_close(acknowledged.bad, mean(&|rest| from_good(rest).bad));
            }
        }
    }
}
