//! What a server is for, as far as those who run its connections have to know.

use std::{
    io,
    os::fd::BorrowedFd,
    time::{Duration, Instant},
};

use telemetry::OpenConnection;

use crate::{admission::Admitted, shutdown::Phase, timeouts::Farewell};

/// What is said to those whom there is no room for.
pub trait Reception {
    /// What they are sent, `why` in words; `None` where they could not read it.
    fn busy(&self, why: &str) -> Option<Vec<u8>>;

    /// How long one that is turned away is waited for until it leaves.
    fn farewell(&self) -> Farewell;
}

/// What the connections of a server are for. Shared by all its workers; in process mode each has its
/// copy.
pub trait Application: Reception + Send + Sync + 'static {
    type Conversation: Conversation;

    /// Begins the conversation on a connection that a worker has just picked up. `None` where that
    /// cannot be, which is counted. `admitted` is its place among those that are open, for a conversation
    /// that finds out whom a proxy connects for.
    fn converse(
        &self,
        connection: OpenConnection,
        admitted: &Admitted,
        now: Instant,
    ) -> Option<Self::Conversation>;

    /// Gives up what no worker process needs. Called in each, before it accepts.
    fn confine_worker(&self) {}

    /// Removes what worker processes left that died.
    fn clean_up_after_workers(&self) {}
}

/// One connection: bytes and the time in, bytes out. Holds no socket and no clock.
///
/// A driver calls [`step`](Self::step), does what it says, and reports with [`sent`](Self::sent),
/// [`received`](Self::received) or nothing but a later step.
pub trait Conversation: Send + 'static {
    /// Why a connection ends at once, without a word.
    type Error: Send;

    /// Works until only the driver can go on.
    fn step(&mut self, now: Instant, phase: Phase) -> Result<Step, Self::Error>;

    /// The next step is taken where it holds nobody else up, as [`Step::Block`] has asked.
    fn may_block(&mut self) {}

    /// What [`Step::Send`] is about.
    fn output(&self) -> &[u8];

    /// What [`Step::SendFile`] is about; `None` for conversations that never take that step.
    fn file(&self) -> Option<FileRange<'_>> {
        None
    }

    /// Where [`Step::Receive`] goes.
    fn room(&mut self) -> &mut [u8];

    /// The first `len` bytes of the output were written.
    fn sent(&mut self, len: usize);

    /// So many bytes of the file were sent. None means that the file has no more; an error may be the
    /// peer's or the file's.
    fn file_sent(&mut self, _outcome: io::Result<usize>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// `len` bytes were read into the room; none means that the peer has closed its half.
    fn received(&mut self, len: usize);

    /// The peer reset the connection. An error, unless that loses nothing.
    fn peer_lost(&mut self, why: io::Error) -> Result<(), Self::Error>;

    /// Counts how the connection went: `outcome` is the driver's, whose steps came to
    /// [`Step::Close`] or to an error.
    fn close(self, outcome: Result<(), Self::Error>);
}

/// Bytes of an open file.
#[derive(Clone, Copy, Debug)]
pub struct FileRange<'a> {
    pub file: BorrowedFd<'a>,
    pub offset: u64,
    pub len: usize,
}

/// What a driver does next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Write the output or the first bytes of it, waiting at most so long.
    Send(Duration),
    /// Send the bytes of the file or the first of them, waiting at most so long. They pass no memory of this
    /// process where that can be had.
    SendFile(Duration),
    /// Read into the room, waiting at most so long.
    Receive(Duration),
    /// Neither read nor write for so long.
    Wait(Duration),
    /// Be busy for so long, as with work that takes the processor: of those who can be served at once there
    /// is one less.
    Busy(Duration),
    /// Others may go first.
    Yield,
    /// Take the next step where it may wait for long without holding up another connection, and say so with
    /// [`Conversation::may_block`] before. Nothing was done yet.
    Block,
    /// Close the sending half: no reply will follow.
    FinishSending,
    /// Close the connection.
    Close,
}
