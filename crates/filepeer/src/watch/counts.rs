//! What a node counts, for `top` and for its metrics. `docs/METRICS.md` explains each.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use monitor::metrics::{Family, Samples, Unit};
use protocol::FileName;
use serde::{Deserialize, Serialize};
use telemetry::{EventKind, Scoreboard, event::RequestEvent, monotonic_ns};

use crate::node::{Event, Node, Place};

/// The answer to `STATS`. Counts begin with the node; `neighbours` are those it has now.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) uptime_seconds: f64,
    pub(crate) neighbours: u64,
    /// Those of the neighbours that speak the seed's protocol.
    pub(crate) seed_neighbours: u64,
    pub(crate) queries_sent: u64,
    pub(crate) queries_received: u64,
    /// Of those received, the ones that had been here already.
    pub(crate) queries_repeated: u64,
    /// Of those received, the ones that a neighbour has sent beyond its share.
    pub(crate) queries_refused: u64,
    /// Questions in the seed's protocol.
    pub(crate) seed_questions: u64,
    pub(crate) hits_sent: u64,
    pub(crate) hits_relayed: u64,
    /// Hits that nobody had asked for, or too many for one query or of one neighbour.
    pub(crate) hits_refused: u64,
    /// Messages that a neighbour did not take in time.
    pub(crate) messages_lost: u64,
    pub(crate) peers_refused: u64,
    pub(crate) connections_turned_away: u64,
    pub(crate) files_served: u64,
    pub(crate) bytes_served: u64,
    pub(crate) events_lost: u64,
}

/// Where they are counted.
pub(super) struct Counted {
    board: Scoreboard,
    node: OnceLock<Node>,
    files_served: AtomicU64,
    bytes_served: AtomicU64,
}

impl Counted {
    pub(super) fn new(board: Scoreboard) -> Self {
        let (files_served, bytes_served) = <(AtomicU64, AtomicU64)>::default();
        Self { board, node: OnceLock::new(), files_served, bytes_served }
    }

    /// From now on, the counts have those of the node.
    pub(super) fn node_is(&self, node: Node) {
        let _ = self.node.set(node);
    }

    pub(super) fn count(&self, event: &Event) {
        if let Event::Served { bytes, .. } = event {
            self.files_served.fetch_add(1, Relaxed);
            self.bytes_served.fetch_add(*bytes, Relaxed);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let node = self.node.get().map(Node::counts).unwrap_or_default();
        let search = node.search;
        Counts {
            uptime_seconds: self.board.started().elapsed().as_secs_f64(),
            neighbours: node.neighbours as u64,
            seed_neighbours: node.seed_neighbours as u64,
            queries_sent: search.queries_sent,
            queries_received: search.queries_received,
            queries_repeated: search.duplicates,
            queries_refused: search.queries_refused,
            seed_questions: node.seed_questions,
            hits_sent: search.hits_sent,
            hits_relayed: search.hits_relayed,
            hits_refused: search.hits_unasked + search.hits_refused,
            messages_lost: node.lost_to_slow,
            peers_refused: node.refused,
            connections_turned_away: node.turned_away,
            files_served: self.files_served.load(Relaxed),
            bytes_served: self.bytes_served.load(Relaxed),
            events_lost: self.board.losses().total(),
        }
    }

    /// The request that a peer's file amounts to, in the words of the servers' log. Its number is that of the file.
    pub(super) fn served(
        &self,
        name: &FileName,
        peer: Place,
        bytes: u64,
        took: Duration,
    ) -> EventKind {
        let last_byte_ns = monotonic_ns(Instant::now());
        let began_ns = last_byte_ns.saturating_sub(took.as_nanos() as u64);
        let seconds = took.as_secs_f64();
        // A peer behind a relay has its identity alone.
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        EventKind::Request(Box::new(RequestEvent {
            connection: self.files_served.load(Relaxed),
            client: peer.address.unwrap_or(unknown),
            user: peer.id.map(|id| id.fmt_short().to_string()),
            command: "GET".to_owned(),
            file: Some(name.to_string()),
            backend: None,
            attempt: None,
            outcome: "ok".to_owned(),
            bytes,
            seconds,
            throughput: (seconds > 0.0).then(|| bytes as f64 / seconds),
            accepted_ns: began_ns,
            picked_up_ns: began_ns,
            began_ns,
            first_byte_ns: None,
            last_byte_ns,
        }))
    }
}

/// The counts as metrics.
pub(super) fn families(counts: &Counts) -> Vec<Family> {
    let gauge = |name, help, value: u64| Family {
        name,
        help,
        unit: None,
        samples: Samples::Gauges(vec![(vec![], value as f64)]),
    };
    let counter = |name, help, value| Family {
        name,
        help,
        unit: None,
        samples: Samples::Counters(vec![(vec![], value)]),
    };
    vec![
        gauge("neighbours", "Neighbours now.", counts.neighbours),
        gauge(
            "seed_neighbours",
            "Those of the neighbours that speak the seed's protocol.",
            counts.seed_neighbours,
        ),
        counter(
            "queries_sent",
            "Queries to neighbours, each neighbour counted.",
            counts.queries_sent,
        ),
        counter("queries_received", "Queries from neighbours.", counts.queries_received),
        counter(
            "queries_repeated",
            "Received queries that had been here already.",
            counts.queries_repeated,
        ),
        counter(
            "queries_refused",
            "Received queries that a neighbour has sent beyond its share.",
            counts.queries_refused,
        ),
        counter("seed_questions", "Questions in the seed's protocol.", counts.seed_questions),
        counter("hits_sent", "Answers of this peer and those it has passed on.", counts.hits_sent),
        counter("hits_relayed", "Answers of others that were passed on.", counts.hits_relayed),
        counter(
            "hits_refused",
            "Answers that nobody had asked for, or too many for one query or of one neighbour.",
            counts.hits_refused,
        ),
        counter(
            "messages_lost",
            "Messages that a neighbour did not take in time.",
            counts.messages_lost,
        ),
        counter(
            "peers_refused",
            "Connections that ended, or questions without an answer, because of what a peer sent.",
            counts.peers_refused,
        ),
        counter(
            "connections_refused",
            "Connections that were too many.",
            counts.connections_turned_away,
        ),
        counter("files_served", "Whole files that went to peers.", counts.files_served),
        Family {
            unit: Some(Unit::Bytes),
            ..counter(
                "content_served",
                "Content of the files that went to peers whole.",
                counts.bytes_served,
            )
        },
    ]
}
