//! What an ECHO can carry.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

/// Most bytes of a text: with the verb and a blank they are as many as a head may have.
pub const ECHO_LEN_MAX: usize = 4091;

/// A text that fits on the line of an ECHO: no line feed, and no carriage return at its end, where it
/// would be taken for the line's. It may be empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EchoText(String);

/// Why something is no such text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EchoTextError {
    #[error("the text of ECHO is not UTF-8")]
    NotUtf8,
    #[error("the text of ECHO has at most {ECHO_LEN_MAX} bytes")]
    TooLong,
    #[error("the text of ECHO is one line")]
    LineEnd,
}

impl EchoText {
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EchoTextError> {
        str::from_utf8(bytes).map_err(|_| EchoTextError::NotUtf8)?.parse()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EchoText {
    type Err = EchoTextError;

    fn from_str(text: &str) -> Result<Self, EchoTextError> {
        if text.len() > ECHO_LEN_MAX {
            return Err(EchoTextError::TooLong);
        }
        if text.contains('\n') || text.ends_with('\r') {
            return Err(EchoTextError::LineEnd);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Display for EchoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_of_so_many_bytes() {
        let longest = "\u{e9}".repeat(ECHO_LEN_MAX / 2);
        for text in ["", " a  b ", "a\rb", "\0\u{202e}", &longest] {
            assert_eq!(text.parse::<EchoText>().unwrap().as_str(), text);
        }
        for (text, why) in [
            ("a\nb", EchoTextError::LineEnd),
            ("a\r", EchoTextError::LineEnd),
            (&format!("{longest}ab"), EchoTextError::TooLong),
        ] {
            assert_eq!(text.parse::<EchoText>(), Err(why), "{text}");
        }
        assert_eq!(EchoText::from_bytes(b"\xc3"), Err(EchoTextError::NotUtf8));
    }
}
