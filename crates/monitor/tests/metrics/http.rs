//! The page over HTTP, and clients that behave badly.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use monitor::metrics::serve;

use crate::fixture::busy_page;

const CLIENTS_MAX: usize = 8;
const EXCHANGE_TIME: Duration = Duration::from_secs(5);
/// What a busy machine may add.
const MARGIN: Duration = Duration::from_secs(5);

fn serving(text: impl Fn() -> String + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, text).unwrap();
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(EXCHANGE_TIME + MARGIN)).unwrap();
    stream
}

/// What the server says to these bytes, until it closes.
fn ask(address: SocketAddr, request: &[u8]) -> io::Result<String> {
    let mut stream = connect(address);
    stream.write_all(request)?;
    let mut reply = Vec::new();
    match stream.read_to_end(&mut reply) {
        // Whoever is turned away may be reset after the reply.
        Err(err) if err.kind() != ErrorKind::ConnectionReset => Err(err),
        _ => Ok(String::from_utf8_lossy(&reply).into_owned()),
    }
}

fn get(address: SocketAddr) -> io::Result<String> {
    ask(address, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn status(reply: &str) -> &str {
    reply.split(' ').nth(1).unwrap_or("none")
}

fn parts(reply: &str) -> (&str, &str) {
    reply.split_once("\r\n\r\n").unwrap()
}

/// Asks until there is an answer of 200, for so long.
fn eventually_served(address: SocketAddr, limit: Duration) -> Duration {
    let began = Instant::now();
    loop {
        if get(address).is_ok_and(|reply| status(&reply) == "200") {
            return began.elapsed();
        }
        assert!(began.elapsed() < limit, "nobody is served after {limit:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_page_comes_in_the_format_that_is_asked_for() {
    let page = busy_page();
    let served = page.clone();
    let address = serving(move || served.clone());
    let reply = get(address).unwrap();
    let (head, text) = parts(&reply);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert!(head.contains("\r\nConnection: close"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", text.len())), "{head}");
    assert!(text.contains("# TYPE kolam_requests_total counter\n"), "{text}");
    let reply = ask(
        address,
        b"GET /metrics?x=1 HTTP/1.1\r\naccept: text/plain;q=0.5\r\n\
          Accept: application/openmetrics-text;version=1.0.0\r\n\r\n",
    )
    .unwrap();
    let (head, text) = parts(&reply);
    assert!(head.contains("Content-Type: application/openmetrics-text; version=1.0.0;"), "{head}");
    assert_eq!(text, page);
}

#[test]
fn head_says_how_long_the_page_is_without_sending_it() {
    let address = serving(|| "# EOF\nabc\n".to_owned());
    let reply = ask(address, b"HEAD /metrics HTTP/1.0\r\n\r\n").unwrap();
    let (head, text) = parts(&reply);
    assert_eq!((status(head), text), ("200", ""));
    assert!(head.contains("\r\nContent-Length: 4\r\n"), "{head}");
}

#[test]
fn whoever_asks_for_something_else_is_told_so() {
    let address = serving(busy_page);
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(100));
    for (request, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", "200"),
        ("GET /metrics/ HTTP/1.1\r\n\r\n", "404"),
        ("GET /etc/passwd HTTP/1.1\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405"),
        ("LIST\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\u{2}", "400"),
        ("GET /metrics HTTP/9.9\r\n\r\n", "400"),
        (&long, "431"),
        (&many, "431"),
    ] {
        let reply = ask(address, request.as_bytes()).unwrap();
        assert_eq!(status(&reply), expected, "{request:.60}");
        assert_eq!(reply.contains("\r\nAllow: GET, HEAD\r\n"), expected == "405");
    }
    assert!(ask(address, b"GET / HTTP/1.1\r\n\r\n").unwrap().contains("href=\"/metrics\""));
}

#[test]
fn what_follows_a_request_does_not_spoil_its_reply() {
    let address = serving(busy_page);
    let mut request = b"GET /metrics HTTP/1.1\r\n\r\n".to_vec();
    request.extend_from_slice(&b"\0\xffGET / HTTP/1.1\r\n\r\n".repeat(1000));
    let reply = ask(address, &request).unwrap();
    let (_, text) = parts(&reply);
    assert_eq!(text.matches("kolam_uptime_seconds 12.5\n").count(), 1);
    assert!(!text.contains("HTTP/1.1"));
}

#[test]
fn a_client_that_half_closes_is_answered() {
    let address = serving(busy_page);
    let mut stream = connect(address);
    stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert_eq!(status(&reply), "200");
}

#[test]
fn clients_that_stall_keep_others_waiting_for_five_seconds_at_most() {
    // More than the buffers of two sockets hold, so that who does not read is waited for.
    let line = format!("x{{y=\"{}\"}} 1\n", "z".repeat(1 << 10));
    let address = serving(move || line.repeat(32 << 10));
    let silent: Vec<TcpStream> = (0..CLIENTS_MAX / 2).map(|_| connect(address)).collect();
    let deaf: Vec<TcpStream> = (0..CLIENTS_MAX / 2)
        .map(|_| {
            let mut stream = connect(address);
            stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    let reply = get(address).unwrap();
    assert_eq!(status(&reply), "503", "{reply:.80}");
    assert!(began.elapsed() < MARGIN, "a ninth client waited {:?}", began.elapsed());
    eventually_served(address, EXCHANGE_TIME + MARGIN);
    drop((silent, deaf));
}

#[test]
fn dripping_bytes_do_not_prolong_an_exchange() {
    let address = serving(busy_page);
    let began = Instant::now();
    let mut stream = connect(address);
    let mut sender = stream.try_clone().unwrap();
    thread::spawn(move || {
        sender.write_all(b"GET /metrics HTTP/1.1\r\nX: ").unwrap();
        while sender.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let mut reply = Vec::new();
    // It ends with a close or with a reset.
    let _ = stream.read_to_end(&mut reply);
    let took = began.elapsed();
    assert!(reply.is_empty());
    assert!(took >= EXCHANGE_TIME - Duration::from_millis(100), "{took:?}");
    assert!(took < EXCHANGE_TIME + MARGIN, "{took:?}");
}

#[test]
fn a_page_is_never_older_than_its_question_and_rendered_once_at_a_time() {
    let (rendered, at_once) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let (started, is_started) = mpsc::channel();
    let (release, is_released) = mpsc::channel();
    let (count, is_released) = (Arc::clone(&rendered), std::sync::Mutex::new(is_released));
    let address = serving(move || {
        assert_eq!(at_once.fetch_add(1, SeqCst), 0);
        let number = count.fetch_add(1, SeqCst) + 1;
        started.send(()).unwrap();
        is_released.lock().unwrap().recv().unwrap();
        at_once.fetch_sub(1, SeqCst);
        format!("page {number}\n")
    });
    let ask = || thread::spawn(move || parts(&get(address).unwrap()).1.to_owned());
    let first = ask();
    is_started.recv().unwrap();
    let later = [ask(), ask(), ask()];
    // None of them may be served what was begun before it asked.
    release.send(()).unwrap();
    assert_eq!(first.join().unwrap(), "page 1\n");
    (0..3).for_each(|_| release.send(()).unwrap());
    for page in later.map(|asking| asking.join().unwrap()) {
        assert_ne!(page, "page 1\n");
    }
    assert!((2..=4).contains(&rendered.load(SeqCst)));
}

#[test]
fn a_page_that_cannot_be_made_costs_only_those_who_asked() {
    let calls = AtomicUsize::new(0);
    let address = serving(move || match calls.fetch_add(1, SeqCst) {
        // Each of these would keep its place if panics did.
        0..20 => panic!("the test's own panic"),
        _ => "page\n".to_owned(),
    });
    eventually_served(address, MARGIN);
}
