//! Which content of a file is meant, where its name may get another one.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// As long as a version may be.
const VERSION_LEN_MAX: usize = 64;

/// What a server calls the content that a name stands for now. Only that server knows what is in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version(String);

/// It is not 1 to 64 letters, digits and hyphens.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a version is 1 to {VERSION_LEN_MAX} letters, digits and hyphens")]
pub struct NoVersion;

impl Version {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=VERSION_LEN_MAX).contains(&text.len()) && text.bytes().all(is_fit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoVersion)
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_word_of_letters_digits_and_hyphens() {
        let longest = "x".repeat(64);
        for good in ["0", "a-B-9", &longest] {
            assert_eq!(good.parse::<Version>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a_b", "é", "\"", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Version>(), Err(NoVersion), "{bad}");
        }
    }
}
