//! Clients that close their sending half at any point.

use super::Peer;

/// What was sent before, and how many replies that has coming. `a.txt` is a stored file.
const SENT: [(&str, usize); 22] = [
    ("", 0),
    ("\r\n", 0),
    ("L", 1),
    ("LIST", 1),
    ("LIST\r", 1),
    ("LIST\r\n\r\n", 1),
    ("GET a.txt", 1),
    ("GET a.txt\r\nGET a.txt", 2),
    ("GET \"a.txt", 1),
    ("UPLOAD", 1),
    ("UPLOAD ", 1),
    ("UPLOAD b.txt", 1),
    ("UPLOAD \"b.txt", 1),
    ("UPLOAD b.txt ", 1),
    ("UPLOAD b.txt Zm9", 1),
    ("UPLOAD b.txt Zm9v", 1),
    ("UPLOAD b.txt Zm8=", 1),
    ("UPLOAD b.txt \"", 1),
    ("UPLOAD b.txt \"Zm9v", 1),
    ("UPLOAD b.txt \"Zm9v\"", 1),
    ("UPLOAD b.txt \"Zm9v\" 12", 1),
    ("UPLOAD ../b Zm9v", 1),
];

impl Peer {
    /// Expects of a server that has `a.txt` that a half-close in every state is answered as often as there
    /// were requests, and ends the connection. Each has a connection of its own.
    pub fn half_close_in_every_state(connect: impl Fn() -> Self) {
        for (sent, replies) in SENT {
            let mut peer = connect();
            peer.send(sent);
            peer.half_close();
            for _ in 0..replies {
                peer.read_reply();
            }
            peer.expect_closed();
        }
    }
}
