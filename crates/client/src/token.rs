//! The token that every connection begins with: said outright, or in a file.

use std::{fs::File, io, io::Read, path::Path};

use protocol::{Token, TokenError};

/// A token and the line endings and blanks of an editor; whatever is longer holds no token.
const FILE_LEN_MAX: u64 = 4096;

/// Why there is no token. Its text does not show what was taken for one.
#[derive(Debug, thiserror::Error)]
pub enum NoTokenError {
    #[error("no token")]
    Said(#[source] TokenError),
    #[error("cannot take the token from {path}")]
    Read {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("cannot take the token from {path}")]
    InFile {
        path: String,
        #[source]
        source: TokenError,
    },
}

/// The token that was said, or else the one in `file`.
pub fn token(said: Option<&str>, file: Option<&Path>) -> Result<Option<Token>, NoTokenError> {
    match (said, file) {
        (Some(said), _) => said.parse().map(Some).map_err(NoTokenError::Said),
        (None, Some(path)) => read(path).map(Some),
        (None, None) => Ok(None),
    }
}

fn read(path: &Path) -> Result<Token, NoTokenError> {
    let shown = || path.display().to_string();
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LEN_MAX).read_to_end(&mut text))
        .map_err(|source| NoTokenError::Read { path: shown(), source })?;
    Token::from_bytes(text.trim_ascii())
        .map_err(|source| NoTokenError::InFile { path: shown(), source })
}
