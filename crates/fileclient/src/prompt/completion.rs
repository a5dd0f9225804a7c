//! What Tab offers at the prompt: commands, files here, names on the server.

use std::{
    cell::RefCell,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use client::{Connection, ConnectionOptions};
use protocol::FileName;
use rustyline::{
    Context, Helper, Highlighter, Hinter, Validator,
    completion::{Completer, Pair},
};

use super::words;

const COMMANDS: [&str; 11] =
    ["delete", "digest", "echo", "exit", "get", "help", "list", "ping", "stats", "top", "upload"];

/// A person waits after Tab.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the server's names are taken for current.
const NAMES_STAY: Duration = Duration::from_secs(5);

#[derive(Helper, Highlighter, Hinter, Validator)]
pub(super) struct Completion {
    server: String,
    options: ConnectionOptions,
    names: RefCell<Option<(Instant, Vec<String>)>>,
}

impl Completion {
    pub(super) fn new(server: String, options: ConnectionOptions) -> Self {
        Self { server, options, names: RefCell::default() }
    }

    /// Empty when the server does not answer in time.
    fn remote_names(&self) -> Vec<String> {
        let mut names = self.names.borrow_mut();
        match names.as_ref() {
            Some((fetched, names)) if fetched.elapsed() < NAMES_STAY => names.clone(),
            _ => names.insert((Instant::now(), self.fetch_names())).1.clone(),
        }
    }

    fn fetch_names(&self) -> Vec<String> {
        let deadline = Some(Instant::now() + PATIENCE);
        let options = ConnectionOptions { timeout: PATIENCE, deadline, ..self.options.clone() };
        let listing = Connection::connect(&self.server, options).and_then(|mut it| it.list());
        // Other names can neither be asked for nor be printed as they are.
        let is_safe = |name: &String| name.parse::<FileName>().is_ok();
        let names = listing.map(|listing| listing.names).unwrap_or_default();
        names.into_iter().filter(is_safe).collect()
    }

    fn candidates(&self, before: &[String], typed: &str) -> Vec<String> {
        let Some(verb) = before.first() else { return starting_with(COMMANDS, typed) };
        let previous = before.last().map_or("", String::as_str);
        match (verb.as_str(), before.len()) {
            ("help", 1) => starting_with(COMMANDS, typed),
            ("list" | "ls", 1) => starting_with(["--json", "--long"], typed),
            ("ping" | "stats", 1) => starting_with(["--json"], typed),
            ("top", _) => starting_with(["--interval", "--once", "--sort"], typed),
            ("get", _) if matches!(previous, "-o" | "--output") => local_paths(typed),
            ("upload" | "put", _) if previous == "--as" => {
                starting_with(self.remote_names(), typed)
            }
            ("upload" | "put", _) => local_paths(typed),
            ("get" | "delete" | "rm" | "digest", _) => starting_with(self.remote_names(), typed),
            _ => Vec::new(),
        }
    }
}

fn starting_with(
    candidates: impl IntoIterator<Item = impl Into<String>>,
    typed: &str,
) -> Vec<String> {
    candidates
        .into_iter()
        .map(Into::into)
        .filter(|candidate| candidate.starts_with(typed))
        .collect()
}

/// Files and directories whose path starts with `typed`; hidden ones if it says so.
fn local_paths(typed: &str) -> Vec<String> {
    let (directory, start) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
    let searched = if directory.is_empty() { "." } else { directory };
    let Ok(entries) = fs::read_dir(searched) else { return Vec::new() };
    let path = |name: String| {
        let is_dir = Path::new(searched).join(&name).is_dir();
        format!("{directory}{name}{}", if is_dir { "/" } else { "" })
    };
    let mut paths: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(start) && (!name.starts_with('.') || !start.is_empty()))
        .filter(|name| !name.contains(char::is_control))
        .map(path)
        .collect();
    paths.sort();
    paths
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let mut found = words::split(&line[..pos]);
        let (start, typed) = match found.words.pop_if(|_| found.is_in_word) {
            Some(typed) => (found.last_start, typed),
            None => (pos, String::new()),
        };
        let candidates = self.candidates(&found.words, &typed);
        let pair = |text: String| Pair { replacement: words::quote(&text), display: text };
        Ok((start, candidates.into_iter().map(pair).collect()))
    }
}

#[cfg(test)]
mod tests {
    use rustyline::history::MemHistory;

    use super::*;

    fn complete(line: &str) -> (usize, Vec<String>) {
        let names = vec!["my file".to_owned(), "notes".to_owned()];
        let completion = Completion {
            server: "127.0.0.1:1".to_owned(),
            options: ConnectionOptions::default(),
            names: RefCell::new(Some((Instant::now(), names))),
        };
        let history = MemHistory::new();
        let (start, pairs) =
            completion.complete(line, line.len(), &Context::new(&history)).unwrap();
        (start, pairs.into_iter().map(|pair| pair.replacement).collect())
    }

    #[test]
    fn each_place_offers_what_belongs_there() {
        assert_eq!(complete("d"), (0, vec!["delete".to_owned(), "digest".to_owned()]));
        assert_eq!(complete("get n"), (4, vec!["notes".to_owned()]));
        assert_eq!(complete("get \"my f"), (4, vec![r"my\ file".to_owned()]));
        assert_eq!(complete("delete notes m"), (13, vec![r"my\ file".to_owned()]));
        assert_eq!(complete("get notes m"), (10, vec![r"my\ file".to_owned()]));
        assert_eq!(complete("upload a --as n"), (14, vec!["notes".to_owned()]));
        assert_eq!(complete("rm no"), (3, vec!["notes".to_owned()]));
        assert_eq!(complete("stats "), (6, vec!["--json".to_owned()]));
        assert_eq!(complete("top --o"), (4, vec!["--once".to_owned()]));
        assert!(complete("ping x").1.is_empty());
    }

    #[test]
    fn local_paths_end_in_a_slash_when_more_follows() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("sub")).unwrap();
        for name in ["some.txt", ".hidden", "other"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let root = format!("{}/", directory.path().display());
        assert_eq!(
            local_paths(&format!("{root}s")),
            [format!("{root}some.txt"), format!("{root}sub/")]
        );
        assert_eq!(local_paths(&root).len(), 3);
    }
}
