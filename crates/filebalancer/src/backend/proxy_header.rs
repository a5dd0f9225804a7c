//! What goes in front of a connection to a backend that wants to know who is asking: the header of the PROXY
//! protocol, version 2.

use std::net::{IpAddr, SocketAddr};

use proxy_header::{ProxiedAddress, ProxyHeader};

/// For a question of the balancer itself.
pub(crate) fn of_balancer() -> Vec<u8> {
    written(&ProxyHeader::with_local())
}

/// For a client, who connected to the balancer at that address.
pub(crate) fn of_client(client: SocketAddr, at: SocketAddr) -> Vec<u8> {
    let with = |ip_of: fn(IpAddr) -> IpAddr| {
        [client, at].map(|address| SocketAddr::new(ip_of(address.ip()), address.port()))
    };
    let [client, at] = match with(|ip| ip.to_canonical()) {
        both if both.iter().all(SocketAddr::is_ipv4) => both,
        _ => with(of_v6),
    };
    written(&ProxyHeader::with_address(ProxiedAddress::stream(client, at)))
}

fn of_v6(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(_) => ip,
    }
}

fn written(header: &ProxyHeader<'_>) -> Vec<u8> {
    let mut wire = Vec::new();
    header.encode_v2(&mut wire).expect("both addresses are of one family");
    wire
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

    #[test]
    fn addresses_of_two_families_are_both_written_as_ipv6() {
        let mixed = of_client("192.0.2.1:258".parse().unwrap(), "[2001:db8::1]:2".parse().unwrap());
        assert_eq!((mixed.len(), mixed[13]), (52, 0x21));
        assert_eq!(mixed[16..32], *b"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01");
    }
}
