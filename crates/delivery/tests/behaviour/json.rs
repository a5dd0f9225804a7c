//! Facts and records as they stand in files and go over sockets.

use std::time::Duration;

use delivery::{Cause, Fact, MessageId, Method, Record};
use serde_json::json;

use crate::{ack, calm, message, scene::Scene};

#[test]
fn a_fact_is_tagged_and_read_back() {
    let ns = Duration::from_nanos;
    let packet = json!({"message": 3, "subscriber": 1, "attempt": 2, "direction": "message"});
    let of_ack = json!({"message": 3, "subscriber": 1, "attempt": 2, "direction": "ack"});
    let sent = Fact::Sent { packet: message(3, 1, 2), arrives: ns(1_500_000_001) };
    let lost = Fact::Lost { packet: ack(3, 1, 2), cause: Cause::ByHand };
    let given_up = Fact::GivenUp { message: MessageId(3), subscriber: 1, was_delivered: true };
    for (fact, expected) in [
        (Fact::Created { message: MessageId(3) }, json!({"fact": "created", "message": 3})),
        (sent, json!({"fact": "sent", "packet": packet, "arrives_ns": 1_500_000_001})),
        (lost, json!({"fact": "lost", "packet": of_ack, "cause": "by_hand"})),
        (
            given_up,
            json!({"fact": "given_up", "message": 3, "subscriber": 1, "was_delivered": true}),
        ),
    ] {
        assert_eq!(serde_json::to_value(fact).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Fact>(expected).unwrap(), fact);
    }
}

#[test]
fn a_record_has_its_moments_in_nanoseconds_and_is_read_back() {
    let mut scene = Scene::new(calm(), Method::PubSub);
    let record = scene.send().end().records()[0];
    let expected = json!({
        "message": 0,
        "subscriber": 0,
        "created_ns": 0,
        "sent_ns": 0,
        "delivered_ns": 100_000_000,
        "acknowledged_ns": 200_000_000,
        "given_up_ns": null,
        "released_ns": 200_000_000,
        "settled_ns": 200_000_000,
        "attempts": 1,
        "copies": 1,
        "acks": 1,
        "acks_arrived": 1,
        "is_disturbed": false,
    });
    assert_eq!(serde_json::to_value(record).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Record>(expected).unwrap(), record);
    let methods = serde_json::to_string(&[Method::Direct, Method::PubSub]).unwrap();
    assert_eq!(methods, r#"["direct","pub_sub"]"#);
}
