//! The configuration file: the backends, and how they are chosen among. It is understood as a whole or not
//! at all, and what is wrong in it is told with its line and its key.

use std::{
    fmt::Display,
    fs::{self, File},
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
};

use balancing::PolicyName;
use serde::Deserialize;
use toml::Spanned;

use crate::backend::{BackendConfig, BackendError};

/// A longer file is none that a person wrote.
const LEN_MAX: u64 = 1 << 20;

/// More backends are none that a person named, and more than could be checked in time.
const BACKENDS_MAX: usize = 1000;

/// What the file says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Config {
    /// The command line's, where the file names none.
    pub(crate) policy: Option<PolicyName>,
    /// At least one, with different names and addresses.
    pub(crate) backends: Vec<BackendConfig>,
}

/// Why a file is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error(
        "{} cannot be read: {reason}; --config needs a file that has a [[backend]] with its address",
        path.display()
    )]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("{} is no file, so it cannot be read again", .0.display())]
    NoFile(PathBuf),
    #[error("{}, line {line}: {reason}", path.display())]
    Wrong { path: PathBuf, line: usize, reason: String },
}

impl Config {
    /// Reads it once more. What is no file may never come to an end, and everybody waits for that.
    pub(crate) fn read_again(path: &Path) -> Result<Self, ConfigError> {
        match fs::metadata(path) {
            Ok(there) if !there.is_file() => Err(ConfigError::NoFile(path.to_owned())),
            _ => Self::read(path),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read(path)
            .map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
        Self::parse(&text).map_err(|Mistake { at, reason }| {
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            ConfigError::Wrong { path: path.to_owned(), line, reason }
        })
    }

    fn parse(text: &str) -> Result<Self, Mistake> {
        let written: Written = toml::from_str(text).map_err(Mistake::of)?;
        let mut backends: Vec<BackendConfig> = Vec::with_capacity(written.backend.len());
        for entry in written.backend {
            let span = entry.span();
            if backends.len() == BACKENDS_MAX {
                let why = format!("there may be at most {BACKENDS_MAX} backends");
                return Err(Mistake::new(span, why));
            }
            let entry = entry.into_inner();
            let address = entry.address.span();
            let backend = entry.configured()?;
            backend.expect_apart_from(&backends).map_err(|why| Mistake::new(address, why))?;
            if backends.iter().any(|other| other.name == backend.name) {
                let why = format!("two backends are called {}", backend.name);
                return Err(Mistake::new(span, why));
            }
            backends.push(backend);
        }
        if backends.is_empty() {
            return Err(Mistake::new(0..0, "no [[backend]] is named to forward to"));
        }
        let policy = understood(written.policy, |name| name.parse::<PolicyName>())?;
        Ok(Self { policy, backends })
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let len = File::open(path)?.take(LEN_MAX + 1).read_to_string(&mut text)?;
    if len as u64 > LEN_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// What is wrong, and where in the text that begins.
#[derive(Debug)]
struct Mistake {
    at: usize,
    reason: String,
}

impl Mistake {
    /// Words that name their key themselves.
    fn new(span: Range<usize>, why: impl Display) -> Self {
        Self { at: span.start, reason: why.to_string() }
    }

    fn of(mut err: toml::de::Error) -> Self {
        let at = err.span().map_or(0, |span| span.start);
        // Without the text it says what is wrong, and in which key, in one line.
        err.set_input(None);
        Self { at, reason: err.to_string().trim_end().replace('\n', " ") }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    policy: Option<Spanned<String>>,
    #[serde(default)]
    backend: Vec<Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<Spanned<String>>,
    address: Spanned<String>,
    weight: Option<Spanned<u64>>,
    max: Option<Spanned<usize>>,
    check: Option<Spanned<String>>,
}

impl Entry {
    fn configured(self) -> Result<BackendConfig, Mistake> {
        let Self { name, address, weight, max, check } = self;
        let called = name.as_ref().map(|name| name.get_ref().as_str());
        let mut config =
            BackendConfig::new(called, address.get_ref()).map_err(|why| match (&name, &why) {
                (Some(name), BackendError::Name) => Mistake::new(name.span(), why),
                _ => Mistake::new(address.span(), format_args!("address: {why}")),
            })?;
        understood(weight, |weight| config.set_weight(*weight))?;
        understood(max, |max| config.set_max(*max))?;
        understood(check, |check| config.set_check(check))?;
        Ok(config)
    }
}

/// What a value means, if there is one.
fn understood<T, U, E: Display>(
    value: Option<Spanned<T>>,
    mut meaning: impl FnMut(&T) -> Result<U, E>,
) -> Result<Option<U>, Mistake> {
    let Some(value) = value else { return Ok(None) };
    meaning(value.get_ref()).map(Some).map_err(|why| Mistake::new(value.span(), why))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const WHOLE: &str = r#"
policy = "two-choices"

[[backend]]
name = "a"
address = "127.0.0.1:8080"
weight = 5
max = 10
check = "127.0.0.1:9090"

[[backend]]
address = "127.0.0.1:8081"
"#;

    #[test]
    fn a_file_names_backends_and_perhaps_a_policy() {
        let config = Config::parse(WHOLE).unwrap();
        assert_eq!(config.policy, Some(PolicyName::TwoChoices));
        let backends = ["a=127.0.0.1:8080,weight=5,max=10,check=127.0.0.1:9090", "127.0.0.1:8081"];
        assert_eq!(config.backends, backends.map(|text| text.parse().unwrap()));
    }

    /// What is said about the text, which is a file for that; without the file's name.
    fn refusal(text: &str) -> String {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("balancer.toml");
        fs::write(&path, text).unwrap();
        let said = Config::read(&path).unwrap_err().to_string();
        said.strip_prefix(path.to_str().unwrap()).unwrap().to_owned()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_its_key() {
        for (from, to, line, why) in [
            ("policy", "polices", 2, "unknown field `polices`"),
            ("\"two-choices\"", "\"random\"", 2, "no policy is called \"random\""),
            ("name = \"a\"", "name = \"a b\"", 5, "the name of a backend has"),
            ("name = \"a\"", "wait = 1", 5, "unknown field `wait`"),
            ("\"127.0.0.1:8080\"", "\"a:0\"", 6, "address: the port must be a number"),
            ("\"127.0.0.1:8080\"", "5", 6, "in `backend.address`"),
            ("weight = 5", "weight = 0", 7, "a weight is a number from 1 to 65535"),
            ("weight = 5", "weight = \"5\"", 7, "in `backend.weight`"),
            ("max = 10", "max = 0", 8, "max is a number from 1"),
            ("\"127.0.0.1:9090\"", "\"\"", 9, "check: no host is named"),
            ("\"127.0.0.1:9090\"", "", 9, ""),
            ("name = \"a\"", "name = \"127.0.0.1:8081\"", 11, "two backends are called 127"),
            ("\"127.0.0.1:8081\"", "\"localhost:8080\"", 12, "is where backend a is already"),
            ("address = \"127.0.0.1:8081\"", "", 11, "missing field `address`"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let said = refusal(&WHOLE.replacen(from, to, 1));
            let is_so = said.starts_with(&format!(", line {line}: ")) && said.contains(why);
            assert!(is_so && said.lines().count() == 1, "{to}: {said}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_read_again() {
        let dir = TempDir::new().unwrap();
        for path in [Path::new("/dev/null"), dir.path()] {
            let said = Config::read_again(path).unwrap_err().to_string();
            assert!(said.contains("is no file"), "{said}");
        }
        let said = Config::read_again(&dir.path().join("none")).unwrap_err().to_string();
        assert!(said.contains("cannot be read: No such file"), "{said}");
    }

    #[test]
    fn a_file_has_so_many_backends_and_no_more() {
        let entry = |number| format!("[[backend]]\naddress = \"10.0.0.1:{number}\"\n");
        let most: String = (1..=BACKENDS_MAX).map(entry).collect();
        assert_eq!(Config::parse(&most).unwrap().backends.len(), BACKENDS_MAX);
        let said = refusal(&(most + &entry(BACKENDS_MAX + 1)));
        assert_eq!(said, ", line 2001: there may be at most 1000 backends");
    }

    #[test]
    fn a_file_without_backends_and_one_without_end_are_refused() {
        assert_eq!(refusal(""), ", line 1: no [[backend]] is named to forward to");
        let endless = refusal(&" ".repeat(LEN_MAX as usize + 1));
        assert!(endless.starts_with(" cannot be read: "), "{endless}");
    }
}
