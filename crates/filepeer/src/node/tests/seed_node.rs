//! The seed's node, written anew: a thread for each connection, one read for a question, and for what it does not
//! have it asks its neighbours one after another, each of which does the same.
//!
//! Like the seed's it remembers nothing, so two of these that know each other would ask for ever.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use testkit::PATIENCE;

pub(super) struct SeedNode {
    shared: Arc<Shared>,
}

struct Shared {
    address: SocketAddr,
    files: Vec<(&'static str, &'static [u8])>,
    neighbours: Mutex<Vec<SocketAddr>>,
    questions: AtomicUsize,
    stops: AtomicBool,
}

impl SeedNode {
    pub(super) fn start(files: &[(&'static str, &'static [u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            files: files.to_vec(),
            neighbours: Mutex::default(),
            questions: AtomicUsize::new(0),
            stops: AtomicBool::new(false),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.stops.load(Ordering::Relaxed) {
                    return;
                }
                let (served, stream) = (Arc::clone(&served), stream.unwrap());
                thread::spawn(move || served.answer(stream));
            }
        });
        Self { shared }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.shared.address
    }

    pub(super) fn add_neighbour(&self, address: SocketAddr) {
        self.shared.neighbours.lock().unwrap().push(address);
    }

    /// How often it was asked for a file.
    pub(super) fn questions(&self) -> usize {
        self.shared.questions.load(Ordering::Relaxed)
    }
}

impl Drop for SeedNode {
    fn drop(&mut self) {
        self.shared.stops.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.shared.address);
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut question = [0; 1024];
        let Ok(len) = stream.read(&mut question) else { return };
        let question = String::from_utf8_lossy(&question[..len]);
        if let Some(name) = question.strip_prefix("SEARCH ") {
            self.questions.fetch_add(1, Ordering::Relaxed);
            if let Some(found) = self.find(name) {
                let _ = stream.write_all(found.as_bytes());
            }
        } else if let Some(name) = question.strip_prefix("GET ") {
            let _ = match self.files.iter().find(|(known, _)| *known == name) {
                Some((_, content)) => stream.write_all(content),
                None => stream.write_all(format!("File {name} tidak ditemukan").as_bytes()),
            };
        }
    }

    fn find(&self, name: &str) -> Option<String> {
        if self.files.iter().any(|(known, _)| *known == name) {
            return Some(format!("FOUND {name} di localhost:{}", self.address.port()));
        }
        let neighbours = self.neighbours.lock().unwrap().clone();
        let answers = neighbours.iter().map(|neighbour| ask(*neighbour, &format!("SEARCH {name}")));
        answers.map(|answer| String::from_utf8(answer).unwrap()).find(|it| it.starts_with("FOUND"))
    }
}

/// Asks as the seed's nodes do: without an ending, and until the other closes.
pub(super) fn ask(address: SocketAddr, question: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(question.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}
