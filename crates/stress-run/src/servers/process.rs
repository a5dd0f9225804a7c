//! A `fileserver` process: started on a free port, stopped when dropped.

use std::{
    collections::VecDeque,
    fs,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::event_log::EventLog;
use crate::{
    plan::{Configuration, mode_name},
    processes::{
        interrupt::Interrupt,
        offspring::{Offspring, other_program},
    },
};

/// How long a server may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How long it may take to end after SIGTERM: it has no open connections then.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server that is going down may take to be gone.
const DYING_TIME: Duration = Duration::from_millis(500);

/// Lines of standard error, and errors in its log, that explain a death.
const LAST_LINES: usize = 8;

/// A running `fileserver`.
pub(crate) struct ServerProcess {
    process: Offspring,
    address: String,
    events: EventLog,
    stderr_tail: Arc<Mutex<VecDeque<String>>>,
    stderr_reader: JoinHandle<()>,
}

/// Where one of the other programs is: beside this one, as cargo builds and installs them.
pub(crate) fn beside_this_program(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find out where stress-run itself is")?;
    let path = this.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!(
            "there is no {name} beside {}; build both with `cargo build --release`, \
             or name one with --{name}",
            this.display()
        );
    }
    Ok(path)
}

impl ServerProcess {
    /// Starts a server of `dir` on a port, 0 for a free one, and waits until it listens and all its workers run.
    pub(crate) fn start(
        (program, configuration, port): (&Path, Configuration, u16),
        dir: &Path,
        events: EventLog,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let mut command = other_program(program)?;
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--mode", &mode_name(configuration.mode)])
            .args(["--workers", &configuration.workers.to_string()])
            .arg("--dir")
            .arg(dir)
            // How much a plan moves, from one address, is the plan's business, not the server's.
            .args(["--max-upload", "1TiB", "--max-per-address", "100000"])
            .args(["--quota", "none", "--max-files", "none"])
            .args(["--log-level", "info", "--log-format", "json", "--log-file"])
            .arg(events.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Offspring::start(&mut command, interrupt)
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stderr_tail = Arc::default();
        let stderr = process.child().stderr.take().expect("standard error is piped");
        let stderr_reader = keep_last_lines(stderr, Arc::clone(&stderr_tail));
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let mut server =
            Self { process, address: String::new(), events, stderr_tail, stderr_reader };
        match first_line(stdout).as_deref().and_then(|line| line.strip_prefix("listening on ")) {
            Some(address) => server.address = address.to_owned(),
            None => bail!("the server did not start: {}", server.how_it_ended()),
        }
        Ok(server)
    }

    /// What it tells about its requests.
    pub(crate) fn events(&mut self) -> &mut EventLog {
        &mut self.events
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether it has ended by itself, or does so now: a process that dies closes its connections
    /// a moment before its status can be had.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.process.wait_until(Instant::now() + DYING_TIME).is_some()
    }

    /// How it ended, and what it said last. Ends it if it still runs.
    pub(crate) fn how_it_ended(&mut self) -> String {
        let ended = self.process.wait_until(Instant::now() + DYING_TIME);
        let how = match ended {
            Some(status) => format!("it ended with {status}"),
            None => "it did not say where it listens".to_owned(),
        };
        self.process.kill();
        let deadline = Instant::now() + DYING_TIME;
        // Something that it started may hold its standard error open.
        while !self.stderr_reader.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        let lines = self.stderr_tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines: Vec<String> = lines.iter().cloned().collect();
        lines.extend(self.events.last_errors(LAST_LINES));
        if lines.is_empty() {
            how
        } else {
            format!("{how}; it said last:\n  {}", lines.join("\n  "))
        }
    }

    /// Asks it to end, and kills it if it does not.
    pub(crate) fn stop(mut self) {
        self.process.ask_to_end();
        self.process.wait_until(Instant::now() + STOP_TIMEOUT);
        // All of it was read, and the next servers' logs may need the room. Dropping kills what is left.
        let _ = fs::remove_file(self.events.path());
    }
}

/// Waits for the first line with a deadline. The thread ends with the line, or with the server.
pub(crate) fn first_line(stdout: impl Read + Send + 'static) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        if BufReader::new(stdout).read_line(&mut line).is_ok() {
            // Nobody waits any more when the deadline has passed.
            let _ = sender.send(line.trim_end().to_owned());
        }
    });
    receiver.recv_timeout(START_TIMEOUT).ok()
}

fn keep_last_lines(
    stderr: impl Read + Send + 'static,
    stderr_tail: Arc<Mutex<VecDeque<String>>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(io::Result::ok) {
            let mut lines = stderr_tail.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LAST_LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    })
}
