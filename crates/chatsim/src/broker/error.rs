//! Why messages cannot be carried.

use std::{io, time::Duration};

use super::address::Address;

/// Each says where, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error(
        "no NATS server answers at {address}: {reason}; start one there with `nats-server -js`, \
         or leave out --broker"
    )]
    Unreachable { address: Address, reason: String },
    #[error(
        "the NATS server at {address} does not let this user in; \
         name one that it knows: nats://USER:PASSWORD@HOST:PORT"
    )]
    Refused { address: Address },
    #[error("the NATS server at {address} runs without JetStream; start it with `nats-server -js`")]
    NoJetStream { address: Address },
    #[error("the NATS server at {address} cannot keep the messages of a run: {reason}")]
    Setup { address: Address, reason: String },
    #[error(
        "messages go through a broker as they come; set the ordering to any, or leave out --broker"
    )]
    InOrder,
    #[error(
        "the NATS server at {address} has been away for {} s, with {open} messages open; \
         start it and repeat the run", away.as_secs()
    )]
    Away { address: Address, away: Duration, open: u64 },
    #[error("the NATS server at {address} takes no more messages: {reason}")]
    NotTaken { address: Address, reason: String },
    #[error(
        "the NATS server at {address} has not said for {} s what became of {open} messages; \
         repeat the run", silent.as_secs()
    )]
    Silent { address: Address, silent: Duration, open: u64 },
    #[error(
        "the stream {stream} could not be removed from the NATS server at {address}; \
         the next run there removes it"
    )]
    NotRemoved { address: Address, stream: String },
    #[error("nothing can wait for the network here")]
    Runtime(#[source] io::Error),
}
