//! Runs one connection to its end on the calling thread. The async and the event model have loops of their own.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use telemetry::{Arrival, Slot};

use crate::{
    admission::Admitted,
    application::{Application, Conversation, FileRange, Step},
    os,
    server::Server,
};

/// Serves `stream` on the worker of `slot` until either side closes it, and counts how that went.
pub(crate) fn run_connection<A: Application>(
    server: &Server,
    application: &A,
    slot: &'static Slot,
    stream: &TcpStream,
    arrival: Arrival,
    admitted: &Admitted,
) {
    if let Some(mut conversation) = server.pick_up(application, slot, arrival, admitted) {
        let outcome = drive(server, stream, &mut conversation);
        conversation.close(outcome);
    }
}

fn drive<C: Conversation>(
    server: &Server,
    stream: &TcpStream,
    conversation: &mut C,
) -> Result<(), C::Error> {
    let mut socket = TimedSocket { stream, read_timeout: None, write_timeout: None };
    loop {
        match server.step(conversation, Instant::now())? {
            Step::Send(wait) => match socket.write(conversation.output(), wait) {
                Ok(len) => conversation.sent(len),
                Err(err) if timed_out(&err) => {}
                Err(err) => conversation.peer_lost(err)?,
            },
            Step::SendFile(wait) => match socket.send_file(conversation.file(), wait) {
                Err(err) if timed_out(&err) => {}
                outcome => conversation.file_sent(outcome)?,
            },
            Step::Receive(wait) => match socket.read(conversation.room(), wait) {
                Ok(len) => conversation.received(len),
                Err(err) if timed_out(&err) => {}
                Err(err) => conversation.peer_lost(err)?,
            },
            Step::Wait(wait) | Step::Busy(wait) => thread::sleep(wait),
            Step::Yield => {}
            // The thread is the connection's own.
            Step::Block => conversation.may_block(),
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
        self.limit_writing(wait)?;
        self.stream.write(bytes)
    }

    fn send_file(&mut self, range: Option<FileRange<'_>>, wait: Duration) -> io::Result<usize> {
        self.limit_writing(wait)?;
        range.map_or(Ok(0), |range| os::send_file(self.stream, range))
    }

    fn limit_writing(&mut self, wait: Duration) -> io::Result<()> {
        if self.write_timeout != Some(wait) {
            self.stream.set_write_timeout(Some(wait))?;
            self.write_timeout = Some(wait);
        }
        Ok(())
    }
}

/// Nothing was read or written in time. `TimedOut` is something else: the network gave up.
pub(super) fn timed_out(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
