//! What has come from a client and was not used yet.

use std::{future::poll_fn, io, pin::Pin};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Room for a read of requests without content, on the stack of whoever reads.
const SHORT_LEN: usize = 4 * 1024;

/// Room for each read once content comes. Fewer, larger reads are what speed depends on most.
const LONG_LEN: usize = 256 * 1024;

/// Bytes received. A client that is silent has none, and no room for any.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    used: usize,
    is_long: bool,
}

impl Input {
    pub(super) fn unused(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unused().is_empty()
    }

    /// One read more takes little room.
    pub(super) fn is_short(&self) -> bool {
        !self.is_long && self.unused().len() < SHORT_LEN
    }

    pub(super) fn use_up(&mut self, len: usize) {
        self.used += len;
    }

    /// Waits for more, behind what was received before and is not used yet. Returns how much came: nothing at
    /// the end of the stream. Loses nothing when the wait is given up.
    pub(super) async fn receive(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<usize> {
        self.bytes.drain(..self.used);
        self.used = 0;
        if self.is_long {
            self.bytes.reserve(LONG_LEN);
            return stream.read_buf(&mut self.bytes).await;
        }
        let len = poll_fn(|cx| {
            let mut room = [0; SHORT_LEN];
            let mut room = ReadBuf::new(&mut room);
            let polled = Pin::new(&mut *stream).poll_read(cx, &mut room);
            polled.map_ok(|()| {
                self.bytes.extend_from_slice(room.filled());
                room.filled().len()
            })
        })
        .await?;
        // A read that fills the room is one of many.
        self.is_long = len == SHORT_LEN;
        Ok(len)
    }

    /// Gives the room back, and whatever is in it.
    pub(super) fn release(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_used_yet_stays_in_front_of_what_comes() {
        let mut input = Input::default();
        assert_eq!(input.receive(&mut &b"used rest"[..]).await.unwrap(), 9);
        input.use_up(5);
        assert_eq!(input.receive(&mut &b" more"[..]).await.unwrap(), 5);
        assert_eq!((input.unused(), input.is_short()), (&b"rest more"[..], true));
        let sent = vec![0; SHORT_LEN - input.unused().len()];
        input.receive(&mut &sent[..]).await.unwrap();
        assert!(!input.is_short());
    }

    #[tokio::test]
    async fn room_grows_with_what_comes_and_is_given_back() {
        let sent: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        let (mut stream, mut input, mut received) = (&sent[..], Input::default(), Vec::new());
        while input.receive(&mut stream).await.unwrap() > 0 {
            received.extend_from_slice(input.unused());
            input.use_up(input.unused().len());
        }
        assert!(received == sent);
        assert!(input.bytes.capacity() >= LONG_LEN);
        input.release();
        assert_eq!(input.bytes.capacity(), 0);
    }
}
