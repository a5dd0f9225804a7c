//! A connection's place in the books and in the journal, from its accept to its close.

use std::{
    fmt::{self, Display},
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{
    activity::{Activity, Command, Underway},
    clock::monotonic_ns,
    event::{ClosedEvent, Level, RequestEvent, Source, What},
    journal::{self, Journal},
    scoreboard::{Outcome, Scoreboard, Slot, Verb},
};

/// A connection that was accepted and that no worker has picked up yet. Dropped, it is booked and told
/// as failed.
#[derive(Debug)]
pub struct Arrival {
    board: Scoreboard,
    connection: u64,
    client: SocketAddr,
    accepted: Instant,
    journal: Journal,
    was_picked_up: bool,
}

impl Arrival {
    /// A connection from `client` that was accepted just now.
    pub fn accept(board: &Scoreboard, journal: &Journal, client: SocketAddr) -> Self {
        let (connection, accepted) = (board.number_connection(), Instant::now());
        let opened = What::Opened { connection, client, accepted_ns: monotonic_ns(accepted) };
        journal.tell(Level::Info, opened);
        Self {
            board: *board,
            connection,
            client,
            accepted,
            journal: journal.clone(),
            was_picked_up: false,
        }
    }

    pub fn client(&self) -> SocketAddr {
        self.client
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.was_picked_up {
            self.board.give_up();
            let closed = ClosedEvent {
                connection: self.connection,
                client: self.client,
                outcome: "failed".to_owned(),
                cause: Some("no worker could take it".to_owned()),
                requests: 0,
                bytes_in: 0,
                bytes_out: 0,
                seconds: self.accepted.elapsed().as_secs_f64(),
                throughput: None,
            };
            self.journal.tell(Level::Warning, What::Closed(Box::new(closed)));
        }
    }
}

/// A connection while a worker runs it. Dropped, it is booked and told: as failed, unless
/// [`succeeded`](Self::succeeded) was called; and so is a request that is still under way.
pub struct OpenConnection {
    board: Scoreboard,
    journal: Journal,
    slot: &'static Slot,
    /// The worker that picked it up.
    source: Source,
    connection: u64,
    client: SocketAddr,
    user: Option<String>,
    accepted: Instant,
    picked_up: Instant,
    request: Option<OpenRequest>,
    requests: u64,
    bytes_in: u64,
    bytes_out: u64,
    end: End,
}

/// How a connection ended.
#[derive(Debug)]
enum End {
    Succeeded,
    Failed { level: Level, cause: Option<String> },
}

#[derive(Debug)]
struct OpenRequest {
    command: Command,
    file: Option<String>,
    began: Instant,
    first_byte: Option<Instant>,
    bytes: u64,
    bytes_total: Option<u64>,
}

impl OpenRequest {
    fn underway(&self) -> Underway {
        Underway {
            command: self.command,
            file: self.file.clone(),
            began_ns: monotonic_ns(self.began),
            bytes_done: self.bytes,
            bytes_total: self.bytes_total,
        }
    }
}

impl OpenConnection {
    /// The calling worker, whose slot it is, runs the connection from now on.
    pub fn pick_up(
        board: &Scoreboard,
        journal: &Journal,
        slot: &'static Slot,
        mut arrival: Arrival,
    ) -> Self {
        arrival.was_picked_up = true;
        let &mut Arrival { connection, client, accepted, .. } = &mut arrival;
        let picked_up = Instant::now();
        slot.connection_opened();
        let open = Self {
            board: *board,
            journal: journal.clone(),
            slot,
            source: journal::source(),
            connection,
            client,
            user: None,
            accepted,
            picked_up,
            request: None,
            requests: 0,
            bytes_in: 0,
            bytes_out: 0,
            end: End::Failed {
                level: Level::Error,
                cause: Some("the session broke down".to_owned()),
            },
        };
        open.show(None);
        open.tell(
            Level::Info,
            What::PickedUp {
                connection,
                client,
                accepted_ns: monotonic_ns(accepted),
                picked_up_ns: monotonic_ns(picked_up),
                waited: picked_up.duration_since(accepted).as_secs_f64(),
            },
        );
        open
    }

    /// A request has come, whose head arrived at `began`. A `file` that is not allowed as a name
    /// may be given as it came.
    pub fn request_started(&mut self, command: Command, file: Option<String>, began: Instant) {
        self.slot.request_opened(command.into());
        let request =
            OpenRequest { command, file, began, first_byte: None, bytes: 0, bytes_total: None };
        self.show(Some(request.underway()));
        self.request = Some(request);
    }

    fn show(&self, request: Option<Underway>) {
        self.slot.activity_board().show(&Activity {
            connection: self.connection,
            client: self.client,
            accepted_ns: monotonic_ns(self.accepted),
            picked_up_ns: monotonic_ns(self.picked_up),
            requests: self.requests,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            request,
        });
    }

    /// So much content the request under way moves in all.
    pub fn total_is(&mut self, bytes: u64) {
        if let Some(request) = &mut self.request {
            request.bytes_total = Some(bytes);
        }
        self.slot.activity_board().expect_total(self.connection, bytes);
    }

    pub fn received(&mut self, bytes: u64) {
        self.slot.received(bytes);
        self.bytes_in += bytes;
        self.moved(bytes);
    }

    pub fn sent(&mut self, bytes: u64) {
        self.slot.sent(bytes);
        self.bytes_out += bytes;
        self.moved(bytes);
    }

    fn moved(&mut self, bytes: u64) {
        if let Some(request) = &mut self.request {
            request.bytes += bytes;
            let bytes = request.bytes;
            if !self.slot.activity_board().moved(self.connection, bytes) {
                // Another connection of this worker has spoken meanwhile.
                self.show(self.request.as_ref().map(OpenRequest::underway));
            }
        }
    }

    /// Some of the reply to the request under way was sent by `now`. Only the first call counts.
    pub fn reply_began(&mut self, now: Instant) {
        if let Some(request) = &mut self.request {
            request.first_byte.get_or_insert(now);
        }
    }

    /// Books and tells the request under way, if there is one: with `error` as it was answered, and
    /// without when it succeeded.
    pub fn request_finished(&mut self, error: Option<&str>, now: Instant) {
        let Some(request) = self.request.take() else { return };
        let verb = Verb::from(request.command);
        let outcome = if error.is_none() { Outcome::Ok } else { Outcome::Failed };
        let duration = now.saturating_duration_since(request.began);
        let first_byte = request.first_byte.map(|at| at.saturating_duration_since(request.began));
        self.board.book_request(self.slot, verb, outcome, request.bytes, duration, first_byte);
        self.requests += 1;
        self.show(None);
        let level = if error.is_none() { Level::Info } else { Level::Warning };
        if !self.journal.takes(level) {
            return;
        }
        let event = RequestEvent {
            connection: self.connection,
            client: self.client,
            user: self.user.clone(),
            command: request.command.name().to_owned(),
            file: request.file,
            outcome: error.unwrap_or("ok").to_owned(),
            bytes: request.bytes,
            seconds: duration.as_secs_f64(),
            throughput: throughput(request.bytes, duration),
            accepted_ns: monotonic_ns(self.accepted),
            picked_up_ns: monotonic_ns(self.picked_up),
            began_ns: monotonic_ns(request.began),
            first_byte_ns: request.first_byte.map(monotonic_ns),
            last_byte_ns: monotonic_ns(now),
        };
        self.tell(level, What::Request(Box::new(event)));
    }

    /// The connection has said whose it is.
    pub fn identified(&mut self, user: &str) {
        self.user = Some(user.to_owned());
        self.tell(
            Level::Info,
            What::Authenticated {
                connection: self.connection,
                client: self.client,
                user: user.to_owned(),
            },
        );
    }

    /// The connection gave a token that is none.
    pub fn not_identified(&mut self) {
        self.user = None;
        let Self { connection, client, .. } = *self;
        self.tell(Level::Warning, What::AuthFailed { connection, client });
    }

    /// The connection came to the end of what it may have.
    pub fn limited(&self, limit: impl Display) {
        let Self { connection, client, .. } = *self;
        let limit = limit.to_string();
        self.tell(Level::Warning, What::Limit { connection, client, limit });
    }

    pub fn succeeded(&mut self) {
        self.end = End::Succeeded;
    }

    /// The connection ends because of `cause`.
    pub fn failed(&mut self, level: Level, cause: impl Display) {
        self.end = End::Failed { level, cause: Some(cause.to_string()) };
    }

    fn tell(&self, level: Level, what: What) {
        self.journal.tell_from(self.source, level, what);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let now = Instant::now();
        self.request_finished(Some(ABORTED), now);
        let (outcome, name, level, cause) = match &mut self.end {
            End::Succeeded => (Outcome::Ok, "ok", Level::Info, None),
            End::Failed { level, cause } => (Outcome::Failed, "failed", *level, cause.take()),
        };
        self.slot.connection_closed(outcome);
        self.slot.activity_board().hide(self.connection);
        if !self.journal.takes(level) {
            return;
        }
        let event = ClosedEvent {
            connection: self.connection,
            client: self.client,
            outcome: name.to_owned(),
            cause,
            requests: self.requests,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            seconds: now.duration_since(self.accepted).as_secs_f64(),
            throughput: throughput(
                self.bytes_in + self.bytes_out,
                now.duration_since(self.picked_up),
            ),
        };
        self.tell(level, What::Closed(Box::new(event)));
    }
}

impl fmt::Debug for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnection")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// The outcome of a request whose reply was not sent whole.
pub(crate) const ABORTED: &str = "aborted";

pub(crate) fn throughput(bytes: u64, duration: Duration) -> Option<f64> {
    let seconds = duration.as_secs_f64();
    (bytes > 0 && seconds > 0.0).then(|| bytes as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{death::Death, journal::JournalReader, scoreboard::OutcomeCounts};

    fn board(slots: usize) -> (Scoreboard, Journal, JournalReader) {
        let slots: Vec<Slot> = (0..slots).map(|_| Slot::default()).collect();
        let board = Scoreboard::new(Box::leak(Box::default()), slots.leak());
        let (journal, reader) = journal::open(Level::Debug, board.losses()).unwrap();
        (board, journal, reader)
    }

    fn open(board: &Scoreboard, journal: &Journal, slot: usize) -> OpenConnection {
        let arrival = Arrival::accept(board, journal, "127.0.0.1:1000".parse().unwrap());
        OpenConnection::pick_up(board, journal, &board.slots()[slot], arrival)
    }

    fn told(reader: &mut JournalReader) -> Vec<What> {
        let mut told = Vec::new();
        let take =
            |line: &[u8]| told.push(serde_json::from_slice::<crate::Event>(line).unwrap().what);
        reader.read(Duration::ZERO, take).unwrap();
        told
    }

    #[test]
    fn a_connection_is_booked_on_its_slot_and_told_once() {
        let (board, journal, mut reader) = board(2);
        let slot = &board.slots()[1];
        let mut connection = open(&board, &journal, 1);
        let began = Instant::now();
        connection.request_started(Command::Get, Some("a.txt".to_owned()), began);
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
        assert_eq!(counts.requests(Verb::Get), OutcomeCounts { ok: 1, failed: 0 });
        assert_eq!(counts.request_bytes(Verb::Get), OutcomeCounts { ok: 5, failed: 0 });
        assert_eq!((counts.bytes_out, counts.open_connections), (5, 0));
        assert_eq!(slot.activity(), None);
        assert_eq!(board.slots()[0].counts(), crate::SlotCounts::default());
        assert_eq!(board.durations(Verb::Get).counts[3], 1);
        assert_eq!(board.first_bytes(Verb::Get).counts[1], 1);
        let told = told(&mut reader);
        let [
            What::Opened { .. },
            What::PickedUp { .. },
            What::Request(request),
            What::Closed(closed),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((request.outcome.as_str(), request.bytes, request.seconds), ("ok", 5, 0.004));
        assert_eq!(request.throughput, Some(1250.0));
        assert_eq!((closed.requests, closed.bytes_out, closed.outcome.as_str()), (1, 5, "ok"));
    }

    #[test]
    fn what_is_dropped_half_done_is_booked_and_told_as_failed() {
        let (board, journal, mut reader) = board(1);
        let mut connection = open(&board, &journal, 0);
        connection.request_started(Command::Upload, None, Instant::now());
        connection.failed(Level::Debug, "peer lost");
        drop(connection);
        drop(Arrival::accept(&board, &journal, "127.0.0.1:1000".parse().unwrap()));
        let counts = board.slots()[0].counts();
        assert_eq!(counts.connections, OutcomeCounts { ok: 0, failed: 1 });
        assert_eq!(counts.requests(Verb::Upload), OutcomeCounts { ok: 0, failed: 1 });
        let told = told(&mut reader);
        let [_, _, What::Request(request), What::Closed(closed), _, What::Closed(unserved)] =
            &told[..]
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
    fn a_transfer_that_moves_is_shown_again_after_another_connection_of_its_worker() {
        let (board, journal, _reader) = board(1);
        let mut first = open(&board, &journal, 0);
        first.request_started(Command::Get, Some("a.txt".to_owned()), Instant::now());
        first.total_is(10);
        first.sent(3);
        drop(open(&board, &journal, 0));
        assert_eq!(board.slots()[0].activity(), None);
        first.sent(4);
        let request = board.slots()[0].activity().unwrap().request.unwrap();
        assert_eq!((request.bytes_done, request.bytes_total), (7, Some(10)));
    }

    #[test]
    fn a_dead_workers_open_job_is_booked_as_failed_once() {
        let (board, journal, mut reader) = board(1);
        let slot = &board.slots()[0];
        slot.worker_started(7, 0);
        let mut connection = open(&board, &journal, 0);
        connection.request_started(Command::Get, Some("a.txt".to_owned()), Instant::now());
        // A killed process runs no destructors.
        std::mem::forget(connection);
        let death = Death { worker: 1, pid: 7, how: "was killed", replaced_in: None };
        death.book(&journal, slot);
        let told = told(&mut reader);
        let [_, _, What::WorkerDied(died), What::Request(request), What::Closed(closed)] =
            &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((died.worker_pid, died.command.as_deref()), (7, Some("GET")));
        assert_eq!((request.file.as_deref(), request.outcome.as_str()), (Some("a.txt"), ABORTED));
        assert_eq!((closed.requests, closed.cause.as_deref()), (1, Some("the worker was killed")));
        slot.worker_replaced();
        let counts = slot.counts();
        assert_eq!(counts.connections, OutcomeCounts { ok: 0, failed: 1 });
        assert_eq!(counts.requests(Verb::Get), OutcomeCounts { ok: 0, failed: 1 });
        assert_eq!((counts.restarts, counts.pid, counts.open_connections), (1, 0, 0));
        death.book(&journal, slot);
        assert_eq!(slot.counts().connections.failed, 1);
    }
}
