//! File content on its way through a session, one piece at a time.

use std::{io, mem};

use protocol::{
    BodyDecoder, BodyEncoder, DecodeError, ErrorCode, FileName, Reply,
    body::{self, PLAIN_GROUP},
    reply,
};
use storage::{ContentHasher, Reader, StorageError, Writer};

use super::buffers::Output;

/// Content read at a time; its text is 256 KiB.
const PLAIN_LEN: usize = 192 * 1024;
// Base64 pads only its last group, so all pieces but the last must be whole groups.
const _: () = assert!(PLAIN_LEN.is_multiple_of(PLAIN_GROUP));

/// Text that an upload may have in a row without content: blanks and line breaks.
const BLANKS_LEN_MAX: u64 = 64 * 1024;

/// Content is written when there is so much of it: lines are short, and each write is a system call.
const WRITE_LEN_MIN: usize = 16 * 1024;

/// A file on its way to the client.
#[derive(Debug)]
pub(super) struct Download {
    file: Reader,
    /// What comes before the content, until it is sent.
    prefix: Vec<u8>,
    encoder: BodyEncoder,
    plain: Vec<u8>,
    /// Bits of the first byte that a test wants to be wrong, until it is sent.
    flipped_bits: u8,
}

impl Download {
    pub(super) fn new(name: &FileName, file: Reader, flipped_bits: u8) -> Self {
        let plain_len = file.left().min(PLAIN_LEN as u64) as usize;
        Self {
            prefix: reply::file_prefix(name, file.len()),
            file,
            encoder: BodyEncoder::default(),
            plain: vec![0; plain_len],
            flipped_bits,
        }
    }

    /// Fills `output` with the next piece of the reply; returns how much content it holds.
    pub(super) fn fill(&mut self, output: &mut Output) -> io::Result<usize> {
        let text_len = body::text_len(self.plain.len() as u64) as usize;
        let room_len = self.prefix.len() + text_len + reply::FILE_SUFFIX.len();
        let mut plain_len = 0;
        output.fill(room_len, |room| {
            room[..self.prefix.len()].copy_from_slice(&self.prefix);
            let mut len = self.prefix.len();
            self.prefix.clear();
            plain_len = self.file.read_chunk(&mut self.plain)?;
            if let Some(first) = self.plain[..plain_len].first_mut() {
                *first ^= mem::take(&mut self.flipped_bits);
            }
            len += self.encoder.encode(&self.plain[..plain_len], &mut room[len..]);
            if self.is_complete() {
                len += self.encoder.finish(&mut room[len..]);
                room[len..][..reply::FILE_SUFFIX.len()].copy_from_slice(reply::FILE_SUFFIX);
                len += reply::FILE_SUFFIX.len();
            }
            Ok(len)
        })?;
        Ok(plain_len)
    }

    /// The last piece was given out.
    pub(super) fn is_complete(&self) -> bool {
        self.file.left() == 0
    }
}

/// A file on its way from the client.
#[derive(Debug)]
pub(super) struct Receiving {
    upload: Writer,
    decoder: BodyDecoder,
    plain: Vec<u8>,
    /// Of `plain`, what is not written yet.
    plain_len: usize,
    len_max: u64,
    /// Text since the last that was content, and all text.
    blanks_len: u64,
    text_len: u64,
}

/// Why an upload is refused. Its text is sent to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error(
        "{0}; after the file name comes base64 and nothing else, \
         and a file name with spaces goes in quotes"
    )]
    Decode(DecodeError),
    #[error("the file is larger than the {0} bytes that this server takes")]
    TooLarge(u64),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl UploadError {
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Self::Decode(_) => ErrorCode::BadBase64,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::Storage(err) => err.code(),
        }
    }
}

impl Receiving {
    pub(super) fn new(upload: Writer, len_max: u64) -> Self {
        let decoder = BodyDecoder::default();
        Self {
            upload,
            decoder,
            plain: Vec::new(),
            plain_len: 0,
            len_max,
            blanks_len: 0,
            text_len: 0,
        }
    }

    /// Takes the content of the next piece of text; returns how much that is.
    pub(super) fn take(&mut self, text: &[u8]) -> Result<usize, UploadError> {
        let room_len = self.plain_len + body::plain_len_max(text.len());
        if self.plain.len() < room_len {
            self.plain.resize(room_len, 0);
        }
        let room = &mut self.plain[self.plain_len..];
        let len = self.decoder.decode(text, room).map_err(UploadError::Decode)?;
        self.plain_len += len;
        self.blanks_len = if len == 0 { self.blanks_len + text.len() as u64 } else { 0 };
        self.text_len += text.len() as u64;
        self.expect_room()?;
        if self.plain_len >= WRITE_LEN_MIN {
            self.write()?;
        }
        Ok(len)
    }

    /// The text goes on on the next line, which is no content.
    pub(super) fn break_line(&mut self) -> Result<usize, UploadError> {
        self.decoder.line_break();
        self.blanks_len += 1;
        self.text_len += 1;
        self.expect_room().map(|()| 0)
    }

    fn expect_room(&self) -> Result<(), UploadError> {
        let len = self.upload.len() + self.plain_len as u64;
        // Lines of any sensible width and their endings take less than half as much again.
        let text_len_max = 2 * body::text_len(self.len_max) + BLANKS_LEN_MAX;
        let is_mostly_blank = self.blanks_len > BLANKS_LEN_MAX || self.text_len > text_len_max;
        if len > self.len_max || is_mostly_blank {
            return Err(UploadError::TooLarge(self.len_max));
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), UploadError> {
        self.upload.write(&self.plain[..mem::take(&mut self.plain_len)])?;
        Ok(())
    }

    /// Gives the file its name, if all of it came.
    pub(super) fn commit(mut self) -> Result<Reply, UploadError> {
        self.decoder.finish().map_err(UploadError::Decode)?;
        self.write()?;
        let name = self.upload.name().clone();
        let size = self.upload.commit()?;
        Ok(Reply::Uploaded { name, size })
    }
}

/// A file being hashed.
#[derive(Debug)]
pub(super) struct DigestJob {
    name: FileName,
    file: Reader,
    digest: ContentHasher,
    plain: Vec<u8>,
}

impl DigestJob {
    pub(super) fn new(name: FileName, file: Reader) -> Self {
        let plain_len = file.left().min(PLAIN_LEN as u64) as usize;
        Self { name, file, digest: ContentHasher::default(), plain: vec![0; plain_len] }
    }

    /// Hashes the next piece; the reply with the last.
    pub(super) fn advance(&mut self) -> Result<Option<Reply>, StorageError> {
        let len = self.file.read_chunk(&mut self.plain)?;
        self.digest.update(&self.plain[..len]);
        Ok((self.file.left() == 0).then(|| Reply::Digest {
            name: self.name.clone(),
            size: self.file.len(),
            digest: self.digest.finish(),
        }))
    }
}
