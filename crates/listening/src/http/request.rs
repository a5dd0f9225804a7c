//! What a client asks for.

use std::net::IpAddr;

const HEADERS_MAX: usize = 64;

/// A request without what would follow its head.
#[derive(Debug)]
pub struct Request {
    /// Without a query.
    pub path: String,
    pub(super) content: Content,
    headers: Vec<(String, Vec<u8>)>,
}

/// Whether a reply has its content, or only says how long it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    Sent,
    Withheld,
}

/// Why a head is no request that can be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    Malformed,
    Method,
    HeadTooLong,
}

impl Request {
    /// `None` asks for more bytes.
    pub(super) fn parse(head: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLong),
            Err(_) => return Err(Refusal::Malformed),
        }
        let content = match request.method {
            Some("GET") => Content::Sent,
            Some("HEAD") => Content::Withheld,
            _ => return Err(Refusal::Method),
        };
        let path = request.path.unwrap_or_default().split('?').next().unwrap_or_default();
        let owned = |header: &httparse::Header<'_>| (header.name.to_owned(), header.value.to_vec());
        let headers = request.headers.iter().map(owned).collect();
        Ok(Some(Self { path: path.to_owned(), content, headers }))
    }

    /// All headers of this name as one, which is what several of them mean.
    pub fn header(&self, name: &str) -> String {
        let named = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.filter_map(|(_, value)| str::from_utf8(value).ok()).collect::<Vec<_>>().join(",")
    }

    /// It asks an address, or this machine. Any other name may be a stranger's, who has made it point here to have a
    /// browser read what is for this machine alone (DNS rebinding).
    pub fn asks_an_address(&self) -> bool {
        let host = self.header("host");
        let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = host.rsplit_once(':').filter(|(_, port)| is_port(port));
        let name = parts.map_or(&*host, |(name, _)| name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_and_the_machine_itself_are_no_strangers_names() {
        let asks = |hosts: &[&str]| {
            let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
            let head = format!("GET / HTTP/1.1\r\n{hosts}\r\n");
            Request::parse(head.as_bytes()).unwrap().unwrap().asks_an_address()
        };
        for host in ["127.0.0.1:8000", "127.0.0.1", "[::1]:8000", "[::1]", "LocalHost:80"] {
            assert!(asks(&[host]), "{host}");
        }
        for host in ["evil.example:8000", "localhost.evil.example", "127.0.0.1.evil", "", "a b"] {
            assert!(!asks(&[host]), "{host}");
        }
        assert!(!asks(&[]) && !asks(&["127.0.0.1", "evil.example"]));
    }
}
