//! How many connections may be open, and what happens to the one too many.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use protocol::{ErrorCode, Reply};

/// Connections that wait to be told that the server is busy; any more are closed without a word.
const TURNED_AWAY_MAX: usize = 1024;

/// How long a connection that is turned away may take to read why and close. They are told one after
/// another, so those who keep theirs open must not hold up the others.
const TURN_AWAY_TIMEOUT: Duration = Duration::from_millis(20);

/// Counts open connections, waiting ones included, up to a limit.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    open: Arc<AtomicUsize>,
    open_max: usize,
}

/// One open connection; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Admitted(Arc<AtomicUsize>);

impl Admission {
    pub(crate) fn new(open_max: usize) -> Self {
        Self { open: Arc::default(), open_max }
    }

    /// `None` when the server is full.
    pub(crate) fn admit(&self) -> Option<Admitted> {
        let one_more = |open| (open < self.open_max).then_some(open + 1);
        self.open.fetch_update(SeqCst, SeqCst, one_more).ok()?;
        Some(Admitted(Arc::clone(&self.open)))
    }

    pub(crate) fn open_max(&self) -> usize {
        self.open_max
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(SeqCst)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Answers `busy` on a thread of its own, so that neither the acceptor nor a worker waits for a
/// client that is not served.
#[derive(Debug)]
pub(crate) struct Porter(SyncSender<TcpStream>);

impl Porter {
    pub(crate) fn start(open_max: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(TURNED_AWAY_MAX);
        let sentence = format!("the server is busy with {open_max} connections; try again later");
        let reply = Reply::error(ErrorCode::Busy, sentence).to_wire();
        thread::Builder::new().name("porter".to_owned()).spawn(move || {
            for stream in receiver {
                // A client that does not wait for the answer needs none.
                let _ = turn_away(stream, &reply);
            }
        })?;
        Ok(Self(sender))
    }

    pub(crate) fn turn_away(&self, stream: TcpStream) {
        // With the waiting line full the stream is dropped, which closes it.
        let _ = self.0.try_send(stream);
    }
}

fn turn_away(mut stream: TcpStream, reply: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + TURN_AWAY_TIMEOUT;
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(TURN_AWAY_TIMEOUT))?;
    stream.set_read_timeout(Some(TURN_AWAY_TIMEOUT))?;
    stream.write_all(reply)?;
    stream.shutdown(Shutdown::Write)?;
    // Closing with unread bytes would reset the connection and destroy the reply.
    let mut skipped = [0; 16 * 1024];
    while Instant::now() < deadline && stream.read(&mut skipped)? > 0 {}
    Ok(())
}
