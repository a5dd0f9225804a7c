//! Where a NATS server listens.

use std::{fmt, str::FromStr};

use async_nats::{ConnectOptions, ServerAddr};

/// As people write it: `nats://HOST:PORT` or `tls://HOST:PORT`, with `USER:PASSWORD@` before the host where
/// the server asks for one. Port 4222 and `nats://` may be left out.
///
/// What is displayed names no user and no password, in errors and logs neither.
#[derive(Clone, Eq, PartialEq)]
pub struct Address(ServerAddr);

#[derive(Debug, thiserror::Error)]
#[error("is no address of a NATS server, such as nats://127.0.0.1:4222")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let address: ServerAddr = text.parse().map_err(|_| NotAnAddress)?;
        let is_known = ["nats", "tls"].contains(&address.scheme()) && !address.host().is_empty();
        is_known.then_some(Self(address)).ok_or(NotAnAddress)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address) = self;
        let host = address.host();
        let [open, close] = if host.contains(':') { ["[", "]"] } else { ["", ""] };
        write!(f, "{}://{open}{host}{close}:{}", address.scheme(), address.port())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Address {
    pub(super) fn server(&self) -> ServerAddr {
        self.0.clone()
    }

    /// The client does not take them from an address by itself.
    pub(super) fn with_user(&self, options: ConnectOptions) -> ConnectOptions {
        match (self.0.username(), self.0.password()) {
            (Some(user), password) => {
                options.user_and_password(user.to_owned(), password.unwrap_or_default().to_owned())
            }
            (None, _) => options,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_left_out_of_an_address_is_filled_in() {
        for (text, shown) in [
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("localhost", "nats://localhost:4222"),
            ("tls://example.org:1", "tls://example.org:1"),
            ("nats://[::1]", "nats://[::1]:4222"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in
            ["", "http://127.0.0.1:4222", "nats://", "nats://host:port", "ws://127.0.0.1:80"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let address: Address = "nats://who:secret@127.0.0.1:4222".parse().unwrap();
        assert_eq!(format!("{address} {address:?}").matches("nats://127.0.0.1:4222").count(), 2);
    }
}
