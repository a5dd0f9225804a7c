//! Server-sent events: what is told to all who follow.
//!
//! To tell something never waits. Who follows has no thread and no queue here: an event is written into the room that
//! the kernel has for the client, and a client whose room is full is let go. A client costs its socket, and there are
//! places for some; whoever comes when all are taken gets that of the client that has followed for longest.

use std::{
    io::{self, ErrorKind, Write},
    net::TcpStream,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Enough for some people with several windows each.
const FOLLOWERS_MAX: usize = 16;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-store\r\nConnection: close\r\n\r\n";

/// Those who follow, and what was told last under each name: whoever comes later is told that first.
#[derive(Debug, Default)]
pub struct Audience(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    followers: Vec<TcpStream>,
    latest: Vec<(&'static str, String)>,
}

impl Audience {
    pub fn tell(&self, event: &'static str, data: &str) {
        let message = message(event, data);
        let mut told = self.lock();
        told.followers.retain(|stream| write_now(stream, &message));
        told.latest.retain(|(other, _)| *other != event);
        told.latest.push((event, message));
    }

    /// How many follow now, as far as is known.
    pub fn followers(&self) -> usize {
        let mut told = self.lock();
        told.followers.retain(is_there);
        told.followers.len()
    }

    pub(super) fn admit(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut told = self.lock();
        let latest = told.latest.iter().map(|(_, message)| message.as_str());
        let first: String = [HEAD].into_iter().chain(latest).collect();
        if write_now(&stream, &first) {
            told.followers.retain(is_there);
            if told.followers.len() >= FOLLOWERS_MAX {
                told.followers.remove(0);
            }
            told.followers.push(stream);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As the format has it: a line of data for each line of the text, and a blank line.
fn message(event: &str, data: &str) -> String {
    let lines: String = data.lines().map(|line| format!("data: {line}\n")).collect();
    format!("event: {event}\n{lines}\n")
}

/// Half a message would spoil the next.
fn write_now(mut stream: &TcpStream, message: &str) -> bool {
    stream.write(message.as_bytes()).is_ok_and(|written| written == message.len())
}

/// A client that follows says nothing until it closes.
fn is_there(stream: &TcpStream) -> bool {
    stream.peek(&mut [0]).is_err_and(|err| err.kind() == ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Read},
        net::{SocketAddr, TcpListener},
        sync::Arc,
        thread,
        time::{Duration, Instant},
    };

    use super::*;
    use crate::http::{Answer, serve};

    const PATIENCE: Duration = Duration::from_secs(30);

    fn serving(audience: &Arc<Audience>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let audience = Arc::clone(audience);
        serve(listener, "events", 4, move |_| Answer::Events(Arc::clone(&audience))).unwrap();
        address
    }

    fn follow(address: SocketAddr) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /events HTTP/1.1\r\n\r\n").unwrap();
        BufReader::new(stream)
    }

    /// Up to the next blank line.
    fn next(stream: &mut BufReader<TcpStream>) -> String {
        let lines = stream.lines().map(Result::unwrap);
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("|")
    }

    fn wait_for_followers(audience: &Audience, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while audience.followers() != count {
            assert!(Instant::now() < deadline, "{} follow, not {count}", audience.followers());
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn who_comes_later_is_told_the_last_of_each_kind_and_then_what_everyone_is_told() {
        let audience = Arc::new(Audience::default());
        let address = serving(&audience);
        ["1", "2"].into_iter().for_each(|row| audience.tell("row", row));
        audience.tell("page", "7");
        let mut client = follow(address);
        assert!(next(&mut client).starts_with("HTTP/1.1 200 OK|Content-Type: text/event-stream|"));
        assert_eq!(next(&mut client), "event: row|data: 2");
        assert_eq!(next(&mut client), "event: page|data: 7");
        wait_for_followers(&audience, 1);
        audience.tell("row", "two\nlines");
        assert_eq!(next(&mut client), "event: row|data: two|data: lines");
    }

    #[test]
    fn who_leaves_or_does_not_read_is_forgotten_and_nobody_waits_for_them() {
        let audience = Arc::new(Audience::default());
        let address = serving(&audience);
        let (deaf, gone) = (follow(address), follow(address));
        wait_for_followers(&audience, 2);
        drop(gone);
        wait_for_followers(&audience, 1);
        let began = Instant::now();
        let long = "x".repeat(1 << 20);
        while audience.followers() > 0 {
            audience.tell("row", &long);
            assert!(began.elapsed() < PATIENCE, "a client that does not read is waited for");
        }
        drop(deaf);
    }

    #[test]
    fn the_last_to_come_has_a_place_when_all_are_taken() {
        let audience = Arc::new(Audience::default());
        let address = serving(&audience);
        let mut clients: Vec<_> = (1..=FOLLOWERS_MAX)
            .map(|count| {
                let client = follow(address);
                wait_for_followers(&audience, count);
                client
            })
            .collect();
        let mut last = follow(address);
        assert!(next(&mut last).starts_with("HTTP/1.1 200 OK"));
        // The first finds its end behind the head.
        let mut said = String::new();
        clients[0].read_to_string(&mut said).unwrap();
        assert!(said.ends_with("\r\n\r\n"), "{said}");
        wait_for_followers(&audience, FOLLOWERS_MAX);
        audience.tell("row", "1");
        assert_eq!(next(&mut last), "event: row|data: 1");
    }
}
