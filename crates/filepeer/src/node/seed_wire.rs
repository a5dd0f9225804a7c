//! The seed's line protocol, on the port that QUIC has too: one question a connection, then it is closed.
//!
//! `ID`, `SEARCH name` and `GET name` end with a line feed, with the peer's close, or with 250 ms of quiet,
//! since the seed's nodes send no ending. `SEARCH` looks here first, then asks all neighbours, those of the
//! seed too, unless that name is being asked for already: two nodes that ask each other would never stop.
//!
//! A connection costs one task, and a thread while a piece of a file is read for it. Nobody waits in line: those
//! who are too many are closed.

pub(crate) mod asking;
mod question;

use std::{
    collections::HashSet,
    io::{self, Read, Take},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use protocol::FileName;
use searching::{Config, Strategy, Wanted};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task, time,
};

use self::question::Question;
use super::{
    admission::Admission,
    event::{Event, Place},
    local::Local,
    offer::Offer,
    options::Stats,
    searches::{Reach, Search, Searches, Until},
};
use crate::blobs::upload_limit::Bandwidth;

/// Connections at once.
const CONNECTIONS_MAX: usize = 64;

/// Longest question: a name of 255 bytes and a verb.
const QUESTION_LEN_MAX: usize = 512;

/// After this much quiet a question without an ending is complete.
const QUIET: Duration = Duration::from_millis(250);

/// How long a whole question may take.
const QUESTION_WAIT: Duration = Duration::from_secs(5);

/// For how many at once neighbours are asked. Neighbours take only so many queries from this node, and its own
/// searches need some of them; those who are too many hear of what is here.
const SEARCHES_MAX: usize = 16;

/// For how long each has its place at least: what is found at once must not be asked for at once again.
const SEARCH_PLACE_MIN: Duration = Duration::from_millis(100);

/// How long neighbours are asked for somebody else. The seed's clients wait on their connection.
const SEARCH_WAIT: Duration = Duration::from_secs(2);

/// How long a short answer may take to be taken.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// A file has this long, and a second more for each so many bytes.
const FILE_WAIT: Duration = Duration::from_secs(10);
const BYTES_PER_SECOND_MIN: u64 = 16 * 1024;

/// How long a peer that is sent a file may take nothing.
const SILENCE_MAX: Duration = Duration::from_secs(5);

const PIECE_LEN: usize = 64 * 1024;

/// Between tries to accept without resources.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers questions of the seed's wire.
pub(super) struct SeedWire {
    local: Arc<Local>,
    offer: Arc<dyn Offer>,
    searches: Searches,
    stats: Stats,
    bandwidth: Arc<Bandwidth>,
    searching: Arc<Semaphore>,
    /// The names that neighbours are being asked for.
    asked: Mutex<HashSet<FileName>>,
}

impl SeedWire {
    pub(super) fn new(
        local: Arc<Local>,
        offer: Arc<dyn Offer>,
        searches: Searches,
        stats: Stats,
        bandwidth: Arc<Bandwidth>,
    ) -> Self {
        let (searching, asked) = (Arc::new(Semaphore::new(SEARCHES_MAX)), Mutex::default());
        Self { local, offer, searches, stats, bandwidth, searching, asked }
    }

    /// Answers until the task is aborted.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let places = Admission::new(CONNECTIONS_MAX);
        loop {
            let Ok((stream, peer)) = listener.accept().await else {
                // Open connections give descriptors back.
                time::sleep(PAUSE).await;
                continue;
            };
            let Some(place) = places.admit(Some(peer.ip())) else {
                self.local.tally.turned_away();
                continue;
            };
            let this = Arc::clone(&self);
            task::spawn(async move {
                // Who leaves, or takes too long, is told nothing.
                let _ = this.answer(stream, peer).await;
                drop(place);
            });
        }
    }

    async fn answer(&self, mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let question = time::timeout(QUESTION_WAIT, read_question(&mut stream)).await??;
        self.local.tally.seed_asked();
        let answer = match Question::parse(&question) {
            Some(Question::Id) => format!("ID {}\n", self.local.id),
            Some(Question::Stats) if peer.ip().is_loopback() => (self.stats)() + "\n",
            Some(Question::Search(name)) => match self.find(&name, &stream).await? {
                Some(holder) => asking::found(&name, holder),
                None => String::new(),
            },
            Some(Question::Get(name)) => return self.send(name, stream, peer).await,
            Some(Question::Stats) | None => {
                self.local.tally.refused();
                String::new()
            }
        };
        time::timeout(ANSWER_WAIT, stream.write_all(answer.as_bytes())).await??;
        stream.shutdown().await
    }

    /// Where the file is: here, or where a neighbour says.
    async fn find(&self, name: &FileName, stream: &TcpStream) -> io::Result<Option<SocketAddr>> {
        self.tell_query(name);
        let begun = Instant::now();
        // As the asker reached it; the address that is listened on may be that of all interfaces.
        let here = stream.local_addr()?;
        if self.offer.has(name) {
            let holder = Place { address: Some(here), id: Some(self.local.id) };
            let response = begun.elapsed();
            self.local.tell(Event::Found { name: name.clone(), holder, hops: Some(0), response });
            return Ok(Some(here));
        }
        let Ok(place) = Arc::clone(&self.searching).try_acquire_owned() else {
            self.local.tally.turned_away();
            return Ok(None);
        };
        let until = begun + SEARCH_PLACE_MIN;
        let first = self.asked().insert(name.clone());
        let asked = first.then(|| Asked { wire: self, name });
        let reach = if asked.is_some() { Reach::Everyone } else { Reach::Peers };
        let search = Search {
            wanted: Wanted::Exact(name.clone()),
            strategy: Strategy::Flood,
            ttl: Config::TTL,
            wait: SEARCH_WAIT,
            until: Until::First,
        };
        let first = self.searches.run(search, reach).await.first;
        task::spawn(async move {
            time::sleep_until(until.into()).await;
            drop(place);
        });
        Ok(first)
    }

    async fn send(
        &self,
        name: FileName,
        mut stream: TcpStream,
        peer: SocketAddr,
    ) -> io::Result<()> {
        self.tell_query(&name);
        let begun = Instant::now();
        let (offer, file) = (Arc::clone(&self.offer), name.clone());
        let opened = task::spawn_blocking(move || offer.open(&file)).await;
        let Some((content, len)) = opened.map_err(io::Error::other)?? else {
            let answer = asking::not_found(&name);
            time::timeout(ANSWER_WAIT, stream.write_all(answer.as_bytes())).await??;
            return stream.shutdown().await;
        };
        let bytes = self.send_content(content.take(len), &mut stream).await?;
        stream.shutdown().await?;
        let peer = Place { address: Some(peer), id: None };
        self.local.tell(Event::Served { name, peer, bytes, took: begun.elapsed() });
        Ok(())
    }

    /// Not slower than may be, and no faster than all uploads together may. How much it was: a file that has
    /// become shorter ends early.
    async fn send_content(&self, mut content: Content, stream: &mut TcpStream) -> io::Result<u64> {
        let allowed = FILE_WAIT + Duration::from_secs(content.limit() / BYTES_PER_SECOND_MIN);
        let mut deadline = Instant::now() + allowed;
        let mut sent = 0;
        loop {
            let read = task::spawn_blocking(move || read_piece(content)).await;
            let piece;
            (content, piece) = read.map_err(io::Error::other)??;
            if piece.is_empty() {
                return Ok(sent);
            }
            let now = Instant::now();
            if let Some(start) = self.bandwidth.take(piece.len(), now) {
                time::sleep_until(start.into()).await;
                // That it had to wait is not held against the peer.
                deadline += start - now;
            }
            let mut left = &piece[..];
            while !left.is_empty() {
                let until = deadline.min(Instant::now() + SILENCE_MAX);
                let written = time::timeout_at(until.into(), stream.write(left)).await??;
                left = &left[written..];
            }
            sent += piece.len() as u64;
        }
    }

    fn tell_query(&self, name: &FileName) {
        let name = name.as_str().to_owned();
        self.local.tell(Event::QueryReceived { node: self.local.place(), name });
    }

    fn asked(&self) -> MutexGuard<'_, HashSet<FileName>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That neighbours are being asked for a name, until it is dropped.
struct Asked<'a> {
    wire: &'a SeedWire,
    name: &'a FileName,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.wire.asked().remove(self.name);
    }
}

/// Everything up to a line feed, the peer's close, or quiet.
async fn read_question(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut question = Vec::new();
    let mut piece = [0; QUESTION_LEN_MAX];
    while question.len() <= QUESTION_LEN_MAX && !question.contains(&b'\n') {
        let read = stream.read(&mut piece);
        let read = if question.is_empty() {
            read.await?
        } else {
            time::timeout(QUIET, read).await.unwrap_or(Ok(0))?
        };
        if read == 0 {
            break;
        }
        question.extend_from_slice(&piece[..read]);
    }
    Ok(question)
}

/// What is left of a file that is sent.
type Content = Take<Box<dyn Read + Send>>;

/// The next piece, on a thread that may wait for the disk; empty at the end.
fn read_piece(mut content: Content) -> io::Result<(Content, Vec<u8>)> {
    let mut piece = vec![0; PIECE_LEN];
    let len = content.read(&mut piece)?;
    piece.truncate(len);
    Ok((content, piece))
}
