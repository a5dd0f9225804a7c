//! A bucket of whatever speaks S3, as a store of files: one object a file, below one prefix.
//!
//! Servers that share a bucket keep nothing of their own, so one of them may die and any other go on. What is
//! promised is what S3 does: an object is there whole or not at all, and whoever reads after a confirmed
//! upload reads it or what came later. It is less than a directory promises: a file that is replaced while
//! it is read ends that reading, of two who remove a file both may be told that they did, and after
//! `unavailable` nobody knows whether the bucket has done what it was asked.
//!
//! Everything here blocks until the bucket answers, for 20 seconds at most. The requests themselves run on two
//! threads of a runtime that a process starts with its first request, so also after it was forked.

mod failure;
mod object;
mod remote;
mod settings;
mod upload;

use std::sync::Arc;

use object_store::{
    ObjectStoreExt,
    list::{PaginatedListOptions, PaginatedListStore},
};
use protocol::FileName;

use self::{failure::Failure, remote::Remote};
use crate::{error::StorageError, space::usage::Usage, upload::IfExists};

pub use self::{
    object::Object,
    remote::OpenBucketError,
    settings::{BucketSettings, BucketSettingsError},
    upload::{OBJECT_LEN_MAX, ObjectUpload},
};

/// Most files that are listed. Others may have put any number of objects there.
const LISTED_MAX: usize = 100_000;

/// Objects below one prefix of one bucket, which are listed, read, replaced and removed.
#[derive(Debug)]
pub struct Bucket(Arc<Remote>);

impl Bucket {
    /// Sees whether the bucket is there and lets itself be listed; with [`IfExists::Refuse`] also whether it
    /// keeps its word not to replace. One that does not answer may do so later. Leaves no thread behind.
    pub fn open(
        settings: &BucketSettings,
        if_exists: IfExists,
        usage: &'static Usage,
    ) -> Result<Self, OpenBucketError> {
        remote::probe(settings, if_exists)?;
        Ok(Self(Arc::new(Remote::new(settings, usage)?)))
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port()
    }

    pub(super) fn usage(&self) -> &'static Usage {
        self.0.usage()
    }

    pub(super) fn is_there(&self) -> bool {
        !self.0.usage().is_gone()
    }

    /// All files and their sizes, sorted by name. Objects whose names no request could carry are left out.
    pub(super) fn list(&self) -> Result<Vec<(FileName, u64)>, StorageError> {
        let (mut files, mut left_out) = (Vec::new(), 0);
        let mut page_token = None;
        loop {
            let options = PaginatedListOptions {
                delimiter: Some("/".into()),
                page_token,
                ..PaginatedListOptions::default()
            };
            let listed = self.0.store.list_paginated(self.0.prefix(), options);
            let page = self.0.wait(listed).map_err(Failure::of_bucket)?;
            for object in page.result.objects {
                let Some(name) = self.0.name_of(&object.location) else { continue };
                match FileName::from_bytes(name.as_bytes()) {
                    Ok(name) => files.push((name, object.size)),
                    Err(_) if name.starts_with('.') => {}
                    Err(_) => left_out += 1,
                }
            }
            if files.len() > LISTED_MAX {
                return Err(StorageError::TooManyToList(LISTED_MAX));
            }
            page_token = page.page_token;
            if page_token.is_none() {
                break;
            }
        }
        self.usage().note_left_out(left_out);
        files.sort_unstable();
        Ok(files)
    }

    pub(super) fn read(&self, name: &FileName) -> Result<Object, StorageError> {
        Object::open(&self.0, name)
    }

    pub(super) fn create(
        &self,
        name: FileName,
        if_exists: IfExists,
    ) -> Result<ObjectUpload, StorageError> {
        ObjectUpload::begin(&self.0, name, if_exists)
    }

    /// S3 does not say whether there was anything to remove, so that is asked before.
    pub(super) fn delete(&self, name: &FileName) -> Result<(), StorageError> {
        let location = self.0.location(name);
        let removed = async {
            self.0.store.head(&location).await?;
            self.0.store.delete(&location).await
        };
        self.0.wait(removed).map_err(|failure| failure.of_file(name))
    }

    pub(super) fn finish(&self) {
        self.0.finish();
    }
}
