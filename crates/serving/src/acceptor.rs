//! Accepts connections for the models that run them on threads of this process.
//!
//! Costs one thread, the one that called. A signal stops accepting; then open connections get the
//! grace period, and a second signal ends that.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use telemetry::Arrival;

use crate::{
    admission::{Admitted, Busy},
    application::Reception,
    error::ServeError,
    listener::{AcceptPause, set_nodelay},
    overload::{LOOK_PAUSE, Overload},
    server::Server,
    shutdown::{CUT_TIMEOUT, Drained, Event, StopSignals},
};

/// How often a full model, or a drain, looks for signals and for its own progress.
const TICK: Duration = LOOK_PAUSE;

/// Accepts for one model, or for a program with a driver of its own: what happens to a connection is
/// theirs to say.
#[derive(Debug)]
pub struct Acceptor {
    server: Arc<Server>,
    signals: StopSignals,
    overload: Overload,
}

impl Acceptor {
    /// Takes over the signals that stop a server.
    pub fn new(server: &Arc<Server>, reception: &impl Reception) -> Result<Self, ServeError> {
        let signals = StopSignals::catch(server.hangup).map_err(ServeError::Signals)?;
        let overload = Overload::new(server, reception);
        Ok(Self { server: Arc::clone(server), signals, overload })
    }

    /// Gives every connection to `start` until a signal comes, then drains: returns when what was
    /// [`Admitted`] is dropped, or the grace period is over.
    ///
    /// `wait_for_room` waits at most so long until `start` can take another connection, and says
    /// whether it can; meanwhile connections wait in the kernel.
    pub fn run(
        mut self,
        listener: TcpListener,
        mut wait_for_room: impl FnMut(Duration) -> bool,
        mut start: impl FnMut(TcpStream, Arrival, Admitted),
    ) -> Result<Drained, ServeError> {
        listener.set_nonblocking(true).map_err(ServeError::Accept)?;
        let mut pause = AcceptPause::default();
        let mut excess = 0;
        loop {
            self.overload.see_off();
            let has_room = wait_for_room(if excess > 0 { Duration::ZERO } else { TICK });
            // Whoever is one too many in the kernel's queue is accepted to be told so.
            excess = match has_room {
                true => 0,
                false => self.server.waiting_excess(&listener).map_err(ServeError::Accept)?,
            };
            let (listening, timeout) = match has_room || excess > 0 {
                true if self.overload.is_idle() => (Some(&listener), Duration::MAX),
                true => (Some(&listener), TICK),
                false => (None, Duration::ZERO),
            };
            match self.signals.wait(listening, timeout).map_err(ServeError::Signals)? {
                Event::Stop => break,
                Event::Nothing => continue,
                Event::Connection => {}
            }
            match listener.accept() {
                Ok((stream, peer)) if !has_room => {
                    self.overload.turn_away(stream, peer, Busy::Server);
                }
                Ok((stream, peer)) => {
                    pause.reset();
                    self.admit(stream, peer, &mut start);
                }
                Err(err) => {
                    self.overload.make_room();
                    thread::sleep(pause.after(err).map_err(ServeError::Accept)?);
                }
            }
        }
        drop(listener);
        self.drain().map_err(ServeError::Signals)
    }

    fn admit(
        &mut self,
        stream: TcpStream,
        peer: SocketAddr,
        start: &mut impl FnMut(TcpStream, Arrival, Admitted),
    ) {
        let admitted = match self.server.admission.admit(peer) {
            Ok(admitted) => admitted,
            Err(why) => return self.overload.turn_away(stream, peer, why),
        };
        set_nodelay(&stream);
        match stream.set_nonblocking(false) {
            Ok(()) => start(stream, self.server.connection_accepted(peer), admitted),
            Err(err) => tracing::warn!("a connection was lost before it began: {err}"),
        }
    }

    fn drain(&mut self) -> io::Result<Drained> {
        let mut deadline = self.server.begin_drain();
        tracing::info!("stopping: {} connections open", self.server.admission.open());
        while self.server.admission.open() > 0 {
            let now = Instant::now();
            if now >= deadline + CUT_TIMEOUT {
                return Ok(Drained::Cut);
            }
            self.overload.see_off();
            if self.signals.wait(None, TICK)? == Event::Stop {
                self.server.cut_connections();
                deadline = deadline.min(now);
            }
        }
        Ok(self.server.drained())
    }
}
