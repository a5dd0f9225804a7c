//! NATS JetStream: the server repeats what is not acknowledged, at most so often, and says what it gives up.
//!
//! A run publishes to a stream of its own, from which a durable consumer delivers to each subscriber. The
//! network is bad in a [shim] on the subscribers' side. Direct messages go through the server too, but
//! past any stream. Everything waits on the thread that asks what happens next; there is no other.

mod connect;
mod ledger;
mod outcome;
mod publish;
mod run_stream;
mod session;
mod shim;

use std::time::Duration;

use delivery::{Accounting, Config, MessageId, Method, Ordering};
use tokio::{
    runtime::{Builder, Runtime},
    time::Instant,
};

use self::session::Session;
use super::{
    address::Address,
    carrying::{Broker, Happening},
    error::BrokerError,
};

/// One run. It blocks, so it is not for asynchronous code.
///
/// A server that is killed and started again is connected to again, and goes on where it was; the records of
/// what was open meanwhile say that they were disturbed. When it is dropped, what it has on the
/// server is removed.
pub struct JetStream {
    session: Session,
    runtime: Runtime,
    is_closed: bool,
}

impl JetStream {
    /// Of a configuration that has been checked. Removes first what runs that were killed have left there.
    pub fn open(
        address: &Address,
        config: &Config,
        method: Method,
        seed: u64,
    ) -> Result<Self, BrokerError> {
        if config.ordering == Ordering::InOrder {
            return Err(BrokerError::InOrder);
        }
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(BrokerError::Runtime)?;
        let open = Session::open(address.clone(), config.clone(), method, seed);
        let session = runtime.block_on(open)?;
        Ok(Self { session, runtime, is_closed: false })
    }

    /// Removes what the run has on the server, as dropping it does, and says whether it could.
    pub fn close(mut self) -> Result<(), BrokerError> {
        self.is_closed = true;
        self.runtime.block_on(self.session.close())
    }
}

impl Drop for JetStream {
    fn drop(&mut self) {
        if !self.is_closed {
            let _ = self.runtime.block_on(self.session.close());
        }
    }
}

impl Broker for JetStream {
    fn now(&self) -> Duration {
        self.session.now()
    }

    fn has_room(&self) -> bool {
        self.session.has_room()
    }

    fn send(&mut self) -> MessageId {
        self.session.send(self.runtime.handle())
    }

    fn next_within(&mut self, wait: Duration) -> Result<Option<Happening>, BrokerError> {
        let Self { session, runtime, .. } = self;
        runtime.block_on(session.next(Instant::now() + wait))
    }

    fn accounting(&self) -> Accounting {
        self.session.accounting()
    }
}
