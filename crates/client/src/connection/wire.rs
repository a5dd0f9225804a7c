//! Requests out, replies in: the socket, the reply reader and the one text buffer they share.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use protocol::{ReceivedReply, ReplyError, ReplyFragment, ReplyReader};

use super::{download::Download, piece::BUFFER_LEN};
use crate::{ClientError, socket::Socket};

/// How long the CRLF CRLF after a reply is waited for. Closing with it unread would reset the
/// server; some servers never send it.
const ENDING_WAIT: Duration = Duration::from_millis(250);

/// How long a server that no longer takes an upload may take to say why.
const REFUSAL_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Wire {
    pub(super) socket: Socket,
    reader: ReplyReader,
    /// Text to send or text received: an exchange first does the one, then the other.
    buffer: Vec<u8>,
    /// What of the buffer was received and not looked at.
    unread: Range<usize>,
    /// A byte came since this was last cleared.
    pub(super) reply_began: bool,
}

/// A whole reply.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) reply: ReceivedReply,
    pub(super) first_byte: Instant,
    /// When the closing brace was there, and the content before it in its sink.
    pub(super) finished: Instant,
    /// Whether the server takes another request on this connection, as far as can be seen.
    pub(super) more_may_follow: bool,
}

impl Wire {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            reader: ReplyReader::default(),
            buffer: Vec::new(),
            unread: 0..0,
            reply_began: false,
        }
    }

    /// Room for the text to send next, [`BUFFER_LEN`] long.
    pub(super) fn outgoing(&mut self) -> &mut [u8] {
        self.allocate();
        &mut self.buffer
    }

    /// Sends the first `len` bytes of [`outgoing`](Self::outgoing).
    ///
    /// A server that refuses in the middle of an upload says why before it closes; that is then
    /// the error.
    pub(super) fn send(&mut self, len: usize) -> Result<(), ClientError> {
        let sent = self.socket.write_all(&self.buffer[..len]);
        sent.map_err(|err| match self.early_answer() {
            Ok(()) | Err(ClientError::Closed | ClientError::Peer(_)) => err,
            Err(answer) => answer,
        })
    }

    /// Before more of an upload is sent: the server has no reason to answer yet. Does not wait where
    /// it has not. What is in [`outgoing`](Self::outgoing) may be lost.
    pub(super) fn expect_silence(&mut self) -> Result<(), ClientError> {
        if self.socket.is_quiet() { Ok(()) } else { self.early_answer() }
    }

    fn allocate(&mut self) {
        self.buffer.resize(BUFFER_LEN, 0);
        self.unread = 0..0;
    }

    /// What the server said before it had the whole request, as an error; nothing but the late
    /// ending of the reply before is none.
    fn early_answer(&mut self) -> Result<(), ClientError> {
        let end = Instant::now() + REFUSAL_WAIT;
        loop {
            match self.socket.read_before(end, &mut self.buffer)? {
                None | Some(0) => return Err(ClientError::Closed),
                Some(len) => self.unread = 0..len,
            }
            self.reply_began = true;
            match self.advance(None)? {
                Some(reply) => return Err(refused(&reply).unwrap_or(ClientError::AnsweredEarly)),
                None if self.reader.is_between_replies() => return Ok(()),
                None => {}
            }
        }
    }

    /// Receives one reply, and its file into `content`.
    pub(super) fn receive(
        &mut self,
        mut content: Option<&mut Download<'_>>,
    ) -> Result<Received, ClientError> {
        self.allocate();
        let mut first_byte = None;
        loop {
            let len = self.socket.read(&mut self.buffer)?;
            if len == 0 {
                return Err(ClientError::Closed);
            }
            self.reply_began = true;
            let first_byte = *first_byte.get_or_insert_with(Instant::now);
            self.unread = 0..len;
            if let Some(reply) = self.advance(content.as_deref_mut())? {
                let finished = Instant::now();
                let more_may_follow = self.take_ending();
                return Ok(Received { reply, first_byte, finished, more_may_follow });
            }
        }
    }

    /// Looks at what was received; the reply once it is complete.
    fn advance(
        &mut self,
        mut content: Option<&mut Download<'_>>,
    ) -> Result<Option<ReceivedReply>, ClientError> {
        let reply = loop {
            let input = &self.buffer[self.unread.clone()];
            let (fragment, used) = self.reader.next(input).map_err(not_a_reply)?;
            self.unread.start += used;
            match fragment {
                Some(ReplyFragment::Body(text)) => {
                    if let Some(content) = content.as_deref_mut() {
                        content.begin(|| self.reader.announced_size());
                        content.take(text)?;
                    }
                }
                Some(ReplyFragment::Reply(reply)) => break Some(*reply),
                // The ending of an earlier reply, come late.
                Some(ReplyFragment::Ending) => {}
                None => break None,
            }
        };
        if let Some(content) = content {
            content.flush()?;
        }
        Ok(reply)
    }

    /// Takes the reply's ending. False when the server has closed, or sent what is no part of the
    /// reply: then nobody can tell what belongs to the next one.
    fn take_ending(&mut self) -> bool {
        let end = Instant::now() + ENDING_WAIT;
        loop {
            let input = &self.buffer[self.unread.clone()];
            let Ok((fragment, used)) = self.reader.next(input) else { return false };
            if fragment.is_some() {
                return input[used..].trim_ascii_start().is_empty();
            }
            match self.socket.read_before(end, &mut self.buffer) {
                Ok(Some(0)) | Err(_) => return false,
                Ok(Some(len)) => self.unread = 0..len,
                Ok(None) => return true,
            }
        }
    }
}

/// A TLS server answers plain text with an alert, whose first byte no other protocol begins with.
fn not_a_reply(error: ReplyError) -> ClientError {
    match error {
        ReplyError::NotJson(start) if start.starts_with('\x15') => ClientError::SpeaksTls,
        error => ClientError::Reply(error),
    }
}

/// The error that a reply amounts to, if any.
pub(super) fn refused(reply: &ReceivedReply) -> Option<ClientError> {
    let refusal = || ClientError::Refused { code: reply.code.clone(), sentence: reply.sentence() };
    (!reply.is_ok()).then(refusal)
}
