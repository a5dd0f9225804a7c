//! The connection to a NATS server, which is made again whenever it is lost.

use std::{error::Error, time::Duration};

use async_nats::{
    Client, ConnectError, ConnectErrorKind, ConnectOptions, Event,
    jetstream::{
        Context, ContextBuilder,
        context::{RequestError, RequestErrorKind},
    },
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::broker::{address::Address, error::BrokerError};

/// Of connecting, and of every question to the server.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Between two tries to connect again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// A server that does not answer three of these is taken for lost.
const PING_PAUSE: Duration = Duration::from_secs(5);

/// A publisher that nobody answers for so long publishes again.
const PUBLISH_ACK_MAX: Duration = Duration::from_secs(2);

/// Messages that were published and that the server has not confirmed. The client would have later ones wait.
pub(super) const UNCONFIRMED_MAX: usize = 5_000;

/// Deliveries that have come and were not looked at; more would be dropped, and repeated by the server.
const UNREAD_MAX: usize = 200_000;

/// What happened to the connection. Many more in a moment cannot be, since between two tries is a pause.
const EVENTS_MAX: usize = 64;

/// With what happens to the connection from now on.
pub(super) async fn connect(
    address: &Address,
) -> Result<(Client, mpsc::Receiver<Event>), BrokerError> {
    let (sender, events) = mpsc::channel(EVENTS_MAX);
    let options = ConnectOptions::new()
        .name("chatsim")
        .connection_timeout(ANSWER_MAX)
        .request_timeout(Some(ANSWER_MAX))
        .ping_interval(PING_PAUSE)
        .subscription_capacity(UNREAD_MAX)
        .reconnect_delay_callback(
            |attempt| {
                if attempt <= 1 { Duration::ZERO } else { RECONNECT_PAUSE }
            },
        )
        .event_callback(move |event| {
            let sender = sender.clone();
            async move {
                let _ = sender.try_send(event);
            }
        });
    let client = address.with_user(options).connect(address.server()).await;
    Ok((client.map_err(|err| why(address, &err))?, events))
}

pub(super) fn jetstream(client: &Client) -> Context {
    ContextBuilder::new()
        .timeout(PUBLISH_ACK_MAX)
        .max_ack_inflight(UNCONFIRMED_MAX)
        .build(client.clone())
}

/// Whether the server keeps messages. What it says of itself there differs between versions.
pub(super) async fn check_jetstream(
    address: &Address,
    context: &Context,
) -> Result<(), BrokerError> {
    let address = address.clone();
    let info: Result<Value, RequestError> = context.request("INFO", &()).await;
    match info {
        Ok(info) if info.get("error").is_none() => Ok(()),
        Err(err) if err.kind() != RequestErrorKind::NoResponders => {
            Err(BrokerError::Setup { address, reason: err.to_string() })
        }
        Ok(_) | Err(_) => Err(BrokerError::NoJetStream { address }),
    }
}

fn why(address: &Address, err: &ConnectError) -> BrokerError {
    let address = address.clone();
    let reason = match err.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            return BrokerError::Refused { address };
        }
        ConnectErrorKind::TimedOut => {
            format!("nothing that speaks NATS within {} s", ANSWER_MAX.as_secs())
        }
        kind => err.source().map_or_else(|| kind.to_string(), ToString::to_string),
    };
    BrokerError::Unreachable { address, reason }
}
