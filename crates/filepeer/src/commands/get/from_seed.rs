//! A file of a node of the seed, which knows no hashes: it comes whole or not at all, and unchecked.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
};

use anyhow::Context as _;
use tempfile::NamedTempFile;
use tokio::io::AsyncWrite;

use crate::{
    fetch::partial::{IfExists, Target},
    node::{SeedHolder, seed},
};

/// The seed sends whole files of a few bytes. Whatever may be at its address cannot fill the disk.
const LEN_MAX: u64 = 1024 * 1024 * 1024;

/// Fetches the file to `target`; where it is then, and its length.
pub(super) async fn get(holder: &SeedHolder, target: Target) -> anyhow::Result<(PathBuf, u64)> {
    let parent = target.path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = NamedTempFile::new_in(parent.unwrap_or(Path::new(".")));
    let file = file.context("cannot make a temporary file")?;
    let mut writing = Unbuffered(file.as_file());
    let len = seed::get(holder.address, &holder.name, &mut writing, LEN_MAX).await?;
    match target.if_exists {
        IfExists::Replace => file.persist(&target.path),
        IfExists::Refuse => file.persist_noclobber(&target.path),
    }
    .with_context(|| format!("cannot write {}", target.path.display()))?;
    Ok((target.path, len))
}

/// Writes at once, as the kernel does: what comes of the seed is small.
struct Unbuffered<'a>(&'a File);

impl AsyncWrite for Unbuffered<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
