//! A TCP file server that runs one protocol under four concurrency models.
//!
//! A [`session`] is what a connection says, in plain text or within TLS; a
//! [model](models) is who runs it.
#![deny(unsafe_code)]

mod acceptor;
mod admission;
mod application;
pub mod args;
mod auth;
mod budget;
mod certificate;
mod companion;
mod confinement;
mod connection;
mod connection_error;
mod conversation;
mod error;
mod exposure;
mod farewell;
mod faults;
mod file_server;
mod listener;
mod models;
mod monitoring;
mod os;
mod overload;
mod pause;
mod resources;
mod serve;
mod server;
mod service;
mod session;
mod shutdown;
mod stats;
mod tls;
mod tokens;
mod user;

pub use serve::{StartError, serve};
