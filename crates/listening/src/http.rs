//! As much of an HTTP server as a page needs.
//!
//! A few clients at once have a thread each and five seconds from their accept to their close,
//! however they send and read; whoever comes beyond them is told so and closed. A client that
//! stalls holds its thread, a head of at most 8 KiB and one copy of its reply. Who follows events
//! needs no thread any more. The acceptor ends with the process.

mod events;
mod request;

use std::{
    borrow::Cow,
    io::{self, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use self::request::{Content, Refusal};
pub use self::{events::Audience, request::Request};
use crate::acceptor::{self, ListenerError};

/// What browsers and Prometheus send is below 2 KiB.
const HEAD_LEN_MAX: usize = 8 * 1024;
/// From accept to close. Half of Prometheus' usual timeout of a scrape.
const EXCHANGE_TIME: Duration = Duration::from_secs(5);

/// What follows a request.
pub enum Answer {
    Reply(Reply),
    /// The client is told what the audience is, until it leaves.
    Events(Arc<Audience>),
}

/// A reply that is whole.
pub struct Reply {
    pub status: &'static str,
    pub content_type: &'static str,
    /// More header lines, each with its ending, or nothing.
    pub headers: &'static str,
    pub content: Cow<'static, str>,
}

impl Reply {
    pub fn text(status: &'static str, content: impl Into<Cow<'static, str>>) -> Self {
        let content_type = "text/plain; charset=utf-8";
        Self { status, content_type, headers: "", content: content.into() }
    }

    pub fn html(content: impl Into<Cow<'static, str>>) -> Self {
        Self { content_type: "text/html; charset=utf-8", ..Self::text("200 OK", content) }
    }

    fn into_bytes(self, content: Content) -> Vec<u8> {
        let Self { status, content_type, headers, content: text } = self;
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
            {headers}Connection: close\r\n\r\n",
            text.len()
        );
        if content == Content::Sent {
            bytes.push_str(&text);
        }
        bytes.into_bytes()
    }
}

impl Refusal {
    fn reply(self) -> Reply {
        match self {
            Self::Malformed => Reply::text("400 Bad Request", "not an HTTP request\n"),
            Self::Method => Reply {
                headers: "Allow: GET, HEAD\r\n",
                ..Reply::text("405 Method Not Allowed", "only GET and HEAD are answered\n")
            },
            Self::HeadTooLong => {
                Reply::text("431 Request Header Fields Too Large", "the head is too long\n")
            }
        }
    }
}

/// The clients that are being answered.
#[derive(Clone, Debug)]
pub struct Clients(Weak<()>);

impl Clients {
    /// Nobody is in the middle of a reply.
    pub fn is_empty(&self) -> bool {
        // The acceptor holds one.
        self.0.strong_count() <= 1
    }
}

/// Answers those who come to `listener`, `clients_max` at once, until the process ends; returns at once. `answer` is
/// called from threads of the server, several at a time.
pub fn serve(
    listener: TcpListener,
    what: &'static str,
    clients_max: usize,
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> Result<Clients, ListenerError> {
    let answer = Arc::new(answer);
    // Each client's thread holds one; a thread that panics gives it back too.
    let places = Arc::new(());
    let clients = Clients(Arc::downgrade(&places));
    acceptor::open(listener, what, move |stream| {
        if Arc::strong_count(&places) > clients_max {
            return turn_away(&stream);
        }
        let deadline = Instant::now() + EXCHANGE_TIME;
        let (answer, place) = (Arc::clone(&answer), Arc::clone(&places));
        let run = move || {
            let _place = place;
            // Whoever leaves early has no more to be told.
            let _ = exchange(stream, deadline, &*answer);
        };
        // Without a thread the connection is closed, and the client comes again.
        let _ = thread::Builder::new().name(format!("{what} client")).spawn(run);
    })?;
    Ok(clients)
}

/// Never waits: a reply this short has room in an empty send buffer.
fn turn_away(mut stream: &TcpStream) {
    let reply = Reply::text("503 Service Unavailable", "too many readers at once\n");
    if stream.set_nonblocking(true).is_ok() {
        let _ = stream.write(&reply.into_bytes(Content::Sent));
    }
}

fn exchange(
    stream: TcpStream,
    deadline: Instant,
    answer: impl Fn(&Request) -> Answer,
) -> io::Result<()> {
    let mut peer = Peer { stream: &stream, deadline };
    let (answer, content) = match read_head(&mut peer)? {
        Ok(request) => (answer(&request), request.content),
        Err(refusal) => (Answer::Reply(refusal.reply()), Content::Sent),
    };
    match answer {
        Answer::Reply(reply) => {
            peer.write_all(&reply.into_bytes(content))?;
            acceptor::leave(&stream, deadline)
        }
        Answer::Events(audience) => audience.admit(stream),
    }
}

/// A client, which has until a deadline, however little it sends or takes at a time.
struct Peer<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Read for Peer<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(acceptor::time_left(self.deadline)?))?;
        self.stream.read(room)
    }
}

impl Write for Peer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(acceptor::time_left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads until the head is complete, or is certain to be no request.
fn read_head(peer: &mut impl Read) -> io::Result<Result<Request, Refusal>> {
    let mut head = vec![0; HEAD_LEN_MAX];
    let mut len = 0;
    loop {
        if len == head.len() {
            return Ok(Err(Refusal::HeadTooLong));
        }
        match peer.read(&mut head[len..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => len += more,
            Err(err) if err.kind() == ErrorKind::Interrupted => continue,
            Err(err) => return Err(err),
        }
        if let Some(request) = Request::parse(&head[..len]).transpose() {
            return Ok(request);
        }
    }
}
