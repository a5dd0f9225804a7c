//! How a connection behaves: what ends a request, how long anything may take, who is asking, and
//! whether others may listen.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use protocol::Token;

use crate::{Address, Framing, Tls};

/// How a [`Connection`](crate::Connection) is made, and its limits.
#[derive(Clone, Debug)]
pub struct ConnectionOptions {
    pub framing: Framing,
    /// Longest wait without a byte moving, on every read and write. Connecting waits as long, but
    /// at most ten seconds for each address, and so does agreeing on TLS; a server that has stopped
    /// reading gets a second more to say why. Zero counts as a millisecond.
    pub timeout: Duration,
    /// The moment by which every operation on the connection must be over; an operation that is
    /// not fails with [`ClientError::DeadlinePassed`](crate::ClientError::DeadlinePassed).
    pub deadline: Option<Instant>,
    /// How long to try again where this machine itself refuses the connection, by a loopback address: a
    /// server that was started a moment ago may not listen yet. Zero by default.
    pub startup_wait: Duration,
    /// What the server knows us by: said first on every connection. Without TLS, whoever listens on
    /// the way reads it.
    pub token: Option<Token>,
    /// Whom to trust on a connection that nobody else can read or change; `None` is plain TCP.
    pub tls: Option<Tls>,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            framing: Framing::default(),
            timeout: Duration::from_secs(60),
            deadline: None,
            startup_wait: Duration::ZERO,
            token: None,
            tls: None,
        }
    }
}

impl ConnectionOptions {
    /// What lies open on the way to a server, though everything is right.
    pub fn warning(&self, server: &Address) -> Option<String> {
        let Address { host, .. } = server;
        let is_near = host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_heard = self.token.is_some() && self.tls.is_none() && !is_near;
        is_heard.then(|| format!("the token goes to {host} in plain text; --tls encrypts it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_others_could_hear_is_warned_of() {
        let warning = |server: &str, token: bool| {
            let token = token.then(|| "kolam_x".parse().unwrap());
            ConnectionOptions { token, ..ConnectionOptions::default() }
                .warning(&server.parse().unwrap())
        };
        for near in ["127.0.0.1:1", "localhost:1", "[::1]:1"] {
            assert_eq!(warning(near, true), None, "{near}");
        }
        assert_eq!(warning("192.0.2.7:1", false), None);
        let sentence = warning("192.0.2.7:1", true).unwrap();
        assert_eq!(sentence, "the token goes to 192.0.2.7 in plain text; --tls encrypts it");
    }
}
