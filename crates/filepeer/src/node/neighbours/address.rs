//! How a person names a neighbour.

use std::{fmt, str::FromStr};

use iroh::EndpointId;

/// A neighbour as the command line names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum NeighbourAddress {
    /// Asked for its identity over TCP, then dialled at the same port number. Whoever can answer in its
    /// place can be taken for it.
    At(HostPort),
    /// Found by mDNS or through a relay.
    Known(EndpointId),
    /// Nobody else is taken for it.
    KnownAt(EndpointId, HostPort),
}

/// A name or an address, and a port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct HostPort(String);

/// Why text names no neighbour.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a neighbour is HOST:PORT, an identity, or IDENTITY@HOST:PORT")]
pub(crate) struct ParseNeighbourError;

impl HostPort {
    /// As the resolver of the system takes it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostPort {
    type Err = ParseNeighbourError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or(ParseNeighbourError)?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        let is_host = !host.is_empty()
            && host.chars().all(|c| c.is_ascii_graphic())
            && (bracketed || !host.contains(':'));
        match port.parse::<u16>() {
            Ok(port) if is_host && port > 0 => Ok(Self(text.to_owned())),
            _ => Err(ParseNeighbourError),
        }
    }
}

impl FromStr for NeighbourAddress {
    type Err = ParseNeighbourError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let identity = |text: &str| text.parse::<EndpointId>().map_err(|_| ParseNeighbourError);
        match text.split_once('@') {
            Some((id, place)) => Ok(Self::KnownAt(identity(id)?, place.parse()?)),
            None => identity(text).map(Self::Known).or_else(|_| Ok(Self::At(text.parse()?))),
        }
    }
}

impl fmt::Display for NeighbourAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(place) | Self::KnownAt(_, place) => f.write_str(&place.0),
            Self::Known(id) => id.fmt_short().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use iroh::SecretKey;

    use super::*;

    #[test]
    fn a_neighbour_is_an_address_or_an_identity_or_both() {
        let id = SecretKey::from_bytes(&[7; 32]).public();
        let at = |text: &str| text.parse::<HostPort>().unwrap();
        for (text, neighbour) in [
            ("127.0.0.1:5002".to_owned(), NeighbourAddress::At(at("127.0.0.1:5002"))),
            ("localhost:1".to_owned(), NeighbourAddress::At(at("localhost:1"))),
            ("[::1]:5002".to_owned(), NeighbourAddress::At(at("[::1]:5002"))),
            (id.to_string(), NeighbourAddress::Known(id)),
            (format!("{id}@10.0.0.7:99"), NeighbourAddress::KnownAt(id, at("10.0.0.7:99"))),
        ] {
            assert_eq!(text.parse(), Ok(neighbour), "{text}");
        }
    }

    #[test]
    fn what_names_no_neighbour_is_refused() {
        for text in [
            "",
            "localhost",
            ":5001",
            "localhost:0",
            "localhost:65536",
            "::1:5001",
            "a b:5001",
            "@",
            "x@localhost:1",
            "\u{202e}:5001",
        ] {
            assert_eq!(text.parse::<NeighbourAddress>(), Err(ParseNeighbourError), "{text}");
        }
    }
}
