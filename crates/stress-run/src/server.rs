//! A `fileserver` process: started on a free port, stopped when dropped.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{interrupt::Interrupt, plan::Configuration};

/// How long a server may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How long it may take to end after SIGTERM: it has no open connections then.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Lines of standard error kept to explain a death.
const LAST_LINES: usize = 8;

/// A running `fileserver`.
pub(crate) struct ServerProcess {
    child: Child,
    address: String,
    last_words: Arc<Mutex<VecDeque<String>>>,
    stderr_reader: Option<JoinHandle<()>>,
    interrupt: Interrupt,
}

/// Where `fileserver` is: beside this program, as cargo builds and installs them.
pub(crate) fn beside_this_program() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find out where stress-run itself is")?;
    let path = this.with_file_name(format!("fileserver{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!(
            "there is no fileserver beside {}; build both with `cargo build --release`, \
             or name one with --fileserver",
            this.display()
        );
    }
    Ok(path)
}

impl ServerProcess {
    /// Starts a server of `dir` and waits until it listens and all its workers run.
    pub(crate) fn start(
        program: &Path,
        configuration: Configuration,
        dir: &Path,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .args(["--mode", &configuration.mode_name()])
            .args(["--workers", &configuration.workers.to_string()])
            .arg("--dir")
            .arg(dir)
            // The largest volume of a plan is the plan's business, not the server's.
            .args(["--max-upload", "1TiB", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        interrupt.kill_on_stop(child.id());
        let last_words = Arc::default();
        let stderr = child.stderr.take().expect("standard error is piped");
        let stderr_reader = keep_last_lines(stderr, Arc::clone(&last_words));
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut server = Self {
            child,
            address: String::new(),
            last_words,
            stderr_reader: Some(stderr_reader),
            interrupt: interrupt.clone(),
        };
        match first_line(stdout).as_deref().and_then(|line| line.strip_prefix("listening on ")) {
            Some(address) => server.address = address.to_owned(),
            None => bail!("the server did not start: {}", server.obituary()),
        }
        Ok(server)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// `false` once it has ended by itself.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// How it ended, and its last lines of standard error. Ends it if it still runs.
    pub(crate) fn obituary(&mut self) -> String {
        let ended = self.wait_until(Instant::now() + Duration::from_millis(500));
        let how = match ended {
            Some(status) => format!("it ended with {status}"),
            None => format!("it did not listen within {} s", START_TIMEOUT.as_secs()),
        };
        let _ = self.child.kill();
        if let Some(reader) = self.stderr_reader.take() {
            let _ = reader.join();
        }
        let lines = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if lines.is_empty() {
            how
        } else {
            format!("{how}; it said last:\n  {}", lines.join("\n  "))
        }
    }

    /// Asks it to end, and kills it if it does not.
    pub(crate) fn stop(mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        self.wait_until(Instant::now() + STOP_TIMEOUT);
        // Dropping kills what is left.
    }

    fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Forgotten before it is reaped: its number may be given to another process then.
        self.interrupt.forget(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the first line with a deadline. The thread ends with the line, or with the server.
fn first_line(stdout: impl Read + Send + 'static) -> Option<String> {
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
    last_words: Arc<Mutex<VecDeque<String>>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(io::Result::ok) {
            let mut lines = last_words.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LAST_LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    })
}
