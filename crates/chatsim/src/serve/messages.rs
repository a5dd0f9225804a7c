//! What a page and the server say to each other: JSON in text frames of a WebSocket, one version for both.
//!
//! A page sends one message a frame, `{"v":1,"message":{"type":"register","node":"A"}}`. The server collects
//! what happens for some milliseconds, `{"v":1,"t_ms":1234.5,"messages":[…]}`, so that two hundred pages cost
//! two hundred writes for each frame and not for each packet. `t_ms` is the world's clock when the frame was
//! written, and all times are milliseconds of this clock.
//!
//! Pages ignore what they do not know; the server refuses it.

mod shown;

use std::time::Duration;

use delivery::{Config, Direction, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::shown::{
    BatchShown, CaseShown, Connected, ExperimentShown, FailureReason, Fate, LimitsShown,
    MessageShown, PacketShown, PacketState, Receiver, TraceFact, ms,
};
use super::measures::{Measured, Metrics};

/// Becomes another number when a page of before could no longer make sense of what is said.
pub(crate) const VERSION: u64 = 1;

/// A frame of a page. Its message is read once its version is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageFrame {
    pub(crate) v: u64,
    pub(crate) message: Value,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PageMessage {
    Register {
        node: String,
    },
    Leave {
        node: String,
    },
    SendMessage {
        from: String,
        method: Method,
        text: String,
        #[serde(default = "one")]
        count: u32,
        /// Comes back with the ids.
        #[serde(rename = "ref")]
        reference: Option<u64>,
    },
    UpdateConfig {
        /// The revision that the page knows.
        rev: u64,
        /// Only what changes.
        patch: Value,
    },
    Partition {
        cut: bool,
    },
    DropPacket {
        id: u64,
        subscriber: u32,
        attempt: u32,
        direction: Direction,
    },
    Control(Control),
    RunExperiment {
        /// 0: both methods, as the network is now.
        experiment: u32,
        seed: Option<u64>,
    },
    Cancel {
        run: u64,
    },
    GetTrace {
        id: u64,
    },
}

fn one() -> u32 {
    1
}

/// What is done to the clock.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Control {
    Pause,
    Resume,
    Step,
    Speed {
        speed: f64,
    },
    /// Everything begins again, with this seed.
    Reset {
        seed: u64,
    },
}

/// A frame of the server.
#[derive(Debug, Serialize)]
pub(crate) struct ServerFrame<'a> {
    pub(crate) v: u64,
    pub(crate) t_ms: f64,
    pub(crate) messages: &'a [ServerMessage],
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage {
    /// The whole of what a page needs to know; what it knew before is void.
    Connected(Box<Connected>),
    Registered {
        node: String,
    },
    Left {
        node: String,
    },
    Nodes {
        nodes: Vec<String>,
    },
    SentAck {
        #[serde(rename = "ref")]
        reference: Option<u64>,
        ids: Vec<u64>,
    },
    Packet(PacketShown),
    Message(Box<MessageShown>),
    DeliveryFailed {
        id: u64,
        subscriber: u32,
        to: Option<String>,
        reason: FailureReason,
        was_delivered: bool,
    },
    DeadLetter {
        id: u64,
        subscriber: u32,
    },
    ConfigUpdated {
        rev: u64,
        config: Config,
        by: u64,
    },
    /// Nothing has changed.
    ConfigRejected {
        rev: u64,
        field: String,
        reason: String,
    },
    Clock {
        seed: u64,
        speed: f64,
        paused: bool,
        by: u64,
    },
    Reset {
        seed: u64,
        by: u64,
    },
    Partition {
        cut: bool,
        by: u64,
    },
    MetricsUpdate(Box<Metrics>),
    ExperimentStarted(ExperimentShown),
    ExperimentProgress {
        run: u64,
        live_settled: u64,
        live: u64,
        batch_done: usize,
        batch: usize,
    },
    /// What became of a case in virtual time.
    ExperimentBatch(Box<BatchShown>),
    /// What became of it on the clock.
    ExperimentLive {
        run: u64,
        case: usize,
        live: Box<Measured>,
    },
    ExperimentDone {
        run: u64,
    },
    ExperimentCancelled {
        run: u64,
        by: u64,
    },
    Trace {
        id: u64,
        /// `false`: the last facts of a long life were not kept.
        whole: bool,
        facts: Vec<TraceFact>,
    },
    Log {
        at_ms: f64,
        event: LogEvent,
        by: u64,
        detail: String,
    },
    /// The page was too slow for so many frames. `Connected` comes next.
    Lagged {
        missed: u64,
    },
    Error {
        code: ErrorCode,
        text: String,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogEvent {
    Joined,
    Left,
    Config,
    Partition,
    Healed,
    Pause,
    Resume,
    Step,
    Speed,
    Reset,
    Dropped,
    Experiment,
    Cancelled,
}

/// What is answered to a page whose wish is not granted.
pub(crate) type Refusal = Box<ServerMessage>;

/// Why something was not done. The page has its own words for each.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    Version,
    Malformed,
    TooLarge,
    TooFast,
    TooManyNodes,
    BadName,
    UnknownNode,
    BadText,
    BadCount,
    Busy,
    UnknownMessage,
    UnknownPacket,
    NotPaused,
    BadSpeed,
    BadSeed,
    UnknownExperiment,
    ExperimentRunning,
    UnknownRun,
}

impl ServerMessage {
    pub(crate) fn error(code: ErrorCode, text: impl Into<String>) -> Self {
        Self::Error { code, text: text.into() }
    }

    pub(crate) fn refusal(code: ErrorCode, text: impl Into<String>) -> Refusal {
        Box::new(Self::error(code, text))
    }
}

/// One frame of these messages, as it is sent.
pub(crate) fn frame(now: Duration, messages: &[ServerMessage]) -> String {
    let frame = ServerFrame { v: VERSION, t_ms: ms(now), messages };
    serde_json::to_string(&frame).expect("messages have no keys but names")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: Value) -> Result<PageMessage, String> {
        serde_json::from_value(message).map_err(|err| err.to_string())
    }

    #[test]
    fn what_a_page_may_say_is_read_and_what_may_be_left_out_has_a_default() {
        let message =
            json!({"type": "send_message", "from": "A", "method": "pub_sub", "text": "hi"});
        let PageMessage::SendMessage { from, method, text, count, reference } =
            read(message).unwrap()
        else {
            panic!("another message")
        };
        assert_eq!((from.as_str(), text.as_str(), count, reference), ("A", "hi", 1, None));
        assert_eq!(method, Method::PubSub);
        for (action, control) in [
            (json!({"type": "control", "action": "step"}), Control::Step),
            (
                json!({"type": "control", "action": "speed", "speed": 2.5}),
                Control::Speed { speed: 2.5 },
            ),
            (json!({"type": "control", "action": "reset", "seed": 7}), Control::Reset { seed: 7 }),
        ] {
            assert_eq!(read(action), Ok(PageMessage::Control(control)));
        }
    }

    #[test]
    fn what_is_not_known_is_named_and_refused() {
        for (message, named) in [
            (json!({"type": "dance"}), "dance"),
            (json!({"type": "register"}), "node"),
            (json!({"type": "register", "node": "A", "as": "B"}), "as"),
            (json!({"type": "leave", "node": 7}), "7"),
            (json!({"type": "control", "action": "explode"}), "explode"),
            (json!({"type": "control", "action": "speed", "speed": "fast"}), "fast"),
            (json!({"node": "A"}), "type"),
            (json!(7), "7"),
        ] {
            let error = read(message.clone()).unwrap_err();
            assert!(error.contains(named), "{message}: {error}");
        }
    }

    #[test]
    fn a_frame_has_a_version_a_time_and_tagged_messages() {
        let message = ServerMessage::DeadLetter { id: 3, subscriber: 1 };
        let frame = frame(Duration::from_micros(1500), &[message]);
        let expected = json!({"v": 1, "t_ms": 1.5, "messages": [
            {"type": "dead_letter", "id": 3, "subscriber": 1}
        ]});
        assert_eq!(serde_json::from_str::<Value>(&frame).unwrap(), expected);
    }
}
