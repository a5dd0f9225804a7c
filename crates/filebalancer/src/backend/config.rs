//! A backend as it is written on the command line and in the configuration.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
    str::FromStr,
};

use client::Address;

/// Longest name of a backend, which stands in every line of the log about it.
const NAME_LEN_MAX: usize = 64;

/// How a backend is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BackendConfig {
    pub(crate) name: String,
    pub(crate) address: Address,
    pub(crate) weight: NonZeroU16,
    /// Requests at once; where it is not said, as many as the backend says that it has workers.
    pub(crate) max: Option<usize>,
    /// Where it is asked whether it is well, where that is not its address: a door that answers while all
    /// its workers are busy.
    pub(crate) check: Option<Address>,
}

/// Why text is no backend.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum BackendError {
    #[error("{0}")]
    Address(client::AddressError),
    #[error("check: {0}")]
    Check(client::AddressError),
    #[error(
        "the name of a backend has 1 to {NAME_LEN_MAX} letters, digits and signs, without blanks, commas \
         and quotes"
    )]
    Name,
    #[error("a weight is a number from 1 to 65535")]
    Weight,
    #[error("max is a number from 1 to 1000000")]
    Max,
    #[error("{0} is where the balancer itself listens; name a server that is to stand behind it")]
    Own(Address),
    #[error(
        "{address} is where backend {other} is already; a server has one name, and a greater weight for a \
         greater share"
    )]
    Taken { address: Address, other: String },
    #[error("a backend has no {0:?}, but weight=N, max=N and check=HOST:PORT")]
    Unknown(String),
}

impl BackendConfig {
    /// A backend at this address, which it is called by where it has no name.
    pub(crate) fn new(name: Option<&str>, address: &str) -> Result<Self, BackendError> {
        let address: Address = address.parse().map_err(BackendError::Address)?;
        let name = name.map_or_else(|| address.to_string(), str::to_owned);
        match is_name(&name) {
            true => Ok(Self { name, address, weight: NonZeroU16::MIN, max: None, check: None }),
            false => Err(BackendError::Name),
        }
    }

    /// As the reason for a change tells it.
    pub(crate) fn location(&self) -> String {
        format!("at {}", self.address)
    }

    /// Its name, and where it is unless that is its name.
    pub(crate) fn place(&self) -> String {
        let Self { name, address, .. } = self;
        let address = address.to_string();
        if *name == address { address } else { format!("{name} ({address})") }
    }

    /// Refuses the address at which the balancer itself listens: each request would come back to it, again
    /// and again.
    pub(crate) fn expect_not_at(&self, listening: SocketAddr) -> Result<(), BackendError> {
        let ip = ip(&self.address);
        // To connect to any address is to connect to this machine.
        let is_here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        let own = listening.ip().to_canonical();
        let is_own = ip.is_some_and(|ip| {
            ip == own || own.is_unspecified() && is_here(ip) || ip.is_unspecified() && is_here(own)
        });
        match is_own && self.address.port == listening.port() {
            true => Err(BackendError::Own(self.address.clone())),
            false => Ok(()),
        }
    }

    /// Refuses an address at which another backend is: the server would be asked twice as often, and for twice
    /// as much at once as it says that it can do.
    pub(crate) fn expect_apart_from<'a>(
        &self,
        others: impl IntoIterator<Item = &'a Self>,
    ) -> Result<(), BackendError> {
        match others.into_iter().find(|other| is_same(&other.address, &self.address)) {
            Some(other) => Err(BackendError::Taken {
                address: self.address.clone(),
                other: other.name.clone(),
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn set_weight(&mut self, weight: u64) -> Result<(), BackendError> {
        let weight = u16::try_from(weight).ok().and_then(NonZeroU16::new);
        self.weight = weight.ok_or(BackendError::Weight)?;
        Ok(())
    }

    pub(crate) fn set_check(&mut self, address: &str) -> Result<(), BackendError> {
        self.check = Some(address.parse().map_err(BackendError::Check)?);
        Ok(())
    }

    pub(crate) fn set_max(&mut self, max: usize) -> Result<(), BackendError> {
        self.max =
            Some(Some(max).filter(|max| (1..=1_000_000).contains(max)).ok_or(BackendError::Max)?);
        Ok(())
    }

    fn set(&mut self, part: &str) -> Result<(), BackendError> {
        match part.split_once('=') {
            Some(("weight", value)) => {
                self.set_weight(value.parse().map_err(|_| BackendError::Weight)?)
            }
            Some(("max", value)) => self.set_max(value.parse().map_err(|_| BackendError::Max)?),
            Some(("check", value)) => self.set_check(value),
            Some((key, _)) => Err(BackendError::Unknown(key.to_owned())),
            None => Err(BackendError::Unknown(part.to_owned())),
        }
    }
}

/// As far as the address says it: a name is not looked up, but for `localhost`.
fn ip(address: &Address) -> Option<IpAddr> {
    match address.host.as_str() {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        host => host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()),
    }
}

fn is_same(one: &Address, other: &Address) -> bool {
    one.port == other.port
        && match (ip(one), ip(other)) {
            (None, None) => one.host.eq_ignore_ascii_case(&other.host),
            (one, other) => one == other,
        }
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b",=\"'\\".contains(&byte);
    (1..=NAME_LEN_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}

/// `[NAME=]HOST:PORT[,weight=N][,max=N][,check=HOST:PORT]`
impl FromStr for BackendConfig {
    type Err = BackendError;

    fn from_str(text: &str) -> Result<Self, BackendError> {
        let mut parts = text.split(',');
        let first = parts.next().unwrap_or_default();
        let mut config = match first.split_once('=') {
            Some((name, address)) => Self::new(Some(name), address)?,
            None => Self::new(None, first)?,
        };
        for part in parts {
            config.set(part)?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<BackendConfig, BackendError> {
        text.parse()
    }

    #[test]
    fn a_backend_is_an_address_with_as_much_more_as_is_said() {
        let plain = parse("127.0.0.1:8080").unwrap();
        assert_eq!((plain.name.as_str(), plain.weight.get()), ("127.0.0.1:8080", 1));
        assert_eq!((plain.max, plain.check), (None, None));
        let full = parse("big=[::1]:80,weight=5,max=10,check=localhost:81").unwrap();
        assert_eq!((full.name.as_str(), full.weight.get(), full.max), ("big", 5, Some(10)));
        assert_eq!(full.address.to_string(), "[::1]:80");
        assert_eq!(full.check.unwrap().to_string(), "localhost:81");
        assert_eq!(parse("a=8080").unwrap().address.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn a_balancer_is_no_backend_of_its_own() {
        for (backend, listening, is_own) in [
            ("127.0.0.1:8000", "127.0.0.1:8000", true),
            ("a=8000,weight=5", "127.0.0.1:8000", true),
            ("localhost:8000", "127.0.0.1:8000", true),
            ("0.0.0.0:8000", "127.0.0.1:8000", true),
            ("127.0.0.2:8000", "0.0.0.0:8000", true),
            ("[::1]:8000", "[::]:8000", true),
            ("127.0.0.1:8000", "[::]:8000", true),
            ("127.0.0.1:8001", "127.0.0.1:8000", false),
            ("127.0.0.2:8000", "127.0.0.1:8000", false),
            ("192.0.2.1:8000", "0.0.0.0:8000", false),
            ("example.org:8000", "0.0.0.0:8000", false),
        ] {
            let refusal = parse(backend).unwrap().expect_not_at(listening.parse().unwrap());
            assert_eq!(refusal.is_err(), is_own, "{backend} behind {listening}");
        }
    }

    #[test]
    fn a_server_has_one_name() {
        for (one, other, is_same) in [
            ("a=127.0.0.1:80", "b=127.0.0.1:80", true),
            ("a=localhost:80", "b=127.0.0.1:80,weight=5", true),
            ("a=[::ffff:10.0.0.1]:80", "b=10.0.0.1:80", true),
            ("a=example.org:80", "b=Example.org:80", true),
            ("a=127.0.0.1:80", "b=127.0.0.1:81", false),
            ("a=127.0.0.1:80", "b=127.0.0.2:80", false),
            ("a=example.org:80", "b=www.example.org:80", false),
            ("127.0.0.1:80", "127.0.0.1:80", true),
            // That they have one name is told elsewhere.
            ("a=127.0.0.1:80", "a=127.0.0.1:81", false),
        ] {
            let refusal = parse(other).unwrap().expect_apart_from([&parse(one).unwrap()]);
            assert_eq!(refusal.is_err(), is_same, "{one} and {other}: {refusal:?}");
        }
    }

    #[test]
    fn what_is_no_backend_is_told_why() {
        for (text, why) in [
            ("", "no host is named"),
            ("localhost:0", "the port must be a number"),
            ("=localhost:1", "the name of a backend"),
            ("a b=localhost:1", "the name of a backend"),
            ("a:1,weight=0", "a weight is a number from 1 to 65535"),
            ("a:1,max=0", "max is a number from 1"),
            ("a:1,check=", "check: no host is named"),
            ("a:1,waight=1", "a backend has no \"waight\""),
            ("a:1,", "a backend has no \"\""),
        ] {
            let refusal = parse(text).unwrap_err().to_string();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }
}
