//! A TCP file server that runs one protocol under four concurrency models.
//!
//! A [`session`] is what a connection says, in plain text or within TLS; a
//! [model](models) is who runs it. The rest is what both need: the [`Service`](service::Service)
//! they share, the listener, limits, shutdown.
#![deny(unsafe_code)]

mod admission;
pub mod args;
mod auth;
mod budget;
mod confinement;
mod connection;
mod exposure;
mod farewell;
mod faults;
mod listener;
mod models;
mod monitoring;
mod os;
mod overload;
mod resources;
mod serve;
mod service;
mod session;
mod shutdown;
mod stats;
mod tls;
mod user;

pub use serve::{ServeError, serve};
