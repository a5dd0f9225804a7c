//! Nodes on loopback, in this process, with whatever neighbours a test wants.

mod hostile;
mod namespaces;
mod neighbours;
mod network;
mod seed_node;
mod seed_wire;

use std::{
    io::{self, Cursor, Read},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use protocol::FileName;
use searching::{Config, Item, Strategy, Wanted};
use testkit::PATIENCE;
use tokio::time;

use super::*;

/// The file of the seed.
const CONTOH: (&str, &[u8]) = ("contoh.txt", b"INI ADALAH KOMUNIKASI P2P");

/// Some files in memory.
#[derive(Default)]
struct Files(Vec<(&'static str, &'static [u8])>);

impl Offer for Files {
    fn items(&self) -> Vec<Item> {
        let item = |(name, content): &(&str, &[u8])| Item {
            name: file_name(name),
            hash: hash(content),
            size: content.len() as u64,
        };
        self.0.iter().map(item).collect()
    }

    fn has(&self, name: &FileName) -> bool {
        self.0.iter().any(|(known, _)| *known == name.as_str())
    }

    fn open(&self, name: &FileName) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
        let found = self.0.iter().find(|(known, _)| *known == name.as_str());
        Ok(found.map(|(_, content)| {
            let reader: Box<dyn Read + Send> = Box::new(Cursor::new(*content));
            (reader, content.len() as u64)
        }))
    }
}

/// Nobody here looks whether it is that of the content.
fn hash(content: &[u8]) -> [u8; 32] {
    std::array::from_fn(|at| content.get(at).copied().unwrap_or(content.len() as u8))
}

fn file_name(name: &str) -> FileName {
    name.parse().unwrap()
}

/// A node and what it has told.
struct TestNode {
    node: Node,
    told: Arc<Mutex<Vec<Event>>>,
}

fn options() -> Options {
    Options {
        host: None,
        port: 0,
        identity: Identity::passing(),
        neighbours: Vec::new(),
        lan: false,
        relay: None,
        // On a loaded machine a hop may take long; and see the test of thirty nodes.
        search: Config { hop_time: PATIENCE, ttl_max: 30, ..Config::default() },
        events: Arc::new(|_| {}),
        stats: Arc::new(|| "{\"neighbours\":0}".to_owned()),
        bandwidth: Arc::default(),
    }
}

/// A node with the neighbours.
async fn node(files: &[(&'static str, &'static [u8])], neighbours: &[SocketAddr]) -> TestNode {
    let neighbours = neighbours.iter().map(|address| address.to_string().parse().unwrap());
    start(Options { neighbours: neighbours.collect(), ..options() }, files).await
}

async fn start(mut options: Options, files: &[(&'static str, &'static [u8])]) -> TestNode {
    let told = Arc::<Mutex<Vec<Event>>>::default();
    let teller = Arc::clone(&told);
    options.events = Arc::new(move |event| teller.lock().unwrap().push(event));
    let offer = Arc::new(Files(files.to_vec()));
    let node = Node::start(options, offer, |router| router).await.unwrap();
    TestNode { node, told }
}

impl TestNode {
    fn address(&self) -> SocketAddr {
        self.node.address()
    }

    fn counts(&self) -> NodeCounts {
        self.node.counts()
    }

    /// Asks everybody for the name, as a flood, until somebody has it.
    async fn flood(&self, name: &str) -> Answer {
        self.node.search(search_for(name)).await
    }

    /// Asks everybody for what nobody has.
    async fn flood_in_vain(&self, name: &str) {
        let wait = Duration::from_millis(200);
        let answer = self.node.search(Search { wait, ..search_for(name) }).await;
        assert!(answer.found.is_empty() && answer.of_seed.is_empty() && answer.response.is_none());
    }

    async fn until_it_has_neighbours(&self, count: usize) {
        eventually("it is linked", || self.counts().neighbours == count).await;
    }

    /// What `choose` makes of the events told until now.
    fn told<T>(&self, choose: impl FnMut(&Event) -> Option<T>) -> Vec<T> {
        self.told.lock().unwrap().iter().filter_map(choose).collect()
    }

    /// Why peers were refused.
    fn refusals(&self) -> Vec<String> {
        self.told(|event| match event {
            Event::PeerRefused { why, .. } => Some(why.clone()),
            _ => None,
        })
    }
}

/// A flood that is content with one answer.
fn search_for(name: &str) -> Search {
    Search {
        wanted: Wanted::Exact(file_name(name)),
        strategy: Strategy::Flood,
        ttl: Config::TTL,
        wait: PATIENCE,
        until: Until::First,
    }
}

/// Waits until it is so, at most for [`PATIENCE`].
async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
