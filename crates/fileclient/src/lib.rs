//! A client of the file protocol: one blocking connection, and the program built on it.
//!
//! A [`Connection`] makes requests one after another. File content streams through it in both
//! directions: it holds about 450 KiB whatever the size of the file, and only once a transfer
//! needs them. Every wait on the network has an end, set by [`Options`].
//!
//! It takes the replies of this project's server and of the Python servers that speak the same
//! protocol: any order of members, raw UTF-8, no ending, or a close in its place.
//!
//! With a [`Token`] it says who is asking, and with [`Tls`] nobody else can listen, for buffers
//! of 64 KiB more that hold its records.
//!
//! [`args`] and [`run`] are the program `fileclient`: one-shot commands and a prompt.
#![forbid(unsafe_code)]

mod address;
pub mod args;
mod commands;
mod connection;
mod counts;
mod download;
mod error;
mod failure;
mod interrupt;
mod local_file;
mod options;
mod progress;
mod prompt;
mod remote;
mod socket;
mod stats_table;
mod tcp;
mod text_table;
mod tls;
mod token;
mod top;
mod units;
mod upload;
mod wire;

pub use address::{Address, AddressError};
pub use commands::run;
pub use connection::{Connection, Digest, Listing, Transfer};
pub use error::ClientError;
pub use failure::sentence;
pub use options::{Framing, Options, UnknownFraming};
pub use protocol::{ErrorCode, FileName, Stats, Token, stats::Requests};
pub use tls::{Tls, TlsError, TrustError};
pub use token::{NoTokenError, token};
