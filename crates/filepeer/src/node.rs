//! A node of the network: what it is called, whom it knows, what it answers.
//!
//! One port number has two sockets: TCP speaks the [seed's wire](seed_wire), QUIC everything else, by way of
//! one iroh endpoint. A [driver] has the searcher of the crate `searching`, which decides; each
//! [link] to a neighbour and each neighbour to be [kept](neighbours) is a task. Whatever others may
//! send, hold or ask has a limit in the file that takes it.

mod admission;
mod counts;
mod driver;
mod endpoint;
mod event;
mod identity;
mod link;
mod local;
mod local_network;
mod neighbours;
mod offer;
mod options;
mod relay;
mod searches;
mod seed_wire;
#[cfg(test)]
mod tests;

use std::{
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use iroh::{
    Endpoint, EndpointAddr, EndpointId, SecretKey,
    protocol::{Router, RouterBuilder},
};
use searching::{Holder, Searcher};
use simulation::Chance;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time};

pub(crate) use self::{
    admission::Admission,
    counts::NodeCounts,
    endpoint::OpenError,
    event::{Event, Listener, Place},
    identity::Identity,
    neighbours::address::NeighbourAddress,
    offer::{Nothing, Offer},
    options::Options,
    searches::{Answer, Search, SeedHolder, Until},
    seed_wire::asking as seed,
};
use self::{
    counts::Tally,
    driver::{Driver, Linked, Request},
    endpoint::Sockets,
    link::ALPN,
    local::Local,
    local_network::LocalNetwork,
    neighbours::{Door, Keeper, Kept},
    searches::{Reach, Searches},
    seed_wire::SeedWire,
};

/// How long peers may take to hear that a node ends.
const STOP_WAIT: Duration = Duration::from_secs(3);

/// A handle on a running node; all of them are of the same. The node ends with [`stop`](Self::stop), or when
/// the last handle is gone.
#[derive(Clone)]
pub(crate) struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    local: Arc<Local>,
    /// No other node has it meanwhile.
    _identity: Identity,
    router: Router,
    offer: Arc<dyn Offer>,
    searches: Searches,
    /// How many neighbours were named, and how many of them were tried until now.
    named: usize,
    tried: watch::Receiver<usize>,
    looks_around: bool,
    linked: Linked,
    /// Those that keep neighbours and answer on the seed's wire. They are aborted with the node.
    tasks: Mutex<JoinSet<()>>,
}

impl Node {
    /// Opens the sockets and begins to answer. To be called within a runtime of tokio that has its I/O and
    /// its time. `protocols` adds what the endpoint speaks besides searches.
    pub(crate) async fn start(
        options: Options,
        offer: Arc<dyn Offer>,
        protocols: impl FnOnce(RouterBuilder) -> RouterBuilder,
    ) -> Result<Self, OpenError> {
        let Sockets { tcp, endpoint, address } = Sockets::open(&options).await?;
        let Options { identity, neighbours, lan, relay, search, events, stats, bandwidth, .. } =
            options;
        let tally = Tally::default();
        let local = Arc::new(Local { id: endpoint.id(), address, relay, events, tally });
        let holder = endpoint::holder(&endpoint, address).await;
        let network = lan.then(|| LocalNetwork::join(&holder)).transpose()?;
        let searcher = Searcher::new(search, holder, secret_chance());
        let (requests, linked) = Driver::start(Arc::clone(&local), searcher);
        let door = Door::new(requests.clone(), Arc::clone(&local));
        let router = protocols(Router::builder(endpoint.clone()).accept(ALPN, door)).spawn();
        let searches = Searches::new(Arc::clone(&local), requests.clone());
        let (wire_local, wire_offer) = (Arc::clone(&local), Arc::clone(&offer));
        let wire = SeedWire::new(wire_local, wire_offer, searches.clone(), stats, bandwidth);
        let (trying, tried) = watch::channel(0);
        let seeds = Arc::clone(&searches.seeds);
        let keeper = Keeper {
            local: Arc::clone(&local),
            endpoint,
            requests,
            linked: linked.clone(),
            seeds,
            tried: trying,
        };
        let inner = Inner {
            local,
            _identity: identity,
            router,
            offer,
            searches,
            named: neighbours.len(),
            tried,
            looks_around: lan,
            linked,
            tasks: Mutex::new(begin(Arc::new(keeper), neighbours, network)),
        };
        let node = Self { inner: Arc::new(inner) };
        node.share().await;
        let tcp = TcpListener::from_std(tcp).map_err(|reason| OpenError::Tcp(address, reason))?;
        node.tasks().spawn(Arc::new(wire).serve(tcp));
        if let Some(relay) = node.inner.local.relay.clone() {
            let (endpoint, local) = (node.endpoint().clone(), Arc::clone(&node.inner.local));
            node.tasks().spawn(relay::look_for(relay, endpoint, local));
        }
        node.inner.local.tell(Event::Ready { address });
        Ok(node)
    }

    pub(crate) fn id(&self) -> EndpointId {
        self.inner.local.id
    }

    /// What TCP and QUIC listen on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.inner.local.address
    }

    /// To dial others with, for whatever protocol.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.inner.router.endpoint()
    }

    /// Where to dial a holder: at those of its addresses that this node may send to, and through the relay.
    /// `None` where its identity is no key.
    pub(crate) fn way_to(&self, holder: &Holder) -> Option<EndpointAddr> {
        self.inner.local.way_to_holder(holder)
    }

    /// To be called when what is offered has changed.
    pub(crate) async fn share(&self) {
        let Inner { searches, offer, .. } = &*self.inner;
        // It is there for as long as the node is.
        let _ = searches.requests.send(Request::Share(offer.items())).await;
    }

    /// Returns when each neighbour that was named was tried once, and a node that looks around on its local
    /// network has at least one; at the latest after `wait`. Whether there is anybody to ask.
    pub(crate) async fn neighbours_tried(&self, wait: Duration) -> bool {
        let Inner { named, looks_around, tried, linked, .. } = &*self.inner;
        let (mut tried, mut linked) = (tried.clone(), linked.clone());
        let trying = async {
            let _ = tried.wait_for(|tried| tried >= named).await;
            if *looks_around {
                let _ = linked.wait_for(|linked| !linked.is_empty()).await;
            }
        };
        let _ = time::timeout(wait, trying).await;
        let NodeCounts { neighbours, seed_neighbours, .. } = self.counts();
        neighbours + seed_neighbours > 0
    }

    /// Asks all neighbours. What is found is told as an event too, as it comes.
    pub(crate) async fn search(&self, search: Search) -> Answer {
        self.inner.searches.run(search, Reach::Everyone).await
    }

    /// Cheap, and to be called from anywhere.
    pub(crate) fn counts(&self) -> NodeCounts {
        self.inner.local.tally.counts()
    }

    /// Ends the node, however many handles there are. Peers are told.
    pub(crate) async fn stop(&self) {
        let mut tasks = mem::take(&mut *self.tasks());
        tasks.shutdown().await;
        let _ = time::timeout(STOP_WAIT, self.inner.router.shutdown()).await;
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to keep the neighbours.
fn begin(
    keeper: Arc<Keeper>,
    neighbours: Vec<NeighbourAddress>,
    network: Option<LocalNetwork>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for neighbour in neighbours {
        tasks.spawn(Arc::clone(&keeper).keep(Kept::Named(neighbour)));
    }
    if let Some(network) = network {
        tasks.spawn(keeper.keep_found(network));
    }
    tasks
}

/// For the ids of queries, which nobody may guess: chance that begins with a key that is told to nobody.
fn secret_chance() -> Chance {
    let secret = SecretKey::generate().to_bytes();
    Chance::new(u64::from_le_bytes(*secret.first_chunk().expect("a key is longer")), 0)
}
