//! Runs one connection to its end on the calling thread. The async model has a twin of this loop.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use telemetry::{Arrival, Slot};

use crate::{
    service::Service,
    session::{ConnectionError, Conversation, Step},
};

/// Serves `stream` on the worker of `slot` until either side closes it, and books how that went.
pub(crate) fn run_connection(
    service: &Arc<Service>,
    slot: &'static Slot,
    stream: &TcpStream,
    arrival: Arrival,
) {
    if let Some(mut conversation) = Conversation::new(service, slot, arrival, Instant::now()) {
        let outcome = drive(stream, &mut conversation);
        conversation.close(outcome);
    }
}

fn drive(stream: &TcpStream, conversation: &mut Conversation) -> Result<(), ConnectionError> {
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
            Step::Close => return Ok(()),
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
