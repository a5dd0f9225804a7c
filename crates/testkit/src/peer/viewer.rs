//! Somebody who watches a run: asks for its page, and hears what it tells.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::PATIENCE;

/// A browser without a screen, at the address that a program invites to.
pub struct Viewer {
    address: SocketAddr,
    events: BufReader<TcpStream>,
}

/// What the run tells.
#[derive(Debug, Eq, PartialEq)]
pub struct Told {
    pub event: String,
    pub data: String,
}

impl Viewer {
    /// Reads what the program says until it names the address.
    #[track_caller]
    pub fn invited(said: &mut impl BufRead) -> Self {
        let lines = said.lines().map_while(Result::ok);
        let address = lines.into_iter().find_map(|line| {
            let (_, url) = line.split_once("http://")?;
            url.trim_end_matches('/').parse().ok()
        });
        let address = address.expect("the program says where its run can be watched");
        let events = ask(address, "GET /events").expect("the run goes on");
        Self { address, events }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page now. Panics where nobody answers.
    #[track_caller]
    pub fn page(&self) -> String {
        let reply = self.get("GET /");
        let (head, page) = reply.split_once("\r\n\r\n").expect("a reply has a head");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        page.to_owned()
    }

    /// What is answered to a request line, whole.
    #[track_caller]
    pub fn get(&self, request: &str) -> String {
        let mut reply = String::new();
        let mut stream = ask(self.address, request).expect("the run goes on");
        stream.read_to_string(&mut reply).expect("a reply has an end");
        reply
    }

    /// Waits for this to be told, and gives out what was told before.
    #[track_caller]
    pub fn hear_until(&mut self, is_it: impl Fn(&Told) -> bool) -> Vec<Told> {
        let mut heard = Vec::new();
        loop {
            let told =
                self.next().unwrap_or_else(|| panic!("nothing more is told after {heard:?}"));
            if is_it(&told) {
                return heard;
            }
            heard.push(told);
        }
    }

    /// `None` when the run tells no more.
    fn next(&mut self) -> Option<Told> {
        let mut told = Told { event: String::new(), data: String::new() };
        for line in (&mut self.events).lines().map_while(Result::ok) {
            if let Some(event) = line.strip_prefix("event: ") {
                told.event = event.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                told.data.push_str(data);
            } else if line.is_empty() && !told.event.is_empty() {
                return Some(told);
            }
        }
        None
    }

    /// Nobody listens there any more.
    pub fn is_alone(&self) -> bool {
        TcpStream::connect(self.address).is_err()
    }
}

fn ask(address: SocketAddr, request: &str) -> std::io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    Ok(BufReader::new(stream))
}
