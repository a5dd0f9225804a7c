//! One connection to a backend, on which requests go one after another.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use protocol::{
    QUIET, ReceivedReply, ReplyError, ReplyFragment, ReplyReader, Request, reply::ENDING,
};
use serving::{
    Overdue,
    timeouts::{Stage, TimeLimits, Timeouts},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{self, error::Elapsed},
};

use super::attempts::Fault;
use crate::backend::BackendStream;

/// Requests after which a connection is not used again: servers allow a certain number on each, and say so
/// in place of the reply to one more. Few enough for any server, and many for what another connection costs.
const REQUESTS_MAX: u32 = 1000;

/// Room for a read of a short reply.
const ROOM_LEN: usize = 16 * 1024;

/// Why a backend gave no reply, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Loss {
    #[error("it cannot be reached: {0}")]
    Unreached(io::Error),
    #[error("it takes no request on this connection: {0}")]
    TurnedAway(String),
    #[error("a check has found it down")]
    TakenOut,
    #[error("it closed the connection before the end of its reply")]
    Closed,
    #[error("its connection was lost: {0}")]
    Broken(io::Error),
    #[error("it is too slow: {0}")]
    Overdue(Overdue),
    #[error("it talks nonsense: {0}")]
    Nonsense(ReplyError),
}

impl Loss {
    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::Unreached(_) => Fault::Unreached,
            Self::TurnedAway(_) => Fault::TurnedAway,
            Self::TakenOut => Fault::TakenOut,
            Self::Closed | Self::Broken(_) => Fault::Closed,
            Self::Overdue(_) | Self::Nonsense(_) => Fault::Unfit,
        }
    }
}

/// Counts one open connection as long as it is there.
#[derive(Debug)]
pub(super) struct Opened(Arc<AtomicUsize>);

impl Opened {
    pub(super) fn count(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A connection to a backend. Dropped within a request it is reset, so that no backend takes what it has
/// for the whole.
#[derive(Debug)]
pub(crate) struct BackendConnection {
    stream: BackendStream,
    limits: TimeLimits,
    timeouts: Timeouts,
    requests: u32,
    reply_has_begun: bool,
    /// No request is under way, and the next can be made.
    is_between_requests: bool,
    _opened: Opened,
}

impl BackendConnection {
    pub(super) fn new(stream: BackendStream, limits: TimeLimits, opened: Opened) -> Self {
        Self {
            stream,
            limits,
            timeouts: Timeouts::new(Instant::now()),
            requests: 0,
            reply_has_begun: false,
            is_between_requests: true,
            _opened: opened,
        }
    }

    /// Whether another request may be made: nothing has come that was not asked for, and the backend has not
    /// closed. What it does just now is not known yet.
    pub(super) fn is_reusable(&mut self) -> bool {
        self.is_between_requests && self.requests < REQUESTS_MAX && self.stream.is_quiet()
    }

    /// A request is made now, which has all the time of one.
    pub(super) fn begin_request(&mut self) {
        self.requests += 1;
        (self.is_between_requests, self.reply_has_begun) = (false, false);
        self.timeouts = Timeouts::new(Instant::now());
        self.timeouts.enter(Stage::Transfer);
    }

    /// The reply has come whole, and its ending.
    pub(super) fn end_request(&mut self) {
        self.is_between_requests = true;
    }

    pub(super) async fn send(&mut self, mut bytes: &[u8]) -> Result<(), Loss> {
        while !bytes.is_empty() {
            let wait = self.wait()?;
            let written = time::timeout(wait, self.stream.write(bytes)).await;
            bytes = &bytes[self.moved(written)?.unwrap_or(0)..];
        }
        self.flush().await?;
        // Whatever comes next has all the time of its own.
        self.timeouts.restart();
        Ok(())
    }

    /// Has all go out that TLS holds back.
    async fn flush(&mut self) -> Result<(), Loss> {
        loop {
            let wait = self.wait()?;
            let flushed = time::timeout(wait, self.stream.flush()).await;
            self.timeouts.waited_until(Instant::now());
            if let Ok(flushed) = flushed {
                return flushed.map_err(Loss::Broken);
            }
        }
    }

    /// Waits for more of the reply and appends it to `room`, as much as that has capacity for. Loses nothing
    /// when the wait is given up.
    pub(super) async fn receive(&mut self, room: &mut Vec<u8>) -> Result<(), Loss> {
        loop {
            let wait = self.wait()?;
            let read = time::timeout(wait, self.stream.read_buf(room)).await;
            match self.moved(read)? {
                Some(0) => return Err(Loss::Closed),
                Some(_) if !self.reply_has_begun => {
                    // However long that took, the reply has all the time of one.
                    self.reply_has_begun = true;
                    self.timeouts.restart();
                    return Ok(());
                }
                Some(_) => return Ok(()),
                None => {}
            }
        }
    }

    /// Waits a little for the ending of a reply that is whole but for that; whether it came.
    pub(super) async fn receive_ending(&mut self, missing: &[u8]) -> bool {
        let mut ending = [0; ENDING.len()];
        let ending = &mut ending[..missing.len()];
        let read = time::timeout(QUIET, self.stream.read_exact(ending)).await;
        matches!(read, Ok(Ok(_))) && ending == missing
    }

    /// Makes a request of ours and reads the reply to it.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<ReceivedReply, Loss> {
        self.begin_request();
        let wire = [request.to_wire().as_bytes(), ENDING].concat();
        self.send(&wire).await?;
        let (mut reader, mut room) = (ReplyReader::default(), Vec::new());
        let mut reply = None;
        while !self.is_between_requests {
            room.clear();
            room.reserve(ROOM_LEN);
            let received = match reply {
                None => self.receive(&mut room).await,
                // The ending may come later, or never: some servers send none.
                Some(_) => time::timeout(QUIET, self.receive(&mut room)).await.unwrap_or(Ok(())),
            };
            if reply.is_some() && (received.is_err() || room.is_empty()) {
                break;
            }
            received?;
            let mut input = room.as_slice();
            while !input.is_empty() {
                let (fragment, used) = reader.next(input).map_err(Loss::Nonsense)?;
                input = &input[used..];
                match fragment {
                    Some(ReplyFragment::Reply(received)) => reply = Some(*received),
                    Some(ReplyFragment::Ending) => self.is_between_requests = input.is_empty(),
                    Some(ReplyFragment::Body(_)) | None => {}
                }
            }
        }
        Ok(reply.expect("an ending comes behind a reply"))
    }

    /// How long the backend may be waited for.
    fn wait(&mut self) -> Result<Duration, Loss> {
        let wait = self.timeouts.left(&self.limits).map_err(Loss::Overdue)?;
        self.timeouts.grant(wait, Instant::now());
        Ok(wait)
    }

    /// What came of a wait, which is over now; `None` where it came to nothing.
    fn moved(
        &mut self,
        outcome: Result<io::Result<usize>, Elapsed>,
    ) -> Result<Option<usize>, Loss> {
        if let Ok(Ok(len)) = outcome {
            self.timeouts.moved(len);
        }
        self.timeouts.waited_until(Instant::now());
        outcome.ok().transpose().map_err(Loss::Broken)
    }
}

impl Drop for BackendConnection {
    fn drop(&mut self) {
        match self.is_between_requests {
            true => self.stream.say_goodbye(),
            false => self.stream.reset_at_end(),
        }
    }
}
