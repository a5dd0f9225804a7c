//! What a delivery does: small scenes to the millisecond, laws that hold whatever happens, and virtual time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common_fates;
mod edges;
mod experiments;
mod in_order;
mod json;
mod laws;
mod patches;
mod reconfiguration;
mod scene;
mod scenes;

use delivery::{Config, Direction, MessageId, Packet, Percent};

/// Nothing is lost, and every packet travels for 100 ms.
fn calm() -> Config {
    Config { loss: Percent(0.0), latency_min_ms: 100, latency_max_ms: 100, ..Config::default() }
}

fn message(message: u64, subscriber: u32, attempt: u32) -> Packet {
    let direction = Direction::Message;
    Packet { message: MessageId(message), subscriber, attempt, direction }
}

fn ack(number: u64, subscriber: u32, attempt: u32) -> Packet {
    message(number, subscriber, attempt).ack()
}
