//! Where a server is, in the ways that people write it.

use std::{fmt, net::Ipv6Addr, str::FromStr};

/// Where the servers of this project listen unless told otherwise.
const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 46666;

/// A host and a port; either may be left out where it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// A name or an address, without the brackets of IPv6.
    pub host: String,
    pub port: u16,
}

/// Why text is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressError {
    #[error("no host is named; write for example 127.0.0.1:46666, localhost or [::1]:46666")]
    NoHost,
    #[error("the host has characters that no host has; write for example localhost:46666")]
    Host,
    #[error("the port must be a number from 1 to 65535")]
    Port,
    #[error("an IPv6 address with a port needs brackets, as in [::1]:46666")]
    Brackets,
}

impl Address {
    /// With another host or port, where one is given.
    pub fn with(self, host: Option<String>, port: Option<u16>) -> Self {
        Self { host: host.unwrap_or(self.host), port: port.unwrap_or(self.port) }
    }

    /// The host as it is written alone.
    pub fn parse_host(text: &str) -> Result<String, AddressError> {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let host = inner.unwrap_or(text);
        // What follows a percent sign says through which interface.
        let is_v6 = host.split('%').next().is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "/@[]?#".contains(c);
        match host {
            "" => Err(AddressError::NoHost),
            _ if is_v6 => Ok(host.to_owned()),
            _ if host.contains(is_odd) || inner.is_some() => Err(AddressError::Host),
            _ if host.contains(':') => Err(AddressError::Brackets),
            _ => Ok(host.to_owned()),
        }
    }

    pub fn parse_port(text: &str) -> Result<u16, AddressError> {
        text.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Port)
    }
}

impl Default for Address {
    fn default() -> Self {
        Self { host: DEFAULT_HOST.to_owned(), port: DEFAULT_PORT }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (host, port) = match text.rsplit_once(':') {
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => ("", text),
            // A colon inside an IPv6 address separates no port.
            Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text, ""),
            Some((_, "")) => return Err(AddressError::Port),
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (text, ""),
        };
        let host = match (host, port) {
            ("", port) if !port.is_empty() => DEFAULT_HOST.to_owned(),
            (host, _) => Self::parse_host(host)?,
        };
        let port = if port.is_empty() { DEFAULT_PORT } else { Self::parse_port(port)? };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_may_be_left_out() {
        for (text, meant) in [
            ("192.0.2.7:1", "192.0.2.7:1"),
            ("localhost:46667", "localhost:46667"),
            ("localhost", "localhost:46666"),
            ("192.0.2.7", "192.0.2.7:46666"),
            ("46667", "127.0.0.1:46667"),
            (":46667", "127.0.0.1:46667"),
            ("[::1]:46667", "[::1]:46667"),
            ("[::1]", "[::1]:46666"),
            ("::1", "[::1]:46666"),
            ("fe80::1%eth0", "[fe80::1%eth0]:46666"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), meant, "{text}");
            assert_eq!(meant.parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address_is_told_why() {
        use AddressError::*;
        for (text, why) in [
            ("", NoHost),
            (":", Port),
            ("localhost:", Port),
            ("localhost:0", Port),
            ("localhost:70000", Port),
            ("localhost:http", Port),
            ("70000", Port),
            ("::1:46666", Brackets),
            ("[localhost]:1", Host),
            ("[::1", Host),
            ("tcp://localhost:1", Host),
            ("a b:1", Host),
        ] {
            assert_eq!(text.parse::<Address>(), Err(why), "{text}");
        }
    }
}
