//! A TCP file server that runs one protocol under five concurrency models.
//!
//! What a connection says is the crate `file-service`, who runs it is `serving`. This crate puts them
//! together: the command line, what is opened and bound, what watches the server, and what it gives up.
#![forbid(unsafe_code)]

mod application;
pub mod args;
mod auth;
mod commands;
mod confinement;
mod exposure;
mod monitoring;
mod serve;
mod stats;
mod store;
mod user;

pub use commands::run;
pub use serve::{StartError, serve};
pub use store::OpenStoreError;
