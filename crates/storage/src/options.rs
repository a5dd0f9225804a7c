//! What a directory is opened with.

use std::time::Duration;

/// What outlasts a power failure once it was confirmed.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Durability {
    /// What the kernel wrote by itself until then.
    #[default]
    None,
    /// The content: a file is whole under its name, or it has not got the name yet.
    File,
    /// The name too, and that a removed file is gone.
    Full,
}

/// How uploads are stored, and how much of them.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryOptions {
    pub durability: Durability,
    /// Bytes that all files may have together, [`NO_LIMIT`](Self::NO_LIMIT) for any. Temporary
    /// files and parts count too, so replacing a file takes room for both.
    pub quota: u64,
    /// How many files there may be, [`NO_LIMIT`](Self::NO_LIMIT) for any. An upload is one from its
    /// beginning; one that replaces a file is never refused for this.
    pub files_max: u64,
    /// How long a part is kept that nobody adds to; zero: not at all.
    pub keep_parts: Duration,
}

impl DirectoryOptions {
    pub const NO_LIMIT: u64 = u64::MAX;
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        let durability = Durability::default();
        let keep_parts = Duration::from_secs(24 * 3600);
        Self { durability, quota: Self::NO_LIMIT, files_max: Self::NO_LIMIT, keep_parts }
    }
}
