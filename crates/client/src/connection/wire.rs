//! Requests out, replies in: the socket, the reply reader and the one text buffer they share.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use protocol::{FileName, ReceivedReply, ReplyError, ReplyFragment, ReplyReader, reply::ENDING};

use super::{download::Download, piece::BUFFER_LEN};
use crate::{
    ClientError,
    socket::{Pipe, Socket},
};

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

impl Received {
    /// Checks that the server speaks of the file that was asked for.
    pub(super) fn about(self, name: &FileName) -> Result<Self, ClientError> {
        expect_about(name, &self.reply).map(|()| self)
    }
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
        self.buffer.resize(BUFFER_LEN, 0);
        self.unread = 0..0;
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
        content: Option<&mut Download<'_>>,
    ) -> Result<Received, ClientError> {
        let (reply, first_byte) = self.receive_to_brace(content)?;
        Ok(self.finish(reply, first_byte))
    }

    /// The same up to the closing brace: what follows it is read by [`finish`](Self::finish), or by
    /// [`take_exact_ending`](Self::take_exact_ending) where it is bytes.
    pub(super) fn receive_to_brace(
        &mut self,
        mut content: Option<&mut Download<'_>>,
    ) -> Result<(ReceivedReply, Instant), ClientError> {
        let mut first_byte = None;
        loop {
            // What follows a go-ahead may have come together with it.
            if self.unread.is_empty() {
                self.refill()?;
            }
            let first_byte = *first_byte.get_or_insert_with(Instant::now);
            if let Some(reply) = self.advance(content.as_deref_mut())? {
                return Ok((reply, first_byte));
            }
        }
    }

    /// Takes the ending of a reply that nothing follows.
    pub(super) fn finish(&mut self, reply: ReceivedReply, first_byte: Instant) -> Received {
        let finished = Instant::now();
        let more_may_follow = self.take_ending();
        Received { reply, first_byte, finished, more_may_follow }
    }

    /// Takes the ending of a reply behind which bytes are no longer text, from the next one on.
    pub(super) fn take_exact_ending(&mut self) -> Result<(), ClientError> {
        for expected in ENDING {
            if self.take_bytes(1)? != [*expected] {
                let why = "its ending is not CR LF CR LF".to_owned();
                return Err(ClientError::Reply(ReplyError::Malformed(why)));
            }
        }
        Ok(())
    }

    /// The next bytes, at most so many and at least one.
    pub(super) fn take_bytes(&mut self, len_max: u64) -> Result<&[u8], ClientError> {
        if self.unread.is_empty() {
            self.refill()?;
        }
        let len = (self.unread.len() as u64).min(len_max) as usize;
        let start = self.unread.start;
        self.unread.start += len;
        Ok(&self.buffer[start..start + len])
    }

    /// Moves the next bytes into the empty pipe, at most so many and at least one. All that was received must
    /// have been looked at.
    pub(super) fn splice(&mut self, pipe: &Pipe, len_max: u64) -> Result<usize, ClientError> {
        match self.socket.splice(pipe, len_max)? {
            0 => Err(ClientError::Closed),
            len => Ok(len),
        }
    }

    /// All that was received was looked at.
    pub(super) fn has_nothing_unread(&self) -> bool {
        self.unread.is_empty()
    }

    fn refill(&mut self) -> Result<(), ClientError> {
        let len = self.socket.read(&mut self.buffer)?;
        if len == 0 {
            return Err(ClientError::Closed);
        }
        self.reply_began = true;
        self.unread = 0..len;
        Ok(())
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

/// Checks that the server speaks of the file that was asked for.
pub(super) fn expect_about(name: &FileName, reply: &ReceivedReply) -> Result<(), ClientError> {
    if reply.is_about(name) {
        return Ok(());
    }
    Err(ClientError::OtherFile(reply.file_name().unwrap_or_default().to_owned()))
}
