//! The lines that a person typed, kept from one session to the next.
//!
//! They are in a file of the person's own, as many as [`LINES_MAX`]. Where it cannot be read or
//! written, there is none: a prompt works without. A line that may hold a token is not kept, nor is one
//! that begins with a blank.

use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use protocol::Token;
use rustyline::{Editor, Helper, history::FileHistory};

pub(super) const LINES_MAX: usize = 1000;

/// How the tokens begin that servers of this project make.
const TOKEN_START: &str = "kolam_";

pub(super) struct History {
    file: Option<PathBuf>,
    token: Option<Token>,
}

impl History {
    /// Gives `editor` what earlier sessions have left.
    pub(super) fn load<H: Helper>(
        editor: &mut Editor<H, FileHistory>,
        token: Option<Token>,
    ) -> Self {
        let file = state_directory().map(|directory| directory.join("fileclient/history"));
        if let Some(file) = &file {
            // The first session finds none.
            let _ = editor.load_history(file);
        }
        Self { file, token }
    }

    /// Keeps a line, at once: a session may end with a signal.
    pub(super) fn add<H: Helper>(&self, editor: &mut Editor<H, FileHistory>, line: &str) {
        if may_hold_token(line, self.token.as_ref()) || editor.add_history_entry(line).is_err() {
            return;
        }
        if let Some(file) = &self.file {
            let _ = file.parent().map_or(Ok(()), make_private);
            let _ = editor.append_history(file);
        }
    }
}

/// Where the XDG Base Directory Specification has what programs remember.
fn state_directory() -> Option<PathBuf> {
    let named = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || Some(env::home_dir()?.join(".local/state"));
    named.filter(|directory| directory.is_absolute()).or_else(home)
}

fn make_private(directory: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Tokens are no part of any command here, but people try.
fn may_hold_token(line: &str, token: Option<&Token>) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.contains("token")
        || lower.contains(TOKEN_START)
        || lower.split_whitespace().next() == Some("auth")
        || token.is_some_and(|token| line.contains(token.reveal()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_may_hold_a_token_is_known() {
        let token = "s3cret".parse().unwrap();
        for line in ["list --token x", "AUTH x", " auth x", "get kolam_x", "get as3cretb"] {
            assert!(may_hold_token(line, Some(&token)), "{line}");
        }
        for line in ["list", "get s3cre", "get authors.txt", ""] {
            assert!(!may_hold_token(line, Some(&token)), "{line}");
        }
    }
}
