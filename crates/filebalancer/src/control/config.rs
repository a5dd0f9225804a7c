//! The configuration file: the backends, and how they are chosen among.

use std::{
    collections::HashSet,
    fs, io,
    num::NonZeroU16,
    path::{Path, PathBuf},
};

use balancing::PolicyName;
use serde::Deserialize;

use crate::backend::{BackendConfig, BackendError};

/// A longer file is none that a person wrote.
const LEN_MAX: u64 = 1 << 20;

/// What the file says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Config {
    /// The command line's, where the file names none.
    pub(crate) policy: Option<PolicyName>,
    pub(crate) backends: Vec<BackendConfig>,
}

/// Why a file is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("{} is longer than {LEN_MAX} bytes", path.display())]
    TooLong { path: PathBuf },
    #[error("{}: {reason}", path.display())]
    Wrong { path: PathBuf, reason: String },
}

impl Config {
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let path = || path.to_owned();
        let unreadable = |reason| ConfigError::Unreadable { path: path(), reason };
        if fs::metadata(path()).map_err(unreadable)?.len() > LEN_MAX {
            return Err(ConfigError::TooLong { path: path() });
        }
        let text = fs::read_to_string(path()).map_err(unreadable)?;
        Self::parse(&text).map_err(|reason| ConfigError::Wrong { path: path(), reason })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File =
            toml::from_str(text).map_err(|err| err.to_string().trim_end().to_owned())?;
        let policy = file.policy.map(|name| name.parse::<PolicyName>()).transpose()?;
        let mut names = HashSet::new();
        let mut backends = Vec::new();
        for entry in file.backend {
            let address = entry.address.clone();
            let backend = entry.configured().map_err(|err| format!("{address:?}: {err}"))?;
            if !names.insert(backend.name.clone()) {
                return Err(format!("two backends are called {}", backend.name));
            }
            backends.push(backend);
        }
        match backends.is_empty() {
            true => Err("no [[backend]] is named to forward to".to_owned()),
            false => Ok(Self { policy, backends }),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    policy: Option<String>,
    #[serde(default)]
    backend: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    address: String,
    weight: Option<NonZeroU16>,
    max: Option<usize>,
    check: Option<String>,
}

impl Entry {
    fn configured(self) -> Result<BackendConfig, BackendError> {
        let mut config = BackendConfig::new(self.name.as_deref(), &self.address)?;
        config.weight = self.weight.unwrap_or(config.weight);
        if let Some(max) = self.max {
            config.set_max(max)?;
        }
        if let Some(check) = &self.check {
            config.set_check(check)?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_backends_and_perhaps_a_policy() {
        let text = r#"
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
        let config = Config::parse(text).unwrap();
        assert_eq!(config.policy, Some(PolicyName::TwoChoices));
        let backends = ["a=127.0.0.1:8080,weight=5,max=10,check=127.0.0.1:9090", "127.0.0.1:8081"];
        assert_eq!(config.backends, backends.map(|text| text.parse().unwrap()));
    }

    #[test]
    fn what_is_no_configuration_is_told_why() {
        let backend = "[[backend]]\naddress = \"a:1\"\n";
        for (text, why) in [
            (String::new(), "no [[backend]] is named"),
            (backend.repeat(2), "two backends are called a:1"),
            (format!("{backend}wait = 1"), "unknown field `wait`"),
            (format!("polices = \"x\"\n{backend}"), "unknown field `polices`"),
            (format!("policy = \"random\"\n{backend}"), "no policy is called \"random\""),
            (format!("{backend}weight = 0"), "line 3"),
            (format!("{backend}max = 0"), "\"a:1\": max is a number from 1"),
            ("[[backend]]\naddress = \"a:0\"".to_owned(), "\"a:0\": the port must be a number"),
            ("[[backend]]".to_owned(), "missing field `address`"),
            ("backend".to_owned(), "line 1"),
        ] {
            let refusal = Config::parse(&text).unwrap_err();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }
}
