//! Files on their way from and to the server.

use std::{
    fs::File,
    io::{self, ErrorKind, Seek, Write},
    mem,
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use cli::{printable, units};
use client::{ClientError, Transfer};
use protocol::FileName;
use serde_json::json;

use super::Commands;
use crate::{
    local_file::{IfExists, LocalFile, LocalFileError},
    progress::{Progress, SILENT_FOR},
};

/// A transfer that is over, as the program saw it.
struct Moved {
    transfer: Transfer,
    took: Duration,
    /// The progress was shown.
    was_watched: bool,
}

impl Moved {
    /// How much it was; how long that took and how fast it was, where anybody had to wait.
    fn amount(&self) -> String {
        let Self { transfer: Transfer { bytes, .. }, took, .. } = self;
        let length = units::length(*bytes);
        if *took < SILENT_FOR {
            return length;
        }
        let rate = units::rate(*bytes as f64 / took.as_secs_f64());
        format!("{length} in {}, {rate}", units::time(*took))
    }
}

impl Commands {
    pub(super) fn get(
        &mut self,
        name: &FileName,
        output: Option<&Path>,
        if_exists: IfExists,
    ) -> anyhow::Result<()> {
        let path = match output {
            Some(output) if output.as_os_str() == "-" => return self.get_to_stdout(name),
            Some(output) if output.is_dir() => output.join(name.as_str()),
            Some(output) => output.to_owned(),
            None => PathBuf::from(name.as_str()),
        };
        let shown = path.display().to_string();
        match self.get_to_file(name, &path, if_exists) {
            Ok(moved) => {
                let place =
                    if shown == name.as_str() { String::new() } else { format!(" as {shown}") };
                self.tell(
                    format_args!("saved {name}{} ({})", printable(&place), moved.amount()),
                    &json!({
                        "name": name,
                        "path": shown,
                        "size": moved.transfer.bytes,
                        "seconds": moved.took.as_secs_f64(),
                    }),
                );
                Ok(())
            }
            Err(failure) if is_kept(&failure) => {
                if self.json {
                    self.tell("", &json!({"name": name, "path": shown, "skipped": true}));
                } else {
                    cli::errln!("skipped {}: it is there already", printable(&shown));
                }
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    fn get_to_file(
        &mut self,
        name: &FileName,
        path: &Path,
        if_exists: IfExists,
    ) -> anyhow::Result<Moved> {
        let failed = || format!("cannot save {name} as {}", path.display());
        let mut file = LocalFile::create(path, if_exists).with_context(failed)?;
        let moved = self.download(name, &mut file, failed)?;
        file.persist().with_context(failed)?;
        Ok(moved)
    }

    fn get_to_stdout(&mut self, name: &FileName) -> anyhow::Result<()> {
        let mut stdout = io::stdout();
        let failed = || format!("cannot write {name} to standard output");
        let got = self.download(name, &mut stdout, failed);
        match got.and_then(|moved| stdout.flush().map(|()| moved).with_context(failed)) {
            Err(failure) if nobody_reads(&failure) => Ok(()),
            Err(failure) => Err(failure),
            Ok(moved) => {
                if moved.was_watched {
                    cli::errln!("wrote {name} to standard output ({})", moved.amount());
                }
                Ok(())
            }
        }
    }

    /// That the sink does not take the file is `sink_failed`.
    fn download(
        &mut self,
        name: &FileName,
        sink: &mut dyn Write,
        sink_failed: impl Fn() -> String,
    ) -> anyhow::Result<Moved> {
        let mut progress = Progress::new(name, None);
        let mut total = progress.total();
        let got = self.remote.request(|connection| {
            connection.get_announced(name, &mut progress.watch(&mut *sink), &mut total)
        });
        let (took, was_watched) = progress.finish();
        match got {
            Err(ClientError::Sink(err)) => Err(err).with_context(sink_failed),
            got => {
                let transfer = self.answered(got, &format!("cannot get {name}"))?;
                Ok(Moved { transfer, took, was_watched })
            }
        }
    }

    pub(super) fn upload(&mut self, path: &Path, name: Option<&FileName>) -> anyhow::Result<()> {
        let is_stdin = path.as_os_str() == "-";
        let shown = if is_stdin { "standard input".into() } else { path.to_string_lossy() };
        let failed = format!("cannot upload {shown}");
        let name = name.map_or_else(|| base_name(path), |name| Ok(name.clone()));
        let name = name.with_context(|| failed.clone())?;
        let moved = self.send(&name, path, &failed)?;
        let Transfer { bytes, size_confirmed, .. } = moved.transfer;
        let (verb, doubt) =
            if size_confirmed { ("stored", "") } else { ("sent", "; the server names no size") };
        self.tell(
            format_args!("{verb} {name} ({}{doubt})", moved.amount()),
            &json!({
                "name": name,
                "path": path.to_string_lossy(),
                "size": bytes,
                "size_confirmed": size_confirmed,
                "seconds": moved.took.as_secs_f64(),
            }),
        );
        Ok(())
    }

    fn send(&mut self, name: &FileName, path: &Path, failed: &str) -> anyhow::Result<Moved> {
        let (mut file, len) = open(path).with_context(|| failed.to_owned())?;
        let mut progress = Progress::new(name, len);
        let mut is_repeated = false;
        let sent = self.remote.request(|connection| {
            if mem::replace(&mut is_repeated, true) {
                file.rewind().map_err(ClientError::Source)?;
            }
            connection.upload(name, &mut progress.watch(&file))
        });
        let (took, was_watched) = progress.finish();
        Ok(Moved { transfer: self.answered(sent, failed)?, took, was_watched })
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

/// The name that a file is stored under unless another is given.
fn base_name(path: &Path) -> anyhow::Result<FileName> {
    let name = path.file_name().map(PathBuf::from).ok_or_else(|| anyhow!("it has no name"))?;
    let name = FileName::from_bytes(name.as_os_str().as_encoded_bytes());
    name.context("give it another NAME")
}

fn is_kept(failure: &anyhow::Error) -> bool {
    matches!(failure.downcast_ref(), Some(LocalFileError::Exists))
}

fn nobody_reads(failure: &anyhow::Error) -> bool {
    failure.downcast_ref::<io::Error>().is_some_and(|err| err.kind() == ErrorKind::BrokenPipe)
}
