//! What happens to a node, for whoever writes it down.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use iroh::{EndpointId, TransportAddr, endpoint::Connection};
use protocol::FileName;

/// Is told what happens, from any task. It must not wait, since the node waits for it.
pub(crate) type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// Something that a person may want to read of. Texts of others in it were checked: they hold no
/// control characters.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "an event says more than the log writes of it")]
pub(crate) enum Event {
    /// Searches and the seed's questions are answered from now on.
    Ready {
        address: SocketAddr,
    },
    NeighbourAdded {
        node: Place,
        neighbour: Place,
    },
    /// It has said that it goes.
    NeighbourLeft {
        neighbour: Place,
    },
    NeighbourLost {
        neighbour: Place,
        why: String,
    },
    /// A neighbour that the person named; it is tried again after `retry_in`.
    NeighbourUnreachable {
        neighbour: String,
        why: String,
        retry_in: Duration,
    },
    /// Peers that no address leads to are not reached until the relay is there.
    RelayUnreachable {
        relay: String,
        why: String,
    },
    /// Somebody asks this node; a query that was already seen is not told of again.
    QueryReceived {
        node: Place,
        name: String,
    },
    /// An answer to a search of this node's own, or to one that came by the seed's wire.
    /// `hops` is `None` where a node of the seed answered, which counts none.
    Found {
        name: FileName,
        holder: Place,
        hops: Option<u16>,
        response: Duration,
    },
    NotFound {
        name: String,
        response: Duration,
    },
    /// A whole file went to `peer`.
    Served {
        name: FileName,
        peer: Place,
        bytes: u64,
        took: Duration,
    },
    /// A file has come whole. `total` is since it was asked for, the search included.
    TransferDone {
        name: FileName,
        bytes: u64,
        total: Duration,
    },
    /// A holder that the transfer goes on without.
    HolderDropped {
        holder: Place,
        why: String,
    },
    /// What a peer sent was not taken; the connection is closed.
    PeerRefused {
        peer: Place,
        why: String,
    },
}

/// Where a peer is, as people read it: its address where one is known, otherwise its identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) address: Option<SocketAddr>,
    /// `None` for nodes of the seed, which have none.
    pub(crate) id: Option<EndpointId>,
}

impl Place {
    /// Of the peer at the other end. It has no address where it is behind a relay, or has gone already.
    pub(crate) fn of(connection: &Connection) -> Self {
        let address = connection.paths().iter().find_map(|path| match path.remote_addr() {
            TransportAddr::Ip(address) => Some(*address),
            _ => None,
        });
        Self { address, id: Some(connection.remote_id()) }
    }

    pub(crate) fn ip(self) -> Option<IpAddr> {
        self.address.map(|address| address.ip())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.id) {
            (Some(address), _) => address.fmt(f),
            (None, Some(id)) => id.fmt_short().fmt(f),
            (None, None) => f.write_str("somewhere"),
        }
    }
}
