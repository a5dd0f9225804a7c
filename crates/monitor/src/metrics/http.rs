//! As much of an HTTP server as the page needs.
//!
//! A few clients at once have a thread each and five seconds from their accept to their close,
//! however they send and read; whoever comes beyond them is told so and closed. A client that
//! stalls holds its thread, a head of at most 8 KiB and one copy of the page. The acceptor ends with the
//! process.

use std::{
    borrow::Cow,
    io::{self, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::format::PageFormat;
use crate::listener::{self, ListenerError, Shared};

/// Enough for some Prometheus servers and a few people with browsers.
const CLIENTS_MAX: usize = 8;
/// What Prometheus and browsers send is below 2 KiB.
const HEAD_LEN_MAX: usize = 8 * 1024;
const HEADERS_MAX: usize = 64;
/// From accept to close. Half of Prometheus' usual timeout of a scrape.
const EXCHANGE_TIME: Duration = Duration::from_secs(5);

const INDEX: &str = "<!doctype html><title>kolam</title><a href=\"/metrics\">Metrics</a>\n";

/// Serves `GET /metrics` on `listener` until the process ends; returns at once. `text` makes the
/// page as OpenMetrics; it is called from threads of the server, never twice at a time.
pub fn serve(
    listener: TcpListener,
    text: impl Fn() -> String + Send + Sync + 'static,
) -> Result<(), ListenerError> {
    let page = Arc::new(Shared::new(text));
    // Each client's thread holds one; a thread that panics gives it back too.
    let places = Arc::new(());
    listener::open(listener, "metrics", move |stream| admit(stream, &page, &places))
}

/// Gives the client a thread, or turns it away.
fn admit<F: Fn() -> String + Send + Sync + 'static>(
    stream: TcpStream,
    page: &Arc<Shared<String, F>>,
    places: &Arc<()>,
) {
    if Arc::strong_count(places) > CLIENTS_MAX {
        return turn_away(&stream);
    }
    let deadline = Instant::now() + EXCHANGE_TIME;
    let (page, place) = (Arc::clone(page), Arc::clone(places));
    let run = move || {
        let _place = place;
        // Whoever leaves early has no more to be told.
        let _ = exchange(Peer { stream: &stream, deadline }, &page);
    };
    // Without a thread the connection is closed, and the client comes again.
    let _ = thread::Builder::new().name("metrics client".to_owned()).spawn(run);
}

/// Never waits: a reply this short has room in an empty send buffer.
fn turn_away(mut stream: &TcpStream) {
    let reply = Reply::text("503 Service Unavailable", "too many readers at once\n");
    if stream.set_nonblocking(true).is_ok() {
        let _ = stream.write(&reply.into_bytes(Content::Sent));
    }
}

fn exchange(mut peer: Peer, page: &Shared<String, impl Fn() -> String>) -> io::Result<()> {
    let (reply, content) = match read_head(&mut peer)? {
        Ok(request) => (request.target.reply(page), request.content),
        Err(refusal) => (refusal.reply(), Content::Sent),
    };
    peer.write_all(&reply.into_bytes(content))?;
    listener::leave(peer.stream, peer.deadline)
}

/// A client, which has until a deadline, however little it sends or takes at a time.
struct Peer<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Read for Peer<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(listener::time_left(self.deadline)?))?;
        self.stream.read(room)
    }
}

impl Write for Peer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(listener::time_left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a client asks for, as far as it matters here.
struct Request {
    target: Target,
    content: Content,
}

enum Target {
    Metrics(PageFormat),
    Index,
    Unknown,
}

/// Whether a reply has its content, or only says how long it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Content {
    Sent,
    Withheld,
}

/// Why a head is no request that can be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Refusal {
    Malformed,
    Method,
    HeadTooLong,
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

impl Request {
    /// `None` asks for more bytes.
    fn parse(head: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLong),
            Err(_) => return Err(Refusal::Malformed),
        }
        let content = match request.method {
            Some("GET") => Content::Sent,
            Some("HEAD") => Content::Withheld,
            _ => return Err(Refusal::Method),
        };
        let path = request.path.unwrap_or_default().split('?').next();
        let target = match path {
            Some("/metrics") => Target::Metrics(PageFormat::accepted(&accept(request.headers))),
            Some("/") => Target::Index,
            _ => Target::Unknown,
        };
        Ok(Some(Self { target, content }))
    }
}

/// All `Accept` headers as one, which is what several of them mean.
fn accept(headers: &[httparse::Header]) -> String {
    let accept = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("accept"));
    accept.filter_map(|header| str::from_utf8(header.value).ok()).collect::<Vec<_>>().join(",")
}

impl Target {
    fn reply(&self, page: &Shared<String, impl Fn() -> String>) -> Reply {
        match self {
            Self::Metrics(format) => {
                let text = page.since(Instant::now());
                let content = format.write(&text).into_owned();
                Reply { content_type: format.content_type(), ..Reply::text("200 OK", content) }
            }
            Self::Index => {
                Reply { content_type: "text/html; charset=utf-8", ..Reply::text("200 OK", INDEX) }
            }
            Self::Unknown => {
                Reply::text("404 Not Found", "not found; the metrics are at /metrics\n")
            }
        }
    }
}

impl Refusal {
    fn reply(self) -> Reply {
        match self {
            Self::Malformed => Reply::text("400 Bad Request", "not an HTTP request\n"),
            Self::Method => Reply {
                header: "Allow: GET, HEAD\r\n",
                ..Reply::text("405 Method Not Allowed", "only GET and HEAD are answered\n")
            },
            Self::HeadTooLong => {
                Reply::text("431 Request Header Fields Too Large", "the head is too long\n")
            }
        }
    }
}

struct Reply {
    status: &'static str,
    content_type: &'static str,
    /// One more header line, with its ending, or nothing.
    header: &'static str,
    content: Cow<'static, str>,
}

impl Reply {
    fn text(status: &'static str, content: impl Into<Cow<'static, str>>) -> Self {
        let content_type = "text/plain; charset=utf-8";
        Self { status, content_type, header: "", content: content.into() }
    }

    fn into_bytes(self, content: Content) -> Vec<u8> {
        let Self { status, content_type, header, content: text } = self;
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
            {header}Connection: close\r\n\r\n",
            text.len()
        );
        if content == Content::Sent {
            bytes.push_str(&text);
        }
        bytes.into_bytes()
    }
}
