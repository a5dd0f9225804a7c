mod faults;
mod half_close;
mod limits;
mod lines;
mod raw;
mod shutdown;

use std::{
    fs, io, mem,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use protocol::{Stats, Verb};
use storage::{Directory, DirectoryOptions, IfExists, Store};
use telemetry::{Arrival, Journal, Scoreboard, Slot, SlotCounts};
use tempfile::TempDir;
use testkit::{base64, content};

use super::*;
use crate::budget::{Budget, Turns};

const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);
const GRACE_PERIOD: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);

/// What a session waits for.
#[derive(Debug)]
enum Rest {
    Receive(Duration),
    Wait(Duration),
    Busy(Duration),
    Close,
    Failed(ConnectionError),
}

/// A session with a made-up clock, a peer that takes what it is sent, and a real directory.
struct Bench {
    session: Session,
    service: Arc<FileService>,
    slot: &'static Slot,
    dir: TempDir,
    now: Instant,
    drain_ends: Option<Instant>,
    /// What the peer was sent and the test has not looked at yet.
    sent: Vec<u8>,
    longest_output: usize,
    longest_room: usize,
    has_finished_sending: bool,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server that is not quite the usual one.
    fn with(change: impl FnOnce(&mut FileService)) -> Self {
        let dir = TempDir::new().unwrap();
        let mut service = FileService {
            store: Store::Directory(
                Directory::open(
                    dir.path(),
                    &DirectoryOptions::default(),
                    Box::leak(Box::default()),
                )
                .unwrap(),
            ),
            limits: Limits {
                upload_len_max: 1 << 30,
                idle_timeout: IDLE_TIMEOUT,
                head_timeout: HEAD_TIMEOUT,
                min_rate: 0,
                requests_max: 100,
                read_only: false,
                if_exists: IfExists::Replace,
            },
            tokens: None,
            tls: None,
            long_replies: Budget::default(),
            list_turns: Turns::new(1),
            faults: None,
            stats: Box::new(|_, _| Stats::default()),
        };
        change(&mut service);
        Self::of(Arc::new(service), dir)
    }

    /// Another connection to that server.
    fn of(service: Arc<FileService>, dir: TempDir) -> Self {
        let slots = vec![Slot::default()].leak();
        let scoreboard = Scoreboard::new(Box::leak(Box::default()), slots, &Verb::LABELS);
        let now = Instant::now();
        let journal = Journal::silent(scoreboard.losses());
        let arrival = Arrival::accept(&scoreboard, &journal, PEER);
        let connection = OpenConnection::pick_up(&scoreboard, &journal, &slots[0], arrival);
        let session = Session::new(Arc::clone(&service), connection, now);
        Self {
            session,
            service,
            slot: &slots[0],
            dir,
            now,
            drain_ends: None,
            sent: Vec::new(),
            longest_output: 0,
            longest_room: 0,
            has_finished_sending: false,
        }
    }

    fn step(&mut self) -> Result<Step, ConnectionError> {
        let phase = match self.drain_ends {
            None => Phase::Serving,
            Some(end) if self.now < end => Phase::Draining,
            Some(_) => Phase::Over,
        };
        self.session.step(self.now, phase)
    }

    /// Lets the session work until it waits.
    fn rest(&mut self) -> Rest {
        loop {
            match self.step() {
                Ok(Step::Send(_)) => {
                    let bytes = self.session.output();
                    self.sent.extend_from_slice(bytes);
                    let len = bytes.len();
                    self.longest_output = self.longest_output.max(len);
                    self.send(len);
                }
                Ok(Step::Receive(wait)) => {
                    self.longest_room = self.longest_room.max(self.session.room().len());
                    return Rest::Receive(wait);
                }
                Ok(Step::SendFile(_)) => self.send_file(),
                Ok(Step::Wait(wait)) => return Rest::Wait(wait),
                Ok(Step::Busy(time)) => return Rest::Busy(time),
                Ok(Step::Yield) => {}
                Ok(Step::Block) => self.session.may_block(),
                Ok(Step::FinishSending) => self.has_finished_sending = true,
                Ok(Step::Close) => return Rest::Close,
                Err(err) => return Rest::Failed(err),
            }
        }
    }

    /// The peer takes so much of what the session sends.
    fn send(&mut self, len: usize) {
        self.session.moved(len);
        self.session.sent(len);
    }

    /// The session is given `bytes`, in as many pieces as it has room for.
    #[track_caller]
    fn receive(&mut self, bytes: impl AsRef<[u8]>) -> Rest {
        let mut bytes = bytes.as_ref();
        while !bytes.is_empty() {
            bytes = &bytes[self.receive_piece(bytes)..];
        }
        self.rest()
    }

    /// As much of `bytes` as there is room for; returns how much that is.
    #[track_caller]
    fn receive_piece(&mut self, bytes: &[u8]) -> usize {
        let rest = self.rest();
        assert!(matches!(rest, Rest::Receive(_)), "not receiving but {rest:?}");
        assert!(matches!(self.step(), Ok(Step::Receive(_))));
        let room = self.session.room();
        let len = room.len().min(bytes.len());
        room[..len].copy_from_slice(&bytes[..len]);
        self.session.moved(len);
        self.session.received(len);
        len
    }

    #[track_caller]
    fn half_close(&mut self) -> Rest {
        let rest = self.rest();
        assert!(matches!(rest, Rest::Receive(_)), "not receiving but {rest:?}");
        self.session.moved(0);
        self.session.received(0);
        self.rest()
    }

    /// Time passes as it does for a driver: in waits as long as the session asks for.
    fn pass(&mut self, time: Duration) -> Rest {
        let end = self.now + time;
        loop {
            let rest = self.rest();
            match rest {
                Rest::Receive(wait) | Rest::Wait(wait) | Rest::Busy(wait) if self.now < end => {
                    self.now = end.min(self.now + wait);
                }
                _ => return rest,
            }
        }
    }

    /// What the peer was sent since the last look.
    fn replies(&mut self) -> String {
        String::from_utf8(mem::take(&mut self.sent)).unwrap()
    }

    #[track_caller]
    fn expect_reply(&mut self, part: &str) {
        let replies = self.replies();
        assert_eq!(replies.matches("\r\n\r\n").count(), 1, "not one reply: {replies}");
        assert!(replies.contains(part), "no {part} in {replies}");
    }

    #[track_caller]
    fn expect_silence(&mut self) {
        assert_eq!(self.replies(), "");
    }

    /// The driver closes the connection; returns how it went.
    fn close(self) -> Result<(), ConnectionError> {
        let Self { mut session, slot, .. } = self;
        let failure = session.failure.take();
        let outcome = if failure.is_none() { Ok(()) } else { Err(lost()) };
        session.close(outcome);
        let counts = slot.counts().connections;
        assert_eq!((counts.ok, counts.failed), if failure.is_none() { (1, 0) } else { (0, 1) });
        failure.map_or(Ok(()), Err)
    }

    fn place(&self, name: &str, content: &[u8]) {
        fs::write(self.dir.path().join(name), content).unwrap();
    }

    /// Everything in the directory, temporary files included.
    fn entries(&self) -> usize {
        fs::read_dir(self.dir.path()).unwrap().count()
    }

    fn stored(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(name)).unwrap()
    }

    fn counts(&self) -> SlotCounts {
        self.slot.counts()
    }

    /// The shutdown began at the present of the made-up clock.
    fn begin_drain(&mut self) {
        self.drain_ends = Some(self.now + GRACE_PERIOD);
    }
}

fn lost() -> ConnectionError {
    ConnectionError::Peer(io::ErrorKind::ConnectionReset.into())
}

#[test]
fn a_head_without_an_ending_is_complete_when_it_has_been_quiet() {
    let mut bench = Bench::new();
    assert!(matches!(bench.receive("DIGEST a.txt"), Rest::Receive(wait) if wait == QUIET));
    bench.pass(QUIET - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply("not-found");
    // The ending comes late and is no request.
    bench.receive("\r\n\r\n");
    bench.pass(QUIET);
    bench.expect_silence();
}

#[test]
fn a_word_that_takes_no_name_is_complete_after_30_ms() {
    let quiet = Duration::from_millis(30);
    for word in ["LIST", "PING", "stats"] {
        let mut bench = Bench::new();
        assert!(matches!(bench.receive(word), Rest::Receive(wait) if wait == quiet));
        bench.pass(quiet - MOMENT);
        bench.expect_silence();
        bench.pass(MOMENT);
        bench.expect_reply(r#""status":"OK""#);
    }
    let mut bench = Bench::new();
    bench.receive("PINGS");
    bench.pass(QUIET - MOMENT);
    bench.expect_silence();
}

#[test]
fn every_byte_of_a_head_starts_the_quiet_interval_again() {
    let mut bench = Bench::new();
    for byte in "DIGEST a.txt".bytes() {
        bench.receive([byte]);
        bench.pass(QUIET - MOMENT);
        bench.expect_silence();
    }
    bench.pass(MOMENT);
    bench.expect_reply("not-found");
}

#[test]
fn a_request_with_its_ending_needs_no_waiting() {
    let mut bench = Bench::new();
    for request in ["LIST\n", "PING\r\n\r\n", "UPLOAD a Zg==\r\n", "GET a\n", "UPLOAD a \"Zg==\""] {
        bench.receive(request);
        bench.expect_reply("OK");
    }
    assert_eq!(bench.stored("a"), b"f");
}

#[test]
fn padding_and_quiet_complete_an_upload() {
    let mut bench = Bench::new();
    bench.receive("UPLOAD a.txt aGVsbG8=");
    bench.pass(QUIET - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply(r#""data_size":5"#);
    assert_eq!(bench.stored("a.txt"), b"hello");
}

#[test]
fn no_quiet_completes_an_upload_without_padding() {
    for stalled in ["UPLOAD a.txt Zm9v", "UPLOAD a.txt ", "UPLOAD a.txt \"Zg=="] {
        let mut bench = Bench::new();
        bench.receive(stalled);
        for _ in 0..59 {
            bench.pass(Duration::from_secs(1));
        }
        bench.expect_silence();
        assert!(!bench.dir.path().join("a.txt").exists());
    }
}

#[test]
fn an_upload_that_stalls_until_the_idle_timeout_is_told_and_not_stored() {
    for stalled in ["UPLOAD a.txt Zm9v", "UPLOAD a.txt \"Zm9v", "UPLOAD a.txt "] {
        let mut bench = Bench::new();
        bench.receive(stalled);
        bench.pass(IDLE_TIMEOUT - MOMENT);
        bench.expect_silence();
        let rest = bench.pass(MOMENT);
        assert!(matches!(rest, Rest::Receive(_)), "{rest:?}");
        bench.expect_reply("unended");
        assert!(bench.has_finished_sending);
        assert_eq!(bench.entries(), 0);
        assert!(matches!(bench.half_close(), Rest::Close));
        assert!(matches!(bench.close(), Err(ConnectionError::Overdue(Overdue::Silent(_)))));
    }
}

#[test]
fn a_connection_without_a_request_is_told_of_the_idle_timeout() {
    let mut bench = Bench::new();
    bench.receive("PING\r\n");
    bench.expect_reply("pong");
    bench.pass(IDLE_TIMEOUT - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply("timeout");
    assert!(bench.has_finished_sending);
    // The peer does not hang up; the server does not wait for ever.
    assert!(matches!(bench.pass(LINGER), Rest::Close));
    assert!(bench.close().is_ok());
}

#[test]
fn every_byte_of_an_upload_starts_the_idle_timeout_again() {
    let mut bench = Bench::new();
    bench.receive("UPLOAD a.txt ");
    for byte in "Zm9vYmFy\n".bytes() {
        bench.pass(IDLE_TIMEOUT - MOMENT);
        bench.receive([byte]);
    }
    bench.expect_reply(r#""data_size":6"#);
}

#[test]
fn a_request_succeeds_when_all_of_its_reply_is_sent() {
    let mut bench = Bench::new();
    bench.place("a.txt", b"hello");
    bench.receive("GET a.txt");
    bench.now += QUIET;
    assert!(matches!(bench.step(), Ok(Step::Send(_))));
    let len = bench.session.output().len();
    bench.send(len - 1);
    assert!(matches!(bench.step(), Ok(Step::Send(_))));
    assert_eq!(bench.session.output(), b"\n");
    assert_eq!(bench.counts().requests(Verb::Get.label()).ok, 0);
    bench.send(1);
    bench.rest();
    assert_eq!(bench.counts().requests(Verb::Get.label()).ok, 1);
}

#[test]
fn a_reader_that_takes_nothing_stalls_and_one_that_takes_a_byte_does_not() {
    let mut bench = Bench::new();
    bench.place("a.bin", &content(1, 1000));
    bench.receive_piece(b"GET a.bin\n");
    // As many waits as make up the idle timeout.
    let waits = IDLE_TIMEOUT.as_millis() / TICK.as_millis();
    for _ in 0..3 {
        for _ in 0..waits {
            assert!(matches!(bench.step(), Ok(Step::Send(TICK))));
            bench.now += TICK;
        }
        bench.send(1);
    }
    for _ in 0..waits {
        assert!(matches!(bench.step(), Ok(Step::Send(TICK))));
        bench.now += TICK;
    }
    assert!(matches!(bench.step(), Err(ConnectionError::Overdue(Overdue::Silent(_)))));
}

#[test]
fn time_that_the_disk_takes_is_not_held_against_the_peer() {
    let mut bench = Bench::new();
    bench.place("a.bin", &content(1, 300_000));
    bench.receive_piece(b"DIGEST a.bin\n");
    // Hashing begins; its end comes late, though the peer waits patiently.
    assert!(matches!(bench.step(), Ok(Step::Yield)));
    bench.now += IDLE_TIMEOUT;
    let rest = bench.rest();
    assert!(matches!(rest, Rest::Receive(_)), "{rest:?}");
    bench.expect_reply("data_digest");
}

#[test]
fn output_comes_in_pieces_whatever_the_size_of_the_file() {
    let mut bench = Bench::new();
    let content = content(1, 3 << 20);
    bench.place("a.bin", &content);
    bench.receive("GET a.bin\r\n");
    assert!(bench.longest_output <= 256 * 1024 + 1024, "{} bytes", bench.longest_output);
    let expected = format!(
        "{{\"status\":\"OK\",\"data_namafile\":\"a.bin\",\"data_size\":3145728,\"data_file\":\"{}\"}}\r\n\r\n",
        base64(&content)
    );
    assert!(bench.replies() == expected);
    assert_eq!(bench.counts().bytes_out, 3 << 20);
}

#[test]
fn room_for_input_is_small_at_first_and_never_large() {
    let mut bench = Bench::new();
    bench.receive("PING\r\n");
    assert_eq!(bench.longest_room, 2 * 1024);
    let content = content(1, 3 << 20);
    bench.receive(format!("UPLOAD a.bin {}\r\n", base64(&content)));
    assert_eq!(bench.longest_room, 256 * 1024);
    assert!(bench.stored("a.bin") == content);
    assert_eq!(bench.counts().bytes_in, 3 << 20);
}

#[test]
fn a_refused_upload_is_skipped_as_long_as_an_upload_may_be_and_no_longer() {
    let mut bench = Bench::with(|service| service.limits.upload_len_max = 3000);
    bench.receive("UPLOAD ../x Zm9v");
    bench.expect_reply("bad-name");
    bench.receive("A".repeat(3000));
    bench.receive("\nPING\n");
    bench.expect_reply("pong");
    bench.receive("UPLOAD ../x Zm9v");
    bench.expect_reply("bad-name");
    bench.receive("A".repeat(4100));
    assert!(bench.has_finished_sending);
    bench.expect_silence();
}

#[test]
fn a_refused_upload_is_answered_once_however_it_ends() {
    let refused = |upload: &str| {
        let mut bench = Bench::new();
        bench.receive(upload);
        bench.expect_reply("bad-name");
        bench
    };
    let mut broken_off = refused("UPLOAD ../x \"Zm9v");
    broken_off.receive("\n");
    broken_off.expect_silence();
    for upload in ["UPLOAD ../x Zm9v", "UPLOAD ../x \"Zm9v"] {
        let mut half_closed = refused(upload);
        assert!(matches!(half_closed.half_close(), Rest::Close));
        half_closed.expect_silence();
        let mut stalled = refused(upload);
        stalled.pass(IDLE_TIMEOUT);
        stalled.expect_silence();
        assert!(stalled.has_finished_sending);
    }
}

#[test]
fn after_its_last_reply_a_session_reads_on_until_its_peer_stops_or_the_idle_timeout() {
    let second = Duration::from_secs(1);
    for (piece_len, until) in [(0, LINGER), (4096, IDLE_TIMEOUT)] {
        let mut bench = Bench::with(|service| service.limits.min_rate = 1024);
        bench.receive(format!("GET {}", "x".repeat(4096)));
        bench.expect_reply("head-too-long");
        assert!(bench.has_finished_sending);
        let began = bench.now;
        while matches!(bench.pass(second), Rest::Receive(_)) {
            assert!(bench.now < began + until, "reads on for ever");
            if piece_len > 0 {
                bench.receive_piece(&vec![b'x'; piece_len]);
            }
        }
        assert_eq!(bench.now, began + until);
        bench.expect_silence();
        assert!(matches!(bench.close(), Err(ConnectionError::Frame(_))));
    }
}

#[test]
fn a_connection_is_counted_by_how_it_ended() {
    let mut bench = Bench::new();
    assert_eq!(bench.counts().open_connections, 1);
    bench.receive("PING\r\n");
    assert!(matches!(bench.half_close(), Rest::Close));
    let slot = bench.slot;
    assert!(bench.close().is_ok());
    let counts = slot.counts();
    assert_eq!((counts.open_connections, counts.connections.ok), (0, 1));
}

#[test]
fn an_idle_connection_gives_its_buffers_back() {
    let mut bench = Bench::new();
    bench.receive(format!("UPLOAD a.bin {}\n", base64(&content(1, 1 << 20))));
    bench.expect_reply("stored");
    bench.receive("GET a.bin\n");
    bench.replies();
    let room = |bench: &mut Bench| match bench.step() {
        Ok(Step::Receive(_)) => bench.session.room().len(),
        other => panic!("not receiving but {other:?}"),
    };
    assert!(room(&mut bench) > 100_000);
    bench.pass(TICK * 2);
    assert!(room(&mut bench) < 10_000);
    bench.receive("PING\n");
    bench.expect_reply("pong");
}
