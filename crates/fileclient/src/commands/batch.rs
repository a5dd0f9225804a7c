//! Many files at once: those of a directory, here or on the server.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use cli::printable;
use client::Files;
use protocol::FileName;
use serde_json::json;

use super::{Commands, patterns::matches};
use crate::{args::GetOptions, progress::Overall};

impl Commands {
    /// Downloads the stored files that any of `patterns` means, or all where there is none.
    pub(super) fn get_all(
        &mut self,
        patterns: &[FileName],
        output: Option<&Path>,
        how: &GetOptions,
    ) -> anyhow::Result<()> {
        let Files { files, missing } = self.names_and_sizes("cannot list the files")?;
        let is_meant = |name: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern.as_str(), name))
        };
        let mut meant = Vec::new();
        for (name, size) in files.into_iter().filter(|(name, _)| is_meant(name)) {
            match name.parse::<FileName>() {
                Ok(name) => meant.push((name, size)),
                Err(err) => {
                    let why = format!("cannot get {}", printable(&name));
                    self.note(Err(anyhow!(err).context(why)));
                }
            }
        }
        if meant.is_empty() && !patterns.is_empty() {
            bail!("no stored file has such a name; 'list' shows the names that are there");
        }
        self.one_by_one(meant, |it, name| {
            it.attempt(json!({"name": name}), |it| it.get(name, output, how));
        });
        self.expect_all(&missing)
    }

    /// Uploads the files, and with `recursive` those in directories among them.
    pub(super) fn upload_all(
        &mut self,
        paths: &[PathBuf],
        name: Option<&FileName>,
        resume: bool,
        recursive: bool,
    ) {
        let mut files = Vec::new();
        for path in paths {
            if !recursive || !path.is_dir() {
                files.push(path.clone());
                continue;
            }
            match files_in(path) {
                Ok(found) => files.extend(found),
                Err(err) => {
                    let failed = format!("cannot upload what is in {}", path.display());
                    self.note(Err(err).context(failed));
                }
            }
        }
        let len = |path: &PathBuf| {
            fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len())
        };
        let files = files.into_iter().map(|path| (len(&path), path));
        self.one_by_one(files.map(|(len, path)| (path, len)).collect(), |it, path| {
            let facts = json!({"path": path.to_string_lossy()});
            it.attempt(facts, |it| it.upload(path, name, resume));
        });
    }

    /// Runs `transfer` for each, and shows one progress for all where they are several.
    fn one_by_one<T>(
        &mut self,
        files: Vec<(T, Option<u64>)>,
        mut transfer: impl FnMut(&mut Self, &T),
    ) {
        if files.len() > 1 {
            // A server may say any size.
            let add = |sum: u64, len: Option<u64>| Some(sum.saturating_add(len?));
            let total = files.iter().map(|(_, len)| *len).try_fold(0, add);
            self.overall = Some(Overall::new(files.len(), total));
        }
        let mut before = 0;
        for (file, len) in files {
            self.overall.iter_mut().for_each(|overall| overall.begin(before));
            transfer(self, &file);
            before = u64::saturating_add(before, len.unwrap_or_default());
        }
        self.overall = None;
    }
}

/// The files of a directory by their names, without hidden ones and without what is in directories in it.
fn files_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
