//! An object that is being read, piece by piece and one piece ahead.

use std::{
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use protocol::{FileName, request::Version};

use super::{
    failure::Failure,
    remote::{Begun, Remote},
};
use crate::error::StorageError;

/// Asked for at a time. With the one that is read ahead a download holds two of them, whatever it downloads.
const PIECE_LEN: u64 = 256 * 1024;

/// How often the object may be replaced while it is opened.
const TRIES_MAX: usize = 5;

/// An object that is read as it was when it was opened, or not at all.
pub struct Object {
    remote: Arc<Remote>,
    name: FileName,
    location: Path,
    stamp: Stamp,
    position: u64,
    left: u64,
    /// What came and was not read yet.
    piece: Bytes,
    ahead: Option<Begun<(Bytes, Stamp)>>,
    /// Where the first byte is that nobody has asked for.
    asked_to: u64,
}

/// What tells one content of an object from another.
#[derive(Clone, Debug)]
struct Stamp {
    len: u64,
    modified_at: i64,
    /// Not every store tells it with every answer.
    e_tag: Option<String>,
}

impl Object {
    /// Comes with its first piece, so that a small file is one content whatever happens meanwhile.
    pub(super) fn open(remote: &Arc<Remote>, name: &FileName) -> Result<Self, StorageError> {
        let location = remote.location(name);
        for _ in 0..TRIES_MAX {
            let found = remote.wait(remote.store.head(&location));
            let stamp = Stamp::of(&found.map_err(|failure| failure.of_file(name))?);
            let mut object = Self::new(remote, name, &location, stamp);
            match object.take_first_piece() {
                Ok(()) => return Ok(object),
                // The next look finds out which of them is true.
                Err(Failure::Replaced | Failure::Missing) => {}
                Err(failure) => return Err(failure.of_file(name)),
            }
        }
        Err(StorageError::Replaced(name.clone()))
    }

    fn new(remote: &Arc<Remote>, name: &FileName, location: &Path, stamp: Stamp) -> Self {
        Self {
            remote: Arc::clone(remote),
            name: name.clone(),
            location: location.clone(),
            position: 0,
            left: stamp.len,
            stamp,
            piece: Bytes::new(),
            ahead: None,
            asked_to: 0,
        }
    }

    fn take_first_piece(&mut self) -> Result<(), Failure> {
        if self.left == 0 {
            return Ok(());
        }
        let begun = self.begin_piece()?;
        self.take_piece(begun)
    }

    pub(crate) fn len(&self) -> u64 {
        self.stamp.len
    }

    pub(crate) fn version(&self) -> Version {
        let Stamp { len, modified_at, e_tag } = &self.stamp;
        let e_tag = e_tag.as_deref().unwrap_or_default();
        let digest = blake3::hash(format!("{len} {modified_at} {e_tag}").as_bytes());
        digest.to_hex().parse().expect("64 hexadecimal digits")
    }

    pub(crate) fn select(&mut self, offset: u64, len: u64) {
        self.left = len.min(self.stamp.len.saturating_sub(offset));
        if offset == self.position && self.ahead.is_none() {
            self.piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        } else {
            self.piece.clear();
            self.ahead = None;
        }
        self.position = offset;
        self.asked_to = offset + self.piece.len() as u64;
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Fills `buffer` with the next bytes, or its front with the last ones, and says how many.
    pub(crate) fn read_chunk(&mut self, buffer: &mut [u8]) -> Result<usize, StorageError> {
        let chunk_len = self.left.min(buffer.len() as u64) as usize;
        let mut room = &mut buffer[..chunk_len];
        while !room.is_empty() {
            if self.piece.is_empty() {
                self.next_piece().map_err(|failure| match failure {
                    Failure::Missing => StorageError::Replaced(self.name.clone()),
                    failure => failure.of_file(&self.name),
                })?;
            }
            let len = room.len().min(self.piece.len());
            let (front, rest) = room.split_at_mut(len);
            front.copy_from_slice(&self.piece.split_to(len));
            self.position += len as u64;
            self.left -= len as u64;
            room = rest;
        }
        Ok(chunk_len)
    }

    fn next_piece(&mut self) -> Result<(), Failure> {
        let begun = match self.ahead.take() {
            Some(begun) => begun,
            None => self.begin_piece()?,
        };
        // Before that one is waited for: both are on their way at once.
        if self.asked_to < self.position + self.left {
            self.ahead = Some(self.begin_piece()?);
        }
        self.take_piece(begun)
    }

    fn begin_piece(&mut self) -> Result<Begun<(Bytes, Stamp)>, Failure> {
        let end = (self.asked_to + PIECE_LEN).min(self.position + self.left);
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.asked_to..end)),
            if_match: self.stamp.e_tag.clone(),
            ..GetOptions::default()
        };
        let (store, location) = (self.remote.store.clone(), self.location.clone());
        let (expected, len) = (self.stamp.clone(), end - self.asked_to);
        let begun = self.remote.begin(async move {
            let got = store.get_opts(&location, options).await?;
            let stamp = Stamp::of(&got.meta);
            let piece = got.bytes().await?;
            // Of a shorter object that has taken its place less comes.
            if piece.len() as u64 != len && stamp.is_of_same(&expected) {
                let source = format!("{} bytes came of {len}", piece.len()).into();
                return Err(object_store::Error::Generic { store: "S3", source });
            }
            Ok((piece, stamp))
        })?;
        self.asked_to = end;
        Ok(begun)
    }

    fn take_piece(&mut self, begun: Begun<(Bytes, Stamp)>) -> Result<(), Failure> {
        let (piece, stamp) = self.remote.wait_for(begun)?;
        // Some stores pass over the condition.
        if !stamp.is_of_same(&self.stamp) {
            return Err(Failure::Replaced);
        }
        self.stamp.e_tag = self.stamp.e_tag.take().or(stamp.e_tag);
        self.piece = piece;
        Ok(())
    }
}

impl Stamp {
    fn of(meta: &ObjectMeta) -> Self {
        let modified_at = meta.last_modified.timestamp();
        Self { len: meta.size, modified_at, e_tag: meta.e_tag.clone() }
    }

    fn is_of_same(&self, other: &Self) -> bool {
        let is_same_tag = match (&self.e_tag, &other.e_tag) {
            (Some(tag), Some(other)) => tag == other,
            _ => true,
        };
        (self.len, self.modified_at) == (other.len, other.modified_at) && is_same_tag
    }
}

impl Debug for Object {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { location, stamp, position, left, .. } = self;
        f.debug_struct("Object")
            .field("location", location)
            .field("stamp", stamp)
            .field("position", position)
            .field("left", left)
            .finish_non_exhaustive()
    }
}
