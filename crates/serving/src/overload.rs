//! What happens to connections that are not served.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use telemetry::{EventKind, Journal, Level, Scoreboard};

use crate::{
    admission::Busy,
    application::Reception,
    os,
    server::Server,
    timeouts::{Farewell, Leaving},
};

/// Turned-away connections that are kept so long; with more, those not looked at for longest are closed
/// at once.
const LEAVING_MAX: usize = 1024;

/// Between two looks at those who are leaving, and how much is read at each: what they send on costs
/// the served 200 MiB/s at most, however many they are.
pub(crate) const LOOK_PAUSE: Duration = Duration::from_millis(20);
const LOOK_LEN_MAX: usize = 4 << 20;

/// What is read at a time.
const READ_LEN: usize = 64 * 1024;

/// Tells connections that are not served why, and sees them off without waiting for them.
#[derive(Debug)]
pub(crate) struct Overload {
    board: Scoreboard,
    journal: Journal,
    server_full: Answer,
    address_full: Answer,
    farewell: Farewell,
    /// Those looked at least recently come first.
    leaving: VecDeque<(TcpStream, Leaving)>,
    /// Where other processes hand over whom they have answered.
    handed_over: Option<UnixStream>,
    next_look: Instant,
}

/// What is told to those whom there is no room for.
#[derive(Debug)]
struct Answer {
    reason: String,
    /// `None` where they could not read it.
    wire: Option<Vec<u8>>,
}

impl Overload {
    pub(crate) fn new(server: &Server, reception: &impl Reception) -> Self {
        let answer = |busy| {
            let sentence = server.admission.sentence(busy);
            // Whoever reads the log can change it.
            let reason = format!("{sentence} ({})", busy.option());
            Answer { wire: reception.busy(&sentence), reason }
        };
        Self {
            board: server.scoreboard,
            journal: server.journal.clone(),
            server_full: answer(Busy::Server),
            address_full: answer(Busy::Address),
            farewell: reception.farewell(),
            leaving: VecDeque::new(),
            handed_over: None,
            next_look: Instant::now(),
        }
    }

    /// Those who come out of `socket` are seen off as well.
    #[cfg(target_os = "linux")]
    pub(crate) fn takes_over_from(&mut self, socket: UnixStream) {
        self.handed_over = Some(socket);
    }

    /// Answers `stream`, counts it and sees it off. Never blocks.
    pub(crate) fn turn_away(&mut self, stream: TcpStream, client: SocketAddr, why: Busy) {
        self.answer(&stream, client, why);
        self.take_over(stream);
    }

    /// Answers `stream` and counts it; somebody else sees it off.
    pub(crate) fn answer(&self, mut stream: &TcpStream, client: SocketAddr, why: Busy) {
        let Answer { reason, wire } = match why {
            Busy::Server => &self.server_full,
            Busy::Address => &self.address_full,
        };
        self.board.turn_away();
        self.journal.tell(Level::Warning, EventKind::TurnedAway { client, reason: reason.clone() });
        if let Some(wire) = wire
            && stream.set_nonblocking(true).is_ok()
        {
            // A new connection has room for so little; a client that is gone needs no answer.
            let _ = stream.write_all(wire);
        }
        let _ = stream.shutdown(Shutdown::Write);
    }

    fn take_over(&mut self, stream: TcpStream) {
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        if self.leaving.len() >= LEAVING_MAX {
            self.make_room();
        }
        self.leaving.push_back((stream, Leaving::new(self.farewell, Instant::now())));
    }

    /// Closes one of those who are leaving, for the sake of somebody who has just come.
    pub(crate) fn make_room(&mut self) {
        self.leaving.pop_front();
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.leaving.is_empty()
    }

    /// Reads what those who are leaving still send, and closes those who have left or have had their
    /// time. To be called each [`LOOK_PAUSE`] at least, unless nobody is leaving.
    pub(crate) fn see_off(&mut self) {
        let now = Instant::now();
        if now < self.next_look {
            return;
        }
        self.take_over_from_others();
        if self.is_idle() {
            return;
        }
        self.next_look = now + LOOK_PAUSE;
        let (mut buffer, mut len_left) = ([0; READ_LEN], LOOK_LEN_MAX);
        for _ in 0..self.leaving.len() {
            if len_left == 0 {
                break;
            }
            let Some((stream, mut leaving)) = self.leaving.pop_front() else { break };
            let has_left = skip(&stream, &mut leaving, &mut buffer, &mut len_left);
            if !has_left && leaving.left(now).is_some() {
                self.leaving.push_back((stream, leaving));
            }
        }
    }

    fn take_over_from_others(&mut self) {
        for _ in 0..LEAVING_MAX {
            let Some(socket) = &self.handed_over else { return };
            // There are no more, or no descriptors for them.
            let Ok(streams) = os::handed_over(socket) else { return };
            streams.into_iter().for_each(|stream| self.take_over(stream));
        }
    }
}

/// Reads what is there; true when the peer has closed the connection.
fn skip(
    mut stream: &TcpStream,
    leaving: &mut Leaving,
    buffer: &mut [u8],
    len_left: &mut usize,
) -> bool {
    while *len_left > 0 {
        match stream.read(buffer) {
            Ok(0) => return true,
            Ok(len) => {
                leaving.heard(len);
                *len_left = len_left.saturating_sub(len);
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return err.kind() != io::ErrorKind::WouldBlock,
        }
    }
    false
}
