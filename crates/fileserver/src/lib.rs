//! A TCP file server that runs one protocol under four concurrency models.
//!
//! [`Session`](session::Session) is what a connection says; a [model](models) is who runs it. The
//! rest is what both need: the [`Service`](service::Service) they share, the listener, shutdown.
#![deny(unsafe_code)]

mod admission;
pub mod args;
mod auth;
mod connection;
mod listener;
mod models;
mod os;
mod resources;
mod serve;
mod service;
mod session;
mod shutdown;
mod stats;

pub use serve::{ServeError, serve};
