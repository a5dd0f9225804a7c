//! Files on their way from the server into local ones.

use std::{fs::File, io, path::Path, thread};

use anyhow::{Context, anyhow};
use client::{ClientError, Connection, Feature, Fetch, Fetched, FetchedRange};
use protocol::FileName;

use super::{Commands, content_digest, moved::Moved, parallel::Parallel};
use crate::{
    args::GetOptions,
    local_file::{IfExists, LocalFile, Origin},
    progress::Progress,
};

impl Commands {
    pub(super) fn get_to_file(
        &mut self,
        name: &FileName,
        path: &Path,
        how: &GetOptions,
    ) -> anyhow::Result<Moved> {
        let if_exists = if how.no_clobber { IfExists::Keep } else { IfExists::Replace };
        let failed = || format!("cannot save {name} as {}", path.display());
        let asked = cannot_get(name);
        if how.resume
            && LocalFile::may_resume(path, if_exists)
            && self.goes_raw(Feature::Fetch, &asked)?
        {
            let (whole, _) = self.look_up(name)?;
            return self.get_rest(name, &whole, path, if_exists);
        }
        // Before anything is asked it is sure that the file can be made here.
        let mut file = LocalFile::create(path, if_exists).with_context(failed)?;
        let moved = match file.as_file() {
            Some(open) if how.may_be_parallel() && self.goes_raw(Feature::Fetch, &asked)? => {
                let (whole, is_near) = self.look_up(name)?;
                match how.connections(whole.size, is_near) {
                    1 => self.download(name, &mut file, failed)?,
                    connections => self.get_parallel(name, whole, open, connections, failed)?,
                }
            }
            _ => self.download(name, &mut file, failed)?,
        };
        file.persist().with_context(failed)?;
        Ok(moved)
    }

    /// Downloads all of it. That the sink does not take it is `sink_failed`.
    pub(super) fn download(
        &mut self,
        name: &FileName,
        sink: &mut LocalFile,
        sink_failed: impl Fn() -> String,
    ) -> anyhow::Result<Moved> {
        let failed = cannot_get(name);
        let is_raw = self.goes_raw(Feature::Fetch, &failed)?;
        let mut progress = self.progress(name, None);
        let mut total = progress.total();
        let got = self.remote.request(|connection| {
            if is_raw {
                let mut begun = |range: &FetchedRange| total(range.size);
                let fetch = Fetch::whole(name.clone());
                let fetched = fetch_into(sink, connection, &fetch, &mut progress, &mut begun)?;
                return Ok((fetched.range.length, true));
            }
            let sink = &mut progress.watch(&mut *sink);
            let got = connection.get_announced(name, sink, &mut total)?;
            Ok((got.bytes, got.size_confirmed))
        });
        let (took, was_watched) = progress.finish();
        match got {
            Err(ClientError::Sink(err)) => Err(err).with_context(sink_failed),
            got => {
                let (bytes, size_confirmed) = self.answered(got, &failed)?;
                Ok(Moved { bytes, kept: 0, size_confirmed, took, was_watched })
            }
        }
    }

    /// Size and version of a file, of which no byte comes, and whether the server is on this machine.
    fn look_up(&mut self, name: &FileName) -> anyhow::Result<(FetchedRange, bool)> {
        let nothing = Fetch { length: Some(0), ..Fetch::whole(name.clone()) };
        self.ask(&cannot_get(name), |connection| {
            let looked = connection.fetch(&nothing, &mut io::sink(), &mut |_| ())?;
            Ok((looked.range, connection.local_addr().ip().is_loopback()))
        })
    }

    /// What an earlier download of the same version left is not fetched again.
    fn get_rest(
        &mut self,
        name: &FileName,
        whole: &FetchedRange,
        path: &Path,
        if_exists: IfExists,
    ) -> anyhow::Result<Moved> {
        let failed = || format!("cannot save {name} as {}", path.display());
        let origin = Origin { name, whole };
        let (mut file, kept) = LocalFile::resume(path, if_exists, &origin).with_context(failed)?;
        let version = Some(whole.version.clone());
        let rest = Fetch { name: name.clone(), offset: kept, length: None, version };
        let mut progress = self.progress(name, Some(whole.size));
        let got = self.remote.request(|connection| {
            fetch_into(&mut file, connection, &rest, &mut progress, &mut |_| ())
        });
        let (took, was_watched) = progress.finish();
        match got {
            Err(ClientError::Sink(err)) => return Err(err).with_context(failed),
            got => self.answered(got, &cannot_get(name)).map(drop)?,
        }
        let is_same = match file.as_file() {
            Some(open) => self.is_same(name, open)?,
            None => true,
        };
        if !is_same {
            // Whoever tries again is not to go on with it.
            file.discard().with_context(failed)?;
            return Err(self.differs(name));
        }
        file.persist().with_context(failed)?;
        Ok(Moved { bytes: whole.size, kept, size_confirmed: true, took, was_watched })
    }

    fn get_parallel(
        &mut self,
        name: &FileName,
        whole: FetchedRange,
        file: &File,
        connections: u64,
        sink_failed: impl Fn() -> String,
    ) -> anyhow::Result<Moved> {
        let bytes = whole.size;
        // It would keep a worker of the server's from the others.
        self.remote.close();
        let parallel = Parallel {
            server: self.server().to_owned(),
            options: self.options().clone(),
            name: name.clone(),
            whole,
            connections,
        };
        let mut progress = self.progress(name, Some(bytes));
        let got = parallel.fetch(file, &mut progress);
        let (took, was_watched) = progress.finish();
        match got {
            Err(ClientError::Sink(err)) => return Err(err).with_context(sink_failed),
            got => self.answered(got, &cannot_get(name))?,
        }
        if !self.is_same(name, file)? {
            return Err(self.differs(name));
        }
        Ok(Moved { bytes, kept: 0, size_confirmed: true, took, was_watched })
    }

    /// Whether the file here is the one that the server has. Both are hashed at once.
    fn is_same(&mut self, name: &FileName, file: &File) -> anyhow::Result<bool> {
        let failed = format!("cannot compare {name} with what came");
        let (here, there) = thread::scope(|scope| {
            let hashing = scope.spawn(|| content_digest::of_file(file));
            let there = self.ask(&failed, |connection| connection.digest(name));
            (hashing.join(), there)
        });
        let here = here.map_err(|_| io::Error::other("the hashing ended halfway"));
        let here = here.flatten().with_context(|| failed.clone())?;
        Ok(here == there?.digest)
    }

    fn differs(&self, name: &FileName) -> anyhow::Error {
        anyhow!(
            "what came of {name} is not what {} has: the file was replaced, or the connection changed it; \
             begin again",
            self.server()
        )
    }
}

fn fetch_into(
    sink: &mut LocalFile,
    connection: &mut Connection,
    fetch: &Fetch,
    progress: &mut Progress,
    begun: &mut dyn FnMut(&FetchedRange),
) -> Result<Fetched, ClientError> {
    match sink.as_file() {
        Some(file) => {
            let mut moved = progress.watch_from(fetch.offset);
            connection.fetch_to_file(fetch, file, &mut moved, begun)
        }
        None => connection.fetch(fetch, &mut progress.watch(sink), begun),
    }
}

fn cannot_get(name: &FileName) -> String {
    format!("cannot get {name}")
}
