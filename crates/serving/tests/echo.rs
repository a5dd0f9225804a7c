//! Any application is served by every model, and by a driver of its own behind the same acceptor.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use telemetry::Mode;
use testkit::{PATIENCE, eventually};

/// The example as a process, which ends with the test.
struct Echo {
    process: Child,
    address: SocketAddr,
}

impl Echo {
    fn start(how: &str) -> Self {
        let tests = env::current_exe().unwrap();
        let echo = tests.ancestors().nth(2).unwrap().join("examples/echo");
        let mut process = Command::new(echo).arg(how).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { process, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A connection that is served, once there is room for it again.
    fn served(&self) -> TcpStream {
        let mut served = None;
        eventually(PATIENCE, "there is room for a connection", || {
            let stream = self.connect();
            served = (echo(&stream, b"hello") == b"hello").then_some(stream);
            served.is_some()
        });
        served.unwrap()
    }

    fn stop(mut self) -> Option<i32> {
        kill(Pid::from_raw(self.process.id() as i32), Signal::SIGTERM).unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn echo(mut stream: &TcpStream, text: &[u8]) -> Vec<u8> {
    stream.write_all(text).unwrap();
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back).unwrap();
    back
}

fn serves_turns_away_and_drains(how: &str) {
    let server = Echo::start(how);
    let (first, second) = (server.connect(), server.connect());
    for stream in [&first, &second, &first] {
        assert_eq!(echo(stream, b"hello"), b"hello", "{how}");
    }
    let mut why = String::new();
    server.connect().read_to_string(&mut why).unwrap();
    assert_eq!(why, "the server takes 2 connections from one address", "{how}");
    let long = vec![7; 50_000];
    assert!(echo(&second, &long) == long, "{how}");
    drop(first);
    // Nobody closes the other: the server does, and says so by ending.
    assert_eq!(server.stop(), Some(0), "{how}");
    assert_eq!((&second).read(&mut [0]).unwrap(), 0, "{how}");
}

#[test]
fn every_model_serves_an_application_that_is_no_file_service() {
    for mode in Mode::ALL {
        serves_turns_away_and_drains(mode.name());
    }
}

#[test]
fn a_defect_in_one_conversation_costs_that_conversation_alone() {
    for mode in Mode::ALL {
        let server = Echo::start(mode.name());
        for _ in 0..5 {
            let (mut defective, other) = (server.served(), server.served());
            defective.write_all(b"!").unwrap();
            assert_eq!(defective.read(&mut [0]).unwrap_or(0), 0, "{mode}");
            assert_eq!(echo(&other, b"hello"), b"hello", "{mode}");
        }
        assert_eq!(server.stop(), Some(0), "{mode}");
    }
}

/// Where workers are shared, whoever waits takes none of them.
#[test]
fn a_step_that_may_wait_is_taken_aside_by_the_models_whose_workers_are_shared() {
    for mode in Mode::ALL {
        let server = Echo::start(mode.name());
        let mut stream = server.connect();
        for _ in 0..3 {
            stream.write_all(b"?").unwrap();
            let mut name = [0; 64];
            let len = stream.read(&mut name).unwrap();
            let is_aside = &name[..len] == b"aside";
            assert_eq!(is_aside, matches!(mode, Mode::Async | Mode::Event), "{mode}");
            assert_eq!(echo(&stream, b"hello"), b"hello", "{mode}");
        }
        drop(stream);
        assert_eq!(server.stop(), Some(0), "{mode}");
    }
}

#[test]
fn a_program_with_a_driver_of_its_own_admits_turns_away_and_drains_the_same_way() {
    serves_turns_away_and_drains("own");
}
