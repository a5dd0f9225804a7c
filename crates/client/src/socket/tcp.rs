//! A TCP connection on which every wait has an end.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Type};

use super::pipe::Pipe;
use crate::{Address, ClientError, ConnectionOptions};

/// A host that does not answer at all is not worth the minute that a busy one is.
const CONNECT_TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// Between two tries to connect to a server that may be starting.
const STARTUP_PAUSE: Duration = Duration::from_millis(20);

/// The system refuses a wait of zero, and means "for ever" by it elsewhere.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// How long a write waits before it is looked whether the server refuses what it does not take.
const STUCK: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Tcp {
    stream: TcpStream,
    local_addr: SocketAddr,
    timeout: Duration,
    deadline: Option<Instant>,
    /// What the system was last told, so that it is told only of changes.
    read_wait: Option<Duration>,
    write_wait: Option<Duration>,
}

impl Tcp {
    /// Tries every address that `server` resolves to. Resolving takes as long as the system lets
    /// it.
    pub(super) fn connect(
        server: &Address,
        options: &ConnectionOptions,
    ) -> Result<Self, ClientError> {
        let failed = |source| ClientError::Connect { server: server.to_string(), source };
        let addresses = (server.host.as_str(), server.port).to_socket_addrs().map_err(failed)?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        let is_near = addresses.iter().all(|address| address.ip().is_loopback());
        let started_by = Instant::now() + options.startup_wait;
        loop {
            let refusal = match Self::connect_to_any(&addresses, options)? {
                Ok(stream) => return Self::set_up(stream, options).map_err(failed),
                Err(refusal) => refusal,
            };
            let may_come = is_near && refusal.kind() == ErrorKind::ConnectionRefused;
            if !may_come || Instant::now() >= started_by {
                return Err(failed(refusal));
            }
            thread::sleep(STARTUP_PAUSE);
        }
    }

    fn connect_to_any(
        addresses: &[SocketAddr],
        options: &ConnectionOptions,
    ) -> Result<io::Result<TcpStream>, ClientError> {
        let timeout = options.timeout.max(WAIT_MIN).min(CONNECT_TIMEOUT_MAX);
        let mut last_error = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match connect_to(*address, wait_for(timeout, options.deadline)?) {
                Ok(stream) => return Ok(Ok(stream)),
                Err(err) => last_error = err,
            }
        }
        wait_for(timeout, options.deadline)?;
        Ok(Err(last_error))
    }

    fn set_up(stream: TcpStream, options: &ConnectionOptions) -> io::Result<Self> {
        // A request ends in a short write; held for an ACK it could cost 40 ms.
        stream.set_nodelay(true)?;
        Ok(Self {
            local_addr: stream.local_addr()?,
            stream,
            timeout: options.timeout.max(WAIT_MIN),
            deadline: options.deadline,
            read_wait: None,
            write_wait: None,
        })
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Reads what is there, at least a byte; zero when the server has closed.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ClientError> {
        self.receive(|mut stream| stream.read(buffer))
    }

    /// Moves what is there into the empty pipe, at most so much and at least a byte; zero when the server
    /// has closed.
    pub(super) fn splice(&mut self, pipe: &Pipe, len_max: u64) -> Result<usize, ClientError> {
        self.receive(|stream| pipe.fill_from(stream, len_max))
    }

    fn receive(
        &mut self,
        read: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Result<usize, ClientError> {
        let wait = wait_for(self.timeout, self.deadline)?;
        self.receive_within(wait, read)?.ok_or_else(|| self.waited_out(wait))
    }

    /// The same, but `None` when nothing comes before `moment`.
    pub(super) fn read_before(
        &mut self,
        moment: Instant,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, ClientError> {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let wait = wait_for(self.timeout, self.deadline)?.min(left);
        self.receive_within(wait, |mut stream| stream.read(buffer))
    }

    fn receive_within(
        &mut self,
        wait: Duration,
        mut read: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Result<Option<usize>, ClientError> {
        if self.read_wait != Some(wait) {
            self.stream.set_read_timeout(Some(wait)).map_err(ClientError::Peer)?;
            self.read_wait = Some(wait);
        }
        loop {
            match read(&self.stream) {
                Ok(len) => return Ok(Some(len)),
                Err(err) if timed_out(&err) => return Ok(None),
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => return Err(ClientError::Peer(err)),
            }
        }
    }

    /// Writes all of it. Whenever the server has not taken it all for a while, `has_spoken` is asked
    /// whether it said something instead; that ends the writing.
    pub(super) fn write_all(
        &mut self,
        mut bytes: &[u8],
        mut has_spoken: impl FnMut(&Self) -> bool,
    ) -> Result<(), ClientError> {
        let mut moved = Instant::now();
        while !bytes.is_empty() {
            let wait = wait_for(self.timeout, self.deadline)?.min(STUCK);
            if self.write_wait != Some(wait) {
                self.stream.set_write_timeout(Some(wait)).map_err(ClientError::Peer)?;
                self.write_wait = Some(wait);
            }
            match self.stream.write(bytes) {
                Ok(len) => (bytes, moved) = (&bytes[len..], Instant::now()),
                Err(err) if timed_out(&err) && moved.elapsed() >= self.timeout => {
                    return Err(ClientError::TimedOut(self.timeout));
                }
                Err(err) if timed_out(&err) || err.kind() == ErrorKind::Interrupted => {}
                Err(err) => return Err(ClientError::Peer(err)),
            }
            if !bytes.is_empty() && has_spoken(self) {
                return Err(ClientError::AnsweredEarly);
            }
        }
        Ok(())
    }

    /// Whether the server has neither closed nor sent anything since it was last read from.
    pub(super) fn is_quiet(&self) -> bool {
        let peeked = self.without_waiting(|stream| stream.peek(&mut [0]));
        peeked.is_err_and(|err| err.kind() == ErrorKind::WouldBlock)
    }

    /// Runs `io`, which fails with `WouldBlock` where it would have to wait.
    pub(super) fn without_waiting<T>(
        &self,
        io: impl FnOnce(&TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        self.stream.set_nonblocking(true)?;
        let outcome = io(&self.stream);
        self.stream.set_nonblocking(false)?;
        outcome
    }

    fn waited_out(&self, wait: Duration) -> ClientError {
        if wait == self.timeout { ClientError::TimedOut(wait) } else { ClientError::DeadlinePassed }
    }
}

/// How long the next step may take.
fn wait_for(timeout: Duration, deadline: Option<Instant>) -> Result<Duration, ClientError> {
    let Some(deadline) = deadline else { return Ok(timeout) };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(ClientError::DeadlinePassed);
    }
    Ok(timeout.min(left.max(WAIT_MIN)))
}

/// The port that the system gives a client stays taken for a minute after it closes; marked as
/// reusable, it does not keep a server from listening on it meanwhile.
fn connect_to(address: SocketAddr, wait: Duration) -> io::Result<TcpStream> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.connect_timeout(&address.into(), wait)?;
    Ok(socket.into())
}

fn timed_out(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
