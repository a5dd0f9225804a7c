//! The list of all files where each backend has some of them: asked of every one, and made one.
//!
//! It is the one reply that is held whole, since a list is sorted. So only a few are made at a time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use balancing::Outcome;
use protocol::{ErrorCode, FileName, ListedFile, ReceivedReply, Reply, Request};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    time,
};

use super::{
    attempts::{Attempts, Fault},
    connection::Loss,
    ending::Ending,
    session::{Failure, Session},
};
use crate::{
    backend::Backend,
    pool::{Lease, Wanted},
};

/// Lists that are made at once: of a million names each takes some 100 MiB.
static TURNS: Semaphore = Semaphore::const_new(8);

/// How long one more waits for its turn, which a backend that does not answer may hold up.
const TURN_WAIT: Duration = Duration::from_secs(10);

/// What the backends have said so far.
#[derive(Default)]
struct Merged {
    files: BTreeMap<FileName, Option<u64>>,
    /// Those that have not said.
    missing: Vec<String>,
    has_list: bool,
    /// The first that would not say.
    refusal: Option<(ErrorCode, String)>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answers a LIST with the files of all backends, and with the names of those that are missing.
    pub(super) async fn answer_with_all_files(&mut self, request: &Request) -> Result<(), Ending> {
        self.balancer.pool.count_request();
        let Ok(_turn) = time::timeout(TURN_WAIT, TURNS.acquire()).await else {
            let why = "as many lists are being made as can be";
            return self.answer(&Reply::error(ErrorCode::Busy, why)).await;
        };
        let mut merged = Merged::default();
        for backend in self.balancer.pool.backends() {
            merged.add(&backend, self.list_of(&backend, request).await?);
        }
        self.answer(&merged.reply(request)).await
    }

    /// The reply of one backend; `None` where it gives none.
    async fn list_of(
        &mut self,
        backend: &Arc<Backend>,
        request: &Request,
    ) -> Result<Option<ReceivedReply>, Ending> {
        let placed = self.place(Wanted::Named(backend.id), &[]).await?;
        let Ok(lease) = placed else { return Ok(None) };
        self.connection.forwarded(backend.name(), 1);
        match self.asked(lease, request).await {
            Ok(reply) => Ok(Some(reply)),
            Err(Failure::Client(ending)) => Err(ending),
            Err(Failure::NotKnown { code, sentence }) => {
                tracing::warn!("backend {}: {sentence} ({})", backend.name(), code.as_str());
                Ok(None)
            }
            Err(Failure::Backend(loss)) => {
                tracing::warn!("backend {}: {loss}", backend.name());
                Ok(None)
            }
        }
    }

    /// Asks one backend, and tells the pool how that went.
    async fn asked(
        &mut self,
        mut lease: Lease,
        request: &Request,
    ) -> Result<ReceivedReply, Failure> {
        let backend = Arc::clone(lease.backend());
        let outcome = self.ask_for_list(&backend, &mut lease, request).await;
        backend.counts.requests.count(outcome.as_ref().is_ok_and(ReceivedReply::is_ok));
        lease.finish(match &outcome {
            Ok(_) => Outcome::Succeeded,
            Err(Failure::Client(_) | Failure::NotKnown { .. }) => Outcome::Abandoned,
            Err(Failure::Backend(_)) => Outcome::Failed,
        });
        outcome
    }

    async fn ask_for_list(
        &mut self,
        backend: &Backend,
        lease: &mut Lease,
        request: &Request,
    ) -> Result<ReceivedReply, Failure> {
        let attempts = Attempts::new(request.verb());
        let mut idle = self.idle_connection(backend);
        loop {
            let was_idle = idle.is_some();
            let mut connection = match idle.take() {
                Some(connection) => connection,
                None => self.new_connection(backend).await?,
            };
            let asked = tokio::select! {
                asked = connection.ask(request) => asked,
                () = backend.until_down() => Err(Loss::TakenOut),
            };
            let fault = match &asked {
                Ok(reply) if reply.code.as_deref().is_some_and(Attempts::is_refusal) => {
                    Fault::TurnedAway
                }
                Ok(_) => {
                    backend.heard();
                    lease.first_byte();
                    self.keep(backend, connection);
                    return Ok(asked?);
                }
                Err(loss) => loss.fault(),
            };
            if !was_idle || !attempts.may_replace_idle(fault) {
                return Ok(asked?);
            }
        }
    }
}

impl Merged {
    fn add(&mut self, backend: &Backend, reply: Option<ReceivedReply>) {
        let files = reply.as_ref().filter(|reply| reply.is_ok()).and_then(ReceivedReply::files);
        let Some(files) = files else {
            self.missing.push(backend.name().to_owned());
            let refusal = reply
                .and_then(|reply| Some((ErrorCode::of(reply.code.as_deref()?)?, reply.sentence())));
            self.refusal = self.refusal.take().or(refusal);
            return;
        };
        self.has_list = true;
        // What is no name here could not be asked for.
        let named = files.into_iter().filter_map(|(name, size)| Some((name.parse().ok()?, size)));
        self.files.extend(named);
    }

    fn reply(self, request: &Request) -> Reply {
        let Self { files, missing, has_list, refusal } = self;
        if !has_list {
            let (code, sentence) = refusal.unwrap_or_else(|| {
                (ErrorCode::Unavailable, "no server is there to answer".to_owned())
            });
            return Reply::Error { code, sentence };
        }
        let list = match request {
            Request::ListSizes => Reply::Sizes(
                files
                    .into_iter()
                    .filter_map(|(name, size)| Some(ListedFile { name, size: size? }))
                    .collect(),
            ),
            _ => Reply::List(files.into_keys().collect()),
        };
        match missing.is_empty() {
            true => list,
            false => Reply::Partial { list: Box::new(list), missing },
        }
    }
}
