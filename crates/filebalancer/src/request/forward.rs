//! One request to a backend and the reply back to its client: to another one where the first is lost, as
//! far as that may be.
//!
//! Content passes through piece by piece in both directions, so a request costs the same memory whatever the
//! size of its file.

use std::{sync::Arc, time::Instant};

use balancing::{Outcome, rendezvous};
use protocol::{ErrorCode, Reply, Request, reply::ENDING};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    attempts::{Attempts, Fault, Next},
    connection::{BackendConnection, Loss},
    content::{Content, ContentEnd},
    ending::Ending,
    relay::{Attempt, Relayed},
    session::{Failure, Session},
};
use crate::{
    backend::Backend,
    balancer::Layout,
    pool::{Lease, NoPlace, Wanted},
};

/// What is forwarded of a request.
struct Outgoing {
    /// What is not forwarded yet of what is here.
    line: Vec<u8>,
    /// Of an upload.
    upload: Option<Upload>,
    raw: Option<Raw>,
}

/// Content as it is, which comes behind the reply.
#[derive(Clone, Copy)]
enum Raw {
    Fetch,
    Store { length: u64 },
}

impl Raw {
    fn of(request: &Request) -> Option<Self> {
        match request {
            Request::Fetch(_) => Some(Self::Fetch),
            Request::Store(store) => Some(Self::Store { length: store.length }),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Upload {
    content: Content,
    end: Option<ContentEnd>,
    /// The backend took no more before the end.
    is_cut: bool,
}

/// A backend that was asked and gave no reply.
struct Lost {
    backend: Arc<Backend>,
    loss: Loss,
}

impl Lost {
    fn fault(&self) -> Fault {
        match self.loss.fault() {
            Fault::Closed | Fault::Unfit if self.backend.is_down() => Fault::TakenOut,
            fault => fault,
        }
    }

    /// The request ends here.
    fn give_up(&self) {
        tracing::warn!("backend {}: {}", self.backend.name(), self.loss);
        self.backend.counts.requests.count(false);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Has a backend answer the request under way; whether the answer was a good one.
    pub(super) async fn forward(&mut self, request: &Request) -> Result<bool, Ending> {
        let mut outgoing = self.outgoing(request).await?;
        self.balancer.pool.count_request();
        let mut attempts = Attempts::new(request.verb());
        let mut lost: Option<Lost> = None;
        loop {
            let placed = self.place_for(request, &attempts).await;
            if !matches!(placed, Ok(Ok(_))) {
                lost.iter().for_each(Lost::give_up);
            }
            let lease = match placed? {
                Ok(lease) => lease,
                Err(why) => return self.refuse(&why, &attempts).await,
            };
            if let Some(Lost { backend, loss }) = lost {
                backend.counts.retried_elsewhere();
                self.connection.retried(loss);
            }
            let backend = Arc::clone(lease.backend());
            self.connection.forwarded(backend.name(), attempts.number());
            match self.attempt(lease, &mut outgoing, &mut attempts).await {
                Ok(is_ok) => return Ok(is_ok),
                Err(Failure::Client(ending)) => {
                    backend.counts.requests.count(false);
                    return Err(ending);
                }
                Err(Failure::NotKnown { code, sentence }) => {
                    backend.counts.requests.count(false);
                    self.answer(&Reply::Error { code, sentence }).await?;
                    return Ok(false);
                }
                Err(Failure::Backend(loss)) => {
                    lost = self.goes_elsewhere(Lost { backend, loss }, &mut attempts).await?;
                }
            }
            if lost.is_none() {
                return Ok(false);
            }
        }
    }

    /// Gives back what was lost where another backend may be asked. Otherwise the client is told so, as far
    /// as that is true.
    async fn goes_elsewhere(
        &mut self,
        lost: Lost,
        attempts: &mut Attempts,
    ) -> Result<Option<Lost>, Ending> {
        match attempts.after(lost.backend.id, lost.fault()) {
            Next::Elsewhere => Ok(Some(lost)),
            Next::ElsewhereWithinBudget if self.balancer.pool.may_retry() => Ok(Some(lost)),
            Next::ElsewhereWithinBudget => {
                lost.give_up();
                let why = "a server was lost, and as many requests as may be are being repeated";
                self.answer(&Reply::error(ErrorCode::Unavailable, why)).await?;
                Ok(None)
            }
            Next::Close => {
                let Lost { backend, loss } = lost;
                backend.counts.requests.count(false);
                Err(Ending::Backend { name: backend.name().to_owned(), loss })
            }
        }
    }

    /// What is forwarded, and of an upload its first content: a client that sends none holds no place.
    async fn outgoing(&mut self, request: &Request) -> Result<Outgoing, Ending> {
        let mut line = request.to_wire().into_bytes();
        if !matches!(request, Request::Upload(_)) {
            line.extend_from_slice(ENDING);
            return Ok(Outgoing { line, upload: None, raw: Raw::of(request) });
        }
        line.push(b' ');
        let mut upload = Upload::default();
        upload.end = self.client.next_content(&mut upload.content, &mut line).await?;
        Ok(Outgoing { line, upload: Some(upload), raw: None })
    }

    async fn place_for(
        &mut self,
        request: &Request,
        attempts: &Attempts,
    ) -> Result<Result<Lease, NoPlace>, Ending> {
        let (Layout::ByName, Some(name)) = (self.balancer.layout, request.file_name()) else {
            return self.place(Wanted::Any, attempts.lost()).await;
        };
        // Over all that are configured: one that is down moves no names.
        let backends = self.balancer.pool.backends();
        let names = backends.iter().map(|backend| backend.name());
        let index = rendezvous(name.as_str().as_bytes(), names);
        match index.map(|index| backends[index].id) {
            Some(id) if !attempts.lost().contains(&id) => self.place(Wanted::Named(id), &[]).await,
            _ => Ok(Err(NoPlace::Down)),
        }
    }

    /// Answers that nobody can answer.
    async fn refuse(&mut self, why: &NoPlace, attempts: &Attempts) -> Result<bool, Ending> {
        let reply = match why {
            NoPlace::Down if attempts.was_turned_away() => {
                Reply::error(ErrorCode::Busy, NoPlace::Busy)
            }
            NoPlace::Down | NoPlace::Drained => Reply::error(ErrorCode::Unavailable, why),
            NoPlace::Busy => Reply::error(ErrorCode::Busy, why),
        };
        self.answer(&reply).await?;
        Ok(false)
    }

    /// Asks one backend, and tells the pool how that went.
    async fn attempt(
        &mut self,
        mut lease: Lease,
        outgoing: &mut Outgoing,
        attempts: &mut Attempts,
    ) -> Result<bool, Failure> {
        let backend = Arc::clone(lease.backend());
        let attempt = Attempt { backend: &backend, lease: &mut lease, attempts: &mut *attempts };
        let outcome = self.ask(attempt, outgoing).await;
        lease.finish(match &outcome {
            Ok(_) => Outcome::Succeeded,
            Err(Failure::Client(_) | Failure::NotKnown { .. }) => Outcome::Abandoned,
            Err(Failure::Backend(loss)) => attempts.outcome(loss.fault()),
        });
        outcome
    }

    /// Asks on an idle connection, and on a new one where there is none, or where the idle one turns out
    /// to have ended meanwhile.
    async fn ask(
        &mut self,
        mut attempt: Attempt<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<bool, Failure> {
        let mut idle = self.idle_connection(attempt.backend);
        loop {
            let was_idle = idle.is_some();
            let mut connection = match idle.take() {
                Some(connection) => connection,
                None => self.new_connection(attempt.backend).await?,
            };
            match self.exchange(&mut attempt, &mut connection, outgoing).await {
                Ok(is_ok) => {
                    self.keep(attempt.backend, connection);
                    return Ok(is_ok);
                }
                Err(Failure::Backend(loss))
                    if was_idle && attempt.attempts.may_replace_idle(loss.fault()) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The request and its reply on one connection.
    async fn exchange(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
        outgoing: &mut Outgoing,
    ) -> Result<bool, Failure> {
        connection.begin_request();
        let Outgoing { line, upload, raw } = outgoing;
        match upload {
            Some(upload) => self.send_upload(attempt, connection, line, upload).await?,
            None => {
                attempt.attempts.goes_to_backend();
                send(attempt.backend, connection, line).await?;
            }
        }
        let Relayed { is_ok, is_ended } = match *raw {
            None => self.relay(attempt, connection, Vec::new()).await?,
            Some(Raw::Fetch) => self.relay_fetch(attempt, connection).await?,
            Some(Raw::Store { length }) => self.relay_store(attempt, connection, length).await?,
        };
        if upload.as_ref().is_some_and(|upload| upload.is_cut) {
            self.client.skip_rest();
        } else if is_ended && (is_ok || upload.is_none()) {
            // One that refuses an upload may still be reading it, and hang up where that is too long.
            connection.end_request();
        }
        Ok(is_ok)
    }

    /// Sends an upload as its content comes.
    async fn send_upload(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
        line: &mut Vec<u8>,
        upload: &mut Upload,
    ) -> Result<(), Failure> {
        let mut counted = 0;
        loop {
            if upload.end == Some(ContentEnd::WholeIfPeerStays) {
                attempt.attempts.goes_to_client();
                self.client.send_first_bytes().await?;
            }
            if upload.end.is_some() {
                upload.content.end(line);
            }
            attempt.attempts.goes_to_backend();
            upload.is_cut = !send(attempt.backend, connection, line).await?;
            self.connection.received(upload.content.bytes() - counted);
            counted = upload.content.bytes();
            line.clear();
            if upload.is_cut || upload.end.is_some() {
                attempt.lease.asked();
                return Ok(());
            }
            let began = Instant::now();
            upload.end = self.client.next_content(&mut upload.content, line).await?;
            attempt.attempts.waited_for_client(began.elapsed());
        }
    }
}

/// Sends all of `bytes`. False where the backend takes no more: what it has said before tells why.
pub(super) async fn send(
    backend: &Backend,
    connection: &mut BackendConnection,
    bytes: &[u8],
) -> Result<bool, Loss> {
    match connection.send(bytes).await {
        Ok(()) => {
            backend.counts.forwarded_to(bytes.len() as u64);
            Ok(true)
        }
        Err(Loss::Broken(_)) => Ok(false),
        Err(loss) => Err(loss),
    }
}
