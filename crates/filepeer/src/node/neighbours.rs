//! Who a node is linked with: neighbours that a person named, those that mDNS finds, and those who come.
//!
//! Each that was named, or found, has a task that keeps it: it finds out who is there, dials, waits until the
//! link is lost and begins anew, after a pause that doubles. The driver keeps one link for each identity.

pub(crate) mod address;

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use iroh::{
    Endpoint, EndpointId,
    endpoint::Connection,
    protocol::{AcceptError, ProtocolHandler},
};
use tokio::{
    net::lookup_host,
    sync::watch,
    task::{AbortHandle, JoinSet},
    time,
};

use self::address::{HostPort, NeighbourAddress};
use super::{
    admission::Admission,
    driver::{Linked, Request, Requests},
    event::{Event, Place},
    link::{ALPN, Closing},
    local::Local,
    local_network::{LocalNetwork, Sighting},
    searches::Seeds,
    seed_wire::asking::{self, Who},
};

/// Connections of others at once, those that are being replaced or refused too.
const CONNECTIONS_MAX: usize = 128;

/// Neighbours that mDNS may find.
const FOUND_MAX: usize = 16;

/// How long a name may take to be looked up, and a neighbour to be dialled.
const LOOKUP_WAIT: Duration = Duration::from_secs(5);
const DIAL_WAIT: Duration = Duration::from_secs(10);

/// How long the driver may take to link a new connection.
const LINK_WAIT: Duration = Duration::from_secs(5);

/// How long the node with the greater identity waits for the other one to dial. Two that find each other on the
/// local network do so at once, and of two links one would end with what is being said on it.
const COURTESY: Duration = Duration::from_secs(1);

/// Between tries of a neighbour: doubled each time, until it was linked for as long as the longest.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How often a node of the seed is asked whether it is still one.
const SEED_PAUSE: Duration = Duration::from_secs(10);

/// Takes the connections of others.
pub(super) struct Door {
    requests: Requests,
    places: Admission,
    local: Arc<Local>,
}

impl Door {
    pub(super) fn new(requests: Requests, local: Arc<Local>) -> Self {
        Self { requests, places: Admission::new(CONNECTIONS_MAX), local }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door")
    }
}

impl ProtocolHandler for Door {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let Some(_place) = self.places.admit(Place::of(&connection).ip()) else {
            self.local.tally.turned_away();
            Closing::Full.close(&connection);
            return Ok(());
        };
        let _ = self.requests.send(Request::Join(connection.clone())).await;
        connection.closed().await;
        Ok(())
    }
}

/// What the tasks that keep neighbours know.
pub(super) struct Keeper {
    pub(super) local: Arc<Local>,
    pub(super) endpoint: Endpoint,
    pub(super) requests: Requests,
    pub(super) linked: Linked,
    pub(super) seeds: Arc<Seeds>,
    /// How many of those that were named were tried at least once.
    pub(super) tried: watch::Sender<usize>,
}

/// A neighbour to be kept.
pub(super) enum Kept {
    Named(NeighbourAddress),
    Found(Sighting),
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(neighbour) => neighbour.fmt(f),
            Self::Found(Sighting { id, .. }) => id.fmt_short().fmt(f),
        }
    }
}

/// Who was reached.
enum Reached {
    Linked(EndpointId),
    Seed(SocketAddr),
}

impl Keeper {
    /// Keeps the neighbour until the task is aborted.
    pub(super) async fn keep(self: Arc<Self>, neighbour: Kept) {
        if let Kept::Found(Sighting { id, .. }) = &neighbour
            && self.local.id > *id
        {
            let mut linked = self.linked.clone();
            let _ = time::timeout(COURTESY, linked.wait_for(|linked| linked.contains(id))).await;
        }
        let mut pause = PAUSE_MIN;
        let mut is_untried = matches!(neighbour, Kept::Named(_));
        loop {
            let begun = Instant::now();
            let reached = self.reach(&neighbour).await;
            // Whoever waits for the try knows why it failed.
            if let Err(why) = &reached {
                let (neighbour, why) = (neighbour.to_string(), why.clone());
                self.local.tell(Event::NeighbourUnreachable { neighbour, why, retry_in: pause });
            }
            if is_untried {
                self.tried.send_modify(|tried| *tried += 1);
                is_untried = false;
            }
            match reached {
                Ok(Reached::Linked(id)) => self.until_lost(id).await,
                Ok(Reached::Seed(address)) => self.until_no_seed(address).await,
                Err(_) => {}
            }
            if begun.elapsed() > PAUSE_MAX {
                pause = PAUSE_MIN;
            }
            time::sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }

    /// Finds out who the neighbour is and links with it, or has it asked by searches. An error is a sentence.
    async fn reach(&self, neighbour: &Kept) -> Result<Reached, String> {
        let (id, addresses) = match neighbour {
            Kept::Found(Sighting { id, addresses }) => (*id, addresses.clone()),
            Kept::Named(NeighbourAddress::Known(id)) => (*id, Vec::new()),
            Kept::Named(NeighbourAddress::KnownAt(id, place)) => {
                (*id, vec![self.look_up(place).await?])
            }
            Kept::Named(NeighbourAddress::At(place)) => {
                let address = self.look_up(place).await?;
                match asking::identify(address).await.map_err(|err| err.to_string())? {
                    Who::Peer(id) => (id, vec![address]),
                    Who::Seed => {
                        self.add_seed(address);
                        return Ok(Reached::Seed(address));
                    }
                }
            }
        };
        if id == self.local.id {
            return Err("this is the node itself".to_owned());
        }
        if !self.linked.borrow().contains(&id) {
            self.dial(id, addresses).await?;
        }
        Ok(Reached::Linked(id))
    }

    async fn look_up(&self, place: &HostPort) -> Result<SocketAddr, String> {
        let found = time::timeout(LOOKUP_WAIT, lookup_host(place.as_str())).await;
        let found = found.map_err(|_| "its name takes too long to look up".to_owned())?;
        let mut all = found.map_err(|err| err.to_string())?;
        all.find(|address| self.local.may_dial(*address)).ok_or_else(|| {
            let own = self.local.address.ip();
            format!("it cannot be reached from {own}; --host says where this node listens")
        })
    }

    async fn dial(&self, id: EndpointId, addresses: Vec<SocketAddr>) -> Result<(), String> {
        let way = self.local.way_to(id, addresses);
        if way.is_empty() {
            let what_to_do = "name it as IDENTITY@HOST:PORT, or use --lan or --relay";
            return Err(format!("nothing says where it is: {what_to_do}"));
        }
        let connection = time::timeout(DIAL_WAIT, self.endpoint.connect(way, ALPN)).await;
        let connection = connection.map_err(|_| "it does not answer".to_owned())?;
        // It may have words of the peer in it.
        let connection = connection.map_err(|err| cli::printable(&format!("{err:#}")))?;
        let _ = self.requests.send(Request::Join(connection)).await;
        let mut linked = self.linked.clone();
        let is_linked = linked.wait_for(|linked| linked.contains(&id));
        match time::timeout(LINK_WAIT, is_linked).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err("there are neighbours enough".to_owned()),
        }
    }

    async fn until_lost(&self, id: EndpointId) {
        let mut linked = self.linked.clone();
        let _ = linked.wait_for(|linked| !linked.contains(&id)).await;
    }

    /// Searches ask the node of the seed from now on.
    fn add_seed(&self, address: SocketAddr) {
        if self.seeds.add(address, &self.local.tally) {
            let neighbour = Place { address: Some(address), id: None };
            self.local.tell(Event::NeighbourAdded { node: self.local.place(), neighbour });
        }
    }

    /// Returns when the node of the seed is gone, or is none any more.
    async fn until_no_seed(&self, address: SocketAddr) {
        loop {
            time::sleep(SEED_PAUSE).await;
            let why = match asking::identify(address).await {
                Ok(Who::Seed) => continue,
                Ok(Who::Peer(_)) => "it is a peer now".to_owned(),
                Err(err) => err.to_string(),
            };
            if self.seeds.remove(address, &self.local.tally) {
                let neighbour = Place { address: Some(address), id: None };
                self.local.tell(Event::NeighbourLost { neighbour, why });
            }
            return;
        }
    }

    /// Keeps those that are found on the local network, until the task is aborted.
    pub(super) async fn keep_found(self: Arc<Self>, mut network: LocalNetwork) {
        let mut kept: HashMap<EndpointId, AbortHandle> = HashMap::new();
        let mut tasks = JoinSet::new();
        while let Some(sighting) = network.next().await {
            let id = sighting.id;
            // It may have other addresses now.
            if let Some(task) = kept.remove(&id) {
                task.abort();
            }
            if !sighting.addresses.is_empty() && kept.len() < FOUND_MAX {
                kept.insert(id, tasks.spawn(Arc::clone(&self).keep(Kept::Found(sighting))));
            }
            // Those that have ended are forgotten.
            while tasks.try_join_next().is_some() {}
        }
    }
}
