//! `filebalancer ctl`: asks a balancer that runs.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use cli::table::{self, Side};
use protocol::stats::Backend;

use super::command::{Answer, Request};

/// How long the balancer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Between two looks whether a backend has anything left to do.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// More than the rows of any pool that a person looks at.
const LEN_MAX: u64 = 16 << 20;

/// Why a balancer was not asked, or gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CtlError {
    #[error(
        "no balancer answers at {}: {reason}; start one with --control {}", path.display(), path.display()
    )]
    Unreachable { path: PathBuf, reason: io::Error },
    #[error("the balancer gave no answer: {0}")]
    NoAnswer(io::Error),
    #[error("the balancer's answer is not understood: {0}")]
    Answer(serde_json::Error),
}

/// Asks, and prints the answer. The status says whether what was asked was done.
pub(crate) fn ask(path: &Path, request: &Request) -> Result<ExitCode, CtlError> {
    match exchange(path, request)? {
        Answer::Backends(backends) => match request {
            Request::Show { json: true } => {
                let json = serde_json::to_string_pretty(&backends).map_err(CtlError::Answer)?;
                cli::outln!("{}", cli::printable_json(&json));
            }
            _ => cli::output::print(shown(&backends).as_bytes()),
        },
        Answer::Done(sentence) => {
            cli::outln!("{}", cli::printable(&sentence));
            if let Request::Drain { name, wait } = request
                && !wait.is_zero()
            {
                return await_idle(path, name, *wait);
            }
        }
        Answer::Refused(why) => {
            cli::errln!("filebalancer: {}", cli::printable(&why));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until a backend has nothing left to do, or is none any more.
fn await_idle(path: &Path, name: &str, wait: Duration) -> Result<ExitCode, CtlError> {
    let deadline = Instant::now() + wait;
    loop {
        let Answer::Backends(backends) = exchange(path, &Request::Show { json: true })? else {
            return Ok(ExitCode::FAILURE);
        };
        let backend = backends.iter().find(|backend| backend.name == name);
        match backend.map_or(0, |backend| backend.in_flight) {
            0 => {
                cli::outln!("{} has nothing left to do", cli::printable(name));
                return Ok(ExitCode::SUCCESS);
            }
            left if Instant::now() >= deadline => {
                cli::errln!("filebalancer: {} still has {left} in flight", cli::printable(name));
                return Ok(ExitCode::FAILURE);
            }
            _ => thread::sleep(LOOK_PAUSE),
        }
    }
}

fn exchange(path: &Path, request: &Request) -> Result<Answer, CtlError> {
    let unreachable = |reason| CtlError::Unreachable { path: path.to_owned(), reason };
    let mut stream = UnixStream::connect(path).map_err(unreachable)?;
    let mut line = serde_json::to_vec(request).map_err(CtlError::Answer)?;
    line.push(b'\n');
    let mut answer = Vec::new();
    let mut converse = || {
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.write_all(&line)?;
        BufReader::new((&mut stream).take(LEN_MAX)).read_until(b'\n', &mut answer)
    };
    converse().map_err(CtlError::NoAnswer)?;
    serde_json::from_slice(&answer).map_err(CtlError::Answer)
}

fn shown(backends: &[Backend]) -> String {
    const HEAD: [&str; 11] = [
        "backend",
        "address",
        "state",
        "weight",
        "in flight",
        "max",
        "conn ok",
        "conn failed",
        "requests",
        "failed",
        "retried",
    ];
    let mut sides = [Side::Right; HEAD.len()];
    sides[..3].fill(Side::Left);
    let rows = backends.iter().map(|backend| {
        let max = backend.in_flight_max.map_or_else(|| "-".to_owned(), |max| max.to_string());
        vec![
            cli::printable(&backend.name),
            cli::printable(&backend.address),
            cli::printable(&backend.state),
            backend.weight.to_string(),
            backend.in_flight.to_string(),
            max,
            backend.connections.ok.to_string(),
            backend.connections.failed.to_string(),
            backend.requests.ok.to_string(),
            backend.requests.failed.to_string(),
            backend.retries.to_string(),
        ]
    });
    let head = HEAD.map(str::to_owned).to_vec();
    let lines: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
    let reason = |backend: &Backend| {
        let Backend { name, state, reason, .. } = backend;
        Some(cli::printable(&format!("{name} is {state}: {}", reason.as_ref()?)) + "\n")
    };
    table::aligned(&sides, &lines) + &backends.iter().filter_map(reason).collect::<String>()
}
