//! A NATS server of a test's own, where its program is installed.

use std::{fs, net::TcpStream, path::Path, process::Command};

use tempfile::TempDir;

use super::Process;
use crate::{
    surroundings::skip,
    wait::{PATIENCE, eventually},
};

/// The name by which it is looked for, and where Debian has it: not on every user's path.
const PROGRAMS: [&str; 2] = ["nats-server", "/usr/sbin/nats-server"];

/// It listens on this machine alone. It ends when dropped, and when the test is killed.
#[derive(Debug)]
pub struct Nats {
    program: &'static str,
    jetstream: bool,
    dir: TempDir,
    /// None while it is killed.
    server: Option<Process>,
    port: u16,
}

impl Nats {
    /// A server with JetStream. `None` where the program is missing, which is said.
    #[track_caller]
    pub fn start() -> Option<Self> {
        Self::new(true)
    }

    /// A server that passes messages on and keeps none.
    #[track_caller]
    pub fn without_jetstream() -> Option<Self> {
        Self::new(false)
    }

    #[track_caller]
    fn new(jetstream: bool) -> Option<Self> {
        let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
        let Some(program) = PROGRAMS.into_iter().find(is_there) else {
            skip("no NATS server is installed (package nats-server)");
            return None;
        };
        let dir = TempDir::with_prefix("kolam-nats-").expect("a temporary directory can be made");
        let mut this = Self { program, jetstream, dir, server: None, port: 0 };
        // A random port, which the server tells: one that was looked for could be gone by then.
        this.serve("-1");
        this.port = this.told_port();
        this.wait_until_ready();
        Some(this)
    }

    /// As people write it: `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// As a loss of power would: without a word to anyone. What was stored stays.
    #[track_caller]
    pub fn kill(&mut self) {
        drop(self.server.take().expect("it runs"));
    }

    /// Serves again on its port what it had stored.
    #[track_caller]
    pub fn start_again(&mut self) {
        assert!(self.server.is_none(), "it still runs");
        self.serve(&self.port.to_string());
        self.wait_until_ready();
    }

    #[track_caller]
    fn serve(&mut self, port: &str) {
        self.server = Some(Process::start(self.program, |command| {
            command.args(["-a", "127.0.0.1", "-p", port]);
            if self.jetstream {
                command.arg("-js").arg("-sd").arg(self.dir.path().join("store"));
            }
            command.arg("--ports_file_dir").arg(self.dir.path());
        }));
    }

    #[track_caller]
    fn told_port(&self) -> u16 {
        let mut port = None;
        eventually(PATIENCE, "the NATS server tells its port", || {
            port = port_in(self.dir.path());
            port.is_some()
        });
        port.expect("it was waited for")
    }

    #[track_caller]
    fn wait_until_ready(&self) {
        eventually(PATIENCE, "the NATS server listens", || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }
}

/// Out of the file in which the server writes what it listens on.
fn port_in(dir: &Path) -> Option<u16> {
    let files = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    let told = files.filter(|path| path.extension().is_some_and(|extension| extension == "ports"));
    told.filter_map(|path| {
        // Empty for a moment.
        let ports: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        ports["nats"][0].as_str()?.rsplit_once(':')?.1.parse().ok()
    })
    .next()
}
