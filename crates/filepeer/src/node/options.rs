//! What a node is started with.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use iroh::RelayUrl;
use searching::Config;

use super::{event::Listener, identity::Identity, neighbours::address::NeighbourAddress};
use crate::blobs::upload_limit::Bandwidth;

/// How a node is reached, and by whom. Without `host`, `lan` and `relay` nothing that it sends leaves the machine.
pub(crate) struct Options {
    /// Where TCP and QUIC listen. `None` is loopback, or with `lan` all IPv4 addresses.
    pub(crate) host: Option<IpAddr>,
    /// The port of both; 0 takes one that is free in both.
    pub(crate) port: u16,
    pub(crate) identity: Identity,
    pub(crate) neighbours: Vec<NeighbourAddress>,
    /// Finds neighbours on the local network by mDNS, and is found.
    pub(crate) lan: bool,
    pub(crate) relay: Option<RelayUrl>,
    pub(crate) search: Config,
    pub(crate) events: Listener,
    pub(crate) stats: Stats,
    /// What files take by the seed's wire, together with whatever else has it.
    pub(crate) bandwidth: Arc<Bandwidth>,
}

/// Answers the question `STATS` from this machine: one line of JSON. It must not wait.
pub(crate) type Stats = Arc<dyn Fn() -> String + Send + Sync>;

impl Options {
    pub(super) fn ip(&self) -> IpAddr {
        let default = if self.lan { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        self.host.unwrap_or(default.into())
    }
}
