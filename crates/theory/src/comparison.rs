//! What a few messages show of two methods, and how often they show the wrong thing.

use delivery::{Config, Method};

use crate::{attempts::Attempts, binomial::Binomial};

/// How the messages of both methods meet the losses of the link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fates {
    /// Message i of Direct is lost exactly where the first attempt of message i of `PubSub` is, as
    /// `delivery` does it with one seed (common random numbers).
    Common,
    /// Each method has losses of its own: another seed, or another evening.
    Independent,
}

/// Which method has delivered more. The three chances add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub direct_more: f64,
    pub equal: f64,
    pub pub_sub_more: f64,
}

impl Comparison {
    /// Direct ties or beats `PubSub`: the chance of a disappointed student.
    pub fn direct_not_worse(&self) -> f64 {
        self.direct_more + self.equal
    }

    /// Each method sends so many messages, each to all subscribers, and deliveries are counted.
    /// `None` in bursts, where neighbours are lost together and it matters how far apart they are
    /// sent.
    ///
    /// With common fates `PubSub` delivers whatever Direct does. It has more unless no message
    /// needs a repetition that succeeds: the chance of that is (1 - (p - p^n))^m for m deliveries.
    /// With independent fates two binomial numbers are compared.
    pub fn of(config: &Config, messages: u64, fates: Fates) -> Option<Self> {
        if config.burst.is_some() {
            return None;
        }
        let deliveries = messages.saturating_mul(config.subscribers.into());
        let [direct, pub_sub] = [Method::Direct, Method::PubSub]
            .map(|method| 1.0 - Attempts::new(config, method, 0.0).undelivered(f64::INFINITY));
        Some(match fates {
            Fates::Common => {
                let equal = (deliveries as f64 * (direct - pub_sub).ln_1p()).exp();
                Self { direct_more: 0.0, equal, pub_sub_more: 1.0 - equal }
            }
            Fates::Independent => Self::independent(
                &Binomial::new(deliveries, direct),
                &Binomial::new(deliveries, pub_sub),
            ),
        })
    }

    fn independent(direct: &Binomial, pub_sub: &Binomial) -> Self {
        let mut comparison = Self { direct_more: 0.0, equal: 0.0, pub_sub_more: 0.0 };
        let mut pub_sub = pub_sub.chances().peekable();
        let mut below = 0.0;
        for (number, chance) in direct.chances() {
            while let Some((_, less)) = pub_sub.next_if(|(other, _)| *other < number) {
                below += less;
            }
            let equal = pub_sub.peek().filter(|(other, _)| *other == number);
            let equal = equal.map_or(0.0, |(_, chance)| *chance);
            comparison.direct_more += chance * below;
            comparison.equal += chance * equal;
            comparison.pub_sub_more += chance * (1.0 - below - equal).max(0.0);
        }
        comparison
    }
}

/// The chance that of two Direct messages, sent this far apart, the second arrives first, if both
/// arrive: (1 - δ/w)² / 2 for δ below w = b - a.
///
/// The second is in front where the first travels more than δ longer. Of the square of both travel
/// times that is the triangle with sides w - δ. With equal latencies nothing is overtaken.
pub fn swapped(config: &Config, apart_ms: f64) -> f64 {
    let width = f64::from(config.latency_max_ms) - f64::from(config.latency_min_ms);
    if apart_ms >= width { 0.0 } else { (1.0 - apart_ms / width).powi(2) / 2.0 }
}
