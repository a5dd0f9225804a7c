//! The client's side of a connection: its requests one after another, and what it is sent.
//!
//! Where a request ends is found as the file server finds it, and a client may take as long: each stage has
//! a time that dripping bytes do not move. What a request means is not decided here. A client that is silent
//! between requests holds no room for bytes.

use std::{
    future, io, mem,
    time::{Duration, Instant},
};

use protocol::{
    ErrorCode, Fragment, ParseRequestError, Pause, QUIET, Reply, Request, RequestFramer, Verb,
    request::{self, Conduct},
};
use serving::{
    Farewell, LINGER, Leaving, Overdue, Phase,
    timeouts::{Stage, TimeLimits, Timeouts},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::watch,
    time,
};

use super::{
    content::{Content, ContentEnd},
    ending::Ending,
    input::Input,
};

/// After so long without a byte between requests a client is idle.
const IDLE_AFTER: Duration = Duration::from_millis(500);

/// Most bytes between two requests: blank lines, or the rest of a line after a closing quote. Whoever
/// sends them without a pause is never waited for, so no timeout would end that.
const BETWEEN_LEN_MAX: u64 = 64 * 1024;

/// Most bytes of a refused upload that are skipped: as many as of one that is refused with its connection.
const SKIPPED_LEN_MAX: u64 = 2 << 30;

/// So much content is gathered, where it is here, before it is forwarded.
const FORWARDED_LEN: usize = 128 * 1024;

/// Every reply of ours starts with these.
pub(super) const FIRST_BYTES: &[u8; 2] = b"{\"";

/// A client and what has come of it.
pub(super) struct Client<S> {
    stream: S,
    limits: TimeLimits,
    phase: watch::Receiver<Phase>,
    input: Input,
    framer: RequestFramer,
    timeouts: Timeouts,
    pub(super) conduct: Conduct,
    /// It sends nothing any more.
    has_closed: bool,
    has_answer: bool,
    /// So many of the first bytes of the next reply were sent ahead of it.
    ahead_len: usize,
    /// Bytes since the last request that are none of the next.
    between_len: u64,
    /// Bytes of an upload that was answered before its end; `None` where there is none.
    skipped_len: Option<u64>,
}

/// What a client has asked for.
pub(super) struct Asked {
    pub(super) request: Result<Request, ParseRequestError>,
    pub(super) verb: Option<Verb>,
    pub(super) file: Option<String>,
}

impl Asked {
    fn new(head: &[u8]) -> Self {
        let request = Request::parse(head);
        let (verb, file) = request::subject(head, &request);
        Self { request, verb, file }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(super) fn new(stream: S, limits: TimeLimits, phase: watch::Receiver<Phase>) -> Self {
        Self {
            stream,
            limits,
            phase,
            input: Input::default(),
            framer: RequestFramer::default(),
            timeouts: Timeouts::new(Instant::now()),
            conduct: Conduct::default(),
            has_closed: false,
            has_answer: false,
            ahead_len: 0,
            between_len: 0,
            skipped_len: None,
        }
    }

    /// The next request, or the head of it; what is left of one before it is skipped. `None`: the client
    /// has closed.
    pub(super) async fn next_request(&mut self) -> Result<Option<Asked>, Ending> {
        enum Taken {
            Asked(Asked),
            Skipped(usize),
            End,
        }
        loop {
            let taken = self
                .next(|fragment| match fragment {
                    Fragment::Head(head) => Taken::Asked(Asked::new(head)),
                    Fragment::Body(text) => Taken::Skipped(text.len()),
                    Fragment::LineBreak => Taken::Skipped(1),
                    Fragment::Raw(content) => Taken::Skipped(content.len()),
                    Fragment::End | Fragment::EndIfPeerStays => Taken::End,
                })
                .await?;
            match taken {
                None => return Ok(None),
                Some(Taken::Asked(asked)) => {
                    self.skipped_len = None;
                    return Ok(Some(asked));
                }
                Some(Taken::End) => self.skipped_len = None,
                Some(Taken::Skipped(len)) => {
                    let skipped = self.skipped_len.unwrap_or(0) + len as u64;
                    if skipped > SKIPPED_LEN_MAX {
                        let why = format!("more than {SKIPPED_LEN_MAX} bytes of a refused upload");
                        return Err(Ending::Spent(why));
                    }
                    self.skipped_len = Some(skipped);
                }
            }
        }
    }

    /// Appends the next content of an upload to `line`, as it is forwarded: at least something, and not
    /// much more than is forwarded at once.
    pub(super) async fn next_content(
        &mut self,
        content: &mut Content,
        line: &mut Vec<u8>,
    ) -> Result<Option<ContentEnd>, Ending> {
        let Some(mut end) = self.next(|fragment| content.take(fragment, line)).await? else {
            return Err(Ending::Lost(io::ErrorKind::UnexpectedEof.into()));
        };
        while end.is_none() && line.len() < FORWARDED_LEN {
            match self.frame(|fragment| content.take(fragment, line))? {
                Some(taken) => end = taken,
                None => break,
            }
        }
        Ok(end)
    }

    /// So many bytes of content follow the head that was asked for last, a STORE's.
    pub(super) fn expect_raw(&mut self, len: u64) {
        self.framer.expect_raw(len);
    }

    /// Appends the next of that content to `piece`, where it is here as much as is forwarded at once; whether
    /// it was the last.
    pub(super) async fn next_raw(&mut self, piece: &mut Vec<u8>) -> Result<bool, Ending> {
        let taken = self.next(|fragment| take_raw(fragment, piece)).await?;
        let mut is_end = taken.ok_or(Ending::Lost(io::ErrorKind::UnexpectedEof.into()))?;
        while !is_end && piece.len() < FORWARDED_LEN {
            match self.frame(|fragment| take_raw(fragment, piece))? {
                Some(taken) => is_end = taken,
                None => break,
            }
        }
        Ok(is_end)
    }

    /// The request under way is answered: what is left of it is read and forgotten.
    pub(super) fn skip_rest(&mut self) {
        if !self.framer.is_between_requests() {
            self.skipped_len = Some(0);
        }
    }

    /// Returns when the client is found to have left, and not otherwise. To be given up when something comes
    /// of its request. A client that is silent has not left, and one that has closed its half may stay for the
    /// answer: that is found out. Of one that goes on sending nothing is, and it gets no more room.
    pub(super) async fn until_gone(&mut self) -> Ending {
        match self.look_whether_gone().await {
            Err(ending) => ending,
            Ok(()) => future::pending().await,
        }
    }

    async fn look_whether_gone(&mut self) -> Result<(), Ending> {
        while self.input.is_short() && !self.has_closed {
            let received = self.input.receive(&mut self.stream).await;
            self.heard(received.map_err(Ending::Lost)?);
        }
        if self.has_closed { self.send_first_bytes().await } else { Ok(()) }
    }

    /// Sends all of `bytes`, as fast as the client takes them. Of a reply, what was sent ahead is not sent
    /// again.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        let ahead_len = mem::take(&mut self.ahead_len);
        let mut bytes = bytes.get(ahead_len..).unwrap_or_default();
        while !bytes.is_empty() {
            bytes = &bytes[self.write(bytes).await?..];
        }
        self.flush().await
    }

    /// Hands over some of `bytes`, or none when the client's time is to be looked at. Says how much, without
    /// a wait in between.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Ending> {
        self.timeouts.enter(Stage::Transfer);
        self.has_answer = true;
        let wait = self.timeouts.left(&self.limits).map_err(Ending::Deaf)?;
        self.timeouts.grant(wait, Instant::now());
        let written = time::timeout(wait, self.stream.write(bytes)).await;
        let len = written.unwrap_or(Ok(0)).map_err(Ending::Lost)?;
        if len > 0 {
            self.timeouts.moved(len);
        }
        self.timeouts.waited_until(Instant::now());
        Ok(len)
    }

    /// Has all go out that TLS holds back.
    async fn flush(&mut self) -> Result<(), Ending> {
        loop {
            let wait = self.timeouts.left(&self.limits).map_err(Ending::Deaf)?;
            self.timeouts.grant(wait, Instant::now());
            let flushed = time::timeout(wait, self.stream.flush()).await;
            self.timeouts.waited_until(Instant::now());
            if let Ok(flushed) = flushed {
                return flushed.map_err(Ending::Lost);
            }
        }
    }

    /// The same for the last that is sent. However its time was used up, the client may take as long again to
    /// read why.
    pub(super) async fn send_last(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        self.timeouts.restart();
        self.send(bytes).await
    }

    /// Sends the first bytes of any reply, to find out whether a client that has closed its sending half
    /// still reads. One that is gone answers the first byte with a reset, and the second then fails. Without
    /// this, a client that dies within an upload would look like one that is done.
    pub(super) async fn send_first_bytes(&mut self) -> Result<(), Ending> {
        while self.ahead_len < FIRST_BYTES.len() {
            if self.ahead_len > 0 {
                time::sleep(QUIET).await;
            }
            self.ahead_len += self.write(&FIRST_BYTES[self.ahead_len..][..1]).await?;
            self.flush().await?;
        }
        Ok(())
    }

    /// Some of the next reply was sent ahead of it.
    pub(super) fn has_first_bytes(&self) -> bool {
        self.ahead_len > 0
    }

    /// What can still be told to a client whose connection ends so: once for each request.
    pub(super) fn last_reply(&self, why: &Ending) -> Option<Reply> {
        let reply = match why {
            Ending::Frame(err) => Reply::error(err.code(), err),
            Ending::Overdue(overdue @ (Overdue::NoRequest(_) | Overdue::Head(_))) => {
                Reply::error(ErrorCode::Timeout, overdue)
            }
            Ending::Overdue(overdue @ Overdue::Silent(_)) => Reply::unended(overdue),
            Ending::Overdue(overdue @ Overdue::Slow { .. }) => Reply::too_slow(overdue),
            Ending::Babble => Reply::error(ErrorCode::BadRequest, why),
            Ending::Deaf(_)
            | Ending::Lost(_)
            | Ending::NoTls(_)
            | Ending::NoHandshake(_)
            | Ending::Spent(_)
            | Ending::Leaving
            | Ending::ShutDown
            | Ending::Backend { .. } => return None,
        };
        Some(reply).filter(|_| self.skipped_len.is_none())
    }

    /// Tells the client that nothing follows: within TLS one that does not hear it takes the end for a cut.
    pub(super) async fn say_goodbye(&mut self) {
        let _ = time::timeout(QUIET, self.stream.shutdown()).await;
    }

    /// Reads on until the client has closed too, for as long as a peer that leaves may take: closing with
    /// unread bytes would reset the connection and destroy the last reply.
    pub(super) async fn see_off(mut self) {
        // One that is gone already is noticed by the read.
        self.say_goodbye().await;
        let farewell = Farewell {
            silence_max: if self.is_stopping() { QUIET } else { LINGER },
            time_max: self.limits.idle_timeout,
            bytes_per_second_min: self.limits.min_rate,
        };
        let mut leaving = Leaving::new(farewell, Instant::now());
        self.input.release();
        while !self.has_closed {
            if self.is_stopping() {
                leaving.hurry();
            }
            let Some(left) = leaving.left(Instant::now()) else { return };
            match time::timeout(left.min(IDLE_AFTER), self.input.receive(&mut self.stream)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(len)) => {
                    leaving.heard(len);
                    self.input.use_up(len);
                }
                Err(_) => {}
            }
        }
    }

    /// What `take` makes of the next fragment. `None`: the client has closed, and nothing follows.
    async fn next<T>(
        &mut self,
        mut take: impl FnMut(Fragment<'_>) -> T,
    ) -> Result<Option<T>, Ending> {
        loop {
            if let Some(taken) = self.frame(&mut take)? {
                return Ok(Some(taken));
            }
            if self.has_closed {
                return Ok(self.framer.end_of_input(Pause::Closed)?.map(take));
            }
            let is_quiet = self.framer.quiet().is_some_and(|it| self.timeouts.silence() >= it);
            if is_quiet && let Some(fragment) = self.framer.end_of_input(Pause::Quiet)? {
                return Ok(Some(take(fragment)));
            }
            self.listen().await?;
        }
    }

    /// What `take` makes of the next fragment of what is here. `None`: all of that is used up.
    fn frame<T>(&mut self, take: impl FnOnce(Fragment<'_>) -> T) -> Result<Option<T>, Ending> {
        loop {
            let (fragment, used) = self.framer.next(self.input.unused())?;
            if let Some(fragment) = fragment {
                let taken = take(fragment);
                self.input.use_up(used);
                self.between_len = 0;
                return Ok(Some(taken));
            }
            self.input.use_up(used);
            let is_between = self.framer.is_between_requests();
            self.between_len = if is_between { self.between_len + used as u64 } else { 0 };
            if self.between_len > BETWEEN_LEN_MAX {
                return Err(Ending::Babble);
            }
            if self.input.is_empty() {
                return Ok(None);
            }
        }
    }

    /// Waits for more from the client, which may take as long as what it has begun may.
    async fn listen(&mut self) -> Result<(), Ending> {
        let is_between = self.framer.is_between_requests();
        let silent = self.timeouts.silence();
        self.timeouts.enter(self.stage());
        let mut wait = self.timeouts.left(&self.limits).map_err(Ending::Overdue)?;
        if let Some(quiet) = self.framer.quiet() {
            wait = wait.min(quiet.saturating_sub(silent).max(Duration::from_millis(1)));
        }
        if is_between && silent >= IDLE_AFTER {
            self.input.release();
        } else if is_between {
            wait = wait.min(IDLE_AFTER);
        }
        self.phase.mark_unchanged();
        if is_between && self.is_stopping() {
            // One that has just come still gets its first request answered.
            if self.has_answer || silent >= QUIET {
                return Err(Ending::Leaving);
            }
            wait = wait.min(QUIET);
        }
        self.timeouts.grant(wait, Instant::now());
        let received = tokio::select! {
            received = time::timeout(wait, self.input.receive(&mut self.stream)) => received.ok(),
            _ = self.phase.changed() => None,
        };
        match received {
            Some(Ok(len)) => self.heard(len),
            // Clients that close with the last ending unread leave with a reset.
            Some(Err(_)) if is_between => self.has_closed = true,
            Some(Err(err)) => return Err(Ending::Lost(err)),
            None => {}
        }
        self.timeouts.waited_until(Instant::now());
        Ok(())
    }

    /// So much has come; nothing at the end.
    fn heard(&mut self, len: usize) {
        self.has_closed = len == 0;
        self.timeouts.moved(len);
        self.conduct.heard();
    }

    fn is_stopping(&self) -> bool {
        *self.phase.borrow() != Phase::Serving
    }

    fn stage(&self) -> Stage {
        if self.framer.is_in_head() {
            Stage::Head
        } else if self.framer.is_between_requests() {
            Stage::Idle
        } else {
            Stage::Transfer
        }
    }
}

/// Whether the content of a STORE is over.
fn take_raw(fragment: Fragment<'_>, piece: &mut Vec<u8>) -> bool {
    match fragment {
        Fragment::Raw(content) => {
            piece.extend_from_slice(content);
            false
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, BufStream};

    use super::*;

    #[tokio::test]
    async fn what_is_sent_is_on_its_way_also_where_a_layer_would_hold_it_back() {
        let limits = TimeLimits {
            idle_timeout: Duration::from_secs(60),
            head_timeout: Duration::from_secs(60),
            min_rate: 0,
        };
        let (near, mut far) = tokio::io::duplex(1024);
        let (_phase_now, phase) = watch::channel(Phase::Serving);
        let mut client = Client::new(BufStream::new(near), limits, phase);
        client.send(b"pong").await.unwrap();
        let mut received = [0; 4];
        let read = time::timeout(Duration::from_secs(10), far.read_exact(&mut received)).await;
        assert_eq!((read.unwrap().unwrap(), &received), (4, b"pong"));
    }
}
