//! Who may do what: the tokens that a server knows.
//!
//! A line for each token, `name:permission:digest`: the permission is `r` or `rw`, the digest BLAKE3 of
//! the token in hexadecimal. Empty lines and lines that start with `#` mean nothing. Tokens are random
//! and long, so a fast digest needs no salt.

use std::str::FromStr;

use blake3::Hash;
use protocol::Token;

/// What a token allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Permission {
    /// LIST, GET, FETCH, DIGEST and STATS
    Read,
    /// UPLOAD, STORE and DELETE too
    ReadWrite,
}

/// The name that a token stands for, and what it allows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    pub name: String,
    pub permission: Permission,
}

/// All tokens of a server.
#[derive(Debug)]
pub struct Tokens(Vec<Entry>);

#[derive(Debug, Eq, PartialEq)]
struct Entry {
    identity: Identity,
    digest: Hash,
}

/// The number of a line that is none of a token, from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadLine(pub usize);

impl Tokens {
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        // Some editors put a byte order mark at the start of a text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = (1..).zip(text.lines().map(str::trim));
        let entries = lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
        let parsed = entries.map(|(line, text)| text.parse().map_err(|()| BadLine(line)));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Somebody of that name has one.
    pub fn knows(&self, name: &str) -> bool {
        self.0.iter().any(|entry| entry.identity.name == name)
    }

    /// Whose token it is. All digests are compared, each in constant time, so how long it takes
    /// tells nothing about the tokens on file.
    pub fn identify(&self, token: &Token) -> Option<&Identity> {
        let digest = digest(token);
        self.0.iter().fold(None, |found, entry| {
            // A `Hash` compares in constant time.
            if entry.digest == digest { Some(&entry.identity) } else { found }
        })
    }
}

/// The line by which a token is known.
pub fn line(token: &Token, name: &str, permission: Permission) -> String {
    format!("{name}:{}:{}", permission.letters(), digest(token).to_hex())
}

/// The name of a token's owner: short, and nothing in it that the file or a log could misread.
pub fn parse_name(text: &str) -> Result<String, &'static str> {
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
    pub fn sentence(self) -> &'static str {
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

impl FromStr for Permission {
    type Err = &'static str;

    fn from_str(letters: &str) -> Result<Self, Self::Err> {
        match letters {
            "r" => Ok(Self::Read),
            "rw" => Ok(Self::ReadWrite),
            _ => Err("r or rw is needed"),
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
        let permission = permission.parse().map_err(drop)?;
        let digest = Hash::from_hex(digest).map_err(drop)?;
        Ok(Self { identity: Identity { name, permission }, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_line_and_by_nothing_else() {
        let [alice, bob, stranger] = ["first", "second", "third"].map(|it| it.parse().unwrap());
        let lines = [
            "\u{feff}# tokens".to_owned(),
            String::new(),
            line(&alice, "alice", Permission::ReadWrite),
            line(&bob, "bob", Permission::Read),
        ];
        let tokens = Tokens::parse(&lines.join("\n")).unwrap();
        let identity = |name: &str, permission| Identity { name: name.to_owned(), permission };
        assert_eq!(tokens.identify(&alice), Some(&identity("alice", Permission::ReadWrite)));
        assert_eq!(tokens.identify(&bob), Some(&identity("bob", Permission::Read)));
        assert_eq!(tokens.identify(&stranger), None);
        assert!(tokens.knows("bob") && !tokens.knows("carol"));
        assert!(!lines.concat().contains(alice.reveal()), "the lines hold the token itself");
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
            let parsed = Tokens::parse(&format!("# first\n{bad}\n"));
            assert_eq!(parsed.err(), Some(BadLine(2)), "accepted: {bad}");
        }
        assert_eq!(Tokens::parse("# nobody\n").unwrap().count(), 0);
    }
}
