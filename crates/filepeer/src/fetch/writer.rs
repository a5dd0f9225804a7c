//! The thread that writes a file under way, so that no task waits for the disk.

use std::{ops::Range, path::PathBuf};

use tokio::{
    sync::mpsc,
    task::{self, JoinError, JoinHandle},
};

use super::partial::{Partial, Target, TargetError};
use crate::blobs::{source::Piece, tree::Blob};

/// Pieces that wait to be written: 1 MiB. A kill loses them.
const PIECES_MAX: usize = 64;

/// Dropped, it writes what it was handed, and leaves the file to be gone on with.
#[derive(Debug)]
pub(super) struct Writer {
    pieces: mpsc::Sender<Piece>,
    writing: JoinHandle<Result<Partial, TargetError>>,
}

impl Writer {
    /// See [`Partial::open`], which says what is missing.
    pub(super) async fn open(
        target: Target,
        blob: Blob,
    ) -> Result<(Self, Vec<Range<u64>>), TargetError> {
        let opened = task::spawn_blocking(move || Partial::open(target, blob)).await;
        let (partial, missing) = opened.map_err(stopped)??;
        let (pieces, to_write) = mpsc::channel(PIECES_MAX);
        let writing = task::spawn_blocking(move || write_all(partial, to_write));
        Ok((Self { pieces, writing }, missing))
    }

    /// Waits while the disk is slower than the network. After an error nothing more can be written.
    pub(super) async fn write(&mut self, piece: Piece) -> Result<(), TargetError> {
        if self.pieces.send(piece).await.is_ok() {
            return Ok(());
        }
        let result = (&mut self.writing).await.map_err(stopped)?;
        Err(result.err().unwrap_or_else(|| TargetError::Stopped("no more was taken".to_owned())))
    }

    /// When all that is missing was written: gives the file its name.
    pub(super) async fn finish(self) -> Result<PathBuf, TargetError> {
        drop(self.pieces);
        let partial = self.writing.await.map_err(stopped)??;
        task::spawn_blocking(move || partial.finish()).await.map_err(stopped)?
    }

    /// Waits until the file is left as it is; then it can be opened again.
    pub(super) async fn stop(self) {
        drop(self.pieces);
        // One that has failed was waited for already.
        if !self.writing.is_finished() {
            let _ = self.writing.await;
        }
    }
}

fn write_all(
    mut partial: Partial,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Partial, TargetError> {
    while let Some(piece) = pieces.blocking_recv() {
        partial.write(&piece)?;
    }
    Ok(partial)
}

fn stopped(err: JoinError) -> TargetError {
    TargetError::Stopped(err.to_string())
}
