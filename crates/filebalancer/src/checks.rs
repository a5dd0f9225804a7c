//! Active checks: every backend is asked at an interval whether it is well.
//!
//! At level request the question is a PING that has to be answered: a process that is stopped still has its
//! connections accepted, by the kernel. It goes over a connection that is open and idle, where there is one,
//! since a new one waits while connections hold all workers of the backend. A check whose answer does not
//! come in time has passed nevertheless if anything else came from the backend meanwhile: full is not dead.
//!
//! A backend that dies is out after as many intervals as checks must fail, and one timeout. Costs a task for
//! each backend, which ends when the backend is removed.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::{ReceivedReply, ReplyError, ReplyFragment, ReplyReader, Request, Stats};
use telemetry::Mode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::{self, MissedTickBehavior},
};

use crate::{
    backend::{self, Backend, BackendStream, Opening, proxy_header},
    pool::SharedPool,
    security::Security,
};

/// Requests that a backend gets at once that serves all its connections at once.
const IN_FLIGHT_MAX: usize = 1000;

/// Most bytes of an answer that are searched for the text that is expected.
const ANSWER_LEN_MAX: usize = 64 * 1024;

/// How backends are checked.
#[derive(Clone, Debug)]
pub(crate) struct CheckSettings {
    pub(crate) interval: Duration,
    /// At most the interval.
    pub(crate) timeout: Duration,
    pub(crate) question: Question,
    /// The backend's own address expects to be told who is asking.
    pub(crate) sends_proxy: bool,
    /// Asked at each check whom to trust, where the backend's own address speaks TLS.
    pub(crate) security: Arc<Security>,
}

/// What a backend is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Question {
    /// A PING, and once how many workers it has.
    Ping,
    /// To take a connection, and what is sent; and to answer with what is expected. Either may be empty.
    Text { send: Vec<u8>, expect: Vec<u8> },
}

/// Why a check did not pass.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    #[error("it does not answer within {} s", .0.as_secs_f64())]
    Silent(Duration),
    #[error("it closed the connection without an answer")]
    Closed,
    #[error("its connection was lost: {0}")]
    Lost(io::Error),
    #[error("it talks nonsense: {0}")]
    Nonsense(ReplyError),
    #[error("its answer does not have the text of --check-expect")]
    Unexpected,
}

/// Checks `backend` until it is removed. Drops `checked_once`, if somebody waits for that, after the first
/// time.
pub(crate) async fn watch(
    pool: SharedPool,
    backend: Arc<Backend>,
    settings: CheckSettings,
    mut checked_once: Option<mpsc::Sender<()>>,
) {
    let check = Check { backend: &backend, settings: &settings };
    let mut interval = time::interval(settings.interval);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let asks_for_workers = settings.question == Question::Ping && backend.config.max.is_none();
    let mut has_told_workers = false;
    loop {
        interval.tick().await;
        if !pool.has(&backend) {
            return;
        }
        let outcome = check.run().await;
        has_told_workers = match outcome {
            Ok(()) if asks_for_workers && !has_told_workers => check.learn_workers(&pool).await,
            Ok(()) => has_told_workers,
            // What comes back may be another server.
            Err(_) => false,
        };
        pool.checked(&backend, outcome.map_err(|err| err.to_string()));
        drop(checked_once.take());
    }
}

/// How one backend is checked.
#[derive(Clone, Copy)]
struct Check<'a> {
    backend: &'a Backend,
    settings: &'a CheckSettings,
}

impl Check<'_> {
    async fn run(self) -> Result<(), CheckError> {
        let (began, timeout) = (Instant::now(), self.settings.timeout);
        let asked = async {
            match &self.settings.question {
                Question::Ping => {
                    self.ask(&Request::Ping).await.map(|reply| self.learn_features(&reply))
                }
                Question::Text { send, expect } => self.exchange(send, expect).await,
            }
        };
        match time::timeout(timeout, asked).await {
            Ok(outcome) => outcome,
            Err(_) if self.backend.was_heard_since(began) => Ok(()),
            Err(_) => Err(CheckError::Silent(timeout)),
        }
    }

    /// One that is busy says nothing of them, and still knows what it knew.
    fn learn_features(self, pong: &ReceivedReply) {
        if pong.is_ok() {
            self.backend.set_features(pong.features.clone());
        }
    }

    /// Whether the backend has said how many workers it has, which is how many requests it gets at once.
    async fn learn_workers(self, pool: &SharedPool) -> bool {
        let asked = time::timeout(self.settings.timeout, self.ask(&Request::Stats)).await;
        let Ok(Ok(reply)) = asked else { return false };
        // Other servers have other statistics, or none; and some tell them to those they know.
        if let Some(stats) = reply.stats() {
            pool.set_in_flight_max(self.backend, in_flight_max(&stats));
        }
        true
    }

    /// One request of ours. Any reply will do: one that is busy, or wants a token, is alive.
    async fn ask(self, request: &Request) -> Result<ReceivedReply, CheckError> {
        if self.backend.config.check.is_none()
            && let Some(mut idle) = self.backend.kept.borrow()
            // One that the backend has just closed says nothing about it.
            && let Ok(reply) = idle.connection.ask(request).await
        {
            self.backend.kept.give_back(idle);
            return Ok(reply);
        }
        let wire = request.to_wire() + "\r\n\r\n";
        let mut stream = self.connect().await?;
        converse(&mut stream, wire.as_bytes()).await
    }

    async fn exchange(self, send: &[u8], expect: &[u8]) -> Result<(), CheckError> {
        let mut stream = self.connect().await?;
        stream.write_all(send).await.map_err(CheckError::Lost)?;
        let mut answer = Vec::new();
        while !contains(&answer, expect) {
            if answer.len() >= ANSWER_LEN_MAX {
                return Err(CheckError::Unexpected);
            }
            match stream.read_buf(&mut answer).await.map_err(CheckError::Lost)? {
                0 if answer.is_empty() => return Err(CheckError::Closed),
                0 => return Err(CheckError::Unexpected),
                _ => {}
            }
        }
        Ok(())
    }

    /// A connection for one question. It is not counted: no client needs it.
    async fn connect(self) -> Result<BackendStream, CheckError> {
        let (trust, config) = (self.settings.security.trust(), &self.backend.config);
        let header = self.settings.sends_proxy.then(proxy_header::of_balancer).unwrap_or_default();
        let (address, opening) = match &config.check {
            // Such a door is for operators and speaks plain text to anyone.
            Some(door) => (door, Opening { header: &[], tls: None }),
            None => (&config.address, Opening { header: &header, tls: trust.as_ref() }),
        };
        backend::open(address, opening).await.map_err(CheckError::Unreachable)
    }
}

/// As many requests as a server gets at once, by what it says of itself.
pub(crate) fn in_flight_max(stats: &Stats) -> usize {
    let serves_all_at_once = stats.mode.parse().is_ok_and(Mode::serves_all_at_once);
    if serves_all_at_once { IN_FLIGHT_MAX } else { stats.workers.max(1) as usize }
}

async fn converse(stream: &mut BackendStream, request: &[u8]) -> Result<ReceivedReply, CheckError> {
    stream.write_all(request).await.map_err(CheckError::Lost)?;
    stream.flush().await.map_err(CheckError::Lost)?;
    let (mut reader, mut room) = (ReplyReader::default(), [0; 4096]);
    loop {
        let len = stream.read(&mut room).await.map_err(CheckError::Lost)?;
        if len == 0 {
            return Err(CheckError::Closed);
        }
        let mut input = &room[..len];
        while !input.is_empty() {
            let (fragment, used) = reader.next(input).map_err(CheckError::Nonsense)?;
            // Its ending may come later, or never: some servers send none.
            if let Some(ReplyFragment::Reply(reply)) = fragment {
                return Ok(*reply);
            }
            input = &input[used..];
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}
