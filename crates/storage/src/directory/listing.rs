//! The names of stored files, and the files that have none that a request could carry.

use std::{ffi::OsString, io, os::unix::ffi::OsStrExt};

use cap_std::fs::Dir;
use protocol::FileName;

#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) names: Vec<FileName>,
    pub(crate) left_out: LeftOut,
}

/// Files that no client can ask for: their names are not UTF-8, or hold what no name may hold. Those
/// that start with a dot are not among them. They are hidden on purpose.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LeftOut {
    pub count: u64,
    /// One of the names.
    pub example: Option<OsString>,
}

impl Listing {
    /// In the order of the directory.
    pub(crate) fn of(dir: &Dir) -> io::Result<Self> {
        let mut listing = Self::default();
        for entry in dir.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            let is_file = entry.file_type().is_ok_and(|file_type| file_type.is_file());
            if !is_file || name.as_bytes().starts_with(b".") {
                continue;
            }
            match FileName::from_bytes(name.as_bytes()) {
                Ok(name) => listing.names.push(name),
                Err(_) => listing.left_out.add(name),
            }
        }
        Ok(listing)
    }
}

impl LeftOut {
    fn add(&mut self, name: OsString) {
        self.count += 1;
        self.example.get_or_insert(name);
    }
}
