//! Everything that is expected of one method under one configuration.

use delivery::{Config, Method, Ordering};

use crate::{
    attempts::Attempts,
    counts::Counts,
    latency::{Latency, NEVER},
    moments::Moments,
    slot::{goodput, held},
};

/// What theory says of a message. Unless a field says otherwise, of one message at one subscriber.
///
/// A field is `None` where theory is silent, or the statistic does not exist:
///
/// - of Direct, everything about ACKs and the window;
/// - in bursts, all about ACKs where an attempt may follow before the one before it has arrived (a
///   wait shorter than the longest latency), and what all of several subscribers do by some time,
///   since they share bursts;
/// - in bursts behind a window, everything: messages leave when others come through, which is not
///   any time;
/// - with messages held back until their predecessors are there, latencies: they depend on when
///   others were sent;
/// - where the event never happens, its latency.
///
/// In bursts a message is meant that is sent at any time; there are variances only of messages that
/// are [far apart](expect_apart), to one subscriber.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// At least one copy arrives: 1 - p^n with n attempts, however long the sender waits between
    /// them.
    pub delivered: Option<Moments>,
    /// An ACK arrives before the sender gives up: 1 - P(A > E).
    pub acknowledged: Option<Moments>,
    /// Given up, and yet delivered. An acknowledged message is delivered, so this is the difference
    /// of the two above.
    pub failed_though_delivered: Option<Moments>,
    /// One message, all subscribers: they are independent, so P(delivered)^M.
    pub delivered_to_all: Option<Moments>,
    /// The same of ACKs: whether the sender may believe it.
    pub acknowledged_by_all: Option<Moments>,
    /// How often it is sent: the sum over k of P(A > `tau_k`).
    pub attempts: Option<Moments>,
    /// How many of these arrive: (1-p) E\[attempts\].
    pub copies: Option<Moments>,
    /// Copies beyond the first: E\[copies\] - P(delivered).
    pub duplicates: Option<Moments>,
    /// Attempts and ACKs, also those that are lost: (2-p) E\[attempts\] with an ACK of each copy.
    pub packets: Option<Moments>,
    /// To the first delivery.
    pub latency: Option<Latency>,
    /// To the first ACK that counts.
    pub time_to_ack: Option<Latency>,
    /// S: how long one message holds its place in the window, in milliseconds. In bursts, of one
    /// subscriber only.
    pub held: Option<Moments>,
    /// Messages a second that each subscriber gets from a window that is always full, estimated as
    /// W ΣD / ΣS from D, the share of its subscribers that a message reaches, and S. One sample is
    /// one message.
    pub goodput: Option<Moments>,
}

/// What to expect of messages whenever they are sent. The configuration is one that `Config::check`
/// accepts.
pub fn expect(config: &Config, method: Method) -> Expectation {
    expect_apart(config, method, 0.0)
}

/// What to expect of messages that are sent at least so many milliseconds apart. Where that is long
/// enough for the link to forget its bursts from one message to the next (30 / r, 54 seconds with
/// bursts of 2 seconds in 10% of the time, and the life of a message), messages are independent,
/// and there are variances in bursts, too, for one subscriber.
pub fn expect_apart(config: &Config, method: Method, apart_ms: f64) -> Expectation {
    let attempts = Attempts::new(config, method, apart_ms);
    let is_windowed = method == Method::PubSub && config.window.is_some();
    if is_windowed && !attempts.are_independent {
        return Expectation::default();
    }
    let delivered = 1.0 - attempts.undelivered(f64::INFINITY);
    // In bursts all subscribers see the same link at each attempt: who gets it, all get.
    let ways = if attempts.are_in_bursts() { 1 } else { config.subscribers };
    let is_in_order = config.ordering == Ordering::InOrder;
    let expectation = Expectation {
        delivered: Some(attempts.share(delivered)),
        delivered_to_all: Some(attempts.share(delivered.powf(ways.into()))),
        latency: Latency::of_delivery(&attempts).filter(|_| !is_in_order),
        ..Expectation::default()
    };
    match method {
        Method::Direct => expectation.without_acks(&attempts),
        Method::PubSub if !attempts.acks_are_known() => expectation,
        Method::PubSub => expectation.with_acks(config, &attempts, delivered),
    }
}

impl Expectation {
    /// That a message of that age is delivered: P(D ≤ t).
    pub fn delivered_within(&self, age_ms: f64) -> Option<f64> {
        within(self.delivered?, self.latency.as_ref(), age_ms)
    }

    /// That a message of that age is acknowledged: P(A ≤ t), for t up to E.
    pub fn acknowledged_within(&self, age_ms: f64) -> Option<f64> {
        within(self.acknowledged?, self.time_to_ack.as_ref(), age_ms)
    }

    /// Messages a second that each subscriber gets of those that are offered: λ P(delivered), and
    /// with a window no more than its goodput.
    pub fn throughput(&self, offered_per_second: f64) -> Option<f64> {
        let open = offered_per_second * self.delivered?.mean;
        Some(self.goodput.map_or(open, |goodput| open.min(goodput.mean)))
    }

    /// One attempt, whose copy is the delivery.
    fn without_acks(self, attempts: &Attempts) -> Self {
        Self {
            attempts: Some(attempts.moments(1.0, 0.0)),
            copies: self.delivered,
            duplicates: Some(attempts.moments(0.0, 0.0)),
            packets: Some(attempts.moments(1.0, 0.0)),
            ..self
        }
    }

    fn with_acks(self, config: &Config, attempts: &Attempts, delivered: f64) -> Self {
        let Config { subscribers, window, .. } = *config;
        let acknowledged = 1.0 - attempts.unacknowledged(attempts.given_up_at);
        let counts = Counts::of(attempts, delivered);
        // Subscribers who share bursts are not independent.
        let is_power = subscribers == 1 || !attempts.are_in_bursts();
        let held = is_power.then(|| held(attempts, subscribers));
        let by_all = is_power.then(|| attempts.share(acknowledged.powf(subscribers.into())));
        let goodput = window
            .zip(held)
            .and_then(|(window, held)| goodput(attempts, held, delivered, window, subscribers));
        Self {
            acknowledged: Some(attempts.share(acknowledged)),
            failed_though_delivered: Some(attempts.share((delivered - acknowledged).max(0.0))),
            acknowledged_by_all: by_all,
            attempts: Some(counts.attempts),
            copies: Some(counts.copies),
            duplicates: Some(counts.duplicates),
            packets: Some(counts.packets),
            time_to_ack: Latency::of_ack(attempts),
            held,
            goodput,
            ..self
        }
    }
}

/// The part of all messages, and among them the part that is so fast. What never happens has no
/// latency.
fn within(ever: Moments, latency: Option<&Latency>, age_ms: f64) -> Option<f64> {
    match latency {
        Some(latency) => Some(ever.mean * latency.at_most(age_ms)),
        None => (ever.mean <= NEVER).then_some(0.0),
    }
}
