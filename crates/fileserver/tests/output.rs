//! Standard output and standard error that are full, closed, or read by nobody.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use testkit::{PATIENCE, Peer, Signal, eventually, processes};

const FILESERVER: &str = env!("CARGO_BIN_EXE_fileserver");
const MODES: [&str; 5] = ["legacy", "thread", "process", "async", "event"];

/// A server of `dir`, killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command line whose outputs the shell redirects.
fn redirected(redirection: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" {redirection}"), FILESERVER]);
    // The shell of whoever runs the tests may configure a server.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("FILESERVER_")) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn start(command: &mut Command, mode: &str, dir: &Path) -> Running {
    command.args(["--port", "0", "--mode", mode, "--status", "0", "--dir"]).arg(dir);
    Running(command.spawn().unwrap())
}

/// The server answers, and ends as one that is heard.
#[track_caller]
fn expect_service(mut server: Running, address: SocketAddr, case: &str) {
    let mut peer = Peer::connect(address);
    for _ in 0..3 {
        assert_eq!(peer.request("GET a.txt").outcome(), "not-found", "{case}");
    }
    assert_eq!(peer.request("PING").outcome(), "OK", "{case}");
    drop(peer);
    processes::send_signal(server.0.id(), Signal::SIGTERM);
    let mut status = None;
    eventually(PATIENCE, "the server ends", || {
        status = server.0.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(0), "{case}");
}

#[test]
fn a_log_that_nobody_reads_ends_no_server() {
    for mode in MODES {
        for redirection in ["2>/dev/full", "2>&-", ""] {
            let dir = TempDir::new().unwrap();
            let mut command = redirected(redirection);
            if redirection.is_empty() {
                command.stderr(unread());
            }
            let mut server = start(&mut command, mode, dir.path());
            let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
            let line = lines.next().unwrap().unwrap();
            let address = line.strip_prefix("listening on ").unwrap().parse().unwrap();
            // The other lines have no reader either.
            drop(lines);
            expect_service(server, address, &format!("{mode} {redirection}"));
        }
    }
}

#[test]
fn a_listening_line_that_nobody_reads_ends_no_server() {
    for mode in MODES {
        for redirection in [">/dev/full", ">&-", ">&- 2>&-", "<&- >&- 2>&-", ""] {
            let case = format!("{mode} {redirection}");
            let dir = TempDir::new().unwrap();
            let log = dir.path().join(".log");
            let mut command = redirected(redirection);
            if redirection.is_empty() {
                command.stdout(unread());
            }
            command.arg("--log-file").arg(&log);
            let server = start(&mut command, mode, dir.path());
            let mut address = None;
            eventually(PATIENCE, "the log says where the server listens", || {
                let text = fs::read_to_string(&log).unwrap_or_default();
                let found = text
                    .split_once(" workers on ")
                    .and_then(|(_, rest)| rest.split_once(": ")?.0.parse().ok());
                address = found;
                found.is_some()
            });
            // What was closed must not be one of the server's own files now.
            for descriptor in 0..=2 {
                let path = format!("/proc/{}/fd/{descriptor}", server.0.id());
                let leads_to = fs::read_link(path).unwrap().to_str().unwrap().to_owned();
                let is_output = leads_to.starts_with("/dev/") || leads_to.starts_with("pipe:");
                assert!(is_output, "{case}: descriptor {descriptor} is {leads_to}");
            }
            expect_service(server, address.unwrap(), &case);
        }
    }
}

#[test]
fn what_the_program_says_about_itself_may_stay_unread() {
    for line in ["--help", "--version", "completions bash", "man", "token new --help"] {
        for redirection in [">/dev/full", ">&-", ""] {
            let mut command = redirected(redirection);
            if redirection.is_empty() {
                command.stdout(unread());
            }
            let output = command.args(line.split(' ')).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                (output.status.code(), told.as_str()),
                (Some(0), ""),
                "{line} {redirection}"
            );
        }
    }
}

#[test]
fn a_token_that_nobody_sees_is_not_made() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("tokens");
    for redirection in [">/dev/full", ""] {
        for options in [&[][..], &["--auth-file", file.to_str().unwrap()]] {
            let mut command = redirected(redirection);
            if redirection.is_empty() {
                command.stdout(unread());
            }
            let output = command.args(["token", "new", "alice"]).args(options).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{told}");
            assert!(told.starts_with("fileserver: the token cannot be printed"), "{told}");
        }
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
}
