//! The attempts to get one message to one subscriber, and how long nothing comes of them.
//!
//! Each attempt is looked at as if it were made, also where an ACK has made it needless: it is then
//! sent after the first ACK, so it changes neither when that came nor when the first copy did. That
//! is why both are simple products.

use delivery::{Config, Method};

use crate::{bursts::Bursts, moments::Moments, travel::Travel};

/// Times are in milliseconds since the first attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempts {
    /// `tau_k`: when each is sent if no ACK has come by then.
    pub(crate) sent_at: Vec<f64>,
    /// E: when the sender gives up.
    pub(crate) given_up_at: f64,
    pub(crate) travel: Travel,
    /// Whether what becomes of a message at a subscriber says nothing about any other. In a burst,
    /// neighbours are lost together, and so is one message to several subscribers.
    pub(crate) are_independent: bool,
    losses: Losses,
}

#[derive(Clone, Copy, Debug)]
enum Losses {
    /// Each packet by itself (Bernoulli).
    Single(SingleLosses),
    Bursts(Bursts),
}

#[derive(Clone, Copy, Debug)]
struct SingleLosses {
    /// p, of messages.
    of_message: f64,
    /// p', of ACKs.
    of_ack: f64,
}

/// What is to happen when an attempt is due.
pub(crate) struct Due {
    /// The attempt is made.
    pub(crate) made: f64,
    /// It is made, and its copy arrives.
    pub(crate) arrives: f64,
}

impl SingleLosses {
    /// 1 - s = p + (1-p) p': that no ACK comes of an attempt.
    fn of_either(self) -> f64 {
        self.of_message + (1.0 - self.of_message) * self.of_ack
    }
}

/// That something has not happened, if it has happened with the chance `arrived` unless it is
/// `lost`: 1 - (1-p) F. So written, it is exactly 1 before the first moment, and p after the last.
fn missing(lost: f64, arrived: f64) -> f64 {
    (1.0 - arrived) + lost * arrived
}

impl Attempts {
    /// Of messages that are sent so many milliseconds apart, or further.
    pub(crate) fn new(config: &Config, method: Method, apart_ms: f64) -> Self {
        let retries = match method {
            Method::Direct => 0,
            Method::PubSub => config.max_retries,
        };
        let mut sent_at = Vec::new();
        let mut given_up_at = 0.0;
        for attempt in 0..=retries {
            sent_at.push(given_up_at);
            given_up_at += config.wait_after(attempt).as_millis() as f64;
        }
        let travel =
            Travel { min: config.latency_min_ms.into(), max: config.latency_max_ms.into() };
        let single =
            SingleLosses { of_message: config.loss.share(), of_ack: config.loss_of_acks().share() };
        let (are_independent, losses) = match config.burst.map(Bursts::new) {
            None => (true, Losses::Single(single)),
            Some(bursts) => {
                // By then the last ACK has been sent, and the place in a window is free again.
                let done_at = given_up_at + travel.max;
                let are_apart = apart_ms >= done_at + bursts.forgets_in();
                (are_apart && config.subscribers == 1, Losses::Bursts(bursts))
            }
        };
        Self { sent_at, given_up_at, travel, are_independent, losses }
    }

    pub(crate) fn are_in_bursts(&self) -> bool {
        matches!(self.losses, Losses::Bursts(_))
    }

    /// P(D > t): that no copy has arrived. No attempt until then has brought one, each with the
    /// chance `1 - q F_L(t - tau_k)`.
    pub(crate) fn undelivered(&self, time: f64) -> f64 {
        match self.losses {
            Losses::Bursts(bursts) => bursts.undelivered(&self.sent_at, self.travel, time),
            Losses::Single(losses) => self
                .product(time, |elapsed| missing(losses.of_message, self.travel.one_way(elapsed))),
        }
    }

    /// P(A > t): that no ACK has arrived. No attempt until then has brought one, each with the
    /// chance `1 - s F_RTT(t - tau_k)`.
    ///
    /// The ACK of a copy is sent when that copy arrives. In bursts its chance depends on what the
    /// link was like at that moment, so this is right only where [`Self::acks_are_known`].
    pub(crate) fn unacknowledged(&self, time: f64) -> f64 {
        match self.losses {
            Losses::Bursts(bursts) => bursts.unacknowledged(&self.sent_at, self.travel, time),
            Losses::Single(losses) => self.product(time, |elapsed| {
                missing(losses.of_either(), self.travel.round_trip(elapsed))
            }),
        }
    }

    /// Where a chance may change its form, between two moments and with both: at each sending, and
    /// so long after it.
    pub(crate) fn breaks(&self, offsets: &[f64], from: f64, to: f64) -> Vec<f64> {
        let after = |sent: &f64| offsets.iter().map(|offset| sent + offset).collect::<Vec<_>>();
        let mut breaks: Vec<_> = self.sent_at.iter().flat_map(after).collect();
        breaks.extend(&self.sent_at);
        breaks.retain(|time| *time > from && *time < to);
        breaks.extend([from, to]);
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        breaks
    }

    /// Over the attempts that were made by then: what each has left out in the time since.
    fn product(&self, time: f64, factor: impl Fn(f64) -> f64) -> f64 {
        let sent = self.sent_at.iter().take_while(|sent| **sent <= time);
        sent.map(|sent| factor(time - sent)).product()
    }

    /// What happens when attempt k is due. It is made if no ACK of those before it has arrived;
    /// what becomes of it is decided after that. With the copy of an attempt j before it given, the
    /// chances are those that this copy arrives as well; of that attempt only the ACK may then be
    /// missing, of the others the message or the ACK.
    pub(crate) fn due(&self, k: usize, arrived: Option<usize>) -> Due {
        let (sent_at, now) = (&self.sent_at, self.sent_at[k]);
        match self.losses {
            Losses::Bursts(bursts) => {
                let state = bursts.before_attempt(sent_at, k, self.travel, now, arrived);
                Due { made: state.either(), arrives: state.good }
            }
            Losses::Single(losses) => {
                let arrives = 1.0 - losses.of_message;
                let factor = |(j, sent): (usize, &f64)| {
                    let round_trip = self.travel.round_trip(now - sent);
                    if arrived == Some(j) {
                        arrives * missing(losses.of_ack, round_trip)
                    } else {
                        missing(losses.of_either(), round_trip)
                    }
                };
                let made: f64 = sent_at[..k].iter().enumerate().map(factor).product();
                Due { made, arrives: arrives * made }
            }
        }
    }

    /// In bursts the theory follows the link from one sending to the next. Where an attempt may be
    /// sent before the message of the one before it has arrived, ACKs and messages are sent in an
    /// order that is itself left to chance, and the theory is silent.
    pub(crate) fn acks_are_known(&self) -> bool {
        let follows = |pair: &[f64]| pair[1] - pair[0] >= self.travel.max;
        !self.are_in_bursts() || self.sent_at.windows(2).all(follows)
    }

    /// The variance is that of one sample, so it is given only where samples are independent.
    /// Rounding can bring what cannot vary a little below zero.
    pub(crate) fn moments(&self, mean: f64, variance: f64) -> Moments {
        let moments = Moments { mean, variance: Some(variance.max(0.0)) };
        if self.are_independent { moments } else { moments.dependent() }
    }

    /// Of what is 1 with this chance, else 0. What rounding has added is taken off.
    pub(crate) fn share(&self, chance: f64) -> Moments {
        let chance = chance.clamp(0.0, 1.0);
        self.moments(chance, chance * (1.0 - chance))
    }
}
