//! What a server knows besides the verbs that every server knows.

use serde::{Serialize, Serializer};

/// What the reply to a PING tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Feature {
    /// FETCH, and with it versions.
    Fetch,
    /// STORE, and with it parts.
    Store,
}

impl Feature {
    pub const ALL: [Self; 2] = [Self::Fetch, Self::Store];

    /// `None` for those of servers that know more.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Store => "store",
        }
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
