//! Level `connection`: what comes on a connection goes to one backend, what comes back goes to the client,
//! and nothing of it is understood.
//!
//! A connect that fails goes elsewhere at once; once a byte was forwarded there is no elsewhere. A half that
//! one side closes is closed at the other. Whatever ends a connection otherwise resets it on both sides: a
//! close could be taken for the end of what was sent.
//!
//! A quiet connection costs two sockets; a transfer a pipe more, which it leaves in the kernel.
//!
//! Shutdown: open connections go on until they close, or the grace period is over.

mod carry;
mod pipe;

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use balancing::Outcome;
use socket2::SockRef;
use telemetry::{Level, OpenConnection};
use tokio::{
    io::{AsyncWriteExt, Interest},
    net::TcpStream,
    sync::Notify,
    time,
};

use self::carry::{Lost, carry};
use crate::{
    backend::{Backend, proxy_header},
    balancer::Balancer,
    pool::{Lease, NoPlace, Wanted},
};

/// Why a connection ended that neither side closed.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error("{0}")]
    NoPlace(NoPlace),
    #[error("no server could be connected to; the last was {backend}: {reason}")]
    Unreachable { backend: String, reason: io::Error },
    #[error("the client was lost: {0}")]
    ClientLost(io::Error),
    #[error("the server was lost: {0}")]
    ServerLost(io::Error),
    #[error("silent for {} s", .0.as_secs_f64())]
    Idle(Duration),
    #[error("cut at the end of the grace period")]
    Cut,
}

impl ConnectionError {
    fn level(&self) -> Level {
        match self {
            // That happens every day.
            Self::ClientLost(_) => Level::Info,
            Self::NoPlace(_)
            | Self::Unreachable { .. }
            | Self::ServerLost(_)
            | Self::Idle(_)
            | Self::Cut => Level::Warning,
        }
    }

    /// Something may have moved, of which the client must not take a part for the whole.
    fn breaks_off(&self) -> bool {
        match self {
            Self::NoPlace(_) | Self::Unreachable { .. } => false,
            Self::ClientLost(_) | Self::ServerLost(_) | Self::Idle(_) | Self::Cut => true,
        }
    }
}

/// Serves one client to the end of its connection.
pub(crate) async fn serve(
    balancer: &Balancer,
    mut client: TcpStream,
    mut connection: OpenConnection,
) {
    match forward(balancer, &mut client, &mut connection).await {
        Ok(()) => connection.succeeded(),
        Err(err) => {
            if matches!(err, ConnectionError::Cut) {
                balancer.server.connection_cut();
            }
            if err.breaks_off() {
                reset(&client);
            }
            connection.failed(err.level(), err);
        }
    }
}

async fn forward(
    balancer: &Balancer,
    client: &mut TcpStream,
    connection: &mut OpenConnection,
) -> Result<(), ConnectionError> {
    let (lease, mut server) = tokio::select! {
        connected = connect(balancer, connection) => connected?,
        // Whoever has only closed its half may wait for an answer.
        why = until_lost(client) => return Err(ConnectionError::ClientLost(why)),
        () = balancer.grace_period_over() => return Err(ConnectionError::Cut),
    };
    if balancer.sends_proxy {
        introduce(client, &mut server).await.map_err(ConnectionError::ServerLost)?;
    }
    let progress = Progress::new(connection, lease);
    let carried = tokio::select! {
        carried = carry_both(client, &mut server, &progress) => carried,
        idle = progress.idle(balancer.limits.idle_timeout) => Err(ConnectionError::Idle(idle)),
        () = balancer.grace_period_over() => Err(ConnectionError::Cut),
    };
    if carried.is_err() {
        reset(&server);
    }
    progress.finish(&carried);
    carried
}

/// A connection to the first backend that takes one, and the place there.
async fn connect(
    balancer: &Balancer,
    connection: &mut OpenConnection,
) -> Result<(Lease, TcpStream), ConnectionError> {
    let mut tried = Vec::new();
    let mut refused: Option<(String, io::Error)> = None;
    loop {
        let placed = balancer.pool.place(Wanted::Any, &tried).await;
        let lease = match (placed, refused) {
            (Ok(lease), None) => lease,
            (Ok(lease), Some((_, reason))) => {
                connection.retried(reason);
                lease
            }
            (Err(no_place), None) => return Err(ConnectionError::NoPlace(no_place)),
            (Err(_), Some((backend, reason))) => {
                return Err(ConnectionError::Unreachable { backend, reason });
            }
        };
        let backend = Arc::clone(lease.backend());
        connection.forwarded(backend.name(), tried.len() as u32 + 1);
        match backend.connect(balancer.limits.connect_timeout).await {
            Ok(stream) => return Ok((lease, stream)),
            Err(reason) => {
                lease.finish(Outcome::Failed);
                tried.push(backend.id);
                refused = Some((backend.name().to_owned(), reason));
            }
        }
    }
}

/// Says who is asking. A new connection has room for so little.
async fn introduce(client: &TcpStream, server: &mut TcpStream) -> io::Result<()> {
    let header = proxy_header::of_client(client.peer_addr()?, client.local_addr()?);
    server.write_all(&header).await
}

/// Until both have closed, or one is lost.
async fn carry_both(
    client: &mut TcpStream,
    server: &mut TcpStream,
    progress: &Progress<'_>,
) -> Result<(), ConnectionError> {
    let (mut from_client, to_client) = client.split();
    let (mut from_server, to_server) = server.split();
    let server_has_closed = Notify::new();
    let up = async {
        match carry(&mut from_client, to_server, |len| progress.moved_up(len)).await {
            Ok(()) => tokio::select! {
                () = server_has_closed.notified() => Ok(None),
                why = until_lost(from_client.as_ref()) => {
                    Err(ConnectionError::ClientLost(why))
                }
            },
            Err(Lost::From(err)) => Err(ConnectionError::ClientLost(err)),
            // What the server has said before it stopped listening is still on its way.
            Err(Lost::To(err)) => Ok(Some(err)),
        }
    };
    let down = async {
        let carried = carry(&mut from_server, to_client, |len| progress.moved_down(len)).await;
        server_has_closed.notify_one();
        carried.map_err(|lost| match lost {
            Lost::From(err) => ConnectionError::ServerLost(err),
            Lost::To(err) => ConnectionError::ClientLost(err),
        })
    };
    match tokio::try_join!(up, down)? {
        (None, ()) => Ok(()),
        (Some(err), ()) => Err(ConnectionError::ServerLost(err)),
    }
}

/// Returns when the client has reset the connection. One that has closed its half and turns out to be gone
/// answers the first byte of a reply with that. A server that looks whether its client is still there sees no
/// more than it is told.
async fn until_lost(client: &TcpStream) -> io::Error {
    match client.ready(Interest::ERROR).await {
        Ok(_) => io::ErrorKind::ConnectionReset.into(),
        Err(err) => err,
    }
}

/// Has the peer see that the connection broke off.
fn reset(stream: &TcpStream) {
    // A socket that refuses is closed like any other.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// What has moved on a connection. Both directions count, one after the other, in one task.
struct Progress<'a> {
    connection: Mutex<&'a mut OpenConnection>,
    lease: Mutex<Lease>,
    backend: Arc<Backend>,
    began: Instant,
    /// Milliseconds since then when something moved last.
    moved_ms: AtomicU64,
    has_moved_up: AtomicBool,
}

impl<'a> Progress<'a> {
    fn new(connection: &'a mut OpenConnection, lease: Lease) -> Self {
        let backend = Arc::clone(lease.backend());
        Self {
            connection: Mutex::new(connection),
            lease: Mutex::new(lease),
            backend,
            began: Instant::now(),
            moved_ms: 0.into(),
            has_moved_up: false.into(),
        }
    }

    fn moved_up(&self, len: usize) {
        self.moved();
        self.has_moved_up.store(true, Relaxed);
        self.backend.counts.forwarded_to(len as u64);
        // Any piece may be the last of what the server waits for.
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).asked();
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.received(len as u64);
    }

    fn moved_down(&self, len: usize) {
        self.moved();
        self.backend.heard();
        self.backend.counts.forwarded_from(len as u64);
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).first_byte();
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.sent(len as u64);
    }

    fn moved(&self) {
        self.moved_ms.store(self.elapsed_ms(), Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// Returns when nothing has moved for so long.
    async fn idle(&self, timeout: Duration) -> Duration {
        loop {
            let silent_ms = self.elapsed_ms().saturating_sub(self.moved_ms.load(Relaxed));
            match timeout.checked_sub(Duration::from_millis(silent_ms)) {
                None | Some(Duration::ZERO) => return timeout,
                Some(left) => time::sleep(left).await,
            }
        }
    }

    /// Gives the place back, with what the connection says about its backend. One that hangs up on what a
    /// client has sent may have good reasons: else clients who talk nonsense could take all backends out.
    fn finish(self, carried: &Result<(), ConnectionError>) {
        let outcome = match carried {
            Ok(()) => Outcome::Succeeded,
            Err(ConnectionError::ServerLost(_)) if !self.has_moved_up.load(Relaxed) => {
                Outcome::Failed
            }
            Err(_) => Outcome::Abandoned,
        };
        self.lease.into_inner().unwrap_or_else(PoisonError::into_inner).finish(outcome);
    }
}
