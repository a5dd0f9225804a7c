//! One request after another and the reply to each.

mod raw;

use core::net::SocketAddr;
use std::{
    fmt::Display,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::{
    ErrorCode, Feature, Fragment, ListedFile, QUIET, Reply, Request, Verb, reply::ENDING,
};
use storage::{StorageError, Store};
use telemetry::OpenConnection;

use super::{
    access::Access,
    buffers::Output,
    fetching::Fetching,
    refusal::Refusal,
    storing::Storing,
    transfer::{DigestJob, Download, Receiving, UploadError},
};
use crate::{budget::Reserved, error::ConnectionError, faults::Faults, service::FileService};

/// Turns fragments of requests into work, and work into output.
pub(super) struct Exchange {
    service: Arc<FileService>,
    connection: OpenConnection,
    work: Work,
    output: Output,
    /// Output waits until then: a test wants the request to take so long.
    held_until: Option<Instant>,
    /// How the request under way ends once all output is sent: a reply that cannot be delivered
    /// is a failed request.
    counted_when_sent: Option<Result<(), ErrorCode>>,
    /// Bytes of content that come before the next request.
    content_expected: Option<u64>,
    /// Some of the output was sent since the last look.
    has_sent: bool,
    /// While a reply is sent that is longer than [`LONG_REPLY_LEN`].
    long_reply: Option<Reserved>,
    has_answered: bool,
    access: Access,
}

/// What is under way.
#[derive(Debug)]
enum Work {
    Nothing,
    /// A request that is taken up where the store may be waited for.
    Execute(Box<Request>),
    Upload(Box<Receiving>),
    /// An upload was answered with an error; so many bytes of its content were skipped since.
    Refused {
        skipped: u64,
    },
    /// An upload whose end may be its client's end.
    Confirm(Box<Receiving>, Confirmation),
    Download(Box<Download>),
    Fetch(Box<Fetching>),
    /// A STORE whose content may come when what is here of it is hashed.
    Rehash(Box<Storing>),
    Store(Box<Storing>),
    /// A STORE was answered with an error in its middle, so that no request can be found any more.
    BrokenOff,
    Digest(Box<DigestJob>),
    /// A wrong token is answered only then.
    Rejection {
        at: Instant,
    },
}

/// Finding out whether a peer that closed its sending half still reads.
///
/// The first byte of the reply is sent ahead. A peer that is gone answers it with a reset, and the
/// second byte then fails. Without this, a client that dies in the middle of an upload would look
/// like one that is done. A peer further away than [`QUIET`] is not found out; the wire has no
/// better way.
#[derive(Clone, Copy, Debug)]
enum Confirmation {
    FirstByte,
    WaitSince(Instant),
    SecondByte,
}

/// How long the answer to a wrong token takes: whoever guesses is to be slow.
const REJECTION_DELAY: Duration = Duration::from_secs(1);

/// No reply is this long but a LIST of many files: pieces of files are shorter.
const LONG_REPLY_LEN: usize = 256 * 1024;

/// Every reply starts with these.
const FIRST_BYTES: &[u8; 2] = b"{\"";

/// What the session can do next.
pub(super) enum Progress {
    Output,
    /// A piece of a file may be sent past the output.
    File,
    NeedsInput,
    Yield,
    Wait(Duration),
    /// A service time that was asked for passes.
    Busy(Duration),
}

impl Exchange {
    pub(super) fn new(service: Arc<FileService>, connection: OpenConnection) -> Self {
        Self {
            service,
            connection,
            work: Work::Nothing,
            output: Output::default(),
            held_until: None,
            counted_when_sent: None,
            content_expected: None,
            has_sent: false,
            long_reply: None,
            has_answered: false,
            access: Access::default(),
        }
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.pending()
    }

    pub(super) fn sent(&mut self, len: usize) {
        self.output.sent(len);
        self.has_sent |= len > 0;
    }

    /// Gives back the room for output, which must all be sent.
    pub(super) fn release_output(&mut self) {
        self.output = Output::default();
    }

    /// No request is under way and every reply is sent.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.work, Work::Nothing) && self.output.is_empty()
    }

    /// A reply was sent on this connection.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// The peer has said who it is, or need not.
    pub(super) fn knows_peer(&self) -> bool {
        self.access.is_known(&self.service)
    }

    /// What comes next may wait for the store.
    pub(super) fn may_block(&self) -> bool {
        let uses_store = match &self.work {
            Work::Nothing | Work::Refused { .. } | Work::BrokenOff | Work::Rejection { .. } => {
                false
            }
            Work::Execute(_)
            | Work::Upload(_)
            | Work::Confirm(..)
            | Work::Download(_)
            | Work::Fetch(_)
            | Work::Rehash(_)
            | Work::Store(_)
            | Work::Digest(_) => true,
        };
        uses_store && self.output.is_empty() && self.service.store.may_block()
    }

    /// What of all that one connection may have the peer has had: requests, or the content of a
    /// refused upload. `None` while it may go on.
    pub(super) fn spent(&self) -> Option<String> {
        let skipped_max = self.access.skipped_max(&self.service);
        match self.work {
            Work::Refused { skipped } if skipped > skipped_max => {
                Some(format!("more than {skipped_max} bytes of a refused upload"))
            }
            _ => self.access.requests_spent(&self.service),
        }
    }

    /// Counts how the connection went.
    pub(super) fn close(mut self, failure: Option<&ConnectionError>) {
        match failure {
            None => self.connection.succeeded(),
            Some(failure) => self.connection.failed(failure.level(), failure),
        }
    }

    /// The peer is a proxy, and connects for `client`.
    pub(super) fn named(&mut self, client: SocketAddr) {
        self.connection.named(client);
    }

    /// The connection came to the end of what it may have.
    pub(super) fn limited(&self, limit: impl Display) {
        self.connection.limited(limit);
    }

    /// Gives up what is under way and answers with `reply`, unless it was answered already.
    pub(super) fn abort(&mut self, reply: &Reply) {
        match mem::replace(&mut self.work, Work::Nothing) {
            Work::Refused { .. } | Work::BrokenOff => {}
            _ => self.answer(reply),
        }
    }

    /// Takes the next fragment. All output must have been sent.
    pub(super) fn take(&mut self, fragment: Fragment<'_>, now: Instant) {
        match fragment {
            Fragment::Head(head) => self.begin(head, now),
            Fragment::Body(text) => self.store(text.len(), |receiving| receiving.take(text)),
            Fragment::LineBreak => self.store(1, Receiving::break_line),
            Fragment::Raw(content) => self.store_raw(content),
            Fragment::End => match mem::replace(&mut self.work, Work::Nothing) {
                Work::Upload(receiving) => self.commit(*receiving, 0),
                Work::Store(storing) => self.commit_raw(*storing),
                _ => {}
            },
            Fragment::EndIfPeerStays => {
                if let Work::Upload(receiving) = mem::replace(&mut self.work, Work::Nothing) {
                    self.output.set(&FIRST_BYTES[..1]);
                    self.work = Work::Confirm(receiving, Confirmation::FirstByte);
                }
            }
        }
    }

    /// Goes on with what is under way.
    pub(super) fn advance(&mut self, now: Instant) -> Result<Progress, ConnectionError> {
        self.execute_waiting(now);
        Ok(match (self.work(now)?, self.held_until) {
            (Progress::Output, Some(until)) if now < until => Progress::Busy(until - now),
            (progress, _) => progress,
        })
    }

    fn work(&mut self, now: Instant) -> Result<Progress, ConnectionError> {
        if mem::take(&mut self.has_sent) {
            self.connection.reply_began(now);
        }
        if !self.output.is_empty() {
            return Ok(Progress::Output);
        }
        if self.long_reply.take().is_some() {
            self.release_output();
        }
        if let Some(outcome) = self.counted_when_sent.take() {
            self.connection.request_finished(outcome.err().map(ErrorCode::as_str), now);
            self.has_answered = true;
        }
        match &mut self.work {
            Work::Nothing
            | Work::Execute(_)
            | Work::Upload(_)
            | Work::Refused { .. }
            | Work::Store(_)
            | Work::BrokenOff => Ok(Progress::NeedsInput),
            Work::Download(download) => {
                let len = download.fill(&mut self.output).map_err(ConnectionError::Disk)?;
                self.connection.sent(len as u64);
                if download.is_complete() {
                    self.work = Work::Nothing;
                    self.counted_when_sent = Some(Ok(()));
                }
                Ok(Progress::Output)
            }
            Work::Fetch(fetching) => {
                let Some(len) = fetching.fill(&mut self.output).map_err(ConnectionError::Disk)?
                else {
                    return Ok(Progress::File);
                };
                self.fetched(len);
                Ok(Progress::Output)
            }
            Work::Rehash(storing) => match storing.rehash() {
                Ok(false) => Ok(Progress::Yield),
                Ok(true) => {
                    self.go_ahead();
                    Ok(Progress::Output)
                }
                Err(err) => {
                    self.refuse(&err.into());
                    Ok(Progress::Output)
                }
            },
            Work::Digest(job) => {
                let reply = match job.advance() {
                    Ok(None) => return Ok(Progress::Yield),
                    Ok(Some(reply)) => reply,
                    Err(err) => Refusal::from(err).reply(),
                };
                self.work = Work::Nothing;
                self.answer(&reply);
                Ok(Progress::Output)
            }
            Work::Rejection { at } => {
                if now < *at {
                    return Ok(Progress::Wait(*at - now));
                }
                self.work = Work::Nothing;
                self.answer(&Refusal::WrongToken.reply());
                Ok(Progress::Output)
            }
            Work::Confirm(..) => Ok(self.confirm(now)),
        }
    }

    /// More bytes have come from the peer.
    pub(super) fn heard(&mut self) {
        self.access.heard();
    }

    fn begin(&mut self, head: &[u8], now: Instant) {
        let request = Request::parse(head);
        if self.access.is_rambling(&request) {
            return;
        }
        let (verb, file) = protocol::request::subject(head, &request);
        self.connection.request_started(verb.map_or(Verb::NO_VERB, Verb::label), file, now);
        self.held_until = service_time(verb, &self.service).map(|time| now + time);
        self.access.count_request(&request);
        match request {
            Ok(request) if self.service.store.may_block() && uses_store(&request) => {
                self.work = Work::Execute(Box::new(request));
            }
            request => self.take_up(request.map_err(Refusal::from), now),
        }
    }

    /// Goes on with a request that had to come to where the store may be waited for.
    fn execute_waiting(&mut self, now: Instant) {
        if !matches!(self.work, Work::Execute(_)) {
            return;
        }
        if let Work::Execute(request) = mem::replace(&mut self.work, Work::Nothing) {
            self.take_up(Ok(*request), now);
        }
    }

    fn take_up(&mut self, request: Result<Request, Refusal>, now: Instant) {
        match request.and_then(|request| self.execute(request, now)) {
            Ok(Work::Nothing) => {}
            Ok(work) => self.work = work,
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// Answers the request, or says what has to be done for its answer.
    fn execute(&mut self, request: Request, now: Instant) -> Result<Work, Refusal> {
        self.access.expect_allowed(&request, &self.service)?;
        let service = Arc::clone(&self.service);
        let store = &service.store;
        // Until the list is queued, which takes as much again as making it.
        let lists = matches!(request, Request::List | Request::ListSizes);
        let _turn = lists.then(|| service.list_turns.take());
        let reply = match request {
            Request::List => Reply::List(store.list()?),
            Request::ListSizes => Reply::Sizes(sizes(store)?),
            Request::Get(name) => {
                let file = store.read(&name)?;
                self.connection.total_is(file.len());
                let flipped_bits = service.faults.as_ref().map_or(0, Faults::flipped_bits);
                return Ok(Work::Download(Box::new(Download::new(&name, file, flipped_bits))));
            }
            Request::Upload(name) => {
                let upload = store.create(name, self.service.limits.if_exists)?;
                let receiving = Receiving::new(upload, self.service.limits.upload_len_max);
                return Ok(Work::Upload(Box::new(receiving)));
            }
            Request::Delete(name) => {
                store.delete(&name)?;
                Reply::Deleted { name }
            }
            Request::Echo(text) => Reply::Echo(text),
            Request::Stats => Reply::Stats(Box::new((service.stats)(&service, now))),
            Request::Ping => Reply::Pong(Feature::ALL.to_vec()),
            Request::Fetch(fetch) => return self.begin_fetch(fetch),
            Request::Store(store) => return self.begin_store(store),
            Request::Auth(token) => match self.access.identify(&token, &self.service) {
                Some(sentence) => {
                    self.access.name().inspect(|name| self.connection.identified(name));
                    Reply::Authenticated { sentence }
                }
                None => {
                    self.connection.not_identified();
                    return Ok(Work::Rejection { at: now + REJECTION_DELAY });
                }
            },
            Request::Digest(name) => {
                let file = store.read(&name)?;
                return Ok(Work::Digest(Box::new(DigestJob::new(name, file))));
            }
        };
        self.answer(&reply);
        Ok(Work::Nothing)
    }

    /// Has an upload take the next `text_len` bytes of its text.
    fn store(
        &mut self,
        text_len: usize,
        take: impl FnOnce(&mut Receiving) -> Result<usize, UploadError>,
    ) {
        match &mut self.work {
            Work::Upload(receiving) => match take(receiving) {
                Ok(len) => self.connection.received(len as u64),
                Err(err) => self.refuse(&err.into()),
            },
            Work::Refused { skipped } => *skipped += text_len as u64,
            _ => {}
        }
    }

    /// Answers at once; the rest of the request, if there is any, is skipped.
    fn refuse(&mut self, refusal: &Refusal) {
        self.work = Work::Refused { skipped: 0 };
        self.answer(&refusal.reply());
    }

    /// Ends an upload, of whose reply `sent_len` bytes are sent already.
    fn commit(&mut self, receiving: Receiving, sent_len: usize) {
        let reply = receiving.commit().unwrap_or_else(|err| Refusal::from(err).reply());
        self.answer(&reply);
        self.output.sent(sent_len);
    }

    fn confirm(&mut self, now: Instant) -> Progress {
        let work = mem::replace(&mut self.work, Work::Nothing);
        let Work::Confirm(receiving, confirmation) = work else { return Progress::NeedsInput };
        let (next, progress) = match confirmation {
            Confirmation::FirstByte => (Confirmation::WaitSince(now), Progress::Wait(QUIET)),
            Confirmation::WaitSince(since) if now < since + QUIET => {
                (confirmation, Progress::Wait(since + QUIET - now))
            }
            Confirmation::WaitSince(_) => {
                self.output.set(&FIRST_BYTES[1..]);
                (Confirmation::SecondByte, Progress::Output)
            }
            Confirmation::SecondByte => {
                self.commit(*receiving, FIRST_BYTES.len());
                return Progress::Output;
            }
        };
        self.work = Work::Confirm(receiving, next);
        progress
    }

    fn answer(&mut self, reply: &Reply) {
        let wire = reply.to_wire();
        debug_assert!(wire.starts_with(FIRST_BYTES) && wire.ends_with(ENDING));
        if wire.len() > LONG_REPLY_LEN {
            self.long_reply = self.service.long_replies.reserve(wire.len());
            if self.long_reply.is_none() {
                return self.answer(&Refusal::TooManyLongReplies.reply());
            }
        }
        self.output.set(&wire);
        self.counted_when_sent = Some(match reply {
            Reply::Error { code, .. } => {
                self.access.told(*code);
                Err(*code)
            }
            _ => Ok(()),
        });
    }
}

fn uses_store(request: &Request) -> bool {
    match request {
        Request::List
        | Request::ListSizes
        | Request::Get(_)
        | Request::Upload(_)
        | Request::Delete(_)
        | Request::Fetch(_)
        | Request::Store(_)
        | Request::Digest(_) => true,
        Request::Echo(_) | Request::Stats | Request::Ping | Request::Auth(_) => false,
    }
}

fn sizes(store: &Store) -> Result<Vec<ListedFile>, StorageError> {
    let listed = |(name, size)| ListedFile { name, size };
    Ok(store.list_sizes()?.into_iter().map(listed).collect())
}

/// How long a request takes at least, where a test wants that.
fn service_time(verb: Option<Verb>, service: &FileService) -> Option<Duration> {
    let faults = service.faults.as_ref()?;
    let is_slow =
        matches!(verb, Some(Verb::Get | Verb::Upload | Verb::Echo | Verb::Fetch | Verb::Store));
    is_slow.then(|| faults.service_time()).flatten()
}
