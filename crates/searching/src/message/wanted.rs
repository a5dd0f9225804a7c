//! What a query looks for.

use std::{fmt, str::FromStr};

use protocol::{FileName, FileNameError};

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Files of this name.
    Exact(FileName),
    /// Files whose name contains this, upper and lower case told apart.
    Containing(NamePart),
}

impl Wanted {
    pub fn matches(&self, name: &FileName) -> bool {
        match self {
            Self::Exact(wanted) => wanted == name,
            Self::Containing(part) => name.as_str().contains(part.as_str()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Exact(name) => name.as_str(),
            Self::Containing(part) => part.as_str(),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of a name: 1 to 254 bytes that can stand in a file's name behind another character. So it may
/// start with a dot, as `.txt` does.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct NamePart(String);

impl NamePart {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NamePart {
    type Err = FileNameError;

    fn from_str(part: &str) -> Result<Self, FileNameError> {
        if part.is_empty() {
            return Err(FileNameError::Empty);
        }
        format!("x{part}").parse::<FileName>()?;
        Ok(Self(part.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> FileName {
        name.parse().unwrap()
    }

    #[test]
    fn a_part_is_found_where_it_stands_and_a_whole_name_only_as_a_whole() {
        let part = Wanted::Containing("toh.t".parse().unwrap());
        assert!(part.matches(&name("contoh.txt")));
        assert!(!part.matches(&name("CONTOH.TXT")));
        let whole = Wanted::Exact(name("contoh.txt"));
        assert!(whole.matches(&name("contoh.txt")));
        assert!(!whole.matches(&name("contoh.txt2")));
    }

    #[test]
    fn a_part_is_what_a_name_can_contain() {
        for part in [".txt", "a", " ", "..", &"x".repeat(254)] {
            assert_eq!(part.parse::<NamePart>().unwrap().as_str(), part);
        }
        for part in ["", "../x", "a\0", "\u{202e}", &"x".repeat(255)] {
            assert!(part.parse::<NamePart>().is_err(), "{part:?}");
        }
    }
}
