//! The status address: PING and STATS for whoever must see a server whose workers are all busy.
//!
//! It speaks the protocol of the server, so that any client of it can ask, and takes no worker: a thread
//! for each client reads the scoreboard. Nothing that is asked here is counted or logged.
//!
//! There are places for some clients. Whoever comes when all are taken gets that of the client that has
//! asked for nothing for longest. So nobody is timed, and nobody who holds on to places keeps others from
//! looking. A client costs a thread, a head of at most 4 KiB and one copy of the counts. All ends with
//! the process.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use listening::{LINGER_TIME, ListenerError, time_left};
use protocol::{ErrorCode, Fragment, Pause, Reply, Request, RequestFramer, Stats, Token};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use telemetry::Scoreboard;

use crate::{
    metrics::{self, Family},
    shared::Shared,
};

/// Enough for some people and programs that look once a second.
const PLACES: usize = 16;

/// How long the answer to a wrong token takes: whoever guesses is to be slow.
const REJECTION_DELAY: Duration = Duration::from_secs(1);

/// What a status address tells, and to whom.
pub trait Status: Send + Sync + 'static {
    /// The counts now. Never called twice at a time.
    fn stats(&self) -> Stats;

    /// What the metrics page has beside the counts.
    fn families(&self) -> Vec<Family> {
        Vec::new()
    }

    /// The metrics page; a program that serves no requests of the protocol words its own.
    fn page(&self, board: &Scoreboard) -> String {
        metrics::render(&self.stats(), board, self.families())
    }

    /// Whether whoever wants the counts has to give a token first.
    fn asks_for_token(&self) -> bool;

    /// Whose token it is; `None` for one that is wrong.
    fn identify(&self, token: &Token) -> Option<String>;
}

/// Answers on `listener` until the process ends; returns at once.
pub fn serve(listener: TcpListener, status: impl Status) -> Result<(), ListenerError> {
    let status = Arc::new(status);
    let counts = Shared::new({
        let status = Arc::clone(&status);
        move || Reply::Stats(Box::new(status.stats())).to_wire()
    });
    let answers = Arc::new(Answers { status, counts });
    let places = Arc::new(Places::default());
    listening::open(listener, "status", move |stream| {
        let place = places.take(stream);
        let answers = Arc::clone(&answers);
        // Without a thread the connection is closed, and the client comes again. One that is gone
        // needs no answer.
        let run = move || {
            let (stream, framer) = (&*place.stream, RequestFramer::default());
            let is_known = !answers.status.asks_for_token();
            let client = Client { stream, place: &place, answers: &answers, framer, is_known };
            let _ = client.serve();
        };
        let _ = thread::Builder::new().name("status client".to_owned()).spawn(run);
    })
}

struct Answers<S, F> {
    status: Arc<S>,
    /// The reply with the counts.
    counts: Shared<Vec<u8>, F>,
}

/// What follows a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Then {
    GoOn,
    /// Whatever follows the request is not understood here.
    Leave,
}

/// A client, who has been given a place.
struct Client<'a, S, F> {
    stream: &'a TcpStream,
    place: &'a Place,
    answers: &'a Answers<S, F>,
    framer: RequestFramer,
    /// It has said who it is, or need not.
    is_known: bool,
}

impl<S: Status, F: Fn() -> Vec<u8>> Client<'_, S, F> {
    /// Answers one request after another until the client leaves or is to leave.
    fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let mut room = [0; 4096];
        loop {
            self.stream.set_read_timeout(self.framer.quiet())?;
            let then = match self.stream.read(&mut room) {
                Ok(0) => return self.pause(Pause::Closed).map(drop),
                Ok(len) => self.hear(&room[..len])?,
                Err(err) if err.kind() == ErrorKind::Interrupted => continue,
                Err(err) if is_timeout(&err) => self.pause(Pause::Quiet)?,
                Err(err) => return Err(err),
            };
            if then == Then::Leave {
                return listening::leave(self.stream, Instant::now() + LINGER_TIME);
            }
        }
    }

    fn hear(&mut self, mut input: &[u8]) -> io::Result<Then> {
        loop {
            let (fragment, used) = match self.framer.next(input) {
                Ok((None, used)) if used == input.len() => return Ok(Then::GoOn),
                Ok(next) => next,
                Err(err) => return self.send(&Reply::error(err.code(), err), Then::Leave),
            };
            input = &input[used..];
            if let Some(Fragment::Head(head)) = fragment {
                let head = head.to_vec();
                if self.answer(&head)? == Then::Leave {
                    return Ok(Then::Leave);
                }
            }
        }
    }

    /// Nothing comes, which may end a request.
    fn pause(&mut self, why: Pause) -> io::Result<Then> {
        match self.framer.end_of_input(why) {
            Ok(Some(Fragment::Head(head))) => {
                let head = head.to_vec();
                self.answer(&head)
            }
            Ok(_) => Ok(Then::GoOn),
            Err(err) => self.send(&Reply::error(err.code(), err), Then::Leave),
        }
    }

    fn answer(&mut self, head: &[u8]) -> io::Result<Then> {
        self.place.has_asked();
        match Request::parse(head) {
            Ok(Request::Ping) => self.send(&Reply::Pong(Vec::new()), Then::GoOn),
            Ok(Request::Stats) if self.is_known => {
                let counts = self.answers.counts.since(Instant::now());
                self.stream.write_all(&counts).map(|()| Then::GoOn)
            }
            Ok(Request::Stats) => {
                let why = "this server wants to know who asks: send AUTH and a token first";
                self.send(&Reply::error(ErrorCode::AuthRequired, why), Then::GoOn)
            }
            Ok(Request::Auth(token)) => {
                let reply = self.identify(&token);
                self.send(&reply, Then::GoOn)
            }
            Ok(_) => {
                let why = "this address tells how the server is doing, with PING and STATS; for \
                           files ask the server's own";
                self.send(&Reply::error(ErrorCode::BadRequest, why), Then::Leave)
            }
            Err(err) => self.send(&Reply::error(err.code(), err), Then::Leave),
        }
    }

    fn identify(&mut self, token: &Token) -> Reply {
        let status = &self.answers.status;
        if !status.asks_for_token() {
            return Reply::Authenticated { sentence: "this server asks for no token".to_owned() };
        }
        let name = status.identify(token);
        self.is_known = name.is_some();
        match name {
            Some(name) => Reply::Authenticated { sentence: format!("welcome {name}") },
            None => {
                // A client that goes, or has to, is waited for no longer.
                pause(self.stream, Instant::now() + REJECTION_DELAY);
                Reply::error(ErrorCode::AuthFailed, "no such token is known")
            }
        }
    }

    fn send(&self, reply: &Reply, then: Then) -> io::Result<Then> {
        let mut stream = self.stream;
        stream.write_all(&reply.to_wire()).map(|()| then)
    }
}

/// Waits until the deadline, or until nobody is there any more. What comes meanwhile stays to be read.
fn pause(stream: &TcpStream, deadline: Instant) {
    while let Ok(left) = time_left(deadline) {
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        // Without a flag: of the connection's end alone, which half a close is not.
        match poll(&mut [PollFd::new(stream, PollFlags::empty())], Some(&left)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

fn is_timeout(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// Who has a place now.
#[derive(Debug, Default)]
struct Places {
    taken: Arc<Mutex<Vec<Seat>>>,
    next_id: AtomicU64,
}

#[derive(Debug)]
struct Seat {
    id: u64,
    stream: Arc<TcpStream>,
    last_asked: Instant,
}

/// A client's place, until it is dropped.
#[derive(Debug)]
struct Place {
    id: u64,
    stream: Arc<TcpStream>,
    taken: Arc<Mutex<Vec<Seat>>>,
}

impl Places {
    /// Gives a place to the client, in place of another if there is no other way.
    fn take(&self, stream: TcpStream) -> Place {
        let id = self.next_id.fetch_add(1, Relaxed);
        let stream = Arc::new(stream);
        let mut taken = lock(&self.taken);
        if taken.len() >= PLACES {
            let silent = (0..taken.len()).min_by_key(|index| taken[*index].last_asked);
            let silent = taken.swap_remove(silent.expect("there are places"));
            // Its thread reads and writes no more.
            let _ = silent.stream.shutdown(Shutdown::Both);
        }
        taken.push(Seat { id, stream: Arc::clone(&stream), last_asked: Instant::now() });
        Place { id, stream, taken: Arc::clone(&self.taken) }
    }
}

impl Place {
    fn has_asked(&self) {
        let mut taken = lock(&self.taken);
        if let Some(seat) = taken.iter_mut().find(|seat| seat.id == self.id) {
            seat.last_asked = Instant::now();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.taken).retain(|seat| seat.id != self.id);
    }
}

fn lock(taken: &Mutex<Vec<Seat>>) -> MutexGuard<'_, Vec<Seat>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
