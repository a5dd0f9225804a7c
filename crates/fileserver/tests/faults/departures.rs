//! Clients that close, reset or half-close in every state that a connection can be in.

use std::thread;

use testkit::{PATIENCE, Peer, Server, Signal, base64, content, eventually};

use crate::{
    Model,
    bystanders::{BYSTANDERS, undisturbed},
    expect_balanced_counts, expect_recovery, fileserver, scaled, warm_up,
};

for_every_model!(
    whoever_leaves_in_whatever_state_disturbs_nobody,
    whoever_leaves_during_a_shutdown_disturbs_nobody,
    fifty_uploads_dropped_at_once_leave_nothing,
);

/// More than the sockets of both ends hold.
const LONG: usize = 20 << 20;

/// A way to leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Close,
    Reset,
    HalfClose,
}

const WAYS: [Way; 3] = [Way::Close, Way::Reset, Way::HalfClose];

/// How a connection is brought into a state, and what its file may hold once it is left there.
struct State {
    /// `FILE` stands for a name of its own, `LINE` for a line that encoders may have broken off.
    sent: &'static str,
    then: Then,
    /// What whoever half-closes may have meant to store.
    half_closed: &'static str,
    /// What may be stored even for one who is gone: all of it came.
    gone: &'static str,
}

/// What is waited for before the client leaves.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// That the server has read what was sent.
    Taken,
    /// A reply with this outcome, read whole.
    Reply(&'static str),
    /// The start of a reply that goes on.
    LongReply,
}

const fn state(sent: &'static str, then: Then) -> State {
    State { sent, then, half_closed: OLD, gone: OLD }
}

const OLD: &str = "old";

/// The content of a line of 60 characters.
const FULL: &str = "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabc";

const STATES: &[State] = &[
    // Before a byte, and before the first that counts.
    state("", Then::Taken),
    state("\r\n", Then::Taken),
    // In the verb and after it.
    state("UPLO", Then::Taken),
    state("UPLOAD", Then::Taken),
    state("GET ", Then::Taken),
    state("UPLOAD ", Then::Taken),
    // In the name and after it.
    state("GET FI", Then::Taken),
    state("UPLOAD FI", Then::Taken),
    state("UPLOAD \"FI", Then::Taken),
    state("GET FILE", Then::Taken),
    State { half_closed: "", ..state("UPLOAD FILE ", Then::Taken) },
    // In content: inside a group and at the end of one.
    state("UPLOAD FILE Zm9vYmF", Then::Taken),
    State { half_closed: "foobar", ..state("UPLOAD FILE Zm9vYmFy", Then::Taken) },
    state("UPLOAD FILE \"Zm9vYmFy", Then::Taken),
    state("UPLOAD 'FILE' 'Zm9v", Then::Taken),
    // Between padding, or the closing quote, and the end of the line.
    State { half_closed: "fo", gone: "fo", ..state("UPLOAD FILE Zm8=", Then::Taken) },
    State { half_closed: "fo", gone: "fo", ..state("UPLOAD FILE Zm8=\r", Then::Taken) },
    State { half_closed: "fo", gone: "fo", ..state("UPLOAD FILE \"Zm8=\"", Then::Taken) },
    State { half_closed: "fo", gone: "fo", ..state("UPLOAD FILE \"Zm8=\" 12", Then::Taken) },
    // While a reply is on its way, and behind one.
    state("GET long.bin\r\n\r\n", Then::LongReply),
    State { half_closed: "foo", ..state("GET long.bin\r\nUPLOAD FILE Zm9v", Then::LongReply) },
    state("PING\r\n\r\n", Then::Reply("OK")),
    state("DIGEST long.bin\r\n\r\n", Then::Taken),
    // While the rest of a refused upload is skipped.
    state("UPLOAD ../x Zm9v", Then::Reply("bad-name")),
    state("UPLOAD FILE \"Zm9v****", Then::Reply("bad-base64")),
    // Before content on the next line, and between lines of it.
    state("UPLOAD FILE\r\n", Then::Taken),
    State { half_closed: "foobar", ..state("UPLOAD FILE\r\nZm9vYmFy", Then::Taken) },
    // Where this machine is slow, quiet ends it before its client leaves.
    State { half_closed: FULL, gone: FULL, ..state("UPLOAD FILE LINE\r\n", Then::Taken) },
    State { half_closed: FULL, ..state("UPLOAD FILE\nLINE\nSTATS", Then::Taken) },
    state("UPLOAD FILE LINE\nLINE\nZm9", Then::Taken),
    // While the server reads on after its last reply.
    state("UPLOAD FILE LINE\nLIST\n", Then::Reply("bad-base64")),
];

fn whoever_leaves_in_whatever_state_disturbs_nobody(model: Model) {
    let workers = BYSTANDERS + WAYS.len() as u64;
    let server = fileserver(model).args(["--workers", &workers.to_string()]).start();
    server.place("long.bin", &content(1, LONG));
    let before = warm_up(&server, workers as usize);
    for _ in 0..scaled(1, 6) {
        undisturbed(&server, || {
            thread::scope(|scope| {
                for way in WAYS {
                    let server = &server;
                    scope.spawn(move || leave_in_every_state(server, way));
                }
            });
        });
        expect_balanced_counts(&server);
        for (number, state) in STATES.iter().enumerate() {
            for way in WAYS {
                let stored = server.stored(&file(number, way)).unwrap();
                let may_be = if way == Way::HalfClose { state.half_closed } else { state.gone };
                assert!(
                    [OLD, may_be].contains(&str::from_utf8(&stored).unwrap()),
                    "{way:?} after {:?} stored {}",
                    state.sent,
                    stored.escape_ascii()
                );
            }
        }
    }
    expect_recovery(&server, &before, workers);
}

fn leave_in_every_state(server: &Server, way: Way) {
    for (number, state) in STATES.iter().enumerate() {
        let file = file(number, way);
        server.place(&file, OLD.as_bytes());
        let mut peer = server.connect();
        peer.send(state.sent.replace("FILE", &file).replace("LINE", &base64(FULL.as_bytes())));
        match state.then {
            Then::Taken => peer.await_taken(),
            Then::Reply(outcome) => assert_eq!(peer.read_reply().outcome(), outcome),
            Then::LongReply => peer.await_bytes(1000),
        }
        leave(peer, way);
    }
}

/// The file of whoever leaves in this state in this way.
fn file(number: usize, way: Way) -> String {
    format!("{number}-{way:?}")
}

fn leave(mut peer: Peer, way: Way) {
    match way {
        Way::Close => drop(peer),
        Way::Reset => peer.reset(),
        Way::HalfClose => {
            peer.half_close();
            // Whatever the answer, there is an end to it.
            peer.read_to_end();
        }
    }
}

fn whoever_leaves_during_a_shutdown_disturbs_nobody(model: Model) {
    let mut server = fileserver(model).args(["--workers", "10", "--drain", "60"]).start();
    let content = content(1, LONG);
    server.place("long.bin", &content);
    server.place("a.txt", OLD.as_bytes());
    let mut bystander = server.connect();
    bystander.send("GET long.bin\r\n\r\n");
    bystander.await_bytes(1000);
    let mut leaving = Vec::new();
    for way in WAYS {
        for (sent, then) in [
            ("UPLOAD a.txt \"Zm9v", Then::Taken),
            ("UPLOAD ../x Zm9v", Then::Reply("bad-name")),
            ("GET long.bin\r\n\r\n", Then::LongReply),
        ] {
            let mut peer = server.connect();
            peer.send(sent);
            match then {
                Then::Taken => peer.await_taken(),
                Then::Reply(outcome) => assert_eq!(peer.read_reply().outcome(), outcome),
                Then::LongReply => peer.await_bytes(1000),
            }
            leaving.push((peer, way));
        }
    }
    server.kill(Signal::SIGTERM);
    eventually(PATIENCE, "connections are refused", || server.refuses_connections());
    for (peer, way) in leaving {
        leave(peer, way);
    }
    assert!(bystander.read_long_reply().content() == content);
    drop(bystander);
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert_eq!(server.stored("a.txt").unwrap(), OLD.as_bytes());
    assert_eq!(server.temporary_files(), 0);
}

fn fifty_uploads_dropped_at_once_leave_nothing(model: Model) {
    const CLIENTS: usize = 50;
    let workers = CLIENTS as u64 + BYSTANDERS;
    let server = fileserver(model).args(["--workers", &workers.to_string()]).start();
    let before = warm_up(&server, workers as usize);
    let text = base64(&content(1, 300_000));
    undisturbed(&server, || {
        for _ in 0..scaled(2, 20) {
            let peers: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let mut peer = server.connect();
                    peer.send(format!("UPLOAD dropped{client}.bin {text}"));
                    peer
                })
                .collect();
            Peer::await_all_taken(&peers);
            assert!(server.temporary_files() >= CLIENTS);
            for (peer, way) in peers.into_iter().zip([Way::Close, Way::Reset].into_iter().cycle()) {
                leave(peer, way);
            }
            eventually(PATIENCE, "what came of the uploads is gone", || {
                server.temporary_files() <= BYSTANDERS as usize
            });
        }
    });
    for client in 0..CLIENTS {
        assert_eq!(server.stored(&format!("dropped{client}.bin")), None);
    }
    expect_balanced_counts(&server);
    let failed = server.stats().connections.failed;
    assert_eq!(failed, (CLIENTS * scaled(2, 20)) as u64);
    expect_recovery(&server, &before, workers);
}
