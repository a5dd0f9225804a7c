//! Accepts connections for the models that run them on threads of this process.
//!
//! Costs one thread, the one that called. A signal stops accepting; then open connections get the
//! grace period, and a second signal ends that.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    admission::{Admitted, Porter},
    listener::{AcceptFailure, GrowingPause},
    serve::{Drained, ServeError},
    service::Service,
    shutdown::{CUT_TIMEOUT, Event, StopSignals},
};

/// How often a full model, or a drain, looks for signals and for its own progress.
const TICK: Duration = Duration::from_millis(20);

/// Accepts for one model; what happens to a connection is the model's to say.
pub(super) struct Acceptor<'a> {
    pub(super) service: &'a Arc<Service>,
    pub(super) signals: StopSignals,
    pub(super) porter: Porter,
}

impl<'a> Acceptor<'a> {
    pub(super) fn new(service: &'a Arc<Service>) -> Result<Self, ServeError> {
        let signals = StopSignals::catch().map_err(ServeError::Signals)?;
        let porter = start_porter(service)?;
        Ok(Self { service, signals, porter })
    }

    /// Gives every connection to `start` until a signal comes, then drains.
    ///
    /// `wait_for_room` waits at most so long until `start` can take another connection, and says
    /// whether it can; meanwhile connections wait in the kernel.
    pub(super) fn run(
        self,
        listener: TcpListener,
        mut wait_for_room: impl FnMut(Duration) -> bool,
        mut start: impl FnMut(TcpStream, Admitted),
    ) -> Result<Drained, ServeError> {
        listener.set_nonblocking(true).map_err(ServeError::Accept)?;
        let mut pause = GrowingPause::new(Duration::from_millis(1), Duration::from_secs(1));
        loop {
            let (listening, timeout) = match wait_for_room(TICK) {
                true => (Some(&listener), Duration::MAX),
                false => (None, Duration::ZERO),
            };
            match self.signals.wait(listening, timeout).map_err(ServeError::Signals)? {
                Event::Stop => break,
                Event::Nothing => continue,
                Event::Connection => {}
            }
            match listener.accept() {
                Ok((stream, _)) => {
                    pause.reset();
                    self.admit(stream, &mut start);
                }
                Err(err) => match AcceptFailure::of(&err) {
                    AcceptFailure::PeerGone => {}
                    AcceptFailure::Passing => {
                        tracing::warn!("cannot accept a connection for now: {err}");
                        thread::sleep(pause.step());
                    }
                    AcceptFailure::Final => return Err(ServeError::Accept(err)),
                },
            }
        }
        drop(listener);
        self.drain().map_err(ServeError::Signals)
    }

    fn admit(&self, stream: TcpStream, start: &mut impl FnMut(TcpStream, Admitted)) {
        let Some(admitted) = self.service.admission.admit() else {
            self.service.scoreboard.turn_away();
            return self.porter.turn_away(stream);
        };
        match stream.set_nonblocking(false) {
            Ok(()) => start(stream, admitted),
            Err(err) => tracing::warn!("a connection was lost before it began: {err}"),
        }
    }

    fn drain(&self) -> io::Result<Drained> {
        let mut deadline = self.service.begin_drain();
        tracing::info!("stopping: {} connections open", self.service.admission.open());
        while self.service.admission.open() > 0 {
            let now = Instant::now();
            if now >= deadline + CUT_TIMEOUT {
                return Ok(Drained::Cut);
            }
            if self.signals.wait(None, TICK)? == Event::Stop {
                self.service.cut_connections();
                deadline = deadline.min(now);
            }
        }
        Ok(self.service.drained())
    }
}

pub(super) fn start_porter(service: &Service) -> Result<Porter, ServeError> {
    Porter::start(service.admission.open_max())
        .map_err(|source| ServeError::Workers { workers: service.workers, source })
}
