//! Nodes of the same local network, found by mDNS.
//!
//! What is said there reaches everybody on the network: the node's identity, its addresses and its port, and
//! no name of a file. Anybody there can say anything, so whoever is found is a stranger until QUIC has proved
//! the identity, and those who are too many are not dialled.

use std::net::{IpAddr, SocketAddr};

use iroh::EndpointId;
use searching::Holder;
use swarm_discovery::{Discoverer, DropGuard, Peer, SpawnError};
use tokio::{runtime::Handle, sync::mpsc};

/// What nodes call themselves in mDNS.
const SERVICE: &str = "filepeer";

/// Sightings that wait to be looked at.
const QUEUE_LEN: usize = 64;

/// A node that is there, or is gone where no address is left.
pub(super) struct Sighting {
    pub(super) id: EndpointId,
    pub(super) addresses: Vec<SocketAddr>,
}

/// Announces the node until it is dropped.
pub(super) struct LocalNetwork {
    sightings: mpsc::Receiver<Sighting>,
    _announced: DropGuard,
}

impl LocalNetwork {
    /// Announces `me` in each network that one of its addresses is in. To be called within a runtime.
    pub(super) fn join(me: &Holder) -> Result<Self, Box<SpawnError>> {
        let (sighted, sightings) = mpsc::channel(QUEUE_LEN);
        let name = EndpointId::from_bytes(&me.id).map(|id| id.to_z32()).unwrap_or_default();
        let own_name = name.clone();
        let see = move |name: &str, peer: &Peer| {
            let Ok(id) = EndpointId::from_z32(name) else { return };
            let addresses = peer.addrs().iter().map(|(ip, port)| SocketAddr::new(*ip, *port));
            if name != own_name {
                // In a network of too many some are not seen.
                let _ = sighted.try_send(Sighting { id, addresses: addresses.collect() });
            }
        };
        let mut discoverer =
            Discoverer::new_interactive(SERVICE.to_owned(), name).with_callback(see);
        for address in &me.addresses {
            discoverer = discoverer.with_addrs(address.port(), [address.ip()]);
        }
        // Otherwise it is said in the network of the default route alone, which may be another, or none.
        let interfaces = me.addresses.iter().filter_map(|address| match address.ip() {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        });
        let discoverer = discoverer.with_multicast_interfaces_v4(interfaces.collect());
        Ok(Self { sightings, _announced: discoverer.spawn(&Handle::current())? })
    }

    pub(super) async fn next(&mut self) -> Option<Sighting> {
        self.sightings.recv().await
    }
}
