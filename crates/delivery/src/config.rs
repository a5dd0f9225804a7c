//! What the network does to packets, and what the sender does about it.

mod patch;

use std::{fmt, ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One method sends each message once and hopes; the other repeats it until it is acknowledged.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Best effort: one packet for each subscriber and no ACK, so the window, the retries and the timeout
    /// mean nothing to it.
    Direct,
    /// Each subscriber acknowledges every copy that arrives. While the ACK of a subscriber is missing, the
    /// message is sent again to it alone. The hop from the publisher to the topic is reliable.
    PubSub,
}

/// The network and the rules of one sender. Whoever builds one by hand asks [`Config::check`]; what is read
/// by serde has been checked, and a field that is not given there has its default.
///
/// As JSON: `{"loss":10,"ack_loss":null,"latency_min_ms":50,"latency_max_ms":250,"max_retries":2,
/// "ack_timeout_ms":600,"backoff":"none","window":null,"burst":null,"subscribers":1,"ordering":"any"}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Value")]
pub struct Config {
    /// How many of the messages are lost on their way, each independently of the others.
    pub loss: Percent,
    /// The same of ACKs. `None`: as many as of messages.
    pub ack_loss: Option<Percent>,
    /// A packet travels for a time that is uniform between these two.
    pub latency_min_ms: u32,
    pub latency_max_ms: u32,
    /// How often a message is sent again, so it is sent at most once more than that.
    pub max_retries: u32,
    /// How long the sender waits for an ACK of the first attempt. It gives up when the wait after the last
    /// attempt has ended. An ACK that arrives at the very moment at which a wait ends counts.
    pub ack_timeout_ms: u32,
    pub backoff: Backoff,
    /// How many messages may be in flight: sent, and neither acknowledged by all subscribers nor given up.
    /// Others wait in the order in which they came. `None`: any number.
    pub window: Option<u32>,
    /// Losses that come together. Where there is one, `loss` and `ack_loss` are not used.
    pub burst: Option<Burst>,
    pub subscribers: u32,
    pub ordering: Ordering,
}

/// From 0 to 100; both ends are certain.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Percent(pub f64);

impl Percent {
    /// From 0 to 1.
    pub fn share(self) -> f64 {
        self.0 / 100.0
    }
}

/// How long the sender waits after each attempt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Equally long, every time.
    None,
    /// Twice as long after each attempt as after the one before, the last one included.
    Exponential,
}

/// The chain of Gilbert (1960): the link is good or bad, for exponentially distributed times, and a packet
/// is lost if it is sent while the link is bad. It is one chain for all packets, of both directions and to all
/// subscribers, and depends on the seed and the time alone.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// The part of the time in which the link is bad, between 0 and 1.
    pub share: f64,
    /// Of the bad times.
    pub mean_length_ms: u32,
}

/// In which order a subscriber's application gets messages.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ordering {
    /// As they arrive.
    Any,
    /// As they were sent: one that arrives early is acknowledged, and held back until all before it have been
    /// delivered or can no longer come. Its latency is until the application has it, so what it waits for
    /// its predecessors is part of that. That a message can no longer come (it was given up and no copy of
    /// it travels; a Direct one was lost) is known to the subscriber at once and at no cost.
    InOrder,
}

/// What a field may be.
pub mod limits {
    use super::RangeInclusive;

    pub const LATENCY_MS: RangeInclusive<u32> = 0..=60_000;
    pub const MAX_RETRIES: RangeInclusive<u32> = 0..=20;
    pub const ACK_TIMEOUT_MS: RangeInclusive<u32> = 1..=600_000;
    pub const WINDOW: RangeInclusive<u32> = 1..=10_000;
    pub const BURST_MEAN_LENGTH_MS: RangeInclusive<u32> = 1..=600_000;
    pub const SUBSCRIBERS: RangeInclusive<u32> = 1..=1_000;
    pub const PERCENT: RangeInclusive<f64> = 0.0..=100.0;
    /// Nearer to 0 or 1, times of the rarer kind would be more than a thousand of their lengths apart.
    pub const BURST_SHARE: RangeInclusive<f64> = 0.001..=0.999;
}

/// Why a configuration or a patch is refused. Nothing is clamped, and nothing has changed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Rejection {
    /// As in JSON; of a burst `burst.share` and `burst.mean_length_ms`. Empty where the whole is no object.
    pub field: String,
    pub reason: String,
}

impl Rejection {
    pub fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }
}

/// That of the first experiment.
impl Default for Config {
    fn default() -> Self {
        Self {
            loss: Percent(10.0),
            ack_loss: None,
            latency_min_ms: 50,
            latency_max_ms: 250,
            max_retries: 2,
            ack_timeout_ms: 600,
            backoff: Backoff::None,
            window: None,
            burst: None,
            subscribers: 1,
            ordering: Ordering::Any,
        }
    }
}

impl Config {
    /// Names the first field that is beyond its limits.
    pub fn check(&self) -> Result<(), Rejection> {
        within("loss", self.loss.0, limits::PERCENT)?;
        within("ack_loss", self.loss_of_acks().0, limits::PERCENT)?;
        within("latency_min_ms", self.latency_min_ms, limits::LATENCY_MS)?;
        within("latency_max_ms", self.latency_max_ms, limits::LATENCY_MS)?;
        within("max_retries", self.max_retries, limits::MAX_RETRIES)?;
        within("ack_timeout_ms", self.ack_timeout_ms, limits::ACK_TIMEOUT_MS)?;
        within("window", self.window.unwrap_or(1), limits::WINDOW)?;
        within("subscribers", self.subscribers, limits::SUBSCRIBERS)?;
        if let Some(burst) = self.burst {
            within("burst.share", burst.share, limits::BURST_SHARE)?;
            within("burst.mean_length_ms", burst.mean_length_ms, limits::BURST_MEAN_LENGTH_MS)?;
        }
        if self.latency_min_ms > self.latency_max_ms {
            let reason = format!("must not exceed latency_max_ms, {}", self.latency_max_ms);
            return Err(Rejection::new("latency_min_ms", reason));
        }
        Ok(())
    }

    pub fn loss_of_acks(&self) -> Percent {
        self.ack_loss.unwrap_or(self.loss)
    }

    /// How long the sender waits for an ACK after it has sent this attempt, which counts from 0.
    pub fn wait_after(&self, attempt: u32) -> Duration {
        let timeout = Duration::from_millis(self.ack_timeout_ms.into());
        match self.backoff {
            Backoff::None => timeout,
            Backoff::Exponential => timeout.saturating_mul(1 << attempt.min(31)),
        }
    }
}

/// `NaN` is within no limits.
fn within<T>(field: &str, value: T, limits: RangeInclusive<T>) -> Result<(), Rejection>
where
    T: Copy + PartialOrd + fmt::Display,
{
    if limits.contains(&value) {
        return Ok(());
    }
    let (least, most) = limits.into_inner();
    Err(Rejection::new(field, format!("must be from {least} to {most}")))
}
