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
    listener::AcceptPause,
    overload::{LOOK_PAUSE, Overload},
    serve::{Drained, ServeError},
    service::Service,
    shutdown::{CUT_TIMEOUT, Event, StopSignals},
};

/// How often a full model, or a drain, looks for signals and for its own progress.
const TICK: Duration = LOOK_PAUSE;

/// Accepts for one model; what happens to a connection is the model's to say.
pub(super) struct Acceptor<'a> {
    pub(super) service: &'a Arc<Service>,
    pub(super) signals: StopSignals,
    pub(super) overload: Overload,
}

impl<'a> Acceptor<'a> {
    pub(super) fn new(service: &'a Arc<Service>) -> Result<Self, ServeError> {
        let signals = StopSignals::catch(service.hangup).map_err(ServeError::Signals)?;
        Ok(Self { service, signals, overload: service.overload() })
    }

    /// Gives every connection to `start` until a signal comes, then drains.
    ///
    /// `wait_for_room` waits at most so long until `start` can take another connection, and says
    /// whether it can; meanwhile connections wait in the kernel.
    pub(super) fn run(
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
                false => self.service.waiting_excess(&listener).map_err(ServeError::Accept)?,
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
        let admitted = match self.service.admission.admit(peer) {
            Ok(admitted) => admitted,
            Err(why) => return self.overload.turn_away(stream, peer, why),
        };
        match stream.set_nonblocking(false) {
            Ok(()) => start(stream, self.service.connection_accepted(peer), admitted),
            Err(err) => tracing::warn!("a connection was lost before it began: {err}"),
        }
    }

    fn drain(&mut self) -> io::Result<Drained> {
        let mut deadline = self.service.begin_drain();
        tracing::info!("stopping: {} connections open", self.service.admission.open());
        while self.service.admission.open() > 0 {
            let now = Instant::now();
            if now >= deadline + CUT_TIMEOUT {
                return Ok(Drained::Cut);
            }
            self.overload.see_off();
            if self.signals.wait(None, TICK)? == Event::Stop {
                self.service.cut_connections();
                deadline = deadline.min(now);
            }
        }
        Ok(self.service.drained())
    }
}
