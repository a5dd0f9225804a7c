//! The three nodes, and what they do.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use searching::{Config, Found, Strategy, Wanted};

use super::log::DemoLog;
use crate::{
    blobs::{self, remote::RemoteBlobs, uploads::Uploads},
    fetch::{
        fetch,
        outcome::{Progress, Wanted as WantedContent},
        partial::{IfExists, Target},
    },
    holdings::Holdings,
    node::{
        Answer, Event, Identity, Listener, NeighbourAddress, Node, Nothing, Offer, OpenError,
        Options, Search, Until,
    },
    watch::sentences,
};

/// As in the seed.
pub(super) const PORTS: [u16; 3] = [5001, 5002, 5003];
pub(super) const FILE: &str = "contoh.txt";
const CONTENT: &[u8] = b"INI ADALAH KOMUNIKASI P2P";

/// How long nodes of one machine may take to become neighbours, to answer, or to hash 25 bytes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The nodes of the chain, the one with the file first.
pub(super) struct Scene {
    nodes: [Node; 3],
}

/// What the last node has seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) holder: String,
    pub(super) hops: u16,
    pub(super) response: Duration,
    pub(super) bytes: u64,
}

impl Scene {
    /// At the seed's ports, or at free ones, and then also why.
    pub(super) async fn open(
        log: &Arc<DemoLog>,
        folder: &Path,
    ) -> anyhow::Result<(Self, Option<String>)> {
        let holdings = shared(folder)?;
        let chain = |ports| Self::chain(log, &holdings, ports);
        // Before any node says that it is ready.
        if let Some(why) = taken() {
            return Ok((chain([0; 3]).await?, Some(why)));
        }
        match chain(PORTS).await {
            Ok(scene) => Ok((scene, None)),
            // Somebody was faster.
            Err(taken @ (OpenError::Tcp(..) | OpenError::Quic(..))) => {
                Ok((chain([0; 3]).await?, Some(taken.to_string())))
            }
            Err(other) => Err(other.into()),
        }
    }

    async fn chain(
        log: &Arc<DemoLog>,
        holdings: &Arc<Holdings>,
        ports: [u16; 3],
    ) -> Result<Self, OpenError> {
        let uploads = Uploads::new(Arc::clone(holdings), Arc::default(), listener(log));
        let options = options(log, ports[0], None);
        let first = Node::start(options, Arc::clone(holdings) as Arc<dyn Offer>, |router| {
            router.accept(blobs::ALPN, uploads)
        });
        let first = first.await?;
        let second = joined(log, ports[1], &first).await?;
        let third = joined(log, ports[2], &second).await?;
        Ok(Self { nodes: [first, second, third] })
    }

    pub(super) fn ports(&self) -> [u16; 3] {
        self.nodes.each_ref().map(|node| node.address().port())
    }

    /// The last node asks, and fetches what is found into the folder.
    pub(super) async fn search_and_fetch(
        &self,
        log: &Arc<DemoLog>,
        folder: &Path,
    ) -> anyhow::Result<Seen> {
        let [_, _, last] = &self.nodes;
        let asked = Instant::now();
        let answer = last.search(search()?).await;
        let Answer { found, response: Some(response), .. } = answer else {
            bail!("{FILE} was not found")
        };
        let Some(Found { hash, size, holders, .. }) = found.into_iter().next() else {
            bail!("{FILE} was found, but at no node that can be asked for it")
        };
        let path = folder.join("fetched");
        let ways = holders.iter().filter_map(|(holder, _)| last.way_to(holder)).collect();
        let wanted = WantedContent { hash: hash.into(), size, holders: ways };
        let target = Target { path: path.clone(), if_exists: IfExists::Refuse };
        let blobs = RemoteBlobs { endpoint: last.endpoint().clone() };
        let tell = |progress| {
            if let Progress::Dropped { holder, why } = progress {
                log.tell(&Event::HolderDropped { holder, why: why.to_string() });
            }
        };
        let outcome = fetch(blobs, wanted, target, tell).await?;
        let total = asked.elapsed();
        log.tell(&Event::TransferDone { name: FILE.parse()?, bytes: outcome.size, total });
        let fetched = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(fetched == CONTENT, "what came is not what is shared");
        let (holder, hops) = holders.first().context("a find has a holder")?;
        let place = holder.addresses.first().map(|address| sentences::at(*address));
        Ok(Seen { holder: place.unwrap_or_default(), hops: *hops, response, bytes: size })
    }

    pub(super) async fn close(&self) {
        for node in &self.nodes {
            node.stop().await;
        }
    }
}

/// Why the seed's ports cannot be used, if that is so.
fn taken() -> Option<String> {
    PORTS.into_iter().find_map(|port| {
        let address = (Ipv4Addr::LOCALHOST, port);
        let tcp = TcpListener::bind(address).map(drop);
        let both = tcp.and_then(|()| UdpSocket::bind(address).map(drop));
        both.err().map(|reason| format!("{port}: {reason}"))
    })
}

/// The directory of the first node, with the seed's file, once it is hashed.
fn shared(folder: &Path) -> anyhow::Result<Arc<Holdings>> {
    let dir = folder.join("shared");
    fs::create_dir(&dir)
        .and_then(|()| fs::write(dir.join(FILE), CONTENT))
        .with_context(|| format!("cannot write {}", dir.display()))?;
    let holdings = Arc::new(Holdings::of_directory(&dir)?);
    holdings.look(&|_| ());
    Ok(holdings)
}

fn options(log: &Arc<DemoLog>, port: u16, neighbour: Option<&Node>) -> Options {
    let at = |node: &Node| {
        let address = node.address().to_string();
        address.parse::<NeighbourAddress>().expect("an address and a port")
    };
    Options {
        host: None,
        port,
        identity: Identity::passing(),
        neighbours: neighbour.map(at).into_iter().collect(),
        lan: false,
        relay: None,
        search: Config::default(),
        events: listener(log),
        stats: Arc::new(|| "{}".to_owned()),
        bandwidth: Arc::default(),
    }
}

fn listener(log: &Arc<DemoLog>) -> Listener {
    let log = Arc::clone(log);
    Arc::new(move |event| log.tell(&event))
}

/// A node that shares nothing, and has become a neighbour of the other one.
async fn joined(log: &Arc<DemoLog>, port: u16, other: &Node) -> Result<Node, OpenError> {
    let node = Node::start(options(log, port, Some(other)), Arc::new(Nothing), |router| router);
    let node = node.await?;
    node.neighbours_tried(PATIENCE).await;
    Ok(node)
}

fn search() -> anyhow::Result<Search> {
    Ok(Search {
        wanted: Wanted::Exact(FILE.parse()?),
        strategy: Strategy::Flood,
        ttl: Config::TTL,
        wait: PATIENCE,
        until: Until::First,
    })
}
