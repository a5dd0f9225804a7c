//! Where the served files are: in a directory of this machine, or in a bucket that many servers share.
//!
//! Nobody who reads and writes files need know which. There is no trait: a store is one of two, and in a
//! build without buckets it is one of one, which costs nothing to choose.

#[cfg(feature = "bucket")]
pub(crate) mod bucket;

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use protocol::{FileName, request::Version};

use crate::{
    directory::{Directory, StoredFile},
    error::StorageError,
    part::PartKey,
    space::usage::Usage,
    upload::{IfExists, Upload},
};

#[cfg(feature = "bucket")]
use self::bucket::{Bucket, Object, ObjectUpload};

/// Where the files of a server are.
#[derive(Debug)]
pub enum Store {
    Directory(Directory),
    #[cfg(feature = "bucket")]
    Bucket(Bucket),
}

impl Store {
    /// Reading, writing and asking may wait for a network: whoever must not wait has somebody else do it.
    pub fn may_block(&self) -> bool {
        self.directory().is_none()
    }

    /// The directory, if it is one.
    pub fn directory(&self) -> Option<&Directory> {
        match self {
            Self::Directory(directory) => Some(directory),
            #[cfg(feature = "bucket")]
            Self::Bucket(_) => None,
        }
    }

    /// The port of the machine that has the files, if another has them.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Directory(_) => None,
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => Some(bucket.port()),
        }
    }

    pub fn usage(&self) -> &'static Usage {
        match self {
            Self::Directory(directory) => directory.usage(),
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => bucket.usage(),
        }
    }

    /// Whether it is where it was; of a bucket, whether it answered when it was last asked.
    pub fn is_there(&self) -> bool {
        match self {
            Self::Directory(directory) => directory.is_there(),
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => bucket.is_there(),
        }
    }

    /// The names of all files, sorted.
    pub fn list(&self) -> Result<Vec<FileName>, StorageError> {
        match self {
            Self::Directory(directory) => directory.list(),
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => Ok(bucket.list()?.into_iter().map(|(name, _)| name).collect()),
        }
    }

    /// The same with their sizes. A file that goes away meanwhile is left out.
    pub fn list_sizes(&self) -> Result<Vec<(FileName, u64)>, StorageError> {
        match self {
            Self::Directory(directory) => {
                let sized = |name: FileName| {
                    let size = directory.size(&name).transpose()?;
                    Some(size.map(|size| (name, size)))
                };
                directory.list()?.into_iter().filter_map(sized).collect()
            }
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => bucket.list(),
        }
    }

    /// Opens a file for reading, as it is now.
    pub fn read(&self, name: &FileName) -> Result<Reader, StorageError> {
        match self {
            Self::Directory(directory) => directory.read(name).map(Reader::File),
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => {
                bucket.read(name).map(|object| Reader::Object(Box::new(object)))
            }
        }
    }

    /// Starts an upload to `name`, which keeps its old content until [`Writer::commit`].
    pub fn create(&self, name: FileName, if_exists: IfExists) -> Result<Writer, StorageError> {
        match self {
            Self::Directory(directory) => directory.create(name, if_exists).map(Writer::File),
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => bucket.create(name, if_exists).map(Writer::Object),
        }
    }

    /// The same for a file that will have `len` bytes. With a key a directory goes on with what it has kept of
    /// it; a bucket keeps nothing of what was broken off.
    pub fn store(
        &self,
        name: FileName,
        len: u64,
        if_exists: IfExists,
        key: Option<&PartKey>,
    ) -> Result<Writer, StorageError> {
        match self {
            Self::Directory(directory) => {
                directory.store(name, len, if_exists, key).map(Writer::File)
            }
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => bucket.create(name, if_exists).map(Writer::Object),
        }
    }

    pub fn delete(&self, name: &FileName) -> Result<(), StorageError> {
        match self {
            Self::Directory(directory) => directory.delete(name),
            #[cfg(feature = "bucket")]
            Self::Bucket(bucket) => bucket.delete(name),
        }
    }

    /// Ends what goes on in the background, within some seconds.
    pub fn finish(&self) {
        #[cfg(feature = "bucket")]
        if let Self::Bucket(bucket) = self {
            bucket.finish();
        }
    }
}

/// A file that is being read, of the length that it had when it was opened.
#[derive(Debug)]
pub enum Reader {
    File(StoredFile),
    #[cfg(feature = "bucket")]
    Object(Box<Object>),
}

impl Reader {
    /// The length when the file was opened, in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            #[cfg(feature = "bucket")]
            Self::Object(object) => object.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What tells this content of the file from others that its name stands for, before and after.
    pub fn version(&self) -> Version {
        match self {
            Self::File(file) => file.version(),
            #[cfg(feature = "bucket")]
            Self::Object(object) => object.version(),
        }
    }

    /// From now on what is left are `len` bytes from `offset` on, or those up to the end.
    pub fn select(&mut self, offset: u64, len: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.select(offset, len),
            #[cfg(feature = "bucket")]
            Self::Object(object) => {
                object.select(offset, len);
                Ok(())
            }
        }
    }

    /// Bytes not read yet.
    pub fn left(&self) -> u64 {
        match self {
            Self::File(file) => file.left(),
            #[cfg(feature = "bucket")]
            Self::Object(object) => object.left(),
        }
    }

    /// Where the next of them is in the file.
    pub fn position(&self) -> u64 {
        match self {
            Self::File(file) => file.position(),
            #[cfg(feature = "bucket")]
            Self::Object(object) => object.position(),
        }
    }

    /// Fills `buffer` with the next bytes, or its front with the last ones, and says how many. An error may
    /// be a [`StorageError`], as which it is converted back.
    pub fn read_chunk(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_chunk(buffer),
            #[cfg(feature = "bucket")]
            Self::Object(object) => object.read_chunk(buffer).map_err(io::Error::other),
        }
    }

    /// What the kernel can send by itself; `None` where the bytes have to pass through here.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::File(file) => Some(file.as_fd()),
            #[cfg(feature = "bucket")]
            Self::Object(_) => None,
        }
    }

    /// The next `len` bytes were taken by the descriptor.
    pub fn took(&mut self, len: usize) {
        match self {
            Self::File(file) => file.took(len),
            #[cfg(feature = "bucket")]
            // It has no descriptor to take them by.
            Self::Object(_) => {}
        }
    }
}

/// A file being received. Dropped before [`commit`](Self::commit), it leaves nothing that has its name.
#[derive(Debug)]
pub enum Writer {
    File(Upload),
    #[cfg(feature = "bucket")]
    Object(ObjectUpload),
}

impl Writer {
    pub fn name(&self) -> &FileName {
        match self {
            Self::File(upload) => upload.name(),
            #[cfg(feature = "bucket")]
            Self::Object(upload) => upload.name(),
        }
    }

    /// Bytes written so far, also in an earlier connection.
    pub fn len(&self) -> u64 {
        match self {
            Self::File(upload) => upload.len(),
            #[cfg(feature = "bucket")]
            Self::Object(upload) => upload.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills the front of `buffer` with what an earlier connection wrote at `offset`, and says how much that is.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, StorageError> {
        match self {
            Self::File(upload) => upload.read_at(buffer, offset),
            #[cfg(feature = "bucket")]
            Self::Object(_) => Ok(0),
        }
    }

    /// Appends to the content. After an error nothing more can be written, and nothing committed.
    pub fn write(&mut self, content: &[u8]) -> Result<(), StorageError> {
        match self {
            Self::File(upload) => upload.write(content),
            #[cfg(feature = "bucket")]
            Self::Object(upload) => upload.write(content),
        }
    }

    /// Gives the content its name, in one step, and returns the length.
    pub fn commit(self) -> Result<u64, StorageError> {
        match self {
            Self::File(upload) => upload.commit(),
            #[cfg(feature = "bucket")]
            Self::Object(upload) => upload.commit(),
        }
    }
}
