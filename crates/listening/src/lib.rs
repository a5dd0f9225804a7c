//! Addresses beside a program's own: an acceptor that outlives every trouble, leaving without destroying what was
//! said, and as much of an HTTP server as a page needs. It knows no program and no page.
#![forbid(unsafe_code)]

mod acceptor;
pub mod http;

pub use acceptor::{LINGER_TIME, ListenerError, leave, open, time_left};
