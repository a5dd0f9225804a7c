use std::net::SocketAddr;

use protocol::Verb;
use telemetry::{Mode, Scoreboard, Slot};

use super::*;
use crate::stats::{self, Facts, WorkerResources};

const PATIENCE: Duration = Duration::from_secs(10);
const TOKEN: &str = "kolam_0123456789abcdef0123456789abcdef";

/// A server of so many workers.
struct Example {
    board: Scoreboard,
    asks_for_token: bool,
}

impl Status for Example {
    fn stats(&self) -> Stats {
        let facts = Facts {
            mode: Mode::Thread,
            workers: self.board.slots().len() as u32,
            injected: None,
            directory_gone: false,
            files_left_out: 0,
            waiting: 3,
            hides_unused: false,
        };
        stats::collect(&self.board, facts, |_, _| WorkerResources::default(), Instant::now())
    }

    fn asks_for_token(&self) -> bool {
        self.asks_for_token
    }

    fn identify(&self, token: &Token) -> Option<String> {
        (token.reveal() == TOKEN).then(|| "alice".to_owned())
    }
}

fn start(workers: usize, asks_for_token: bool) -> SocketAddr {
    let slots: Vec<Slot> = (0..workers).map(|_| Slot::default()).collect();
    let board = Scoreboard::new(Box::leak(Box::default()), slots.leak(), &Verb::LABELS);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, Example { board, asks_for_token }).unwrap();
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The next reply; what came until the end, where the client has to leave.
fn reply(mut stream: &TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte).unwrap() {
            0 => break,
            _ => text.push(byte[0]),
        }
    }
    String::from_utf8(text).unwrap()
}

fn ask(mut stream: &TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    reply(stream)
}

#[test]
fn counts_are_told_on_one_connection_again_and_again_with_and_without_endings() {
    let address = start(2, false);
    let stream = connect(address);
    for ending in ["\r\n\r\n", "\n", ""] {
        assert_eq!(
            ask(&stream, &format!("PING{ending}")),
            "{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n"
        );
        let stats = ask(&stream, &format!("stats{ending}"));
        assert!(stats.contains("\"workers\":2") && stats.contains("\"waiting\":3"), "{stats}");
    }
    (&stream).write_all(b"PING\r\n\r\nPING\r\n").unwrap();
    for _ in 0..2 {
        assert!(reply(&stream).contains("pong"));
    }
    // Without a word more than the request.
    let last = connect(address);
    (&last).write_all(b"PING").unwrap();
    last.shutdown(Shutdown::Write).unwrap();
    assert!(reply(&last).contains("pong"));
    assert_eq!(reply(&last), "");
}

#[test]
fn files_are_not_asked_for_here_and_whoever_does_is_told_so_and_leaves() {
    let address = start(1, false);
    for (request, code) in [
        ("LIST\r\n", "bad-request"),
        ("GET a.txt\r\n", "bad-request"),
        ("DELETE a.txt\r\n", "bad-request"),
        ("UPLOAD a.txt aGVsbG8=\r\n", "bad-request"),
        ("UPLOAD a.txt\r\naGVsbG8=\r\n", "bad-request"),
        ("UPLOAD a.txt\r\n\r\n", "bad-request"),
        ("GET ../a\r\n", "bad-name"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-"),
        ("hello\r\n", "unknown-request"),
        (&"x".repeat(9000), ""),
    ] {
        let stream = connect(address);
        let told = ask(&stream, request);
        assert!(told.starts_with("{\"status\":\"ERROR\"") && told.contains(code), "{told}");
        assert_eq!(reply(&stream), "", "{request:.20}");
    }
}

#[test]
fn whoever_holds_places_keeps_nobody_from_looking() {
    // More than the buffers of two sockets hold, so that who does not read is waited for.
    let address = start(20_000, false);
    let silent: Vec<_> = (0..PLACES * 2).map(|_| connect(address)).collect();
    let deaf: Vec<_> = (0..PLACES / 4)
        .map(|_| {
            let stream = connect(address);
            (&stream).write_all(b"STATS\r\nSTATS\r\n").unwrap();
            stream
        })
        .collect();
    let half: Vec<_> = (0..PLACES * 2)
        .map(|_| {
            let stream = connect(address);
            (&stream).write_all(b"STA").unwrap();
            stream
        })
        .collect();
    let stream = connect(address);
    assert!(ask(&stream, "PING\r\n").contains("pong"));
    assert!(ask(&stream, "STATS\r\n").contains("\"workers\":20000"));
    // Whoever asks keeps a place, as long as others ask for less.
    for _ in 0..PLACES {
        let _silent = connect(address);
        assert!(ask(&stream, "PING\r\n").contains("pong"));
    }
    assert_eq!(reply(&silent[0]), "", "the first had to go");
    drop((silent, deaf, half));
}

#[test]
fn where_tokens_are_asked_for_the_counts_are_for_their_owners() {
    let address = start(1, true);
    let stream = connect(address);
    assert!(ask(&stream, "PING\r\n").contains("pong"));
    assert!(ask(&stream, "STATS\r\n").contains("auth-required"));
    let began = Instant::now();
    assert!(ask(&stream, "AUTH kolam_wrong\r\n").contains("auth-failed"));
    assert!(began.elapsed() >= REJECTION_DELAY);
    // Half a close shortens nothing, and what was sent along is answered.
    let guess = connect(address);
    (&guess).write_all(b"AUTH kolam_wrong\r\nPING\r\n").unwrap();
    guess.shutdown(Shutdown::Write).unwrap();
    let began = Instant::now();
    assert!(reply(&guess).contains("auth-failed"));
    assert!(began.elapsed() >= REJECTION_DELAY);
    assert!(reply(&guess).contains("pong"));
    let guess = connect(address);
    let began = Instant::now();
    assert!(
        ask(&guess, &format!("AUTH kolam_wrong\r\n{}", "x".repeat(1 << 20)))
            .contains("auth-failed")
    );
    assert!(began.elapsed() >= REJECTION_DELAY, "whoever sends on waits no less");
    assert!(ask(&stream, "STATS\r\n").contains("auth-required"));
    assert!(ask(&stream, &format!("AUTH {TOKEN}\r\n")).contains("welcome alice"));
    assert!(ask(&stream, "STATS\r\n").contains("\"workers\":1"));
    let open = connect(start(1, false));
    assert!(ask(&open, &format!("AUTH {TOKEN}\r\n")).contains("asks for no token"));
}
