//! The file of `--auth-file`, which says who may do what.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use file_service::tokens::{self, BadLine, Permission, Tokens};
use protocol::Token;

/// By this a token is known for one where it leaks, to people and to scanners of code.
const TOKEN_PREFIX: &str = "kolam_";

/// More than any file of tokens has.
const FILE_LEN_MAX: u64 = 16 << 20;

/// Why `--auth-file` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthFileError {
    #[error("cannot read the --auth-file {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot add a line to the --auth-file {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "line {line} of the --auth-file {} is not name:r:DIGEST or name:rw:DIGEST, as \
         `fileserver token new NAME` writes it", path.display()
    )]
    Line { path: PathBuf, line: usize },
    #[error(
        "{name} has a token in the --auth-file {}; delete that line to give another, and restart \
         servers that use the file", path.display()
    )]
    HasToken { path: PathBuf, name: String },
    #[error(
        "the --auth-file {} holds no token, so that nobody could do anything; \
         make one with `fileserver token new NAME`", path.display()
    )]
    Empty { path: PathBuf },
    #[error("the token cannot be printed, so none was made: {0}")]
    Unseen(io::Error),
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

/// The tokens of the file, of which there is at least one.
pub(crate) fn read(path: &Path) -> Result<Tokens, AuthFileError> {
    let text = fs::read_to_string(path)
        .map_err(|source| AuthFileError::Read { path: path.to_owned(), source })?;
    match parse(path, &text)? {
        tokens if tokens.count() == 0 => Err(AuthFileError::Empty { path: path.to_owned() }),
        tokens => Ok(tokens),
    }
}

/// Makes a token for `name`; returns it with its line for the file.
pub(crate) fn new_token(
    name: &str,
    permission: Permission,
) -> Result<(Token, String), AuthFileError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(AuthFileError::NoRandomness)?;
    let token: Token = format!("{TOKEN_PREFIX}{}", blake3::Hash::from_bytes(secret).to_hex())
        .parse()
        .expect("a prefix and 64 digits are a token");
    let line = tokens::line(&token, name, permission);
    Ok((token, line))
}

/// Adds the line of `name`, who has none yet, to the file, which is made for its owner alone when there
/// is none. First `show` shows the token, since nobody could use one that was not seen.
pub(crate) fn add_line(
    path: &Path,
    name: &str,
    line: &str,
    show: impl FnOnce() -> io::Result<()>,
) -> Result<(), AuthFileError> {
    let fail = |source| AuthFileError::Write { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    let opened = options.append(true).read(true).create(true).mode(0o600).open(path);
    let mut file = opened.map_err(fail)?;
    // Two that add the same name at once must not both find it missing.
    file.lock().map_err(fail)?;
    let mut text = String::new();
    (&file).take(FILE_LEN_MAX).read_to_string(&mut text).map_err(fail)?;
    if parse(path, &text)?.knows(name) {
        return Err(AuthFileError::HasToken { path: path.to_owned(), name: name.to_owned() });
    }
    show().map_err(AuthFileError::Unseen)?;
    // Whoever wrote the last line may have left it open.
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{gap}{line}\n").as_bytes()).map_err(|source| {
        // Half a line would keep servers from starting.
        let _ = file.set_len(text.len() as u64);
        fail(source)
    })
}

fn parse(path: &Path, text: &str) -> Result<Tokens, AuthFileError> {
    let fail = |BadLine(line)| AuthFileError::Line { path: path.to_owned(), line };
    Tokens::parse(text).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_new_token_is_known_by_its_line_in_the_file() {
        let (alice, first) = new_token("alice", Permission::ReadWrite).unwrap();
        let (bob, second) = new_token("bob", Permission::Read).unwrap();
        let file = file("# tokens\n\n");
        add_line(file.path(), "alice", &first, || Ok(())).unwrap();
        add_line(file.path(), "bob", &second, || Ok(())).unwrap();
        let tokens = read(file.path()).unwrap();
        assert_eq!(tokens.identify(&alice).unwrap().name, "alice");
        assert_eq!(tokens.identify(&bob).unwrap().name, "bob");
        let (stranger, _) = new_token("alice", Permission::ReadWrite).unwrap();
        assert_eq!(tokens.identify(&stranger), None);
    }

    #[test]
    fn a_line_is_added_behind_one_that_has_no_end() {
        let file = file("\u{feff}# made by hand");
        let (token, line) = new_token("a", Permission::Read).unwrap();
        add_line(file.path(), "a", &line, || Ok(())).unwrap();
        assert!(read(file.path()).unwrap().identify(&token).is_some());
    }

    #[test]
    fn a_name_has_one_token_and_other_files_are_left_alone() {
        let (_, line) = new_token("a", Permission::Read).unwrap();
        let tokens = file(&line);
        let again = add_line(tokens.path(), "a", &line, || Ok(()));
        assert!(matches!(again, Err(AuthFileError::HasToken { .. })));
        let diary = file("dear diary\n");
        assert!(matches!(
            add_line(diary.path(), "a", &line, || Ok(())),
            Err(AuthFileError::Line { .. })
        ));
        assert_eq!(fs::read_to_string(diary.path()).unwrap(), "dear diary\n");
    }

    #[test]
    fn a_file_without_a_token_or_with_a_bad_line_is_refused() {
        let bad = file("# first\nalice:rw:secret\n");
        assert!(matches!(read(bad.path()), Err(AuthFileError::Line { line: 2, .. })));
        let empty = file("# nobody\n");
        assert!(matches!(read(empty.path()), Err(AuthFileError::Empty { .. })));
    }
}
