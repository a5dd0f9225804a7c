//! With what a run was made, and when it began.

use std::env;

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
}

/// What is not UTF-8 in it is replaced, and a token is left out: results are for others to read.
fn command_line() -> Vec<String> {
    without_token(env::args_os().map(|word| word.to_string_lossy().into_owned()))
}

fn without_token(words: impl Iterator<Item = String>) -> Vec<String> {
    const OPTION: &str = "--token";
    const HIDDEN: &str = "...";
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
}
