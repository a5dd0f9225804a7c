//! Opening what is served: a directory, or a bucket where the program was built with them.

use std::io;

use serving::os;
use storage::{Directory, DirectoryOptions, LeftOut, OpenDirectoryError, Store, Usage};

use crate::args::Args;

/// Why what should be served cannot be.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    #[error("cannot share memory between processes: {0}")]
    SharedMemory(io::Error),
    #[error("{0}; name another with --dir")]
    Directory(OpenDirectoryError),
    #[cfg(not(feature = "bucket"))]
    #[error(
        "this fileserver was built without buckets; to build one that serves them: \
         cargo build --release -p fileserver --features bucket"
    )]
    NoBuckets,
    #[cfg(feature = "bucket")]
    #[error("{0} is about a directory, and a bucket has nothing of the kind; leave it out")]
    OfDirectories(&'static str),
    #[cfg(feature = "bucket")]
    #[error(transparent)]
    Bucket(#[from] storage::OpenBucketError),
}

/// Opens what `--dir` names, and says what of it cannot be served.
pub(crate) fn open(args: &Args) -> Result<Store, OpenStoreError> {
    let usage = Usage::at(os::share_words().map_err(OpenStoreError::SharedMemory)?);
    let usage = Box::leak(Box::new(usage));
    if args.serves_bucket() {
        return open_bucket(args, usage);
    }
    let options = args.files.storage_options();
    let directory =
        Directory::open(args.dir(), &options, usage).map_err(OpenStoreError::Directory)?;
    warn_of_content(&directory, &options);
    Ok(Store::Directory(directory))
}

#[cfg(not(feature = "bucket"))]
fn open_bucket(_args: &Args, _usage: &'static Usage) -> Result<Store, OpenStoreError> {
    Err(OpenStoreError::NoBuckets)
}

#[cfg(feature = "bucket")]
fn open_bucket(args: &Args, usage: &'static Usage) -> Result<Store, OpenStoreError> {
    use std::env;

    use storage::{Bucket, BucketSettings, IfExists};

    if let Some(option) = args.files.of_directories() {
        return Err(OpenStoreError::OfDirectories(option));
    }
    let settings = BucketSettings::read(args.dir(), |name| env::var(name).ok())
        .map_err(storage::OpenBucketError::from)?;
    if settings.is_plain_text() {
        tracing::warn!(
            "files cross the network to the bucket in plain text, as AWS_ALLOW_HTTP allows: \
             everyone on the way can read them"
        );
    }
    // Who stores nothing replaces nothing.
    let if_exists = if args.files.read_only { IfExists::Replace } else { args.limits().if_exists };
    Ok(Store::Bucket(Bucket::open(&settings, if_exists, usage)?))
}

/// What is there already may not all be served, or may be more than there may be.
fn warn_of_content(directory: &Directory, options: &DirectoryOptions) {
    let (files, bytes) = (directory.usage().files(), directory.usage().bytes());
    if files >= options.files_max {
        let max = options.files_max;
        tracing::warn!(
            "the served directory has {files} files, and --max-files allows {max}: no new file is \
             stored until there are fewer; those that are there can be replaced"
        );
    }
    if bytes >= options.quota {
        let quota = options.quota;
        tracing::warn!(
            "the files of the served directory take {bytes} bytes, and --quota allows {quota}: \
             nothing is stored until they take less"
        );
    }
    // A directory that cannot be read is an error of each request.
    if let Ok(LeftOut { count, example: Some(example) }) = directory.left_out() {
        tracing::warn!(
            "no client can ask for {count} of the files, such as {example:?}, and LIST leaves them \
             out: a name must be UTF-8, without control characters, changes of direction and \"\\\""
        );
    }
}
