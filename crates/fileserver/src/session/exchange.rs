//! One request after another and the reply to each.

use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::{ErrorCode, Fragment, ParseRequestError, Reply, Request, body, reply::ENDING};
use storage::StorageError;
use telemetry::{OpenConnection, Outcome, Slot, Verb};

use super::{
    ConnectionError, QUIET,
    buffers::Output,
    transfer::{DigestJob, Download, Receiving, UploadError},
};
use crate::{service::Service, stats};

/// Turns fragments of requests into work, and work into output.
#[derive(Debug)]
pub(super) struct Exchange {
    service: Arc<Service>,
    books: OpenConnection,
    work: Work,
    output: Output,
    /// How the request under way ends once all output is sent: a reply that cannot be delivered
    /// is a failed request.
    booked_when_sent: Option<Outcome>,
    has_answered: bool,
}

/// What is under way.
#[derive(Debug)]
enum Work {
    Nothing,
    Upload(Box<Receiving>),
    /// An upload was answered with an error; so many bytes of its content were skipped since.
    Refused {
        skipped: u64,
    },
    /// An upload whose end may be its client's end.
    Confirm(Box<Receiving>, Confirmation),
    Download(Box<Download>),
    Digest(Box<DigestJob>),
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

/// Every reply starts with these.
const FIRST_BYTES: &[u8; 2] = b"{\"";

/// What the session can do next.
pub(super) enum Progress {
    Output,
    NeedsInput,
    Yield,
    Wait(Duration),
}

impl Exchange {
    pub(super) fn new(service: Arc<Service>, slot: &'static Slot) -> Self {
        let books = service.scoreboard.open_connection(slot);
        Self {
            service,
            books,
            work: Work::Nothing,
            output: Output::default(),
            booked_when_sent: None,
            has_answered: false,
        }
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.pending()
    }

    pub(super) fn sent(&mut self, len: usize) {
        self.output.sent(len);
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

    /// A refused upload goes on for longer than any upload may.
    pub(super) fn skipped_too_much(&self) -> bool {
        let len_max = body::text_len(self.service.limits.upload_len_max);
        matches!(self.work, Work::Refused { skipped } if skipped > len_max)
    }

    pub(super) fn connection_succeeded(&mut self) {
        self.books.succeeded();
    }

    /// Gives up what is under way and answers with `reply`, unless it was answered already.
    pub(super) fn abort(&mut self, reply: &Reply) {
        match mem::replace(&mut self.work, Work::Nothing) {
            Work::Refused { .. } => {}
            _ => self.answer(reply),
        }
    }

    /// Takes the next fragment. All output must have been sent.
    pub(super) fn take(&mut self, fragment: Fragment<'_>, now: Instant) {
        match fragment {
            Fragment::Head(head) => self.begin(head, now),
            Fragment::Body(text) => self.store(text),
            Fragment::End => {
                if let Work::Upload(receiving) = mem::replace(&mut self.work, Work::Nothing) {
                    self.commit(*receiving, 0);
                }
            }
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
        if !self.output.is_empty() {
            return Ok(Progress::Output);
        }
        if let Some(outcome) = self.booked_when_sent.take() {
            self.books.request_finished(outcome);
            self.has_answered = true;
        }
        match &mut self.work {
            Work::Nothing | Work::Upload(_) | Work::Refused { .. } => Ok(Progress::NeedsInput),
            Work::Download(download) => {
                let len = download.fill(&mut self.output).map_err(ConnectionError::Disk)?;
                self.books.sent(len as u64);
                if download.is_complete() {
                    self.work = Work::Nothing;
                    self.booked_when_sent = Some(Outcome::Ok);
                }
                Ok(Progress::Output)
            }
            Work::Digest(job) => {
                let reply = match job.advance() {
                    Ok(None) => return Ok(Progress::Yield),
                    Ok(Some(reply)) => reply,
                    Err(err) => storage_error(&err),
                };
                self.work = Work::Nothing;
                self.answer(&reply);
                Ok(Progress::Output)
            }
            Work::Confirm(_, confirmation) => {
                let confirmation = *confirmation;
                Ok(self.confirm(confirmation, now))
            }
        }
    }

    fn begin(&mut self, head: &[u8], now: Instant) {
        let request = Request::parse(head);
        self.books.request_started(verb(&request));
        match request.map_err(Refusal::from).and_then(|request| self.execute(request, now)) {
            Ok(Work::Nothing) => {}
            Ok(work) => self.work = work,
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// Answers the request, or says what has to be done for its answer.
    fn execute(&mut self, request: Request, now: Instant) -> Result<Work, Refusal> {
        let directory = &self.service.directory;
        let reply = match request {
            Request::List => Reply::List(directory.list()?),
            Request::Get(name) => {
                let file = directory.read(&name)?;
                return Ok(Work::Download(Box::new(Download::new(&name, file))));
            }
            Request::Upload(name) => {
                self.expect_writable()?;
                let upload = directory.create(name, self.service.limits.if_exists)?;
                let receiving = Receiving::new(upload, self.service.limits.upload_len_max);
                return Ok(Work::Upload(Box::new(receiving)));
            }
            Request::Delete(name) => {
                self.expect_writable()?;
                directory.delete(&name)?;
                Reply::Deleted { name }
            }
            Request::Stats => Reply::Stats(Box::new(stats::collect(&self.service, now))),
            Request::Ping => Reply::Pong,
            Request::Auth(_) => {
                Reply::Authenticated { sentence: "this server asks for no token".to_owned() }
            }
            Request::Digest(name) => {
                let file = directory.read(&name)?;
                return Ok(Work::Digest(Box::new(DigestJob::new(name, file))));
            }
        };
        self.answer(&reply);
        Ok(Work::Nothing)
    }

    fn expect_writable(&self) -> Result<(), Refusal> {
        if self.service.limits.read_only { Err(Refusal::ReadOnly) } else { Ok(()) }
    }

    fn store(&mut self, text: &[u8]) {
        match &mut self.work {
            Work::Upload(receiving) => match receiving.take(text) {
                Ok(len) => self.books.received(len as u64),
                Err(err) => self.refuse(&err.into()),
            },
            Work::Refused { skipped } => *skipped += text.len() as u64,
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

    fn confirm(&mut self, confirmation: Confirmation, now: Instant) -> Progress {
        let Work::Confirm(receiving, _) = mem::replace(&mut self.work, Work::Nothing) else {
            return Progress::NeedsInput;
        };
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
        self.output.set(&wire);
        self.booked_when_sent = Some(match reply {
            Reply::Error { .. } => Outcome::Failed,
            _ => Outcome::Ok,
        });
    }
}

/// Why a request is answered with an error.
enum Refusal {
    Request(ParseRequestError),
    ReadOnly,
    Storage(StorageError),
    Upload(UploadError),
}

impl Refusal {
    fn reply(&self) -> Reply {
        match self {
            Self::Request(err) => Reply::error(err.code(), err),
            Self::ReadOnly => Reply::error(ErrorCode::ReadOnly, "this server is read-only"),
            Self::Storage(err) | Self::Upload(UploadError::Storage(err)) => storage_error(err),
            Self::Upload(err) => Reply::error(err.code(), err),
        }
    }
}

impl From<ParseRequestError> for Refusal {
    fn from(err: ParseRequestError) -> Self {
        Self::Request(err)
    }
}

impl From<StorageError> for Refusal {
    fn from(err: StorageError) -> Self {
        Self::Storage(err)
    }
}

impl From<UploadError> for Refusal {
    fn from(err: UploadError) -> Self {
        Self::Upload(err)
    }
}

/// The client learns what it can act on; a failing disk is the operator's to know about.
fn storage_error(err: &StorageError) -> Reply {
    if let StorageError::Disk(source) = err {
        tracing::error!("the served directory failed: {source}");
    }
    Reply::error(err.code(), err)
}

fn verb(request: &Result<Request, ParseRequestError>) -> Verb {
    match request {
        Ok(Request::List) => Verb::List,
        Ok(Request::Get(_)) => Verb::Get,
        Ok(Request::Upload(_)) => Verb::Upload,
        Ok(Request::Delete(_)) => Verb::Delete,
        Ok(Request::Stats | Request::Ping | Request::Digest(_) | Request::Auth(_)) | Err(_) => {
            Verb::Other
        }
    }
}
