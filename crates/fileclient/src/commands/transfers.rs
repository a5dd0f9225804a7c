//! Files on their way from and to the server: what people are told of them.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use cli::printable;
use protocol::FileName;
use serde_json::json;

use super::{Commands, moved::Moved};
use crate::{
    args::GetOptions,
    local_file::{LocalFile, LocalFileError},
};

impl Commands {
    pub(super) fn get(
        &mut self,
        name: &FileName,
        output: Option<&Path>,
        how: &GetOptions,
    ) -> anyhow::Result<()> {
        let path = match output {
            Some(output) if output.as_os_str() == "-" => return self.get_to_stdout(name),
            Some(output) if output.is_dir() => output.join(name.as_str()),
            Some(output) => output.to_owned(),
            None => PathBuf::from(name.as_str()),
        };
        let shown = path.display().to_string();
        match self.get_to_file(name, &path, how) {
            Ok(moved) => {
                let place =
                    if shown == name.as_str() { String::new() } else { format!(" as {shown}") };
                self.tell(
                    format_args!("saved {name}{} ({})", printable(&place), moved.amount()),
                    &json!({
                        "name": name,
                        "path": shown,
                        "size": moved.bytes,
                        "seconds": moved.took.as_secs_f64(),
                    }),
                );
                Ok(())
            }
            Err(failure) if is_kept(&failure) => {
                if self.json {
                    self.tell("", &json!({"name": name, "path": shown, "skipped": true}));
                } else {
                    self.aside(|| {
                        cli::errln!("skipped {}: it is there already", printable(&shown));
                    });
                }
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    fn get_to_stdout(&mut self, name: &FileName) -> anyhow::Result<()> {
        let failed = || format!("cannot write {name} to standard output");
        let mut stdout = LocalFile::standard_output().with_context(failed)?;
        match self.download(name, &mut stdout, failed) {
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

    pub(super) fn upload(
        &mut self,
        path: &Path,
        name: Option<&FileName>,
        resume: bool,
    ) -> anyhow::Result<()> {
        let is_stdin = path.as_os_str() == "-";
        let shown = if is_stdin { "standard input".into() } else { path.to_string_lossy() };
        let failed = format!("cannot upload {shown}");
        let name = name.map_or_else(|| base_name(path), |name| Ok(name.clone()));
        let name = name.with_context(|| failed.clone())?;
        let moved = self.send(&name, path, resume, &failed)?;
        let Moved { bytes, size_confirmed, .. } = moved;
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
