//! Names of stored files: one path component that is safe to create on any disk and to print.

use std::{fmt, str, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::quoting;

/// Longest name in bytes; what Linux file systems take.
const NAME_LEN_MAX: usize = 255;

/// The name of a file in the served directory: 1 to 255 bytes, a single path component.
///
/// Cannot hold `/`, `\`, control or bidirectional-control characters, nor start with a dot; so it
/// never leaves the directory, never meets a temporary file and prints as it is.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

/// Why bytes are not a [`FileName`]. Its text is sent to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FileNameError {
    #[error("the file name is empty")]
    Empty,
    #[error("the file name is {0} bytes long; the most is {NAME_LEN_MAX}")]
    TooLong(usize),
    #[error("the file name is not UTF-8")]
    NotUtf8,
    #[error("the file name starts with a dot")]
    LeadingDot,
    #[error("the file name contains {0:?}")]
    ForbiddenCharacter(char),
}

impl FileName {
    /// Checks raw bytes from a request.
    pub fn from_bytes(name: &[u8]) -> Result<Self, FileNameError> {
        str::from_utf8(name).map_err(|_| FileNameError::NotUtf8)?.parse()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a request carries it: in quotes where it holds spaces or quotes.
    pub fn quoted(&self) -> String {
        quoting::quote(&self.0)
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(name: &str) -> Result<Self, FileNameError> {
        if name.is_empty() {
            return Err(FileNameError::Empty);
        }
        if name.len() > NAME_LEN_MAX {
            return Err(FileNameError::TooLong(name.len()));
        }
        if let Some(forbidden) = name.chars().find(|&c| is_forbidden(c)) {
            return Err(FileNameError::ForbiddenCharacter(forbidden));
        }
        if name.starts_with('.') {
            return Err(FileNameError::LeadingDot);
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for FileName {
    type Error = FileNameError;

    fn try_from(name: String) -> Result<Self, FileNameError> {
        name.parse()
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Separators leave the directory, controls break lines and terminals, and the bidirectional
/// controls (Unicode's `Bidi_Control` property) make a name look like another.
fn is_forbidden(c: char) -> bool {
    matches!(
        c,
        '/' | '\\'
            | '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    ) || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_taken_as_they_are() {
        for name in ["a", "a.txt", "my file.txt", "it's", "ünï—code.bin", "a..b", &"x".repeat(255)]
        {
            assert_eq!(name.parse::<FileName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn each_unsafe_name_is_refused_with_its_reason() {
        use FileNameError::{Empty, ForbiddenCharacter, LeadingDot, NotUtf8, TooLong};
        let cases: [(&[u8], FileNameError); 13] = [
            (b"", Empty),
            (b".", LeadingDot),
            (b"..", LeadingDot),
            (b".hidden", LeadingDot),
            (b"../x", ForbiddenCharacter('/')),
            (b"/etc/passwd", ForbiddenCharacter('/')),
            (b"a/b", ForbiddenCharacter('/')),
            (b"a\\b", ForbiddenCharacter('\\')),
            (b"a\0b", ForbiddenCharacter('\0')),
            (b"a\x1b[31m", ForbiddenCharacter('\x1b')),
            ("a\u{202e}txt.exe".as_bytes(), ForbiddenCharacter('\u{202e}')),
            (b"\xff", NotUtf8),
            (&[b'x'; 256], TooLong(256)),
        ];
        for (name, reason) in cases {
            assert_eq!(FileName::from_bytes(name), Err(reason), "{}", name.escape_ascii());
        }
    }
}
