//! What a client asks for, and what the answer shows of each name.

use protocol::Verb;
use testkit::{Peer, Reply, base64, content};

use crate::{
    contents::{Contents, Version},
    history::Observation,
};

/// Few, so that clients collide.
pub(crate) const NAMES: [&str; 3] = ["a.txt", "b.bin", "c"];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    List,
    Get(&'static str),
    Fetch(&'static str),
    Digest(&'static str),
    Delete(&'static str),
    /// The content follows from its number and length.
    Upload {
        name: &'static str,
        number: u64,
        len: usize,
        version: Version,
    },
    /// The same as it is, sent without waiting for the go-ahead.
    Store {
        name: &'static str,
        number: u64,
        len: usize,
        version: Version,
    },
}

impl Request {
    pub(crate) fn verb(&self) -> Verb {
        match self {
            Self::List => Verb::List,
            Self::Get(_) => Verb::Get,
            Self::Digest(_) => Verb::Digest,
            Self::Fetch(_) => Verb::Fetch,
            Self::Upload { .. } => Verb::Upload,
            Self::Store { .. } => Verb::Store,
            Self::Delete(_) => Verb::Delete,
        }
    }

    /// Without its ending.
    pub(crate) fn wire(&self) -> Vec<u8> {
        let line = match self {
            Self::List => "LIST".to_owned(),
            Self::Get(name) => format!("GET {name}"),
            Self::Digest(name) => format!("DIGEST {name}"),
            Self::Fetch(name) => format!("FETCH {name}"),
            Self::Delete(name) => format!("DELETE {name}"),
            Self::Upload { name, number, len, .. } => {
                format!("UPLOAD {name} {}", base64(&content(*number, *len)))
            }
            Self::Store { name, number, len, .. } => {
                let head = format!("STORE {name} length={len}\r\n\r\n");
                return [head.as_bytes(), &content(*number, *len)].concat();
            }
        };
        line.into_bytes()
    }

    /// The reply that says how it went, and the bytes behind it; `None` where the connection ends first.
    #[track_caller]
    pub(crate) fn read_answer(&self, peer: &mut Peer) -> Option<(Reply, Vec<u8>)> {
        match self {
            Self::Fetch(_) => peer.try_read_fetched(),
            Self::Store { .. } => {
                let go_ahead = peer.try_read_long_reply().ok()?;
                assert_eq!(go_ahead["data_offset"], 0, "{}", go_ahead.text());
                Some((peer.try_read_long_reply().ok()?, Vec::new()))
            }
            _ => Some((peer.try_read_long_reply().ok()?, Vec::new())),
        }
    }

    /// What a reply shows, name by name. Panics when no server should answer so.
    #[track_caller]
    pub(crate) fn observations(
        &self,
        (reply, fetched): &(Reply, Vec<u8>),
        contents: &Contents,
    ) -> Vec<(&'static str, Observation)> {
        let observed = match (self, reply.outcome()) {
            (Self::List, "OK") => return listed(reply),
            (
                Self::Get(name) | Self::Fetch(name) | Self::Digest(name) | Self::Delete(name),
                "not-found",
            ) => (*name, Observation::Is(None)),
            (Self::Fetch(name), "OK") => {
                (*name, Observation::Is(Some(contents.recognise(fetched))))
            }
            (Self::Get(name), "OK") => {
                (*name, Observation::Is(Some(contents.recognise(&reply.content()))))
            }
            (Self::Digest(name), "OK") => {
                let digest = reply["data_digest"].as_str().expect("DIGEST answers a digest");
                (*name, Observation::Is(Some(contents.recognise_digest(digest))))
            }
            (Self::Delete(name), "OK") => (*name, Observation::Deleted),
            (
                Self::Upload { name, len, version, .. } | Self::Store { name, len, version, .. },
                "OK",
            ) => {
                assert_eq!(reply["data_size"], *len, "{}", reply.text());
                if let Some(digest) = reply["data_digest"].as_str() {
                    assert_eq!(contents.recognise_digest(digest), *version, "{}", reply.text());
                }
                (*name, Observation::Stored(*version))
            }
            _ => panic!("{self:?} was answered: {}", reply.text()),
        };
        vec![observed]
    }

    /// What perhaps happened when no reply came; requests that only look say nothing then.
    pub(crate) fn without_reply(&self) -> Option<(&'static str, Observation)> {
        match self {
            Self::Upload { name, version, .. } | Self::Store { name, version, .. } => {
                Some((name, Observation::PerhapsStored(*version)))
            }
            Self::Delete(name) => Some((name, Observation::PerhapsDeleted)),
            Self::List | Self::Get(_) | Self::Fetch(_) | Self::Digest(_) => None,
        }
    }
}

#[track_caller]
fn listed(reply: &Reply) -> Vec<(&'static str, Observation)> {
    let listed = reply["data"].as_array().expect("LIST answers a list");
    assert!(listed.iter().all(|name| NAMES.iter().any(|known| name == known)), "{}", reply.text());
    let is_sorted = listed.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str());
    assert!(is_sorted, "a list has each name once, in order: {}", reply.text());
    NAMES
        .map(|name| (name, Observation::Listed(listed.iter().any(|listed| listed == name))))
        .to_vec()
}
