//! A server behind the balancer: where it is, what it was sent, and when it was heard of last.

mod config;
pub(crate) mod proxy_header;
mod stream;

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use balancing::BackendId;
use client::{Address, Tls};
use protocol::{Feature, stats::Outcomes};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::watch, time};

pub(crate) use self::{
    config::{BackendConfig, BackendError},
    stream::BackendStream,
};
use crate::request::kept::KeptConnections;

/// A server behind the balancer. What decides whether it gets work is in the pool.
pub(crate) struct Backend {
    pub(crate) id: BackendId,
    pub(crate) config: BackendConfig,
    pub(crate) counts: Counts,
    /// At level request: connections that go on from one request to another.
    pub(crate) kept: KeptConnections,
    /// Checks have found it down.
    down: watch::Sender<bool>,
    /// Why it fell or was ejected last.
    trouble: Mutex<Option<String>>,
    /// What it has said last that it knows.
    features: Mutex<Vec<Feature>>,
    created: Instant,
    /// Milliseconds since `created` when something came from it last, and 1.
    heard_ms: AtomicU64,
}

impl Backend {
    pub(crate) fn new(id: BackendId, config: BackendConfig) -> Self {
        Self {
            id,
            config,
            counts: Counts::default(),
            kept: KeptConnections::default(),
            down: watch::Sender::new(false),
            trouble: Mutex::default(),
            features: Mutex::default(),
            created: Instant::now(),
            heard_ms: 0.into(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// A new connection, counted as made or failed. A name is looked up anew each time, and what it
    /// stands for is tried in turn.
    pub(crate) async fn connect(&self, timeout: Duration) -> io::Result<TcpStream> {
        self.counted(timeout, connect(&self.config.address)).await
    }

    /// The same for requests, ready for the first of them.
    pub(crate) async fn open(
        &self,
        timeout: Duration,
        opening: Opening<'_>,
    ) -> io::Result<BackendStream> {
        self.counted(timeout, open(&self.config.address, opening)).await
    }

    async fn counted<T>(
        &self,
        timeout: Duration,
        connecting: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        let connected = time::timeout(timeout, connecting).await;
        let connected = connected.map_err(io::Error::from).flatten();
        self.counts.connections.count(connected.is_ok());
        connected
    }

    /// Why it fell or was ejected last, if it ever was.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_trouble(&self, reason: Option<&str>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = reason.map(str::to_owned);
    }

    pub(crate) fn has_feature(&self, feature: Feature) -> bool {
        self.features.lock().unwrap_or_else(PoisonError::into_inner).contains(&feature)
    }

    pub(crate) fn set_features(&self, features: Vec<Feature>) {
        *self.features.lock().unwrap_or_else(PoisonError::into_inner) = features;
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.down.send_replace(is_down);
    }

    /// Checks have found it down, and not up again.
    pub(crate) fn is_down(&self) -> bool {
        *self.down.borrow()
    }

    /// Returns when a check finds it down: no answer will come of what it was sent.
    pub(crate) async fn until_down(&self) {
        let mut down = self.down.subscribe();
        // Whoever waits holds the backend, and with it the sender.
        let _ = down.wait_for(|is_down| *is_down).await;
    }

    /// Something came from it just now, so it is alive.
    pub(crate) fn heard(&self) {
        self.heard_ms.store(1 + self.created.elapsed().as_millis() as u64, Relaxed);
    }

    /// Whether anything has come from it after that moment.
    pub(crate) fn was_heard_since(&self, moment: Instant) -> bool {
        let since = moment.saturating_duration_since(self.created).as_millis() as u64;
        self.heard_ms.load(Relaxed) > 1 + since
    }
}

/// What a connection begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    /// Says in plain text whom the connection is for; may be empty.
    pub(crate) header: &'a [u8],
    /// Whom to trust, where TLS is spoken behind the header.
    pub(crate) tls: Option<&'a Tls>,
}

/// A connection that is ready for the first request. How long that may take is for whoever waits to say.
pub(crate) async fn open(address: &Address, opening: Opening<'_>) -> io::Result<BackendStream> {
    let mut tcp = connect(address).await?;
    tcp.write_all(opening.header).await?;
    match opening.tls {
        None => Ok(BackendStream::Plain(tcp)),
        Some(tls) => BackendStream::secured(tcp, tls, &address.host).await,
    }
}

async fn connect(address: &Address) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    // A request ends in a short write; held for an ACK it could cost 40 ms.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What was forwarded to one backend.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Connections that were made, or could not be.
    pub(crate) connections: OutcomeCount,
    /// Each counts where it ended, with its last attempt.
    pub(crate) requests: OutcomeCount,
    /// From clients to the backend, and from the backend to clients, on the wire.
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// Requests that were tried again elsewhere after this backend was lost.
    retries: AtomicU64,
    /// How often failures in a row have taken it out.
    ejections: AtomicU64,
}

impl Counts {
    pub(crate) fn forwarded_to(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn forwarded_from(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn retried_elsewhere(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn ejected(&self) {
        self.ejections.fetch_add(1, Relaxed);
    }

    pub(crate) fn ejections(&self) -> u64 {
        self.ejections.load(Relaxed)
    }

    pub(crate) fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Relaxed)
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Relaxed)
    }

    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Relaxed)
    }
}

/// How often something went well, and how often not.
#[derive(Debug, Default)]
pub(crate) struct OutcomeCount {
    ok: AtomicU64,
    failed: AtomicU64,
}

impl OutcomeCount {
    pub(crate) fn count(&self, is_ok: bool) {
        if is_ok { &self.ok } else { &self.failed }.fetch_add(1, Relaxed);
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        Outcomes { ok: self.ok.load(Relaxed), failed: self.failed.load(Relaxed) }
    }
}
