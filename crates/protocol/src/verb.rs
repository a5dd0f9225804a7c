//! The verbs: what a request can begin with.

use std::fmt::{self, Display};

/// What a client asks for. The first seven are what statistics count apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Verb {
    List,
    Get,
    Upload,
    Delete,
    Echo,
    Fetch,
    Store,
    Stats,
    Ping,
    Digest,
    Auth,
}

impl Verb {
    pub const ALL: [Self; 11] = [
        Self::List,
        Self::Get,
        Self::Upload,
        Self::Delete,
        Self::Echo,
        Self::Fetch,
        Self::Store,
        Self::Stats,
        Self::Ping,
        Self::Digest,
        Self::Auth,
    ];

    /// As long as the longest name.
    pub(crate) const LEN_MAX: usize = 6;

    /// What requests are called where they are counted and told: by their verbs, as clients write them,
    /// and last those that begin with none.
    pub const LABELS: [&str; 12] = [
        "LIST", "GET", "UPLOAD", "DELETE", "ECHO", "FETCH", "STORE", "STATS", "PING", "DIGEST",
        "AUTH", "unknown",
    ];

    /// The place of what begins with no verb among [`LABELS`](Self::LABELS).
    pub const NO_VERB: usize = Self::ALL.len();

    /// Its place among [`LABELS`](Self::LABELS).
    pub fn label(self) -> usize {
        self as usize
    }

    /// What is asked for by this word, in any case.
    pub fn of(word: &[u8]) -> Option<Self> {
        let is_meant = |verb: &Self| verb.name().as_bytes().eq_ignore_ascii_case(word);
        Self::ALL.into_iter().find(is_meant)
    }

    /// Its head ends with CR LF CR LF and content is bytes, where other verbs have lines and base64.
    pub fn is_raw(self) -> bool {
        matches!(self, Self::Fetch | Self::Store)
    }

    /// As clients write it.
    pub fn name(self) -> &'static str {
        Self::LABELS[self.label()]
    }
}

impl Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_meant_by_its_name_in_any_case() {
        for verb in Verb::ALL {
            assert_eq!(Verb::of(verb.name().as_bytes()), Some(verb));
            assert_eq!(Verb::of(verb.name().to_lowercase().as_bytes()), Some(verb));
            assert!(verb.name().len() <= Verb::LEN_MAX);
            assert_eq!(format!("{verb:?}").to_uppercase(), verb.name());
        }
        assert_eq!(Verb::of(b"GETS"), None);
        assert_eq!(Verb::of(b""), None);
        assert_eq!(Verb::LABELS[Verb::NO_VERB], "unknown");
    }
}
