//! Tokens: what a client says to be known.

use std::{fmt, str::FromStr};

/// Most bytes of a token.
pub const TOKEN_LEN_MAX: usize = 256;

/// A secret that a client is known by: one word of visible ASCII characters.
///
/// Only [`reveal`](Self::reveal) gives it away, so that no log does. Its `==` takes a time that
/// depends on the content; a server compares digests instead.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(String);

/// Why something is no token. Names no part of it, because it may be one that was mistyped.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    #[error("AUTH needs a token")]
    Empty,
    #[error("a token has at most {TOKEN_LEN_MAX} characters")]
    TooLong,
    #[error("a token is one word of visible ASCII characters")]
    ForbiddenCharacter,
}

impl Token {
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenError> {
        if bytes.is_empty() {
            return Err(TokenError::Empty);
        }
        if bytes.len() > TOKEN_LEN_MAX {
            return Err(TokenError::TooLong);
        }
        match str::from_utf8(bytes) {
            Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(TokenError::ForbiddenCharacter),
        }
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_visible_word() {
        let longest = "x".repeat(TOKEN_LEN_MAX);
        for good in ["s3cret", "~!\"'\\", &longest] {
            assert_eq!(good.parse::<Token>().unwrap().reveal(), good);
        }
        let too_long = "x".repeat(TOKEN_LEN_MAX + 1);
        for (bad, why) in [
            ("", TokenError::Empty),
            (too_long.as_str(), TokenError::TooLong),
            ("two words", TokenError::ForbiddenCharacter),
            ("é", TokenError::ForbiddenCharacter),
            ("a\u{7f}", TokenError::ForbiddenCharacter),
        ] {
            assert_eq!(bad.parse::<Token>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_log_does_not_show_the_token() {
        let token: Token = "s3cret".parse().unwrap();
        assert!(!format!("{token:?}").contains("s3cret"));
    }
}
