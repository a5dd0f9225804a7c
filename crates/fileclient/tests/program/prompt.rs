//! The prompt, typed at.
#![cfg(target_os = "linux")]

use std::{fs::File, os::unix::fs::PermissionsExt};

use testkit::Terminal;

use super::*;

const PROMPT: &str = "fileclient> ";

/// A prompt that waits for its first line.
fn prompt(server: &str, directory: &Path, stdout: Option<Stdio>) -> Terminal {
    let mut command = fileclient(server, directory);
    command.env("XDG_STATE_HOME", directory).env("FILECLIENT_TOKEN", "s3cret");
    let mut terminal = Terminal::start(&command, stdout);
    terminal.await_text(PROMPT);
    terminal
}

/// Types a line, and waits for what it tells and for the next prompt.
fn enter(terminal: &mut Terminal, line: &str, told: &str) {
    terminal.type_text(&format!("{line}\r"));
    terminal.await_text("\r\n");
    terminal.await_text(told);
    terminal.await_text(PROMPT);
}

#[test]
fn what_was_typed_is_there_in_the_next_session_and_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    let mut terminal = prompt(&server, directory.path(), None);
    enter(&mut terminal, "ls", "a.txt");
    enter(&mut terminal, "list --token other", "error: ");
    enter(&mut terminal, "AUTH other", "error: ");
    enter(&mut terminal, "get s3cret", "saved s3cret");
    enter(&mut terminal, " digest private", "blake3:");
    terminal.type_text("exit\r");
    assert_eq!(terminal.finish().0, Some(0));
    let file = directory.path().join("fileclient/history");
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(kept.lines().skip(1).collect::<Vec<_>>(), ["ls", "exit"], "{kept}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let mut terminal = prompt(&server, directory.path(), None);
    let up = "\x1b[A";
    enter(&mut terminal, &[up, up].concat(), "a.txt");
    terminal.type_text("\x04");
    assert_eq!(terminal.finish().0, Some(0));
}

#[test]
fn the_prompt_is_on_the_terminal_wherever_its_output_goes() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let mut terminal = prompt(&server, directory.path(), Some(full()));
    enter(&mut terminal, "ls", "");
    enter(&mut terminal, "get a.txt", "");
    terminal.type_text("exit\r");
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("panicked") && !shown.contains("error"), "{shown}");
    assert_eq!(fs::read(directory.path().join("a.txt")).unwrap(), b"hello");
}

#[test]
fn a_prompt_works_without_a_place_for_its_history() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("fileclient"), "no directory").unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    let mut terminal = prompt(&server, directory.path(), None);
    enter(&mut terminal, "ls", "a.txt");
    terminal.type_text("exit\r");
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0));
    assert!(!shown.contains("error"), "{shown}");
}
