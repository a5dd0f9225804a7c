//! The content of a file on its way from the reply to its sink.

use std::io::Write;

use protocol::{BodyDecoder, body::plain_len_max};

use super::piece::BUFFER_LEN;
use crate::ClientError;

/// Decodes into `plain` and writes from there, in pieces as large as the reads were.
pub(super) struct Download<'a> {
    decoder: BodyDecoder,
    plain: &'a mut [u8],
    filled: usize,
    sink: &'a mut dyn Write,
    written: u64,
    /// Told the length of the file before its first byte, where the server names it there.
    announced: Option<&'a mut dyn FnMut(u64)>,
}

impl<'a> Download<'a> {
    /// `plain` must be [`CONTENT_LEN`](super::piece::CONTENT_LEN) long.
    pub(super) fn new(
        plain: &'a mut [u8],
        sink: &'a mut dyn Write,
        announced: &'a mut dyn FnMut(u64),
    ) -> Self {
        let (decoder, announced) = (BodyDecoder::default(), Some(announced));
        Self { decoder, plain, filled: 0, sink, written: 0, announced }
    }

    /// The text begins; `size` is asked once for what the server said of its length.
    pub(super) fn begin(&mut self, size: impl FnOnce() -> Option<u64>) {
        if let Some(announced) = self.announced.take()
            && let Some(size) = size()
        {
            announced(size);
        }
    }

    pub(super) fn take(&mut self, text: &[u8]) -> Result<(), ClientError> {
        // Text broken into lines comes in many short pieces.
        if self.plain.len() - self.filled < plain_len_max(text.len()) {
            self.flush()?;
        }
        let room = &mut self.plain[self.filled..];
        self.filled += self.decoder.decode(text, room).map_err(ClientError::BadContent)?;
        Ok(())
    }

    /// Takes text of any length.
    pub(super) fn take_all(&mut self, text: &[u8]) -> Result<(), ClientError> {
        text.chunks(BUFFER_LEN).try_for_each(|piece| self.take(piece))?;
        self.flush()
    }

    pub(super) fn flush(&mut self) -> Result<(), ClientError> {
        self.sink.write_all(&self.plain[..self.filled]).map_err(ClientError::Sink)?;
        self.written += self.filled as u64;
        self.filled = 0;
        Ok(())
    }

    /// Checks that the text stopped where base64 can; the length of the file.
    pub(super) fn finish(mut self) -> Result<u64, ClientError> {
        self.decoder.finish().map_err(ClientError::BadContent)?;
        Ok(self.written)
    }
}
