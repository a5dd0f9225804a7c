//! An object that is being written: all at once where it is short, in parts where it is not.
//!
//! Parts are no object until they are put together, which is one request, so nobody ever sees some of them.
//! What is broken off is given up; what a server that is killed leaves is in no list, and the bucket's own
//! rules remove it (`AbortIncompleteMultipartUpload`).
//!
//! S3 does not put parts together on condition that there is no such object. So a long upload that may not
//! replace becomes an object with a hidden name, which is copied on that condition and removed.

use std::{
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use bytes::BytesMut;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, path::Path};
use protocol::FileName;

use super::{failure::Failure, remote::Remote};
use crate::{error::StorageError, upload::IfExists};

/// All parts but the last have this length, the least that S3 takes.
const PART_LEN: usize = 5 << 20;
/// Room for a first piece of content; it doubles until it holds a part.
const BUFFER_LEN_MIN: usize = 64 << 10;
/// S3 takes so many parts.
const PARTS_MAX: u64 = 10_000;

/// The longest object that can be written.
pub const OBJECT_LEN_MAX: u64 = PART_LEN as u64 * PARTS_MAX;
/// What is copied in one request may be so long.
const COPIED_LEN_MAX: u64 = 5 << 30;

/// An object being received. Dropped before [`commit`](Self::commit), it leaves none behind.
pub struct ObjectUpload {
    remote: Arc<Remote>,
    name: FileName,
    location: Path,
    if_exists: IfExists,
    parts: Option<Parts>,
    buffer: BytesMut,
    /// Room in memory that this upload was granted.
    reserved: usize,
    len: u64,
    /// Something was not written, so the rest would be in the wrong place.
    is_broken: bool,
}

/// Parts that are there already, and what they will be.
struct Parts {
    upload: Box<dyn MultipartUpload>,
    location: Path,
}

impl ObjectUpload {
    pub(super) fn begin(
        remote: &Arc<Remote>,
        name: FileName,
        if_exists: IfExists,
    ) -> Result<Self, StorageError> {
        let location = remote.location(&name);
        if if_exists == IfExists::Refuse {
            match remote.wait(remote.store.head(&location)) {
                Ok(_) => return Err(StorageError::Exists(name)),
                Err(Failure::Missing) => {}
                Err(failure) => return Err(failure.of_file(&name)),
            }
        }
        Ok(Self {
            remote: Arc::clone(remote),
            name,
            location,
            if_exists,
            parts: None,
            buffer: BytesMut::new(),
            reserved: 0,
            len: 0,
            is_broken: false,
        })
    }

    pub(crate) fn name(&self) -> &FileName {
        &self.name
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn write(&mut self, mut content: &[u8]) -> Result<(), StorageError> {
        self.expect_whole()?;
        self.is_broken = true;
        let len_max = match self.if_exists {
            IfExists::Replace => OBJECT_LEN_MAX,
            IfExists::Refuse => COPIED_LEN_MAX,
        };
        if self.len + content.len() as u64 > len_max {
            return Err(StorageError::TooLong(len_max));
        }
        while !content.is_empty() {
            if self.buffer.len() == PART_LEN {
                self.put_part()?;
            }
            let (front, rest) = content.split_at(content.len().min(PART_LEN - self.buffer.len()));
            self.make_room(self.buffer.len() + front.len())?;
            self.buffer.extend_from_slice(front);
            self.len += front.len() as u64;
            content = rest;
        }
        self.is_broken = false;
        Ok(())
    }

    /// Makes the content one object under the name, in one request. After `unavailable` the bucket may have
    /// done so.
    pub(crate) fn commit(mut self) -> Result<u64, StorageError> {
        self.expect_whole()?;
        if self.parts.is_some() {
            self.put_part()?;
            self.complete()?;
        } else {
            let content = PutPayload::from(self.buffer.split().freeze());
            let mode = match self.if_exists {
                IfExists::Replace => PutMode::Overwrite,
                IfExists::Refuse => PutMode::Create,
            };
            let put = self.remote.store.put_opts(&self.location, content, mode.into());
            self.done(self.remote.wait(put))?;
        }
        Ok(self.len)
    }

    fn expect_whole(&self) -> Result<(), StorageError> {
        if self.is_broken { Err(StorageError::Unavailable) } else { Ok(()) }
    }

    /// Room for `len` bytes in the buffer, or for a part of the file if it may become long.
    fn make_room(&mut self, len: usize) -> Result<(), StorageError> {
        if len > self.reserved {
            let wanted = len.next_power_of_two().clamp(BUFFER_LEN_MIN, PART_LEN);
            if !self.remote.reserve(wanted - self.reserved) {
                return Err(StorageError::TooManyLarge);
            }
            self.reserved = wanted;
        }
        self.buffer.reserve(self.reserved - self.buffer.len());
        Ok(())
    }

    /// Writes what is in the buffer as one more part.
    fn put_part(&mut self) -> Result<(), StorageError> {
        if self.parts.is_none() {
            self.begin_parts()?;
        }
        let Some(parts) = &mut self.parts else { return Ok(()) };
        // Once it is sent, the next one gets its room again. Made anew for each part, room would stay with the
        // allocator of every thread that has written one.
        let part = self.buffer.split().freeze();
        let put = self.remote.wait(parts.upload.put_part(part.into()));
        self.done(put)
    }

    fn begin_parts(&mut self) -> Result<(), StorageError> {
        let location = match self.if_exists {
            IfExists::Replace => self.location.clone(),
            IfExists::Refuse => self.remote.temporary_location(),
        };
        let begun = self.remote.wait(self.remote.store.put_multipart(&location));
        let upload = self.done(begun)?;
        self.parts = Some(Parts { upload, location });
        Ok(())
    }

    fn complete(&mut self) -> Result<(), StorageError> {
        let Some(parts) = &mut self.parts else { return Ok(()) };
        let completed = self.remote.wait(parts.upload.complete());
        self.done(completed)?;
        let temporary = self.parts.take().map(|parts| parts.location);
        let Some(temporary) = temporary.filter(|location| *location != self.location) else {
            return Ok(());
        };
        let store = &self.remote.store;
        let copied = self.remote.wait(store.copy_if_not_exists(&temporary, &self.location));
        let store = store.clone();
        self.remote.abandon(async move { drop(store.delete(&temporary).await) });
        self.done(copied)
    }

    fn done<T>(&self, outcome: Result<T, Failure>) -> Result<T, StorageError> {
        outcome.map_err(|failure| match (failure, self.if_exists) {
            // Not about the object that has the name.
            (Failure::Missing | Failure::Replaced, _) | (Failure::Exists, IfExists::Replace) => {
                StorageError::Unavailable
            }
            (failure, _) => failure.of_file(&self.name),
        })
    }
}

impl Drop for ObjectUpload {
    fn drop(&mut self) {
        self.remote.release(self.reserved);
        if let Some(Parts { mut upload, .. }) = self.parts.take() {
            self.remote.abandon(async move { drop(upload.abort().await) });
        }
    }
}

impl Debug for ObjectUpload {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectUpload")
            .field("location", &self.location)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
