//! Where a program listens besides its main address.

use std::net::{Ipv4Addr, SocketAddr};

/// A port alone is one of this machine, for this machine.
pub fn address_or_port(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text.strip_prefix("localhost:").unwrap_or(text).parse();
    let address = port.map(|port| (Ipv4Addr::LOCALHOST, port).into());
    address
        .or_else(|_| text.parse())
        .map_err(|_| "a port is needed, or an address and a port, such as 9464 or 127.0.0.1:9464")
}

/// The same for what others on the network must not reach.
pub fn local_address_or_port(text: &str) -> Result<SocketAddr, &'static str> {
    address_or_port(text).and_then(|address| match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("it must be an address for this machine alone, such as 127.0.0.1:46667"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_for_this_machine() {
        let parsed = |text| address_or_port(text).map(|address| address.to_string());
        for text in ["9464", "localhost:9464", "127.0.0.1:9464"] {
            assert_eq!(parsed(text).as_deref(), Ok("127.0.0.1:9464"));
        }
        assert_eq!(parsed("[::1]:9464").as_deref(), Ok("[::1]:9464"));
        assert_eq!(parsed("0.0.0.0:0").as_deref(), Ok("0.0.0.0:0"));
        assert!(local_address_or_port("0.0.0.0:1").is_err());
        assert!(local_address_or_port("[::1]:1").is_ok() && local_address_or_port("1").is_ok());
        for text in ["", ":9464", "70000", "-1", "127.0.0.1", "localhost", "example.com:1"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
