//! The PROXY header, version 2, as its bytes come.

// It has addresses and no sockets.
use core::net::SocketAddr;

use proxy_header::{ParseConfig, Protocol, ProxiedAddress, ProxyHeader};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, version and command, family, and the length of the rest.
const START_LEN: usize = 16;
const COMMAND_AT: usize = 12;
const REST_LEN_AT: usize = 14;

/// Version 2, and the command for a connection that is the proxy's own.
const LOCAL: u8 = 0x20;

/// Most bytes of a header: what every path carries in one piece, as a proxy should send it. The longest
/// addresses take 232 of them, and what proxies like to tell besides has room too.
const LEN_MAX: usize = 536;

const VERSION_2: ParseConfig = ParseConfig { include_tlvs: false, allow_v1: false, allow_v2: true };

/// Collects a header to its last byte, and no byte behind it.
#[derive(Debug)]
pub(super) struct HeaderReader {
    bytes: [u8; LEN_MAX],
    /// So many have come.
    len: usize,
}

/// Whom a proxy connects for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    Client(SocketAddr),
    /// Itself, or somebody whose address is none of TCP.
    Proxy,
}

/// Why what came is no such header.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProxyHeaderError {
    #[error("what came first is no PROXY header of version 2")]
    NoHeader,
    #[error("the PROXY header is longer than {LEN_MAX} bytes")]
    TooLong,
    #[error("the PROXY header is malformed")]
    Malformed,
    #[error("the PROXY header is about datagrams")]
    Datagrams,
    #[error("the connection ended within the PROXY header")]
    CutOff,
}

impl Default for HeaderReader {
    fn default() -> Self {
        Self { bytes: [0; LEN_MAX], len: 0 }
    }
}

impl HeaderReader {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the next bytes go, while [`source`](Self::source) knows none.
    pub(super) fn room(&mut self) -> &mut [u8] {
        let whole_len = self.whole_len();
        &mut self.bytes[self.len..whole_len]
    }

    pub(super) fn received(&mut self, len: usize) {
        self.len += len;
    }

    /// What the header says. `None`: it is not whole.
    pub(super) fn source(&self) -> Result<Option<Source>, ProxyHeaderError> {
        let came = &self.bytes[..self.len];
        if !came.iter().zip(SIGNATURE).all(|(byte, expected)| byte == expected) {
            return Err(ProxyHeaderError::NoHeader);
        }
        if self.whole_len() > LEN_MAX {
            return Err(ProxyHeaderError::TooLong);
        }
        if self.len < self.whole_len() { Ok(None) } else { parse(came).map(Some) }
    }

    /// As far as it is known, which is said in its start.
    fn whole_len(&self) -> usize {
        match self.bytes[..self.len].get(REST_LEN_AT..START_LEN) {
            Some(&[high, low]) => START_LEN + usize::from(u16::from_be_bytes([high, low])),
            _ => START_LEN,
        }
    }
}

fn parse(header: &[u8]) -> Result<Source, ProxyHeaderError> {
    // Then whatever follows means nothing.
    if header[COMMAND_AT] == LOCAL {
        return Ok(Source::Proxy);
    }
    let (header, _) =
        ProxyHeader::parse(header, VERSION_2).map_err(|_| ProxyHeaderError::Malformed)?;
    match header.proxied_address() {
        Some(ProxiedAddress { protocol: Protocol::Stream, source, .. }) => {
            Ok(Source::Client(*source))
        }
        Some(ProxiedAddress { protocol: Protocol::Datagram, .. }) => {
            Err(ProxyHeaderError::Datagrams)
        }
        None => Ok(Source::Proxy),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A header of this command, family and rest.
    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let rest_len = (rest.len() as u16).to_be_bytes();
        [SIGNATURE, &[command, family], &rest_len, rest].concat()
    }

    const PROXY: u8 = 0x21;
    const TCP4: u8 = 0x11;
    const TCP6: u8 = 0x21;
    const UDP4: u8 = 0x12;
    const UNIX: u8 = 0x31;
    const UNSPECIFIED: u8 = 0;

    /// 192.0.2.7:5000 to 10.0.0.1:46666.
    const ADDRESSES: &[u8] = b"\xc0\x00\x02\x07\x0a\x00\x00\x01\x13\x88\xb6\x4a";

    /// 2001:db8::7, port 5000, to ::1, port 46666.
    const ADDRESSES6: &[u8] = b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13\x88\xb6\x4a";

    /// What comes of bytes that come as the socket gives them, and how many are left there.
    fn read(bytes: &[u8], piece_len: usize) -> (Result<Option<Source>, ProxyHeaderError>, usize) {
        let (mut reader, mut rest) = (HeaderReader::default(), bytes);
        loop {
            let source = reader.source();
            if source != Ok(None) || rest.is_empty() {
                return (source, rest.len());
            }
            let room = reader.room();
            let len = room.len().min(rest.len()).min(piece_len);
            assert!(len > 0, "it wants more and has no room");
            let (piece, after) = rest.split_at(len);
            room[..len].copy_from_slice(piece);
            reader.received(len);
            rest = after;
        }
    }

    fn source(bytes: &[u8]) -> Result<Option<Source>, ProxyHeaderError> {
        let (whole, left) = read(bytes, usize::MAX);
        for piece_len in [1, 2, 7, 13] {
            let (in_pieces, left_then) = read(bytes, piece_len);
            assert_eq!(in_pieces, whole);
            // What is no header is left where that is found out.
            assert!(left_then == left || whole.is_err());
        }
        whole
    }

    fn client(address: &str) -> Result<Option<Source>, ProxyHeaderError> {
        Ok(Some(Source::Client(address.parse().unwrap())))
    }

    #[test]
    fn a_header_names_the_client_whatever_else_it_tells() {
        let v4 = header(PROXY, TCP4, ADDRESSES);
        assert_eq!(source(&v4), client("192.0.2.7:5000"));
        assert_eq!(source(&header(PROXY, TCP6, ADDRESSES6)), client("[2001:db8::7]:5000"));
        // A TLV that is none, and the longest rest that there may be.
        for more in [&b"\x04\xff\xff"[..], &[0; LEN_MAX - START_LEN - ADDRESSES.len()]] {
            let longer = header(PROXY, TCP4, &[ADDRESSES, more].concat());
            assert_eq!(source(&longer), client("192.0.2.7:5000"));
        }
    }

    #[test]
    fn a_header_without_an_address_leaves_the_proxys() {
        for header in [
            header(LOCAL, UNSPECIFIED, b""),
            // What follows LOCAL means nothing, right or wrong.
            header(LOCAL, TCP4, ADDRESSES),
            header(LOCAL, 0xff, b"?"),
            header(PROXY, UNSPECIFIED, b""),
            header(PROXY, UNSPECIFIED, b"whatever"),
            header(PROXY, UNIX, &[b'/'; 216]),
        ] {
            assert_eq!(source(&header), Ok(Some(Source::Proxy)), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_header_is_known_by_its_first_byte_that_is_wrong() {
        assert_eq!(
            source(b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 46666\r\n"),
            Err(ProxyHeaderError::NoHeader)
        );
        assert_eq!(source(b"LIST\r\n\r\n"), Err(ProxyHeaderError::NoHeader));
        assert_eq!(source(b"\r\n\r\nLIST"), Err(ProxyHeaderError::NoHeader));
        assert_eq!(source(b"\r\n\r\n\0\r\nQUIT"), Ok(None));
    }

    #[test]
    fn a_wrong_header_has_its_reason() {
        use ProxyHeaderError::{Datagrams, Malformed, TooLong};
        for (header, why) in [
            (header(0x11, TCP4, ADDRESSES), Malformed),
            (header(0x22, TCP4, ADDRESSES), Malformed),
            (header(PROXY, 0x41, ADDRESSES), Malformed),
            (header(PROXY, TCP4, &ADDRESSES[1..]), Malformed),
            (header(PROXY, TCP6, ADDRESSES), Malformed),
            (header(PROXY, UNIX, &[b'/'; 215]), Malformed),
            (header(PROXY, UDP4, ADDRESSES), Datagrams),
            (header(PROXY, TCP4, &[0; LEN_MAX - START_LEN + 1]), TooLong),
            (header(LOCAL, UNSPECIFIED, &[0; u16::MAX as usize]), TooLong),
        ] {
            assert_eq!(source(&header), Err(why));
        }
    }

    proptest! {
        #[test]
        fn no_byte_behind_a_header_is_taken(
            (ip, port) in (any::<[u8; 16]>(), any::<u16>()),
            is_v4: bool,
            tlvs in vec(any::<u8>(), 0..400),
            behind in vec(any::<u8>(), 0..100),
            piece_len in 1usize..600,
        ) {
            let named: SocketAddr = match is_v4 {
                true => ([ip[0], ip[1], ip[2], ip[3]], port).into(),
                false => (ip, port).into(),
            };
            let here = if is_v4 { "10.0.0.1:1" } else { "[::1]:1" }.parse().unwrap();
            let addresses = ProxiedAddress::stream(named, here);
            let mut wire = Vec::new();
            ProxyHeader::with_address(addresses).encode_v2(&mut wire).unwrap();
            let rest_len = (wire.len() - START_LEN + tlvs.len()) as u16;
            wire[REST_LEN_AT..START_LEN].copy_from_slice(&rest_len.to_be_bytes());
            wire.extend(tlvs);
            wire.extend(&behind);
            prop_assert_eq!(read(&wire, piece_len), (Ok(Some(Source::Client(named))), behind.len()));
        }

        #[test]
        fn any_bytes_are_a_header_or_an_error_or_too_few(
            rest in vec(any::<u8>(), 0..700),
            signed in 0..=SIGNATURE.len(),
        ) {
            let bytes = [&SIGNATURE[..signed], &rest].concat();
            source(&bytes).ok();
        }
    }
}
