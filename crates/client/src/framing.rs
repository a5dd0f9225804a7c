//! What ends a request.

use std::str::FromStr;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Framing {
    /// A line ending and a blank line, which every server that looks for an ending takes.
    #[default]
    CrlfCrlf,
    /// A line ending.
    Crlf,
    /// Nothing, for servers that take what arrives together as the request.
    None,
}

/// There are the endings crlfcrlf, crlf and none.
#[derive(Debug, thiserror::Error)]
#[error("no request ends in {0:?}; there are crlfcrlf, crlf and none")]
pub struct UnknownFraming(String);

impl FromStr for Framing {
    type Err = UnknownFraming;

    fn from_str(word: &str) -> Result<Self, UnknownFraming> {
        match word {
            "crlfcrlf" => Ok(Self::CrlfCrlf),
            "crlf" => Ok(Self::Crlf),
            "none" => Ok(Self::None),
            word => Err(UnknownFraming(word.to_owned())),
        }
    }
}

impl Framing {
    pub(crate) fn ending(self) -> &'static [u8] {
        match self {
            Self::CrlfCrlf => b"\r\n\r\n",
            Self::Crlf => b"\r\n",
            Self::None => b"",
        }
    }

    /// What stands around the content of an upload: without a line ending, only a closing quote
    /// tells where it stops.
    pub(crate) fn content_quote(self) -> &'static [u8] {
        match self {
            Self::CrlfCrlf | Self::Crlf => b"",
            Self::None => b"\"",
        }
    }
}
