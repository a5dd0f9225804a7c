//! What the addresses beside a program's own share: an acceptor that outlives every trouble, and leaving without
//! destroying what was said.

use std::{
    io::{self, ErrorKind, Read},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Between tries to accept without resources.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long a client may go on sending after its last reply. To close at once would reset the
/// connection, and the reply with it.
pub const LINGER_TIME: Duration = Duration::from_secs(1);

/// Nobody can be answered.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    #[error("the listening socket for {what} is not usable: {reason}")]
    Listener { what: &'static str, reason: io::Error },
    #[error("no thread could be started that answers for {what}: {reason}")]
    Thread { what: &'static str, reason: io::Error },
}

/// Gives every connection to `admit`, on a thread called `what`, until the process ends.
pub fn open(
    listener: TcpListener,
    what: &'static str,
    admit: impl FnMut(TcpStream) + Send + 'static,
) -> Result<(), ListenerError> {
    listener.set_nonblocking(false).map_err(|reason| ListenerError::Listener { what, reason })?;
    let accept = move || accept_forever(&listener, admit);
    let started = thread::Builder::new().name(what.to_owned()).spawn(accept);
    started.map(drop).map_err(|reason| ListenerError::Thread { what, reason })
}

fn accept_forever(listener: &TcpListener, mut admit: impl FnMut(TcpStream)) {
    let mut pause = PAUSE_MIN;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                pause = PAUSE_MIN;
                admit(stream);
            }
            Err(err) if is_of_one_client(&err) => {}
            // Descriptors, mostly, that others will give back.
            Err(_) => {
                thread::sleep(pause);
                pause = PAUSE_MAX.min(pause * 2);
            }
        }
    }
}

fn is_of_one_client(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted)
}

/// Says that no more comes, and waits, not for long nor beyond `deadline`, until the client has closed
/// too.
pub fn leave(stream: &TcpStream, deadline: Instant) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    skip(stream, deadline.min(Instant::now() + LINGER_TIME))
}

/// Reads what nobody wants to know until the deadline, or until the client has closed.
fn skip(mut stream: &TcpStream, deadline: Instant) -> io::Result<()> {
    let mut room = [0; 64 * 1024];
    loop {
        stream.set_read_timeout(Some(time_left(deadline)?))?;
        if stream.read(&mut room)? == 0 {
            return Ok(());
        }
    }
}

/// An error when there is none.
pub fn time_left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}
