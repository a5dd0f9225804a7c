//! One client and what it is known by: answers that the balancer gives itself, and connections to backends
//! that may carry the client's requests.

use std::time::Instant;

use balancing::BackendId;
use protocol::{ErrorCode, Reply, Request, Token};
use telemetry::OpenConnection;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    attempts::Attempts,
    client::Client,
    connection::{BackendConnection, Loss},
    ending::Ending,
    kept::Owner,
};
use crate::{
    backend::{Backend, Opening},
    balancer::Balancer,
    checks,
    pool::{Lease, NoPlace, Wanted},
};

/// A client's connection as long as it lasts.
pub(super) struct Session<'a, S> {
    pub(super) balancer: &'a Balancer,
    pub(super) client: Client<S>,
    pub(super) connection: OpenConnection,
    pub(super) identity: Identity,
}

/// Who is asking, as far as the client has said.
#[derive(Debug)]
pub(super) struct Identity {
    /// What goes in front of each connection to a backend, to say whom it is for.
    pub(super) header: Option<Vec<u8>>,
    /// With a header, or once a token was given, whatever came of it: connections to backends are for this
    /// client alone.
    pub(super) owner: Option<Owner>,
    /// Said on each new connection to a backend before anything else.
    pub(super) token: Option<Token>,
}

/// Why a request came to no good end at one backend.
pub(super) enum Failure {
    Backend(Loss),
    /// The client was lost, or what it sent is none.
    Client(Ending),
    /// The backend does not take the token that another one has taken.
    NotKnown {
        code: ErrorCode,
        sentence: String,
    },
}

impl Identity {
    /// Nobody who has said anything, but for the header.
    pub(super) fn unknown(header: Option<Vec<u8>>) -> Self {
        Self { owner: header.as_ref().map(|_| Owner::new()), header, token: None }
    }
}

impl From<Loss> for Failure {
    fn from(loss: Loss) -> Self {
        Self::Backend(loss)
    }
}

impl From<Ending> for Failure {
    fn from(ending: Ending) -> Self {
        Self::Client(ending)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answers the request under way, and counts it.
    pub(super) async fn answer(&mut self, reply: &Reply) -> Result<(), Ending> {
        let error = match reply {
            Reply::Error { code, .. } => {
                self.client.conduct.told(*code);
                Some(code.as_str())
            }
            _ => None,
        };
        self.client.skip_rest();
        self.client.send(&reply.to_wire()).await?;
        let now = Instant::now();
        self.connection.reply_began(now);
        self.connection.request_finished(error, now);
        Ok(())
    }

    /// Waits for a place. A client that leaves meanwhile gives up its turn.
    pub(super) async fn place(
        &mut self,
        wanted: Wanted,
        excluded: &[BackendId],
    ) -> Result<Result<Lease, NoPlace>, Ending> {
        tokio::select! {
            biased;
            placed = self.balancer.pool.place(wanted, excluded) => Ok(placed),
            gone = self.client.until_gone() => Err(gone),
        }
    }

    /// A connection to `backend` that may carry the next request of this client: an idle one, if there is
    /// one.
    pub(super) fn idle_connection(&self, backend: &Backend) -> Option<BackendConnection> {
        backend.kept.take(self.identity.owner)
    }

    /// A new one, on which the backend knows who is asking.
    pub(super) async fn new_connection(
        &self,
        backend: &Backend,
    ) -> Result<BackendConnection, Failure> {
        tokio::select! {
            connected = self.connect(backend) => connected,
            () = backend.until_down() => Err(Loss::TakenOut.into()),
        }
    }

    async fn connect(&self, backend: &Backend) -> Result<BackendConnection, Failure> {
        let Balancer { pool, limits, security, .. } = self.balancer;
        let opened = backend.kept.make_room(pool.in_flight_max(backend));
        let header = self.identity.header.as_deref().unwrap_or_default();
        let trust = security.trust();
        let opening = Opening { header, tls: trust.as_ref() };
        let opening = backend.open(limits.connect_timeout, opening);
        let stream = opening.await.map_err(Loss::Unreached)?;
        let mut connection = BackendConnection::new(stream, limits.time(), opened);
        if let Some(token) = &self.identity.token {
            introduce(&mut connection, token.clone()).await?;
            self.learn_workers(backend, &mut connection).await?;
            if !connection.is_reusable() {
                return Err(Loss::Closed.into());
            }
        }
        Ok(connection)
    }

    /// Keeps a connection for whoever may use it next.
    pub(super) fn keep(&self, backend: &Backend, connection: BackendConnection) {
        let open_max = self.balancer.pool.in_flight_max(backend);
        backend.kept.keep(connection, self.identity.owner, open_max);
    }

    /// Backends that want to know who asks tell only those whom they know how many workers they have. So one
    /// that no check could learn that of is asked by a client that has just said who it is.
    pub(super) async fn learn_of_all(&self) {
        for backend in self.balancer.pool.backends() {
            if let Some(mut connection) = self.idle_connection(&backend)
                && self.learn_workers(&backend, &mut connection).await.is_ok()
            {
                self.keep(&backend, connection);
            }
        }
    }

    async fn learn_workers(
        &self,
        backend: &Backend,
        connection: &mut BackendConnection,
    ) -> Result<(), Loss> {
        let pool = &self.balancer.pool;
        if backend.config.max.is_some() || pool.in_flight_max(backend) < usize::MAX {
            return Ok(());
        }
        if let Some(stats) = connection.ask(&Request::Stats).await?.stats() {
            pool.set_in_flight_max(backend, checks::in_flight_max(&stats));
        }
        Ok(())
    }

    /// Closes the connections that are for this client alone.
    pub(super) fn close_own_connections(&self) {
        if let Some(owner) = self.identity.owner {
            self.balancer.pool.backends().iter().for_each(|backend| backend.kept.forget(owner));
        }
    }
}

/// Says whose connection it is.
async fn introduce(connection: &mut BackendConnection, token: Token) -> Result<(), Failure> {
    let reply = connection.ask(&Request::Auth(token)).await?;
    match reply.code.as_deref() {
        _ if reply.is_ok() => Ok(()),
        Some(code) if Attempts::is_refusal(code) => Err(Loss::TurnedAway(code.to_owned()).into()),
        _ => Err(Failure::NotKnown { code: ErrorCode::AuthFailed, sentence: reply.sentence() }),
    }
}
