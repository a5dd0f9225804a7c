//! The served directory, or a bucket in its place: names in, bytes out.
//!
//! All access goes through a capability to the one directory, so nothing here can reach a file
//! outside it. Only regular files exist to it: symbolic links, FIFOs, devices and directories are
//! neither listed, read, replaced nor removed. An upload is a temporary file in the same directory
//! until it is whole, or a part that outlasts its connection; see [`Upload`]. How much may be stored, and how that is counted when many
//! upload at once, is in [`space`].
#![forbid(unsafe_code)]

mod attributes;
mod content_hasher;
mod directory;
mod disk;
mod error;
#[cfg(test)]
mod faults;
mod options;
mod part;
mod space;
mod store;
mod temporary;
mod upload;

pub use content_hasher::ContentHasher;
pub use directory::listing::LeftOut;
pub use directory::{Directory, StoredFile};
pub use error::{OpenDirectoryError, StorageError};
pub use options::{DirectoryOptions, Durability};
pub use part::PartKey;
pub use space::usage::Usage;
#[cfg(feature = "bucket")]
pub use store::bucket::{
    Bucket, BucketSettings, BucketSettingsError, OBJECT_LEN_MAX, Object, ObjectUpload,
    OpenBucketError,
};
pub use store::{Reader, Store, Writer};
pub use upload::{IfExists, Upload};

#[cfg(test)]
mod tests;
