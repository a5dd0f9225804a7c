//! What JetStream says about messages: in the reply address of each that it delivers, and in events.

use async_nats::{Message, jetstream};
use delivery::{Direction, MessageId, Packet};
use serde::Deserialize;

const SUBSCRIBER: &str = "subscriber-";

/// The name of the durable consumer of a subscriber.
pub(super) fn consumer_name(subscriber: u32) -> String {
    format!("{SUBSCRIBER}{subscriber}")
}

fn subscriber_of(consumer: &str) -> Option<u32> {
    consumer.strip_prefix(SUBSCRIBER)?.parse().ok()
}

/// One delivery of a message to a subscriber.
pub(super) struct Received {
    pub(super) packet: Packet,
    /// Of the message in its stream; events name it by that.
    pub(super) sequence: u64,
}

impl Received {
    /// `None` for what is no message of a run, which anybody may send.
    pub(super) fn parse(message: &jetstream::Message) -> Option<Self> {
        let info = message.info().ok()?;
        let packet = Packet {
            message: message_id(message)?,
            subscriber: subscriber_of(info.consumer)?,
            attempt: u32::try_from(info.delivered.checked_sub(1)?).ok()?,
            direction: Direction::Message,
        };
        Some(Self { packet, sequence: info.stream_sequence })
    }
}

/// A Direct message: the last word of its subject is its subscriber.
pub(super) fn direct_packet(message: &Message) -> Option<Packet> {
    let (_, subscriber) = message.subject.as_str().rsplit_once('.')?;
    Some(first_packet(message_id(message)?, subscriber.parse().ok()?))
}

pub(super) fn first_packet(message: MessageId, subscriber: u32) -> Packet {
    Packet { message, subscriber, attempt: 0, direction: Direction::Message }
}

/// What is sent is the number of the message.
fn message_id(message: &Message) -> Option<MessageId> {
    str::from_utf8(&message.payload).ok()?.parse().ok().map(MessageId)
}

/// What became of a message at a consumer: `io.nats.jetstream.metric.v1.consumer_ack` where the ACK of that
/// delivery counts, `io.nats.jetstream.advisory.v1.max_deliver` where it was the last.
#[derive(Debug, Deserialize, PartialEq)]
pub(super) struct Outcome {
    consumer: String,
    #[serde(rename = "stream_seq")]
    pub(super) sequence: u64,
    /// From 1.
    deliveries: u32,
}

impl Outcome {
    pub(super) fn parse(event: &Message) -> Option<Self> {
        serde_json::from_slice(&event.payload).ok()
    }

    pub(super) fn subscriber(&self) -> Option<u32> {
        subscriber_of(&self.consumer)
    }

    pub(super) fn ack(&self, message: MessageId) -> Option<Packet> {
        Some(Packet {
            message,
            subscriber: self.subscriber()?,
            attempt: self.deliveries.checked_sub(1)?,
            direction: Direction::Ack,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str, reply: Option<&str>, payload: &'static str) -> Message {
        Message {
            subject: subject.into(),
            reply: reply.map(Into::into),
            payload: payload.into(),
            headers: None,
            status: None,
            description: None,
            length: payload.len(),
        }
    }

    /// As nats-server 2.9.10 sends them.
    #[test]
    fn events_of_the_server_name_consumer_message_and_delivery() {
        let exhausted = r#"{"type":"io.nats.jetstream.advisory.v1.max_deliver",
            "id":"L6kC408Du05naM6N5nbbXC","timestamp":"2026-11-28T21:22:14.550036313Z",
            "stream":"S1","consumer":"subscriber-7","stream_seq":1,"deliveries":2}"#;
        let counted = r#"{"type":"io.nats.jetstream.metric.v1.consumer_ack",
            "id":"L6kC408Du05naM6N5nbbWL","timestamp":"2026-11-28T21:22:13.748631129Z",
            "stream":"S1","consumer":"subscriber-0","consumer_seq":2,"stream_seq":2,
            "ack_time":402486787,"deliveries":1}"#;
        let [exhausted, counted] = [exhausted, counted]
            .map(|payload| Outcome::parse(&message("$JS.EVENT", None, payload)).unwrap());
        assert_eq!((exhausted.sequence, exhausted.subscriber()), (1, Some(7)));
        let ack = counted.ack(MessageId(1)).unwrap();
        assert_eq!((counted.sequence, ack.subscriber, ack.attempt), (2, 0, 0));
        assert_eq!(ack.direction, Direction::Ack);
    }

    #[test]
    fn what_is_no_event_is_none() {
        for payload in ["", "{}", "[1]", r#"{"consumer":"subscriber-0","stream_seq":-1}"#] {
            assert_eq!(Outcome::parse(&message("$JS.EVENT", None, payload)), None, "{payload}");
        }
        let strange = r#"{"consumer":"other-1","stream_seq":3,"deliveries":0}"#;
        let strange = Outcome::parse(&message("$JS.EVENT", None, strange)).unwrap();
        assert_eq!((strange.subscriber(), strange.ack(MessageId(0))), (None, None));
    }

    #[test]
    fn a_direct_message_names_its_subscriber_in_its_subject() {
        let packet = direct_packet(&message("chatsim.x.direct.12", None, "34")).unwrap();
        assert_eq!((packet.message, packet.subscriber, packet.attempt), (MessageId(34), 12, 0));
        for (subject, payload) in [("direct", "34"), ("chatsim.x.direct.", "34"), ("a.1", "hello")]
        {
            assert_eq!(
                direct_packet(&message(subject, None, payload)),
                None,
                "{subject} {payload}"
            );
        }
    }
}
