//! Standard output and standard error that nobody reads.
#![cfg(target_os = "linux")]

use std::fs::File;

use testkit::Terminal;

use super::*;

/// What stands in the place of an output.
#[derive(Clone, Copy, Debug)]
enum Unread {
    /// A pipe whose reader has gone.
    Broken,
    /// A disk without room.
    Full,
    /// `>&-`: the descriptor is not there.
    Closed,
}

const UNREAD: [Unread; 3] = [Unread::Broken, Unread::Full, Unread::Closed];

/// `fileclient` with the descriptor `number`, 1 or 2, unread.
fn unread(server: &str, directory: &Path, number: u8, how: Unread) -> Command {
    let plain = fileclient(server, directory);
    let mut command = match how {
        Unread::Closed => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("exec \"$@\" {number}>&-"), "sh"]);
            shell.arg(plain.get_program()).args(plain.get_args()).current_dir(directory);
            shell.stdin(Stdio::null());
            shell
        }
        Unread::Broken | Unread::Full => plain,
    };
    let output = match how {
        Unread::Closed => return command,
        Unread::Broken => {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            Stdio::from(writer)
        }
        Unread::Full => Stdio::from(File::options().write(true).open("/dev/full").unwrap()),
    };
    if number == 1 {
        command.stdout(output)
    } else {
        command.stderr(output)
    };
    command
}

/// Every command, and the status that it has where all is read.
const COMMANDS: [(&[&str], i32); 14] = [
    (&["list"], 0),
    (&["get", "a.txt"], 0),
    (&["get", "missing", "a.txt"], 1),
    (&["upload", "local"], 0),
    (&["delete", "a.txt"], 0),
    (&["stats"], 0),
    (&["stats", "--json"], 0),
    (&["top", "--once", "--interval", "0.1"], 0),
    (&["ping"], 0),
    (&["completions", "bash"], 0),
    (&["man", "get"], 0),
    (&["--help"], 0),
    (&["--version"], 0),
    (&["frobnicate"], 2),
];

#[test]
fn output_that_nobody_reads_changes_no_status_and_no_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("local"), "hello").unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    for (args, status) in COMMANDS {
        for how in UNREAD {
            for number in [1, 2] {
                let mut command = unread(&server, directory.path(), number, how);
                let (code, out, err) = told(command.args(args).output().unwrap());
                assert_eq!(code, status, "{args:?} with {number} {how:?}: {err}");
                assert!(!out.contains("panicked") && !err.contains("panicked"), "{err}");
                // What goes to the other output does not change either.
                let is_told = args.contains(&"missing") || status == 2;
                assert_eq!(
                    !err.is_empty(),
                    number == 1 && is_told,
                    "{args:?}, {number} {how:?}: {err}"
                );
            }
        }
    }
    // With a descriptor missing, the next file opened would have its number, and get what is printed.
    assert_eq!(fs::read(directory.path().join("a.txt")).unwrap(), b"hello");
}

#[test]
fn a_file_that_standard_output_does_not_take_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    let server = answering(file_reply("a.txt"));
    let mut command = unread(&server.address, directory.path(), 1, Unread::Full);
    let (code, _, err) = told(command.args(["get", "a.txt", "-o", "-"]).output().unwrap());
    assert_eq!(code, 1);
    let sentence = "error: cannot write a.txt to standard output: No space left on device";
    assert!(err.starts_with(sentence) && err.lines().count() == 1, "{err}");
}

#[test]
fn on_a_terminal_no_line_of_the_counts_is_broken() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    for args in [&["stats"][..], &["top", "--once", "--interval", "0.1"]] {
        let mut command = fileclient(&server, directory.path());
        let terminal = Terminal::start(command.args(args), None);
        let (code, shown) = terminal.finish();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
        let tables = shown.lines().filter(|line| line.trim_start().starts_with("worker  "));
        assert_eq!(tables.count(), 2, "{shown}");
        let (_, whole, _) = run(&server, directory.path(), args);
        assert!(whole.lines().any(|line| line.len() > 80), "{whole}");
    }
}
