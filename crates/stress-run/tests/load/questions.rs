//! What is left out is asked for, where there is somebody to ask.
#![cfg(target_os = "linux")]

use std::process::Command;

use testkit::Terminal;

use super::{finish, load, server, stress_run};

#[test]
fn on_a_terminal_clients_and_message_are_asked_for() {
    let server = server(&["--mode", "async"]);
    let mut terminal = Terminal::start(&load(&server.address().to_string(), "--requests 3"), None);
    terminal.await_text("How many clients? ");
    terminal.type_text("banyak\r");
    terminal.await_text("a number from 1 to 5000 is needed");
    terminal.await_text("How many clients? ");
    terminal.type_text("4\r");
    terminal.await_text("Which message do they send? ");
    terminal.type_text("\r");
    terminal.await_text("a text of at least one letter is needed");
    terminal.type_text("apa kabar\r");
    let (status, shown) = terminal.finish();
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("4 clients, 3 requests each"), "{shown}");
    assert!(shown.contains("count the same: echo 12 succeeded"), "{shown}");
}

#[test]
fn who_ends_the_input_instead_of_answering_is_told_on_a_line_of_its_own() {
    let server = server(&["--mode", "async"]);
    let mut terminal = Terminal::start(&load(&server.address().to_string(), ""), None);
    terminal.await_text("How many clients? ");
    terminal.type_text("\u{4}");
    let (status, shown) = terminal.finish();
    assert_eq!(status, Some(2), "{shown}");
    assert!(shown.contains("\nstress-run: --clients is missing"), "{shown}");
}

#[test]
fn elsewhere_it_is_said_which_option_is_missing() {
    let server = server(&["--mode", "async"]);
    for (options, missing) in
        [("--message halo", "--clients is missing"), ("--clients 2", "--message is missing")]
    {
        let finished = finish(&server.address().to_string(), options);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(missing), "{}", finished.stderr);
    }
    assert_eq!(finish(&server.address().to_string(), "--clients 2 --mix ping").code, Some(0));
    let output = Command::new(stress_run()).args(["load", "--clients", "2"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("--connect is missing; it says where"), "{stderr}");
}
