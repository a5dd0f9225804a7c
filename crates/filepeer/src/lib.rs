//! Files without a server.
#![forbid(unsafe_code)]
