//! How the content of files goes over the wire.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    Deserialize,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd,
    Serialize,
    ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// As text, by GET and UPLOAD.
    #[default]
    Base64,
    /// As it is, by FETCH and STORE.
    Raw,
}

impl Encoding {
    /// That of the assignment, and of whatever moves no content.
    pub(super) const ASSIGNED: [Self; 1] = [Self::Base64];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Raw => "raw",
        }
    }

    /// Whether it need not be said: earlier versions had no other.
    pub(crate) fn is_base64(&self) -> bool {
        *self == Self::Base64
    }
}
