//! Local files on their way to the server.

use std::{
    fs::File,
    io::{self, Seek},
    mem,
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::Path,
};

use anyhow::{Context, bail};
use client::{ClientError, Feature, PartId, Store};
use protocol::FileName;

use super::{Commands, content_digest::HashedFile, moved::Moved};
use crate::args::Encoding;

/// A shorter upload is over sooner than the question whether the server knows another way.
const RAW_LEN_MIN: u64 = 1024 * 1024;

impl Commands {
    /// A failure opens with `failed`.
    pub(super) fn send(
        &mut self,
        name: &FileName,
        path: &Path,
        resume: bool,
        failed: &str,
    ) -> anyhow::Result<Moved> {
        let (file, len) = open(path).with_context(|| failed.to_owned())?;
        let is_worth_asking = |len: &u64| {
            self.encoding == Encoding::Raw || *len >= RAW_LEN_MIN || (resume && *len > 0)
        };
        // Of standard input some may have been read already.
        let known_len = len.filter(|_| path.as_os_str() != "-");
        match known_len.filter(is_worth_asking) {
            Some(length) if self.goes_raw(Feature::Store, failed)? => {
                let resume = match resume {
                    true => Some(part_id(name, path, &file).with_context(|| failed.to_owned())?),
                    false => None,
                };
                self.store(&Store { name: name.clone(), length, resume }, &file, failed)
            }
            None if self.encoding == Encoding::Raw => {
                bail!("{failed}: nobody knows its length before it ends; leave --encoding raw out")
            }
            _ => self.upload_as_text(name, file, len, failed),
        }
    }

    fn upload_as_text(
        &mut self,
        name: &FileName,
        mut file: File,
        len: Option<u64>,
        failed: &str,
    ) -> anyhow::Result<Moved> {
        let mut progress = self.progress(name, len);
        let mut is_repeated = false;
        let sent = self.remote.request(|connection| {
            if mem::replace(&mut is_repeated, true) {
                file.rewind().map_err(ClientError::Source)?;
            }
            connection.upload(name, &mut progress.watch(&file))
        });
        let (took, was_watched) = progress.finish();
        let sent = self.answered(sent, failed)?;
        let size_confirmed = sent.size_confirmed;
        Ok(Moved { bytes: sent.bytes, kept: 0, size_confirmed, took, was_watched })
    }

    fn store(&mut self, store: &Store, file: &File, failed: &str) -> anyhow::Result<Moved> {
        let mut progress = self.progress(&store.name, Some(store.length));
        let mut source = HashedFile::new(file);
        let stored = self
            .remote
            .request(|connection| connection.store(store, &mut progress.watch(&mut source)));
        let (took, was_watched) = progress.finish();
        let stored = self.answered(stored, failed)?;
        let sent = source.digest().with_context(|| failed.to_owned())?;
        if stored.digest != sent {
            bail!(
                "{} has stored something else than {}: the file was changed meanwhile, or on its way; upload \
                 it again",
                self.server(),
                store.name
            );
        }
        let kept = source.began_at();
        Ok(Moved { bytes: stored.bytes, kept, size_confirmed: true, took, was_watched })
    }
}

/// The file, and how long it is if it is a regular one; `-` is standard input.
fn open(path: &Path) -> anyhow::Result<(File, Option<u64>)> {
    let is_stdin = path.as_os_str() == "-";
    let file = if is_stdin {
        File::from(io::stdin().as_fd().try_clone_to_owned()?)
    } else {
        File::open(path)?
    };
    let found = file.metadata()?;
    if found.is_dir() {
        bail!("it is a directory; name the files in it");
    }
    Ok((file, found.is_file().then_some(found.len())))
}

/// What this file is called on the server until it is whole there. It is another one once the file has
/// changed, and no file elsewhere has the same; so nothing need be remembered here.
fn part_id(name: &FileName, path: &Path, file: &File) -> anyhow::Result<PartId> {
    let found = file.metadata()?;
    let path = path.canonicalize()?;
    let mut hasher = blake3::Hasher::new();
    for text in [name.as_str().as_bytes(), path.as_os_str().as_encoded_bytes()] {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text);
    }
    for number in [found.dev(), found.ino(), found.len()] {
        hasher.update(&number.to_le_bytes());
    }
    for number in [found.mtime(), found.mtime_nsec()] {
        hasher.update(&number.to_le_bytes());
    }
    Ok(hasher.finalize().to_hex().parse()?)
}
