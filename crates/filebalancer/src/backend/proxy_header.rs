//! What goes in front of a connection to a backend that wants to know who is asking: the header of the PROXY
//! protocol, version 2.

use std::net::{IpAddr, SocketAddr};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Version 2, and the command: the connection is the balancer's own, or a client's.
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

/// TCP over IPv4 or IPv6.
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

/// For a question of the balancer itself.
pub(crate) fn of_balancer() -> Vec<u8> {
    header(LOCAL, 0, &[])
}

/// For a client, who connected to the balancer at that address.
pub(crate) fn of_client(client: SocketAddr, at: SocketAddr) -> Vec<u8> {
    let (family, addresses) = match (client.ip().to_canonical(), at.ip().to_canonical()) {
        (IpAddr::V4(client), IpAddr::V4(at)) => (TCP4, [client.octets(), at.octets()].concat()),
        (client, at) => (TCP6, [of_v6(client), of_v6(at)].concat()),
    };
    let ports = [client.port().to_be_bytes(), at.port().to_be_bytes()].concat();
    header(PROXY, family, &[addresses, ports].concat())
}

fn of_v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let len = u16::try_from(rest.len()).expect("two addresses and two ports are 36 bytes at most");
    [&SIGNATURE[..], &[command, family], &len.to_be_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_as_the_protocol_says() {
        let four = of_client("192.0.2.1:258".parse().unwrap(), "127.0.0.1:8000".parse().unwrap());
        let start = b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x21\x11\x00\x0c";
        let rest = b"\xc0\x00\x02\x01\x7f\x00\x00\x01\x01\x02\x1f\x40";
        assert_eq!(four, [&start[..], &rest[..]].concat());
        let six = of_client("[2001:db8::1]:1".parse().unwrap(), "[::1]:2".parse().unwrap());
        assert_eq!((six.len(), six[13], &six[14..16]), (52, 0x21, &[0, 36][..]));
        assert_eq!(&six[16..20], b"\x20\x01\x0d\xb8");
        assert_eq!(of_balancer()[12..], [0x20, 0, 0, 0]);
    }

    #[test]
    fn a_mapped_address_is_one_of_ipv4() {
        let at = "127.0.0.1:2".parse().unwrap();
        let mapped = of_client("[::ffff:192.0.2.1]:1".parse().unwrap(), at);
        assert_eq!(mapped, of_client("192.0.2.1:1".parse().unwrap(), at));
    }
}
