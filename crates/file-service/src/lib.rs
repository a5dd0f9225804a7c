//! What the connections of a file server say: requests and replies, and who may make which.
//!
//! A [`Conversation`] takes bytes and the time and gives out bytes, in plain text or within TLS. It
//! holds no socket and no clock, so every concurrency model serves exactly the same protocol, and
//! tests run it at any speed.
#![forbid(unsafe_code)]

mod budget;
mod conversation;
mod error;
mod faults;
mod proxied;
mod service;
mod session;
mod tls;
pub mod tokens;

pub use budget::{Budget, Turns};
pub use conversation::Conversation;
pub use error::ConnectionError;
pub use faults::{Fault, Faults, ParseFaultError};
pub use proxied::ProxyHeaderError;
pub use service::{CollectStats, FileService, Limits};
