//! What happens to connections that are not served.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use protocol::{ErrorCode, Reply};
use telemetry::{Journal, Level, Scoreboard, What};

use crate::admission::{Admission, Busy};

/// How long a connection that is turned away may take to read why and close.
const FAREWELL: Duration = Duration::from_millis(500);

/// Turned-away connections that are kept so long; with more, the oldest are closed at once.
const FAREWELLS_MAX: usize = 1024;

/// What is read at a time of what they still send.
const SKIPPED_LEN: usize = 16 * 1024;

/// Tells connections that are not served why, and sees them off without waiting for them: closing
/// with unread bytes would reset the connection and destroy the reply.
#[derive(Debug)]
pub(crate) struct Porter {
    admission: Admission,
    board: Scoreboard,
    journal: Journal,
    /// Whoever comes for TLS could not read a plain reply.
    speaks_tls: bool,
    leaving: VecDeque<(TcpStream, Instant)>,
}

impl Porter {
    pub(crate) fn new(
        admission: &Admission,
        board: Scoreboard,
        journal: &Journal,
        speaks_tls: bool,
    ) -> Self {
        Self {
            admission: admission.clone(),
            board,
            journal: journal.clone(),
            speaks_tls,
            leaving: VecDeque::new(),
        }
    }

    /// Answers `stream` and books it. Never blocks.
    pub(crate) fn turn_away(&mut self, stream: TcpStream, client: SocketAddr, why: Busy) {
        self.board.turn_away();
        let reason = self.admission.sentence(why);
        self.journal.tell(Level::Warning, What::TurnedAway { client, reason: reason.clone() });
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        if !self.speaks_tls {
            let reply = Reply::error(ErrorCode::Busy, reason).to_wire();
            // A new connection has room for so little; a client that is gone needs no answer.
            let _ = (&stream).write_all(&reply);
        }
        let _ = stream.shutdown(Shutdown::Write);
        if self.leaving.len() >= FAREWELLS_MAX {
            self.leaving.pop_front();
        }
        self.leaving.push_back((stream, Instant::now() + FAREWELL));
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.leaving.is_empty()
    }

    /// Closes those who have left, and those who take too long.
    pub(crate) fn see_off(&mut self) {
        let now = Instant::now();
        self.leaving.retain(|(stream, until)| now < *until && !has_left(stream));
    }
}

fn has_left(mut stream: &TcpStream) -> bool {
    let mut skipped = [0; SKIPPED_LEN];
    match stream.read(&mut skipped) {
        Ok(len) => len == 0,
        Err(err) => err.kind() != io::ErrorKind::WouldBlock,
    }
}
