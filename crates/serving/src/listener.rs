//! The socket accepted on, and what its errors mean.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    time::Duration,
};

use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::pause::GrowingPause;

/// Places of the kernel's queue beyond the backlog, for those who are too many: without one they would
/// hang instead of being told so. As many can come until the next look at the queue.
const CROWD: i32 = 1024;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("--host takes no port; say --host {} --port {}", .0.ip(), .0.port())]
    HostWithPort(SocketAddr),
    #[error("--host {host:?} is neither an address nor a name that can be looked up")]
    Host { host: String, source: io::Error },
    #[error(
        "--host {0} is not an address of this machine; 127.0.0.1 listens to this machine alone, \
         0.0.0.0 to all that can reach it"
    )]
    NotOurs(IpAddr),
    #[error(
        "port {} on {} is taken by another program, or was until a minute ago; \
         choose another with --port, or 0 for a free one",
        .0.port(), .0.ip()
    )]
    Taken(SocketAddr),
    #[error(
        "this user may not listen on port {0}; choose one from 1024 up with --port, or start as \
         root with --user"
    )]
    Privileged(u16),
    #[error("cannot listen on {address}: {reason}; choose another --host or --port")]
    Other { address: SocketAddr, reason: io::Error },
}

impl BindError {
    fn of(address: SocketAddr, reason: io::Error) -> Self {
        match reason.kind() {
            io::ErrorKind::AddrInUse => Self::Taken(address),
            io::ErrorKind::AddrNotAvailable => Self::NotOurs(address.ip()),
            io::ErrorKind::PermissionDenied => Self::Privileged(address.port()),
            _ => Self::Other { address, reason },
        }
    }
}

/// Listens on an address that `host` stands for.
pub fn bind(host: &str, port: u16, backlog: i32) -> Result<(TcpListener, SocketAddr), BindError> {
    if let Ok(address) = host.parse() {
        return Err(BindError::HostWithPort(address));
    }
    // As in a URL.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let fail = |source| BindError::Host { host: host.to_owned(), source };
    let address = preferred((bare, port).to_socket_addrs().map_err(fail)?)
        .ok_or_else(|| fail(io::ErrorKind::NotFound.into()))?;
    let listener = listen(address, backlog).map_err(|reason| BindError::of(address, reason))?;
    let address = listener.local_addr().map_err(|reason| BindError::of(address, reason))?;
    Ok((listener, address))
}

/// The first of IPv4, else the first. Where a name such as localhost has both, clients that know one
/// family know IPv4, and those that know both try the other next.
fn preferred(addresses: impl Iterator<Item = SocketAddr>) -> Option<SocketAddr> {
    addresses.min_by_key(|address| !address.is_ipv4())
}

fn listen(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted server must not wait for the last one's connections to time out.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog.saturating_add(CROWD))?;
    Ok(socket.into())
}

/// A reply ends in a short write; held for an ACK it could cost 40 ms. A socket that refuses this is of
/// no use, which its first read finds out.
pub(crate) fn set_nodelay(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
}

/// Connections that the kernel has made and nobody has accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AcceptQueue {
    pub(crate) len: usize,
    pub(crate) len_max: usize,
}

/// What a failed accept means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum AcceptFailure {
    /// The peer gave up between the handshake and the accept, or there was nothing to accept.
    PeerGone,
    /// Descriptors or memory that open connections will give back, or the network's own trouble:
    /// ending the server would not help.
    Passing,
    /// The listener itself is of no use any more.
    Final,
}

impl AcceptFailure {
    /// Linux reports errors of the new connection from accept as well, so only those that concern
    /// the listener are final (accept(2), "Error handling").
    fn of(err: &io::Error) -> Self {
        match err.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ECONNABORTED | Errno::ECONNRESET | Errno::EAGAIN | Errno::EINTR) => {
                Self::PeerGone
            }
            Some(
                Errno::EBADF | Errno::EINVAL | Errno::ENOTSOCK | Errno::EFAULT | Errno::EOPNOTSUPP,
            )
            | None => Self::Final,
            Some(_) => Self::Passing,
        }
    }
}

/// The pauses between accepts that fail, until one succeeds.
#[derive(Debug)]
pub(crate) struct AcceptPause(GrowingPause);

impl Default for AcceptPause {
    fn default() -> Self {
        Self(GrowingPause::new(Duration::from_millis(1), Duration::from_secs(1)))
    }
}

impl AcceptPause {
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }

    /// How long to wait after `err`, which is given back if no accept will ever succeed.
    pub(crate) fn after(&mut self, err: io::Error) -> io::Result<Duration> {
        match AcceptFailure::of(&err) {
            AcceptFailure::PeerGone => Ok(Duration::ZERO),
            AcceptFailure::Passing => {
                tracing::warn!("cannot accept a connection for now: {err}");
                Ok(self.0.step())
            }
            AcceptFailure::Final => Err(err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_addresses_of_both_families_stands_for_the_one_that_all_clients_know() {
        let choose = |addresses: &[&str]| {
            preferred(addresses.iter().map(|it| it.parse().unwrap())).map(|it| it.to_string())
        };
        let (four, six) = ("127.0.0.1:1", "[::1]:1");
        assert_eq!(choose(&[six, four, "127.0.0.2:1"]).as_deref(), Some(four));
        assert_eq!(choose(&[four, six]).as_deref(), Some(four));
        assert_eq!(choose(&[six, "[::2]:1"]).as_deref(), Some(six));
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn only_errors_of_the_listener_end_the_server() {
        for (errno, meaning) in [
            (Errno::ECONNABORTED, AcceptFailure::PeerGone),
            (Errno::EAGAIN, AcceptFailure::PeerGone),
            (Errno::EMFILE, AcceptFailure::Passing),
            (Errno::EPROTO, AcceptFailure::Passing),
            (Errno::EHOSTUNREACH, AcceptFailure::Passing),
            (Errno::EPERM, AcceptFailure::Passing),
            (Errno::EINVAL, AcceptFailure::Final),
            (Errno::EBADF, AcceptFailure::Final),
        ] {
            let err = io::Error::from_raw_os_error(errno as i32);
            assert_eq!(AcceptFailure::of(&err), meaning, "{errno}");
        }
    }
}
