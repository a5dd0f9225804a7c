//! With what a run was made, and when it began.

use std::env;

use figures::{Catalogue, Term};
use serde::{Deserialize, Serialize};

/// This program: what it was told, and what it was built from.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Program {
    pub command_line: Vec<String>,
    pub version: String,
    pub git_commit: String,
    pub rustc: String,
    pub build: String,
}

/// The texts that a catalogue must have for [`Program::terms`].
pub const PROGRAM_TEXTS: &[(&str, &[&str])] = &[
    ("term_version", &[]),
    ("term_commit", &[]),
    ("term_rustc", &[]),
    ("term_build", &[]),
    ("term_command_line", &[]),
    ("term_started", &[]),
];

impl Program {
    /// The version is that of the whole project.
    pub fn this() -> Self {
        Self {
            command_line: command_line(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git_commit: env!("KOLAM_COMMIT").to_owned(),
            rustc: env!("KOLAM_RUSTC").to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        }
    }

    /// `fileserver 1.0.0, commit 1a2b3c`: the name is not in the files.
    pub fn named(&self, name: &str) -> String {
        format!("{name} {}, commit {}", self.version, self.git_commit)
    }

    /// For whoever makes the run again, which began when `started` says.
    pub fn terms(&self, started: &str, texts: &Catalogue) -> Vec<Term> {
        let terms = [
            ("term_version", self.version.clone()),
            ("term_commit", self.git_commit.clone()),
            ("term_rustc", self.rustc.clone()),
            ("term_build", self.build.clone()),
            ("term_command_line", self.command_line.join(" ")),
            ("term_started", started.to_owned()),
        ];
        terms.map(|(name, value)| (texts.text(name, &[]), Some(value))).into()
    }
}

/// What is not UTF-8 in it is replaced, and a token or the user of an address is left out: results are for others
/// to read.
fn command_line() -> Vec<String> {
    let words = env::args_os().map(|word| word.to_string_lossy().into_owned());
    without_token(words.map(without_user))
}

/// What is written in place of a secret.
const HIDDEN: &str = "...";

/// A password may stand with the user before the host.
fn without_user(word: String) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{HIDDEN}@{host}"),
        None => word,
    }
}

fn without_token(words: impl Iterator<Item = String>) -> Vec<String> {
    const OPTION: &str = "--token";
    let mut is_token = false;
    let words = words.map(|word| {
        let hidden = if is_token {
            Some(HIDDEN.to_owned())
        } else {
            let value = word.strip_prefix(OPTION).and_then(|rest| rest.strip_prefix('='));
            value.map(|_| format!("{OPTION}={HIDDEN}"))
        };
        is_token = !is_token && word == OPTION;
        hidden.unwrap_or(word)
    });
    words.collect()
}

/// The local time, for names of directories, so without colons.
pub fn now() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%dT%H-%M-%S").to_string()
}

/// `2026-11-26 19:17:02`: the name of a directory has no colons.
pub fn moment(started: &str) -> String {
    let Some((date, time)) = started.split_once('T') else { return started.to_owned() };
    format!("{date} {}", time.replace('-', ":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_get_into_the_results() {
        let words = |line: &str| without_token(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(
            words("stress-run --token a --token=b --tls"),
            "stress-run --token ... --token=... --tls"
        );
        assert_eq!(words("stress-run --token-file a"), "stress-run --token-file a");
        assert_eq!(words("stress-run --token --token b"), "stress-run --token ... b");
    }

    #[test]
    fn the_password_in_an_address_does_not_either() {
        for (word, recorded) in [
            ("nats://who:secret@host:4222", "nats://...@host:4222"),
            ("--broker=nats://who:p@ss@host", "--broker=nats://...@host"),
            ("nats://host:4222", "nats://host:4222"),
            ("a@b", "a@b"),
        ] {
            assert_eq!(without_user(word.to_owned()), recorded);
        }
    }
}
