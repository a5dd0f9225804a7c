//! A reply on its way from a backend to the client.
//!
//! Of a long one a room full is here at a time; the next is read when all of that is sent. What comes first is
//! held back until it is known to be a reply to this request, and no longer.

use std::time::Instant;

use protocol::{ErrorCode, ReplyError, ReplyScanner};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    attempts::{Attempts, Verdict},
    client::FIRST_BYTES,
    connection::{BackendConnection, Loss},
    session::{Failure, Session},
};
use crate::{backend::Backend, pool::Lease};

/// Room for a reply without a file.
const SHORT_LEN: usize = 16 * 1024;

/// Room for each read of a longer one. Fewer, larger reads are what speed depends on most.
const LONG_LEN: usize = 256 * 1024;

/// Where a request goes, by one attempt.
pub(super) struct Attempt<'a> {
    pub(super) backend: &'a Backend,
    pub(super) lease: &'a mut Lease,
    pub(super) attempts: &'a mut Attempts,
}

/// A reply that was passed on whole.
pub(super) struct Relayed {
    pub(super) is_ok: bool,
    /// With its ending and nothing behind it, so that the connection takes another request.
    pub(super) is_ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Passes the reply on as it comes, and counts it. What is in `room` came of it before.
    pub(super) async fn relay(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
        mut room: Vec<u8>,
    ) -> Result<Relayed, Failure> {
        let mut reply = ReplyScanner::default();
        let (mut counted, mut is_alone, mut before) = (0, true, 0);
        room.reserve(SHORT_LEN);
        while !reply.is_whole() {
            if before == room.len() {
                self.receive(attempt, connection, &mut room).await?;
            }
            let used = reply.scan(&room[before..]).map_err(Loss::Nonsense)?;
            is_alone = before + used == room.len();
            room.truncate(before + used);
            before = room.len();
            let is_ahead = self.client.has_first_bytes();
            match attempt.attempts.judge(&reply, room.len()) {
                Verdict::Unclear => continue,
                Verdict::Answer if is_ahead && room.len() < FIRST_BYTES.len() => continue,
                Verdict::Refusal => {
                    let code = reply.code().unwrap_or_default().to_owned();
                    return Err(Loss::TurnedAway(code).into());
                }
                Verdict::Answer => {}
            }
            if is_ahead && !room.starts_with(FIRST_BYTES) {
                return Err(unlike_ours().into());
            }
            attempt.attempts.goes_to_client();
            let began = Instant::now();
            self.client.send(&room).await?;
            attempt.attempts.waited_for_client(began.elapsed());
            self.connection.reply_began(Instant::now());
            self.connection.sent(reply.content_len() - counted);
            counted = reply.content_len();
            attempt.backend.counts.forwarded_from(room.len() as u64);
            if room.len() == room.capacity() && room.capacity() < LONG_LEN {
                // The read filled the room: more is on its way.
                room = Vec::with_capacity(LONG_LEN);
            }
            room.clear();
            before = 0;
        }
        // Some servers send none.
        let missing = reply.missing_ending();
        self.client.send(missing).await?;
        let error = match reply.is_ok() {
            Some(true) => None,
            // Other servers have other codes, or none.
            _ => Some(reply.code().unwrap_or("failed")),
        };
        let is_ok = self.count(attempt.backend, error);
        let is_ended = is_alone && (missing.is_empty() || connection.receive_ending(missing).await);
        Ok(Relayed { is_ok, is_ended })
    }

    /// Waits for more of the reply; until it has begun to go out, no longer than its backend is up.
    pub(super) async fn receive(
        &self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
        room: &mut Vec<u8>,
    ) -> Result<(), Loss> {
        let Attempt { backend, lease, attempts } = attempt;
        let received = match attempts.may_go_elsewhere() {
            true => tokio::select! {
                received = connection.receive(room) => received,
                () = backend.until_down() => Err(Loss::TakenOut),
            },
            false => connection.receive(room).await,
        };
        received?;
        backend.heard();
        lease.first_byte();
        Ok(())
    }

    /// Counts a reply that was sent whole; whether it was a good one.
    pub(super) fn count(&mut self, backend: &Backend, error: Option<&str>) -> bool {
        if let Some(code) = error.and_then(ErrorCode::of) {
            self.client.conduct.told(code);
        }
        self.connection.request_finished(error, Instant::now());
        backend.counts.requests.count(error.is_none());
        error.is_none()
    }
}

fn unlike_ours() -> Loss {
    Loss::Nonsense(ReplyError::Malformed("it does not begin as others do".to_owned()))
}
