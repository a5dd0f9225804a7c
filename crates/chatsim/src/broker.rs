//! Messages that are carried in real time, by somebody else than the simulation.
//!
//! A [`Broker`] takes the messages of one sender and tells what becomes of each: the facts and records of
//! `delivery`, as in virtual time. [`InProcess`] is the core itself on the wall clock. [`JetStream`] leaves it to
//! a NATS server to repeat what was not acknowledged, so there the core has no part in what is measured;
//! losses and latencies are those that the core would draw. [`carry`] sees messages through either.

mod address;
mod carrying;
mod error;
mod in_process;
mod jetstream;

pub use self::{
    address::{Address, NotAnAddress},
    carrying::{Broker, Connection, Ending, Happening, carry},
    error::BrokerError,
    in_process::InProcess,
    jetstream::JetStream,
};
