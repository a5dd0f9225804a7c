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
    File {
        path: String,
        #[source]
        source: io::Error,
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
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LEN_MAX).read_to_end(&mut text))
        .and_then(|_| Token::from_bytes(text.trim_ascii()).map_err(io::Error::other))
        .map_err(|source| NoTokenError::File { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, fs};

    use super::*;

    #[test]
    fn a_token_is_said_or_stands_alone_in_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, "kolam_x \n").unwrap();
        let revealed = |said| token(said, Some(&path)).unwrap().unwrap().reveal().to_owned();
        assert_eq!(
            (revealed(None), revealed(Some("kolam_y"))),
            ("kolam_x".into(), "kolam_y".into())
        );
        assert!(token(None, None).unwrap().is_none());
        fs::write(&path, "my secret\n").unwrap();
        let error = token(None, Some(&path)).unwrap_err();
        let why = format!("{error}: {}", error.source().unwrap());
        assert!(why.contains("one word") && !why.contains("secret"), "{why}");
    }
}
