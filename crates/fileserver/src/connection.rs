//! Runs one connection to its end on the calling thread. The async model has a twin of this loop.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use telemetry::Slot;

use crate::{
    service::Service,
    session::{ConnectionError, Conversation, Step},
};

/// Serves `stream` on the worker of `slot` until either side closes it, and logs how that went.
pub(crate) fn run_connection(
    service: &Arc<Service>,
    slot: &'static Slot,
    stream: &TcpStream,
    peer: SocketAddr,
) {
    let outcome = Conversation::new(service, slot, peer, Instant::now());
    log_outcome(peer, outcome.and_then(|conversation| drive(stream, conversation)));
}

/// Peers vanish daily, so only a failing disk is worth more than a debug line.
pub(crate) fn log_outcome(peer: SocketAddr, outcome: Result<(), ConnectionError>) {
    match outcome {
        Ok(()) => tracing::debug!("{peer}: closed"),
        Err(err @ ConnectionError::Disk(_)) => tracing::error!("{peer}: {err}"),
        Err(
            err @ (ConnectionError::Frame(_)
            | ConnectionError::Overdue(_)
            | ConnectionError::Peer(_)
            | ConnectionError::Tls(_)
            | ConnectionError::NoHandshake
            | ConnectionError::ShutDown),
        ) => tracing::debug!("{peer}: {err}"),
    }
}

fn drive(stream: &TcpStream, mut conversation: Conversation) -> Result<(), ConnectionError> {
    // A reply ends in a short write; held for an ACK it could cost 40 ms.
    stream.set_nodelay(true).map_err(ConnectionError::Peer)?;
    let mut socket = TimedSocket { stream, read_timeout: None, write_timeout: None };
    loop {
        match conversation.step(Instant::now())? {
            Step::Send(bytes, wait) => match socket.write(bytes, wait) {
                Ok(len) => conversation.sent(len),
                Err(err) if timed_out(&err) => {}
                Err(err) => conversation.peer_lost(ConnectionError::Peer(err))?,
            },
            Step::Receive(room, wait) => match socket.read(room, wait) {
                Ok(len) => conversation.received(len),
                Err(err) if timed_out(&err) => {}
                Err(err) => conversation.peer_lost(ConnectionError::Peer(err))?,
            },
            Step::Wait(wait) => thread::sleep(wait),
            Step::Yield => {}
            // A peer that is gone already is noticed by the next read.
            Step::FinishSending => drop(stream.shutdown(Shutdown::Write)),
            Step::Close => return conversation.into_outcome(),
        }
    }
}

/// Reads and writes with a time limit each; the limit is a system call only when it changes.
struct TimedSocket<'a> {
    stream: &'a TcpStream,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

impl TimedSocket<'_> {
    fn read(&mut self, room: &mut [u8], wait: Duration) -> io::Result<usize> {
        if self.read_timeout != Some(wait) {
            self.stream.set_read_timeout(Some(wait))?;
            self.read_timeout = Some(wait);
        }
        self.stream.read(room)
    }

    fn write(&mut self, bytes: &[u8], wait: Duration) -> io::Result<usize> {
        if self.write_timeout != Some(wait) {
            self.stream.set_write_timeout(Some(wait))?;
            self.write_timeout = Some(wait);
        }
        self.stream.write(bytes)
    }
}

fn timed_out(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
