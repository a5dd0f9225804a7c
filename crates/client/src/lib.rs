//! One blocking connection to a server of the file protocol.
//!
//! A [`Connection`] makes requests one after another. File content streams through it in both
//! directions: it holds about 450 KiB whatever the size of the file, and only once a transfer
//! needs them. Every wait on the network has an end, set by [`ConnectionOptions`]. A [`Remote`] makes a
//! connection when one is needed.
//!
//! Content also moves as it is instead of as base64, from any place in a file, where the
//! [features](Connection::features) of the server tell of it.
//!
//! It takes the replies of this project's server and of the Python servers that speak the same
//! protocol: any order of members, raw UTF-8, no ending, or a close in its place.
//!
//! With a [`Token`] it says who is asking, and with [`Tls`] nobody else can listen, for buffers
//! of 64 KiB more that hold its records.
#![forbid(unsafe_code)]

mod address;
mod advice;
mod connection;
mod error;
mod framing;
mod options;
mod remote;
mod socket;
mod tls;
mod token;

pub use address::{Address, AddressError};
pub use advice::sentence;
pub use connection::{
    Connection, Echo, Fetched, FetchedRange, FileDigest, Files, Listing, Stored, Transfer,
};
pub use error::ClientError;
pub use framing::{Framing, UnknownFraming};
pub use options::ConnectionOptions;
pub use protocol::{
    EchoText, EchoTextError, ErrorCode, Feature, FileName, Stats, Token, Verb,
    request::{Fetch, PartId, Store, Version},
    stats::{Outcomes, Requests},
};
pub use remote::Remote;
pub use tls::{Tls, TlsError, TrustError, server_name};
pub use token::{NoTokenError, token};
