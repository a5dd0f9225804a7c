//! FETCH and STORE: content as it is, behind a reply that is passed on once it is whole.
//!
//! Until then another backend may be asked: nothing has been stored, and the client has seen nothing. A
//! room full of content is here at a time, in either direction.

use std::time::Instant;

use protocol::{ReceivedReply, ReplyError, ReplyFragment, ReplyReader, reply::ENDING};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    attempts::Attempts,
    connection::{BackendConnection, Loss},
    forward::send,
    relay::{Attempt, Relayed},
    session::{Failure, Session},
};

/// Most bytes of a reply that content may follow: it has no list and no file in it.
const HEAD_LEN_MAX: usize = 16 * 1024;

/// Room for each read of content. Fewer, larger reads are what speed depends on most.
const PIECE_LEN: u64 = 256 * 1024;

/// A reply and its ending, and what came behind it.
struct Head {
    reply: ReceivedReply,
    wire: Vec<u8>,
    rest: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Passes on the reply to a FETCH and its bytes, and counts it.
    pub(super) async fn relay_fetch(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
    ) -> Result<Relayed, Failure> {
        let Head { reply, wire, rest: mut piece } = self.receive_head(attempt, connection).await?;
        if !reply.is_ok() {
            return self.pass_on_refusal(attempt, &reply, &wire, piece.is_empty()).await;
        }
        let mut left = reply.data_length.ok_or_else(|| nonsense("it tells no length"))?;
        self.pass_on(attempt, &wire).await?;
        loop {
            let len = left.min(piece.len() as u64);
            let is_alone = len == piece.len() as u64;
            if len > 0 {
                self.pass_on(attempt, &piece[..len as usize]).await?;
                self.connection.sent(len);
                left -= len;
            }
            if left == 0 {
                let is_ok = self.count(attempt.backend, None);
                return Ok(Relayed { is_ok, is_ended: is_alone });
            }
            piece.clear();
            piece.reserve(left.min(PIECE_LEN) as usize);
            self.receive(attempt, connection, &mut piece).await?;
        }
    }

    /// Passes on the go-ahead to a STORE of so many bytes, the content that then comes, and the last reply.
    pub(super) async fn relay_store(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
        length: u64,
    ) -> Result<Relayed, Failure> {
        let Head { reply, wire, rest } = self.receive_head(attempt, connection).await?;
        if !reply.is_ok() {
            return self.pass_on_refusal(attempt, &reply, &wire, rest.is_empty()).await;
        }
        let left = reply.data_offset.and_then(|offset| length.checked_sub(offset));
        self.client.expect_raw(left.ok_or_else(|| nonsense("it tells no place to go on from"))?);
        self.pass_on(attempt, &wire).await?;
        let is_whole = self.send_raw(attempt, connection).await?;
        attempt.lease.asked();
        let Relayed { is_ok, is_ended } = self.relay(attempt, connection, rest).await?;
        if !is_whole {
            self.client.skip_rest();
        }
        // One that refuses what it has begun to take may hang up.
        Ok(Relayed { is_ok, is_ended: is_ended && is_ok && is_whole })
    }

    /// False where the backend took no more before the end.
    async fn send_raw(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
    ) -> Result<bool, Failure> {
        let mut piece = Vec::new();
        loop {
            piece.clear();
            let began = Instant::now();
            let is_end = self.client.next_raw(&mut piece).await?;
            attempt.attempts.waited_for_client(began.elapsed());
            if !send(attempt.backend, connection, &piece).await? {
                return Ok(false);
            }
            self.connection.received(piece.len() as u64);
            if is_end {
                return Ok(true);
            }
        }
    }

    /// Waits for a whole reply. Nothing of it has gone to the client.
    async fn receive_head(
        &mut self,
        attempt: &mut Attempt<'_>,
        connection: &mut BackendConnection,
    ) -> Result<Head, Failure> {
        let (mut reader, mut wire) = (ReplyReader::default(), Vec::with_capacity(HEAD_LEN_MAX));
        let (mut used, mut reply) = (0, None);
        while reply.is_none() || wire.len() < used + ENDING.len() {
            if wire.len() >= HEAD_LEN_MAX {
                return Err(nonsense("it is too long").into());
            }
            self.receive(attempt, connection, &mut wire).await?;
            while reply.is_none() && used < wire.len() {
                let (fragment, len) = reader.next(&wire[used..]).map_err(Loss::Nonsense)?;
                used += len;
                if let Some(ReplyFragment::Reply(received)) = fragment {
                    reply = Some(*received);
                }
            }
        }
        let rest = wire.split_off(used + ENDING.len());
        let reply = reply.filter(|_| wire.ends_with(ENDING));
        let reply = reply.ok_or_else(|| nonsense("its ending is not CR LF CR LF"))?;
        match reply.code.as_deref() {
            Some(code) if Attempts::is_refusal(code) => {
                Err(Loss::TurnedAway(code.to_owned()).into())
            }
            _ => Ok(Head { reply, wire, rest }),
        }
    }

    async fn pass_on_refusal(
        &mut self,
        attempt: &mut Attempt<'_>,
        reply: &ReceivedReply,
        wire: &[u8],
        is_alone: bool,
    ) -> Result<Relayed, Failure> {
        self.pass_on(attempt, wire).await?;
        let code = reply.code.as_deref().unwrap_or("failed");
        let is_ok = self.count(attempt.backend, Some(code));
        Ok(Relayed { is_ok, is_ended: is_alone })
    }

    async fn pass_on(&mut self, attempt: &mut Attempt<'_>, bytes: &[u8]) -> Result<(), Failure> {
        attempt.attempts.goes_to_client();
        let began = Instant::now();
        self.client.send(bytes).await?;
        attempt.attempts.waited_for_client(began.elapsed());
        self.connection.reply_began(Instant::now());
        attempt.backend.counts.forwarded_from(bytes.len() as u64);
        Ok(())
    }
}

fn nonsense(why: &str) -> Loss {
    Loss::Nonsense(ReplyError::Malformed(why.to_owned()))
}
