//! A client that does random things and remembers what it saw.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use protocol::Verb;
use rand::{RngExt, rngs::StdRng};
use testkit::{Peer, base64, content};

use crate::{
    contents::Contents,
    history::{Call, Observation},
    request::{NAMES, Request},
};

/// Long uploads take many reads and writes, so that they overlap.
const UPLOAD_LEN_MAX: usize = 400_000;

/// Requests sent at once must fit into the buffers on the way: neither side reads meanwhile.
const PIPELINED_LEN_MAX: usize = 3000;

const ENDING: &[u8] = b"\r\n\r\n";

/// What all clients of a round share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) contents: Contents,
    pub(crate) started: Instant,
    /// Whether the server may end a connection in the middle of a request.
    pub(crate) workers_die: bool,
    /// Whether the files are in a bucket, which promises less.
    pub(crate) in_a_bucket: bool,
}

impl World {
    /// Whether the connection may end instead of an answer. Of a bucket, a download whose file is replaced.
    fn may_break_off(&self, request: &Request) -> bool {
        let is_download = matches!(request, Request::Get(_) | Request::Fetch(_));
        self.workers_die || (self.in_a_bucket && is_download)
    }

    /// Whether it says nothing of the file: that was replaced while it was read.
    fn may_be_unknown(&self, request: &Request, outcome: &str) -> bool {
        self.in_a_bucket && matches!(request, Request::Digest(_)) && outcome == "changed"
    }

    /// What is known, where two who delete a file at once may both be told that they did.
    fn weakened(&self, observation: Observation) -> Observation {
        match observation {
            Observation::Deleted if self.in_a_bucket => Observation::DeletedOrGone,
            observation => observation,
        }
    }
}

/// What clients saw and did.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) calls: BTreeMap<&'static str, Vec<Call>>,
    pub(crate) tallies: BTreeMap<Verb, Tally>,
    pub(crate) connections: u64,
    /// Connections that ended in the middle of a request.
    pub(crate) broken: u64,
}

/// Requests of one verb, by what their clients know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) succeeded: u64,
    pub(crate) perhaps: u64,
}

#[derive(Debug)]
pub(crate) struct Client<'a> {
    world: &'a World,
    rng: StdRng,
    /// Numbers uploads and connections; no other client has the same.
    next_number: u64,
    /// Open, with no request under way.
    connection: Option<Connection>,
    record: Record,
}

#[derive(Debug)]
struct Connection {
    peer: Peer,
    number: u64,
}

impl<'a> Client<'a> {
    pub(crate) fn new(world: &'a World, number: u64, rng: StdRng) -> Self {
        let next_number = number << 32;
        Self { world, rng, next_number, connection: None, record: Record::default() }
    }

    /// Does one random thing.
    pub(crate) fn take_turn(&mut self) {
        match self.rng.random_range(0..100) {
            0..65 => {
                let request = self.random_request(UPLOAD_LEN_MAX);
                self.converse(&[request]);
            }
            65..80 => {
                let count = self.rng.random_range(2..=5);
                let requests: Vec<_> =
                    (0..count).map(|_| self.random_request(PIPELINED_LEN_MAX)).collect();
                self.converse(&requests);
            }
            80..84 => self.upload_and_half_close(),
            84..89 => self.break_off_upload(),
            89..93 => self.break_off_download(),
            93..97 => self.ask_and_vanish(),
            _ => self.connection = None,
        }
    }

    /// Looks at every name.
    pub(crate) fn look_around(&mut self) {
        self.converse(&[Request::List]);
        for name in NAMES {
            self.converse(&[Request::Get(name)]);
        }
    }

    /// Closes the connection, if there is one, between two requests.
    pub(crate) fn leave(self) -> Record {
        self.record
    }

    /// Sends all requests, then reads all replies.
    fn converse(&mut self, requests: &[Request]) {
        let invoked = self.now();
        let mut connection = self.take_connection();
        let wire: Vec<u8> = requests.iter().flat_map(ended).collect();
        self.send(&mut connection.peer, &wire);
        if self.take_replies(&mut connection, requests, invoked) {
            self.connection = Some(connection);
        }
    }

    /// An upload without another ending than that of the connection's sending half.
    fn upload_and_half_close(&mut self) {
        let upload = self.random_upload(UPLOAD_LEN_MAX);
        let invoked = self.now();
        let mut connection = self.take_connection();
        self.send(&mut connection.peer, &upload.wire());
        // Where this fails, there is no reply either.
        let _ = connection.peer.try_cut_off();
        self.take_replies(&mut connection, &[upload], invoked);
    }

    /// An upload that lacks some of its content must never be seen, so it is no part of the history.
    fn break_off_upload(&mut self) {
        let len = self.rng.random_range(1..UPLOAD_LEN_MAX);
        let content = content(self.number(), len);
        let name = self.random_name();
        let (head, content) = match self.rng.random() {
            true => (format!("UPLOAD {name} "), base64(&content).into_bytes()),
            false => (format!("STORE {name} length={len}\r\n\r\n"), content),
        };
        let sent_len = self.rng.random_range(0..content.len());
        let mut connection = self.take_connection();
        self.send(&mut connection.peer, &[head.as_bytes(), &content[..sent_len]].concat());
        self.vanish(connection.peer);
    }

    /// A download that is not read to its end says nothing.
    fn break_off_download(&mut self) {
        let name = self.random_name();
        let download = if self.rng.random() { Request::Get(name) } else { Request::Fetch(name) };
        let mut connection = self.take_connection();
        self.send(&mut connection.peer, &ended(&download));
        self.note_without_reply(&download, connection.number, Duration::ZERO);
        if self.rng.random() {
            // A server that died sends nothing.
            let _ = connection.peer.try_read_some(&mut [0; 100]);
        }
        self.vanish(connection.peer);
    }

    /// A whole request whose reply nobody waits for.
    fn ask_and_vanish(&mut self) {
        let request = self.random_request(UPLOAD_LEN_MAX);
        let invoked = self.now();
        let mut connection = self.take_connection();
        self.send(&mut connection.peer, &ended(&request));
        self.note_without_reply(&request, connection.number, invoked);
        self.vanish(connection.peer);
    }

    fn vanish(&mut self, peer: Peer) {
        self.record.broken += 1;
        if self.rng.random() { peer.reset() } else { drop(peer) }
    }

    /// Sends in a few writes, between which others may go on.
    fn send(&mut self, peer: &mut Peer, wire: &[u8]) {
        let mut rest = wire;
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(self.rng.random_range(1..=rest.len()));
            if let Err(err) = peer.try_send(piece) {
                assert!(self.world.workers_die, "the server does not take a request: {err}");
                return;
            }
            thread::yield_now();
            rest = later;
        }
    }

    /// False when the connection ended first.
    fn take_replies(
        &mut self,
        connection: &mut Connection,
        requests: &[Request],
        invoked: Duration,
    ) -> bool {
        for (answered, request) in requests.iter().enumerate() {
            let Some(answer) = request.read_answer(&mut connection.peer) else {
                assert!(
                    self.world.may_break_off(request),
                    "the server hung up instead of answering {request:?}"
                );
                self.record.broken += 1;
                for request in &requests[answered..] {
                    self.note_without_reply(request, connection.number, invoked);
                }
                return false;
            };
            let responded = Some(self.now());
            if answer.0.outcome() == "OK" {
                self.tally(request).succeeded += 1;
            }
            if self.world.may_be_unknown(request, answer.0.outcome()) {
                continue;
            }
            for (name, observation) in request.observations(&answer, &self.world.contents) {
                let observation = self.world.weakened(observation);
                self.note(name, observation, connection.number, invoked, responded);
            }
        }
        true
    }

    fn note_without_reply(&mut self, request: &Request, connection: u64, invoked: Duration) {
        self.tally(request).perhaps += 1;
        if let Some((name, observation)) = request.without_reply() {
            self.note(name, observation, connection, invoked, None);
        }
    }

    fn note(
        &mut self,
        name: &'static str,
        observation: Observation,
        connection: u64,
        invoked: Duration,
        responded: Option<Duration>,
    ) {
        let call = Call { observation, connection, invoked, responded };
        self.record.calls.entry(name).or_default().push(call);
    }

    fn tally(&mut self, request: &Request) -> &mut Tally {
        self.record.tallies.entry(request.verb()).or_default()
    }

    fn random_request(&mut self, upload_len_max: usize) -> Request {
        let name = self.random_name();
        match self.rng.random_range(0..10) {
            0 => Request::List,
            1..3 => Request::Get(name),
            3 => Request::Fetch(name),
            4 => Request::Digest(name),
            5..7 => Request::Delete(name),
            _ => self.random_upload(upload_len_max),
        }
    }

    fn random_upload(&mut self, len_max: usize) -> Request {
        let (name, number) = (self.random_name(), self.number());
        let len = match self.rng.random_range(0..4) {
            0 => 0,
            1 => self.rng.random_range(0..len_max.min(1000)),
            _ => self.rng.random_range(0..len_max),
        };
        let version = self.world.contents.add(number, len);
        match self.rng.random() {
            true => Request::Upload { name, number, len, version },
            false => Request::Store { name, number, len, version },
        }
    }

    fn random_name(&mut self) -> &'static str {
        NAMES[self.rng.random_range(0..NAMES.len())]
    }

    fn take_connection(&mut self) -> Connection {
        self.connection.take().unwrap_or_else(|| {
            self.record.connections += 1;
            Connection { peer: Peer::connect(self.world.address), number: self.number() }
        })
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn now(&self) -> Duration {
        self.world.started.elapsed()
    }
}

fn ended(request: &Request) -> Vec<u8> {
    [&request.wire(), ENDING].concat()
}
