//! Who may come in: requests that name this server, from pages that it has served.
//!
//! A browser sends what any page asks for to any address that it can reach. Two headers that no page can
//! forge tell friends from strangers. `Host` is what was typed or linked: a stranger's name that he has made
//! point to this machine (DNS rebinding) is not one of ours. `Origin` is the page that asks: a WebSocket is
//! open to pages of all origins, unless the server refuses them.

use std::net::IpAddr;

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
    uri::Authority,
};

/// The names under which this server may be asked. An address is no name that somebody could have pointed
/// here, so any is right.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    names: Vec<String>,
}

/// Why somebody may not come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Stranger {
    #[error(
        "no name of this server; start it with --allow-host NAME if people know it by that name"
    )]
    Host,
    #[error("a page of another server may not talk to this one")]
    Origin,
}

impl Gate {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().chain(["localhost".to_owned()]);
        Self { names: names.map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// The host that a request names is ours.
    pub(crate) fn expect_host(&self, headers: &HeaderMap) -> Result<(), Stranger> {
        let host = host(headers).ok_or(Stranger::Host)?;
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        let is_address = name.parse::<IpAddr>().is_ok();
        let is_ours = is_address || self.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        is_ours.then_some(()).ok_or(Stranger::Host)
    }

    /// The page that asks came from the same host and port. Programs that are no browsers name no origin, and
    /// are nobody's tool.
    pub(crate) fn expect_origin(&self, headers: &HeaderMap) -> Result<(), Stranger> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(()) };
        let authority = origin.to_str().ok().and_then(|origin| {
            origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
        });
        let host = host(headers).ok_or(Stranger::Host)?;
        let is_same = authority.is_some_and(|it| it.eq_ignore_ascii_case(host.as_str()));
        (is_same && origins.next().is_none()).then_some(()).ok_or(Stranger::Origin)
    }
}

/// `None` where a request names none, several, or one that is none.
fn host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let is_only = hosts.next().is_none() && !host.contains('@');
    is_only.then(|| host.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_host_is_an_address_or_a_name_that_was_allowed() {
        let gate = Gate::new(["Lab.Example".to_owned()]);
        for host in
            ["127.0.0.1:5000", "[::1]:5000", "192.168.1.7", "localhost:5000", "LAB.example:80"]
        {
            assert_eq!(gate.expect_host(&headers(host, None)), Ok(()), "{host}");
        }
        for host in [
            "evil.example:5000",
            "localhost.evil.example",
            "user@localhost",
            "127.0.0.1.evil",
            "a b",
        ] {
            assert_eq!(gate.expect_host(&headers(host, None)), Err(Stranger::Host), "{host}");
        }
        assert_eq!(gate.expect_host(&HeaderMap::new()), Err(Stranger::Host));
        let mut twice = headers("localhost", None);
        twice.append(HOST, "evil.example".parse().unwrap());
        assert_eq!(gate.expect_host(&twice), Err(Stranger::Host));
    }

    #[test]
    fn an_origin_is_the_host_itself_or_no_page_at_all() {
        let gate = Gate::new([]);
        let of = |origin| gate.expect_origin(&headers("localhost:5000", origin));
        assert_eq!(of(None), Ok(()));
        assert_eq!(of(Some("http://localhost:5000")), Ok(()));
        assert_eq!(of(Some("https://LOCALHOST:5000")), Ok(()));
        for origin in [
            "http://localhost:5001",
            "http://localhost",
            "http://evil.example:5000",
            "http://localhost:5000.evil.example",
            "file://localhost:5000",
            "null",
            "",
        ] {
            assert_eq!(of(Some(origin)), Err(Stranger::Origin), "{origin}");
        }
    }
}
