//! The sockets of a node: TCP for the seed's wire and QUIC for everything else, on one port number.
//!
//! iroh's own defaults ask servers of others for addresses and relays; here none is configured. A socket
//! that is bound to loopback cannot send anywhere else, whatever address a peer may name.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use iroh::{
    Endpoint, RelayMode, Watcher,
    endpoint::{BindError, PortmapperConfig, QuicTransportConfig, VarInt, presets},
};
use searching::Holder;
use swarm_discovery::SpawnError;

use super::options::Options;

/// How often a port that is free for TCP may turn out to be taken for UDP.
const PORTS_TRIED: usize = 16;

/// Most bytes that a connection may have on their way to us. One gigabit at 60 ms fits; many connections
/// that are not read from cost no more than this each.
const RECEIVE_WINDOW: u32 = 8 << 20;

/// Streams that a peer may have open at once in one connection: searches use one, transfers of a file some.
const UNI_STREAMS_MAX: u32 = 1;
const BIDI_STREAMS_MAX: u32 = 32;

/// How long the addresses of the interfaces may take to be found.
const ADDRESSES_WAIT: Duration = Duration::from_secs(1);

/// Why a node could not open its sockets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("cannot listen on {0}: {1}")]
    Tcp(SocketAddr, io::Error),
    #[error("cannot listen on {0} for QUIC: {1}")]
    Quic(SocketAddr, String),
    #[error("no port is free in both TCP and UDP")]
    NoPort,
    #[error("cannot look for neighbours by mDNS: {0}")]
    Lan(#[from] Box<SpawnError>),
}

/// The open sockets of a node.
pub(super) struct Sockets {
    pub(super) tcp: TcpListener,
    pub(super) endpoint: Endpoint,
    pub(super) address: SocketAddr,
}

impl Sockets {
    pub(super) async fn open(options: &Options) -> Result<Self, OpenError> {
        let wanted = SocketAddr::new(options.ip(), options.port);
        for _ in 0..PORTS_TRIED {
            let fail = |reason| OpenError::Tcp(wanted, reason);
            let tcp = TcpListener::bind(wanted).map_err(fail)?;
            let address = tcp.local_addr().map_err(fail)?;
            tcp.set_nonblocking(true).map_err(fail)?;
            match bind_quic(options, address).await {
                Ok(endpoint) => return Ok(Self { tcp, endpoint, address }),
                Err(BindError::Sockets { .. }) if wanted.port() == 0 => {}
                Err(reason) => return Err(OpenError::Quic(address, format!("{reason:#}"))),
            }
        }
        Err(OpenError::NoPort)
    }
}

async fn bind_quic(options: &Options, address: SocketAddr) -> Result<Endpoint, BindError> {
    let relays = match &options.relay {
        Some(url) => RelayMode::custom([url.clone()]),
        None => RelayMode::Disabled,
    };
    let transport = QuicTransportConfig::builder()
        .max_concurrent_uni_streams(VarInt::from_u32(UNI_STREAMS_MAX))
        .max_concurrent_bidi_streams(VarInt::from_u32(BIDI_STREAMS_MAX))
        .receive_window(VarInt::from_u32(RECEIVE_WINDOW))
        .build();
    let builder = Endpoint::builder(presets::Minimal)
        .secret_key(options.identity.key())
        .relay_mode(relays)
        .portmapper_config(PortmapperConfig::Disabled)
        .transport_config(transport)
        .clear_ip_transports();
    builder.bind_addr(address).expect("there is no other address").bind().await
}

/// What the node says of itself to those who find a file here.
pub(super) async fn holder(endpoint: &Endpoint, address: SocketAddr) -> Holder {
    let mut addresses = vec![address];
    if address.ip().is_unspecified() {
        let mut found = endpoint.watch_addr();
        let _ = tokio::time::timeout(ADDRESSES_WAIT, async {
            while found.get().ip_addrs().next().is_none() && found.updated().await.is_ok() {}
        })
        .await;
        addresses = found.get().ip_addrs().copied().take(Holder::ADDRESSES_MAX).collect();
    }
    Holder { id: *endpoint.id().as_bytes(), addresses }
}
