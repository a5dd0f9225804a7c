//! A connection's accounting, from its accept to its close: what is counted on the scoreboard is told
//! to the journal.

use std::{
    fmt::{self, Display},
    mem,
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{
    activity::{Activity, Underway},
    clock::monotonic_ns,
    event::{ClosedEvent, EventKind, EventSource, Level, RequestEvent, RetriedEvent},
    journal::{self, Journal},
    scoreboard::{Outcome, Scoreboard, Slot},
};

/// The outcome of a request whose reply was not sent whole.
const ABORTED: &str = "aborted";

/// A connection that was accepted and that no worker has picked up yet. Dropped, it is counted and told
/// as failed.
#[derive(Debug)]
pub struct Arrival {
    board: Scoreboard,
    journal: Journal,
    /// Until a worker has it.
    activity: Option<Activity>,
}

impl Arrival {
    /// A connection from `client` that was accepted just now.
    pub fn accept(board: &Scoreboard, journal: &Journal, client: SocketAddr) -> Self {
        let (connection, accepted_ns) = (board.number_connection(), now_ns());
        journal.tell(Level::Info, EventKind::Opened { connection, client, accepted_ns });
        let activity = Activity::new(connection, client, accepted_ns);
        Self { board: *board, journal: journal.clone(), activity: Some(activity) }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if let Some(activity) = self.activity.take() {
            self.board.give_up();
            let closed = closed(&activity, Some("no worker could take it".to_owned()), now_ns());
            self.journal.tell(Level::Warning, closed);
        }
    }
}

/// A connection while a worker runs it. Dropped, it is counted and told: as failed, unless
/// [`succeeded`](Self::succeeded) was called; and so is a request that is still under way.
pub struct OpenConnection {
    board: Scoreboard,
    journal: Journal,
    slot: &'static Slot,
    /// The worker that picked it up.
    source: EventSource,
    user: Option<String>,
    activity: Activity,
    /// Where the connection as a whole is forwarded, and how many backends were asked with that.
    whole_forwarded: Option<(String, u32)>,
    /// Where the request under way was forwarded last, and how many backends were asked with that.
    forwarded: Option<(String, u32)>,
    /// Of the reply to the request under way.
    first_byte_ns: Option<u64>,
    end: End,
}

/// How a connection ended.
#[derive(Debug)]
enum End {
    Succeeded,
    Failed { level: Level, cause: String },
}

impl OpenConnection {
    /// The calling worker, whose slot it is, runs the connection from now on.
    pub fn pick_up(
        board: &Scoreboard,
        journal: &Journal,
        slot: &'static Slot,
        mut arrival: Arrival,
    ) -> Self {
        let mut activity = arrival.activity.take().expect("it is taken here and nowhere else");
        activity.picked_up_ns = now_ns();
        slot.connection_opened();
        slot.activity_board().show(&activity);
        let Activity { connection, client, accepted_ns, picked_up_ns, .. } = activity;
        let waited = between(accepted_ns, picked_up_ns).as_secs_f64();
        journal.tell(
            Level::Info,
            EventKind::PickedUp { connection, client, accepted_ns, picked_up_ns, waited },
        );
        Self {
            board: *board,
            journal: journal.clone(),
            slot,
            source: journal::source(),
            user: None,
            activity,
            whole_forwarded: None,
            forwarded: None,
            first_byte_ns: None,
            end: End::Failed { level: Level::Error, cause: "the session broke down".to_owned() },
        }
    }

    /// A request has come, whose head arrived at `began`. Its `label` is a place among those of the
    /// scoreboard. A `file` that is not allowed as a name may be given as it came.
    pub fn request_started(&mut self, label: usize, file: Option<String>, began: Instant) {
        let began_ns = monotonic_ns(began);
        let request = Underway { label, file, began_ns, bytes_done: 0, bytes_total: None };
        self.activity.request = Some(request);
        self.show();
        // Last, so that what is counted as open can be told, should this process be killed now.
        self.slot.request_opened(label);
    }

    /// The request under way goes to `backend`: the `attempt`-th that is asked, from 1. Where no request
    /// is, the connection as a whole goes there.
    pub fn forwarded(&mut self, backend: &str, attempt: u32) {
        let forwarded = Some((backend.to_owned(), attempt));
        match self.activity.request {
            Some(_) => self.forwarded = forwarded,
            None => self.whole_forwarded = forwarded,
        }
    }

    /// The backend that was asked last did not answer, because of `cause`, and another is asked.
    pub fn retried(&self, cause: impl Display) {
        let forwarded = self.forwarded.as_ref().or(self.whole_forwarded.as_ref());
        let Some((backend, attempt)) = forwarded.cloned() else { return };
        let Activity { connection, client, .. } = self.activity;
        let cause = cause.to_string();
        let retried = RetriedEvent { connection, client, backend, attempt, cause };
        self.tell(Level::Warning, EventKind::Retried(Box::new(retried)));
    }

    /// So much content the request under way moves in all.
    pub fn total_is(&mut self, bytes: u64) {
        if let Some(request) = &mut self.activity.request {
            request.bytes_total = Some(bytes);
            self.slot.activity_board().expect_total(self.activity.connection, bytes);
        }
    }

    pub fn received(&mut self, bytes: u64) {
        self.slot.received(bytes);
        self.activity.bytes_in += bytes;
        self.moved(bytes);
    }

    pub fn sent(&mut self, bytes: u64) {
        self.slot.sent(bytes);
        self.activity.bytes_out += bytes;
        self.moved(bytes);
    }

    fn moved(&mut self, bytes: u64) {
        let Some(request) = &mut self.activity.request else { return };
        request.bytes_done += bytes;
        if !self.slot.activity_board().moved(&self.activity) {
            // Another connection of this worker has spoken meanwhile.
            self.show();
        }
    }

    fn show(&self) {
        self.slot.activity_board().show(&self.activity);
    }

    /// Some of the reply to the request under way was sent by `now`. Only the first call counts.
    pub fn reply_began(&mut self, now: Instant) {
        if self.activity.request.is_some() {
            self.first_byte_ns.get_or_insert_with(|| monotonic_ns(now));
        }
    }

    /// Counts and tells the request under way, if there is one: with `error` as it was answered, and
    /// without when it succeeded.
    pub fn request_finished(&mut self, error: Option<&str>, now: Instant) {
        let Some(request) = self.activity.end_request() else { return };
        let (first_byte_ns, now_ns) = (self.first_byte_ns.take(), monotonic_ns(now));
        let forwarded = self.forwarded.take();
        let (outcome, level) = match error {
            None => (Outcome::Ok, Level::Info),
            Some(_) => (Outcome::Failed, Level::Warning),
        };
        self.board.count_request(
            self.slot,
            (request.label, outcome),
            request.bytes_done,
            between(request.began_ns, now_ns),
            first_byte_ns.map(|at_ns| between(request.began_ns, at_ns)),
        );
        self.show();
        if self.journal.takes(level) {
            let (label, outcome) = (self.board.label(request.label), error.unwrap_or("ok"));
            let mut event =
                finished(&self.activity, request, label, outcome, first_byte_ns, now_ns);
            event.user.clone_from(&self.user);
            (event.backend, event.attempt) = forwarded.unzip();
            self.tell(level, EventKind::Request(Box::new(event)));
        }
    }

    /// The peer is a proxy, and connects for `client`: what is told and shown from now on is about that
    /// client.
    pub fn named(&mut self, client: SocketAddr) {
        let proxy = mem::replace(&mut self.activity.client, client);
        self.show();
        let connection = self.activity.connection;
        self.tell(Level::Info, EventKind::Named { connection, client, proxy });
    }

    /// The connection has said whose it is.
    pub fn identified(&mut self, user: &str) {
        self.user = Some(user.to_owned());
        let Activity { connection, client, .. } = self.activity;
        let user = user.to_owned();
        self.tell(Level::Info, EventKind::Authenticated { connection, client, user });
    }

    /// The connection gave a token that is none.
    pub fn not_identified(&mut self) {
        self.user = None;
        let Activity { connection, client, .. } = self.activity;
        self.tell(Level::Warning, EventKind::AuthFailed { connection, client });
    }

    /// The connection came to the end of what it may have.
    pub fn limited(&self, limit: impl Display) {
        let Activity { connection, client, .. } = self.activity;
        let limit = limit.to_string();
        self.tell(Level::Warning, EventKind::Limit { connection, client, limit });
    }

    pub fn succeeded(&mut self) {
        self.end = End::Succeeded;
    }

    /// The connection ends because of `cause`.
    pub fn failed(&mut self, level: Level, cause: impl Display) {
        self.end = End::Failed { level, cause: cause.to_string() };
    }

    fn tell(&self, level: Level, kind: EventKind) {
        self.journal.tell_from(self.source, level, kind);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let now = Instant::now();
        self.request_finished(Some(ABORTED), now);
        let (outcome, level, cause) = match mem::replace(&mut self.end, End::Succeeded) {
            End::Succeeded => (Outcome::Ok, Level::Info, None),
            End::Failed { level, cause } => (Outcome::Failed, level, Some(cause)),
        };
        self.slot.connection_closed(outcome);
        self.slot.activity_board().hide(self.activity.connection);
        if self.journal.takes(level) {
            let mut event = closed_event(&self.activity, cause, monotonic_ns(now));
            event.backend = self.whole_forwarded.take().map(|(backend, _)| backend);
            self.tell(level, EventKind::Closed(Box::new(event)));
        }
    }
}

impl fmt::Debug for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnection").field("activity", &self.activity).finish_non_exhaustive()
    }
}

/// A request of the connection that has ended with its worker.
pub(crate) fn aborted(
    board: &Scoreboard,
    activity: &Activity,
    request: Underway,
    now_ns: u64,
) -> EventKind {
    let label = board.label(request.label);
    EventKind::Request(Box::new(finished(activity, request, label, ABORTED, None, now_ns)))
}

/// A request of the connection that is over. Whose it is, and where it went, remains to be said.
fn finished(
    activity: &Activity,
    request: Underway,
    label: &str,
    outcome: &str,
    first_byte_ns: Option<u64>,
    now_ns: u64,
) -> RequestEvent {
    let took = between(request.began_ns, now_ns);
    RequestEvent {
        connection: activity.connection,
        client: activity.client,
        user: None,
        command: label.to_owned(),
        file: request.file,
        backend: None,
        attempt: None,
        outcome: outcome.to_owned(),
        bytes: request.bytes_done,
        seconds: took.as_secs_f64(),
        throughput: throughput(request.bytes_done, took),
        accepted_ns: activity.accepted_ns,
        picked_up_ns: activity.picked_up_ns,
        began_ns: request.began_ns,
        first_byte_ns,
        last_byte_ns: now_ns,
    }
}

/// The end of a connection that has no request under way; with a cause it has failed.
pub(crate) fn closed(activity: &Activity, cause: Option<String>, now_ns: u64) -> EventKind {
    EventKind::Closed(Box::new(closed_event(activity, cause, now_ns)))
}

fn closed_event(activity: &Activity, cause: Option<String>, now_ns: u64) -> ClosedEvent {
    let Activity { connection, client, requests, bytes_in, bytes_out, .. } = *activity;
    ClosedEvent {
        connection,
        client,
        backend: None,
        outcome: if cause.is_none() { "ok" } else { "failed" }.to_owned(),
        cause,
        requests,
        bytes_in,
        bytes_out,
        seconds: between(activity.accepted_ns, now_ns).as_secs_f64(),
        throughput: throughput(bytes_in + bytes_out, between(activity.picked_up_ns, now_ns)),
    }
}

fn throughput(bytes: u64, duration: Duration) -> Option<f64> {
    let seconds = duration.as_secs_f64();
    (bytes > 0 && seconds > 0.0).then(|| bytes as f64 / seconds)
}

fn between(start_ns: u64, end_ns: u64) -> Duration {
    Duration::from_nanos(end_ns.saturating_sub(start_ns))
}

fn now_ns() -> u64 {
    monotonic_ns(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{death::Death, journal::JournalReader, scoreboard::OutcomeCounts};

    const LABELS: crate::Labels = &["GET", "UPLOAD"];
    const GET: usize = 0;
    const UPLOAD: usize = 1;

    fn board(slots: usize) -> (Scoreboard, Journal, JournalReader) {
        let slots: Vec<Slot> = (0..slots).map(|_| Slot::default()).collect();
        let board = Scoreboard::new(Box::leak(Box::default()), slots.leak(), LABELS);
        let (journal, reader) = journal::open(Level::Debug, board.losses()).unwrap();
        (board, journal, reader)
    }

    fn open(board: &Scoreboard, journal: &Journal, slot: usize) -> OpenConnection {
        let arrival = Arrival::accept(board, journal, "127.0.0.1:1000".parse().unwrap());
        OpenConnection::pick_up(board, journal, &board.slots()[slot], arrival)
    }

    fn told(reader: &mut JournalReader) -> Vec<EventKind> {
        let mut told = Vec::new();
        let take =
            |line: &[u8]| told.push(serde_json::from_slice::<crate::Event>(line).unwrap().kind);
        reader.read(Duration::ZERO, take).unwrap();
        told
    }

    #[test]
    fn a_connection_is_counted_on_its_slot_and_told_once() {
        let (board, journal, mut reader) = board(2);
        let slot = &board.slots()[1];
        let mut connection = open(&board, &journal, 1);
        let began = Instant::now();
        connection.request_started(GET, Some("a.txt".to_owned()), began);
        connection.total_is(5);
        connection.sent(3);
        let underway = slot.activity().unwrap().request.unwrap();
        assert_eq!((underway.bytes_done, underway.bytes_total), (3, Some(5)));
        connection.sent(2);
        assert_eq!(slot.counts().open_connections, 1);
        connection.reply_began(began + Duration::from_millis(1));
        connection.request_finished(None, began + Duration::from_millis(4));
        connection.succeeded();
        drop(connection);
        let counts = slot.counts();
        assert_eq!(counts.connections, OutcomeCounts { ok: 1, failed: 0 });
        assert_eq!(counts.requests(GET), OutcomeCounts { ok: 1, failed: 0 });
        assert_eq!(counts.request_bytes(GET), OutcomeCounts { ok: 5, failed: 0 });
        assert_eq!((counts.bytes_out, counts.open_connections), (5, 0));
        assert_eq!(slot.activity(), None);
        assert_eq!(board.slots()[0].counts(), crate::SlotCounts::default());
        assert_eq!(board.durations(GET).counts[3], 1);
        assert_eq!(board.first_bytes(GET).counts[1], 1);
        let told = told(&mut reader);
        let [
            EventKind::Opened { .. },
            EventKind::PickedUp { .. },
            EventKind::Request(request),
            EventKind::Closed(closed),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((request.outcome.as_str(), request.bytes, request.seconds), ("ok", 5, 0.004));
        assert_eq!(request.throughput, Some(1250.0));
        assert_eq!((closed.requests, closed.bytes_out, closed.outcome.as_str()), (1, 5, "ok"));
    }

    #[test]
    fn what_is_dropped_half_done_is_counted_and_told_as_failed() {
        let (board, journal, mut reader) = board(1);
        let mut connection = open(&board, &journal, 0);
        connection.request_started(UPLOAD, None, Instant::now());
        connection.failed(Level::Debug, "peer lost");
        drop(connection);
        drop(Arrival::accept(&board, &journal, "127.0.0.1:1000".parse().unwrap()));
        let counts = board.slots()[0].counts();
        assert_eq!(counts.connections, OutcomeCounts { ok: 0, failed: 1 });
        assert_eq!(counts.requests(UPLOAD), OutcomeCounts { ok: 0, failed: 1 });
        let told = told(&mut reader);
        let [
            _,
            _,
            EventKind::Request(request),
            EventKind::Closed(closed),
            _,
            EventKind::Closed(unserved),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!(
            (request.outcome.as_str(), closed.cause.as_deref()),
            (ABORTED, Some("peer lost"))
        );
        assert_eq!((unserved.connection, unserved.outcome.as_str()), (2, "failed"));
    }

    #[test]
    fn a_request_is_told_with_the_backend_that_was_asked_last_and_a_connection_with_its_own() {
        let (board, journal, mut reader) = board(1);
        let mut connection = open(&board, &journal, 0);
        connection.forwarded("dead", 1);
        connection.retried("connection refused");
        connection.forwarded("whole", 2);
        connection.request_started(GET, None, Instant::now());
        connection.forwarded("first", 1);
        connection.retried("connection refused");
        connection.forwarded("second", 2);
        connection.request_finished(None, Instant::now());
        connection.request_started(GET, None, Instant::now());
        connection.request_finished(Some("busy"), Instant::now());
        connection.succeeded();
        drop(connection);
        let told = told(&mut reader);
        let [
            _,
            _,
            EventKind::Retried(dead),
            EventKind::Retried(retried),
            EventKind::Request(forwarded),
            EventKind::Request(refused),
            EventKind::Closed(closed),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((dead.backend.as_str(), dead.attempt), ("dead", 1));
        assert_eq!((retried.backend.as_str(), retried.attempt), ("first", 1));
        assert_eq!(retried.cause, "connection refused");
        assert_eq!((forwarded.backend.as_deref(), forwarded.attempt), (Some("second"), Some(2)));
        assert_eq!((&refused.backend, refused.attempt), (&None, None));
        assert_eq!(closed.backend.as_deref(), Some("whole"));
    }

    #[test]
    fn a_connection_of_a_proxy_is_told_and_shown_as_that_of_its_client() {
        let (board, journal, mut reader) = board(1);
        let named: SocketAddr = "[2001:db8::1]:4000".parse().unwrap();
        let mut connection = open(&board, &journal, 0);
        connection.named(named);
        assert_eq!(board.slots()[0].activity().unwrap().client, named);
        connection.request_started(GET, None, Instant::now());
        connection.request_finished(None, Instant::now());
        drop(connection);
        let told = told(&mut reader);
        let [
            _,
            _,
            EventKind::Named { connection: 1, client, proxy },
            EventKind::Request(request),
            EventKind::Closed(closed),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!([*client, request.client, closed.client], [named; 3]);
        assert_eq!(proxy.to_string(), "127.0.0.1:1000");
    }

    #[test]
    fn a_transfer_that_moves_is_shown_again_after_another_connection_of_its_worker() {
        let (board, journal, _reader) = board(1);
        let mut first = open(&board, &journal, 0);
        first.request_started(GET, Some("a.txt".to_owned()), Instant::now());
        first.total_is(10);
        first.sent(3);
        drop(open(&board, &journal, 0));
        assert_eq!(board.slots()[0].activity(), None);
        first.sent(4);
        let request = board.slots()[0].activity().unwrap().request.unwrap();
        assert_eq!((request.bytes_done, request.bytes_total), (7, Some(10)));
    }

    #[test]
    fn a_dead_workers_open_job_is_counted_as_failed_once() {
        let (board, journal, mut reader) = board(1);
        let slot = &board.slots()[0];
        slot.worker_started(7, 0);
        let mut connection = open(&board, &journal, 0);
        connection.request_started(GET, Some("a.txt".to_owned()), Instant::now());
        // A killed process runs no destructors.
        connection.sent(3);
        mem::forget(connection);
        let death = Death { worker: 1, pid: 7, how: "was killed", replaced_in: None };
        death.settle(&board, &journal, slot);
        let told = told(&mut reader);
        let [
            _,
            _,
            EventKind::WorkerDied(died),
            EventKind::Request(request),
            EventKind::Closed(closed),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((died.worker_pid, died.command.as_deref()), (7, Some("GET")));
        assert_eq!((request.file.as_deref(), request.outcome.as_str()), (Some("a.txt"), ABORTED));
        assert_eq!((request.bytes, closed.requests, closed.bytes_out), (3, 1, 3));
        assert_eq!(closed.cause.as_deref(), Some("the worker was killed"));
        slot.worker_replaced();
        let counts = slot.counts();
        assert_eq!(counts.connections, OutcomeCounts { ok: 0, failed: 1 });
        assert_eq!(counts.requests(GET), OutcomeCounts { ok: 0, failed: 1 });
        assert_eq!((counts.restarts, counts.pid, counts.open_connections), (1, 0, 0));
        death.settle(&board, &journal, slot);
        assert_eq!(slot.counts().connections.failed, 1);
    }
}
