//! Who may do what: the tokens that a server knows.
//!
//! The file of `--auth-file` holds a line for each token, `name:permission:digest`: the permission
//! is `r` or `rw`, the digest BLAKE3 of the token in hexadecimal. Empty lines and lines that start
//! with `#` mean nothing. Tokens are random and long, so a fast digest needs no salt.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use blake3::Hash;
use clap::ValueEnum;
use protocol::Token;

/// By this a token is known for one where it leaks, to people and to scanners of code.
const TOKEN_PREFIX: &str = "kolam_";

/// More than any file of tokens has.
const FILE_LEN_MAX: u64 = 16 << 20;

/// What a token allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Permission {
    /// LIST, GET, DIGEST and STATS
    #[value(name = "r")]
    Read,
    /// UPLOAD and DELETE too
    #[value(name = "rw")]
    ReadWrite,
}

/// The name that a token stands for, and what it allows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) permission: Permission,
}

/// All tokens of a server.
#[derive(Debug)]
pub(crate) struct Tokens(Vec<Entry>);

#[derive(Debug, Eq, PartialEq)]
struct Entry {
    identity: Identity,
    digest: Hash,
}

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

impl Tokens {
    /// Those of a test, without a file.
    #[cfg(test)]
    pub(crate) fn of(tokens: &[(&Token, &str, Permission)]) -> Self {
        let entry = |&(token, name, permission): &(&Token, &str, Permission)| Entry {
            identity: Identity { name: name.to_owned(), permission },
            digest: digest(token),
        };
        Self(tokens.iter().map(entry).collect())
    }

    pub(crate) fn read(path: &Path) -> Result<Self, AuthFileError> {
        let text = fs::read_to_string(path)
            .map_err(|source| AuthFileError::Read { path: path.to_owned(), source })?;
        match parse(path, &text)? {
            entries if entries.is_empty() => Err(AuthFileError::Empty { path: path.to_owned() }),
            entries => Ok(Self(entries)),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Whose token it is. All digests are compared, each in constant time, so how long it takes
    /// tells nothing about the tokens on file.
    pub(crate) fn identify(&self, token: &Token) -> Option<&Identity> {
        let digest = digest(token);
        self.0.iter().fold(None, |found, entry| {
            // A `Hash` compares in constant time.
            if entry.digest == digest { Some(&entry.identity) } else { found }
        })
    }
}

/// Makes a token for `name`; returns it with its line for the file.
pub(crate) fn new_token(
    name: &str,
    permission: Permission,
) -> Result<(Token, String), AuthFileError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(AuthFileError::NoRandomness)?;
    let token: Token = format!("{TOKEN_PREFIX}{}", Hash::from_bytes(secret).to_hex())
        .parse()
        .expect("a prefix and 64 digits are a token");
    let digest = digest(&token).to_hex();
    Ok((token, format!("{name}:{}:{digest}", permission.letters())))
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
    if parse(path, &text)?.iter().any(|entry| entry.identity.name == name) {
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

fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, AuthFileError> {
    // Some editors put a byte order mark at the start of a text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = (1..).zip(text.lines().map(str::trim));
    let entries = lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
    entries
        .map(|(line, text)| {
            text.parse().map_err(|()| AuthFileError::Line { path: path.to_owned(), line })
        })
        .collect()
}

/// The name of a token's owner: short, and nothing in it that the file or a log could misread.
pub(crate) fn parse_name(text: &str) -> Result<String, &'static str> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(is_safe) {
        Ok(text.to_owned())
    } else {
        Err("a name of 1 to 64 letters, digits and -_.@ is needed")
    }
}

fn digest(token: &Token) -> Hash {
    blake3::hash(token.reveal().as_bytes())
}

impl Permission {
    /// What its owner may do.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWrite => "read, store and delete",
        }
    }

    fn letters(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::ReadWrite => "rw",
        }
    }
}

impl FromStr for Entry {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let mut fields = line.split(':');
        let (Some(name), Some(permission), Some(digest), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(());
        };
        let name = parse_name(name).map_err(drop)?;
        let permission = match permission {
            "r" => Permission::Read,
            "rw" => Permission::ReadWrite,
            _ => return Err(()),
        };
        let digest = Hash::from_hex(digest).map_err(drop)?;
        Ok(Self { identity: Identity { name, permission }, digest })
    }
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
    fn a_new_token_is_known_by_its_line_and_by_nothing_else() {
        let (alice, first) = new_token("alice", Permission::ReadWrite).unwrap();
        let (bob, second) = new_token("bob", Permission::Read).unwrap();
        let file = file("# tokens\n\n");
        add_line(file.path(), "alice", &first, || Ok(())).unwrap();
        add_line(file.path(), "bob", &second, || Ok(())).unwrap();
        let tokens = Tokens::read(file.path()).unwrap();
        let identity = |name: &str, permission| Identity { name: name.to_owned(), permission };
        assert_eq!(tokens.identify(&alice), Some(&identity("alice", Permission::ReadWrite)));
        assert_eq!(tokens.identify(&bob), Some(&identity("bob", Permission::Read)));
        let (stranger, _) = new_token("alice", Permission::ReadWrite).unwrap();
        assert_eq!(tokens.identify(&stranger), None);
        assert!(!first.contains(alice.reveal()), "the file holds the token itself");
    }

    #[test]
    fn a_line_is_added_behind_one_that_has_no_end() {
        let file = file("\u{feff}# made by hand");
        let (token, line) = new_token("a", Permission::Read).unwrap();
        add_line(file.path(), "a", &line, || Ok(())).unwrap();
        assert!(Tokens::read(file.path()).unwrap().identify(&token).is_some());
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
    fn bad_lines_are_named_by_their_number() {
        let digest = "0".repeat(64);
        for bad in [
            "alice".to_owned(),
            format!("alice:{digest}"),
            format!("alice:w:{digest}"),
            format!("alice:rw:{digest}:x"),
            format!("al ice:rw:{digest}"),
            format!("alice:rw:{}", &digest[1..]),
            "alice:rw:secret".to_owned(),
        ] {
            let file = file(&format!("# first\n{bad}\n"));
            let Err(AuthFileError::Line { line: 2, .. }) = Tokens::read(file.path()) else {
                panic!("accepted: {bad}")
            };
        }
        let empty = file("# nobody\n");
        assert!(matches!(Tokens::read(empty.path()), Err(AuthFileError::Empty { .. })));
    }
}
