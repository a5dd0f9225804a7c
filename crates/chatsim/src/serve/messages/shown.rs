//! What messages to pages are made of: nodes, messages, packets and experiments as they are seen.

use std::time::Duration;

use delivery::{Cause, Config, Direction, Fact, Method, Packet};
use serde::Serialize;

use crate::{
    live::RunnerName,
    serve::measures::{Measured, Metrics, Predicted, Scores},
};

/// A moment as pages know it.
pub(crate) fn ms(moment: Duration) -> f64 {
    moment.as_secs_f64() * 1000.0
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Connected {
    pub(crate) page: u64,
    pub(crate) rev: u64,
    pub(crate) config: Config,
    pub(crate) config_default: Config,
    pub(crate) seed: u64,
    pub(crate) speed: f64,
    pub(crate) paused: bool,
    pub(crate) partitioned: bool,
    pub(crate) runner: RunnerName,
    pub(crate) nodes: Vec<String>,
    pub(crate) messages: Vec<MessageShown>,
    pub(crate) history: Vec<Metrics>,
    pub(crate) experiment: Option<ExperimentShown>,
    pub(crate) limits: LimitsShown,
}

/// What a page may do, so that it need not try.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct LimitsShown {
    pub(crate) text: usize,
    pub(crate) count: u32,
    pub(crate) nodes: usize,
    pub(crate) name: usize,
    pub(crate) in_flight: u64,
}

/// A packet, when it is sent and when its way has ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PacketShown {
    pub(crate) id: u64,
    pub(crate) run: Option<u64>,
    pub(crate) method: Method,
    /// Sender and receiver of the message, also of an ACK, which travels from `to` to `from`.
    pub(crate) from: String,
    pub(crate) to: Option<String>,
    pub(crate) subscriber: u32,
    pub(crate) attempt: u32,
    pub(crate) direction: Direction,
    pub(crate) state: PacketState,
    pub(crate) at_ms: f64,
    /// When it arrives, or would have; of a packet that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) will_arrive: Option<bool>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PacketState {
    Sent,
    Lost,
    /// Arrived, and waits for those before it.
    Held,
    Delivered,
    Duplicate,
    Acknowledged,
    /// An ACK that changed nothing.
    Late,
}

/// A message as it stands: it replaces what was known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MessageShown {
    pub(crate) id: u64,
    pub(crate) run: Option<u64>,
    pub(crate) from: String,
    pub(crate) method: Method,
    pub(crate) text: String,
    pub(crate) created_ms: f64,
    /// `None` while it waits for the window.
    pub(crate) sent_ms: Option<f64>,
    pub(crate) fate: Fate,
    pub(crate) settled: bool,
    /// How often it was sent to the subscriber that needed it most.
    pub(crate) attempts: u32,
    pub(crate) targets: u32,
    pub(crate) delivered: u32,
    pub(crate) acknowledged: u32,
    pub(crate) duplicates: u32,
    /// Given up on, or lost and never repeated.
    pub(crate) failed: u32,
    pub(crate) failed_though_delivered: u32,
    pub(crate) first_delivered_ms: Option<f64>,
    /// The first subscribers, those that have a name.
    pub(crate) receivers: Vec<Receiver>,
    pub(crate) by_hand: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Receiver {
    pub(crate) node: String,
    pub(crate) delivered_ms: Option<f64>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    Waiting,
    Sent,
    /// To all its subscribers.
    Delivered,
    Acknowledged,
    /// Some subscriber never gets it.
    Lost,
    FailedThoughDelivered,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureReason {
    NoAck,
    Lost,
}

/// The cases of an experiment that has begun.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExperimentShown {
    pub(crate) run: u64,
    pub(crate) experiment: u32,
    pub(crate) seed: u64,
    pub(crate) by: u64,
    pub(crate) cases: Vec<CaseShown>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct CaseShown {
    pub(crate) case: usize,
    pub(crate) label: String,
    pub(crate) method: Method,
    pub(crate) config: Config,
    /// Messages that are sent on the clock, and at once in virtual time.
    pub(crate) live: u64,
    pub(crate) batch: u64,
}

/// What became of a case in virtual time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BatchShown {
    pub(crate) run: u64,
    pub(crate) case: usize,
    pub(crate) batch: Measured,
    pub(crate) predicted: Predicted,
    pub(crate) z: Scores,
}

/// One line of a message's life. What a fact does not have is left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct TraceFact {
    pub(crate) at_ms: f64,
    pub(crate) fact: TraceKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subscriber: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<Cause>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TraceKind {
    Created,
    Sent,
    Lost,
    Held,
    Delivered,
    Duplicate,
    Acknowledged,
    Late,
    GivenUp,
    DeadLetter,
}

impl TraceFact {
    pub(crate) fn new(now: Duration, fact: Fact) -> Self {
        use TraceKind as Kind;
        let of = |fact, packet: Packet| Self {
            at_ms: ms(now),
            fact,
            subscriber: Some(packet.subscriber),
            attempt: Some(packet.attempt),
            direction: Some(packet.direction),
            cause: None,
        };
        let without = |fact, subscriber| Self {
            at_ms: ms(now),
            fact,
            subscriber,
            attempt: None,
            direction: None,
            cause: None,
        };
        match fact {
            Fact::Created { .. } => without(Kind::Created, None),
            Fact::Sent { packet, .. } => of(Kind::Sent, packet),
            Fact::Lost { packet, cause } => Self { cause: Some(cause), ..of(Kind::Lost, packet) },
            Fact::Held { packet } => of(Kind::Held, packet),
            Fact::Delivered { packet } => of(Kind::Delivered, packet),
            Fact::Duplicate { packet } => of(Kind::Duplicate, packet),
            Fact::Acknowledged { packet } => of(Kind::Acknowledged, packet),
            Fact::LateAck { packet } => of(Kind::Late, packet),
            Fact::GivenUp { subscriber, .. } => without(Kind::GivenUp, Some(subscriber)),
            Fact::DeadLetter { subscriber, .. } => without(Kind::DeadLetter, Some(subscriber)),
        }
    }
}
