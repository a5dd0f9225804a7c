//! The log of all nodes of the demo: lines as the seed writes them, on the terminal and in a file.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::Context;

use crate::{language::Language, node::Event, watch::sentences};

pub(super) struct DemoLog {
    path: PathBuf,
    language: Language,
    written: Mutex<Written>,
}

struct Written {
    file: File,
    /// The scene is over: that the nodes part is not told.
    is_over: bool,
    /// The first failure; nothing is written after it.
    failure: Option<io::Error>,
}

impl DemoLog {
    /// Goes on with a file that is there, as the seed does.
    pub(super) fn open(path: &Path, language: Language) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        let written = Mutex::new(Written { file, is_over: false, failure: None });
        Ok(Self { path: path.to_owned(), language, written })
    }

    /// What was served is told when its connection ends, which may be after the scene; what came says the same.
    pub(super) fn tell(&self, event: &Event) {
        if matches!(event, Event::Served { .. }) {
            return;
        }
        let (_, sentences) = sentences::of(event, self.language);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_over {
            return;
        }
        for sentence in sentences {
            let line = line(&sentence);
            cli::outln!("{line}");
            if written.failure.is_none() {
                let line = format!("{line}\n");
                written.failure = written.file.write_all(line.as_bytes()).err();
            }
        }
    }

    /// From now on nothing is told.
    pub(super) fn end(&self) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
    }

    /// An error is that of the first line that could not be written.
    pub(super) fn finish(&self) -> anyhow::Result<()> {
        let failure = self.written.lock().unwrap_or_else(PoisonError::into_inner).failure.take();
        failure.map_or(Ok(()), Err).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// `2026-11-20 15:00:00 - Node localhost:5001 ...`
fn line(sentence: &str) -> String {
    let moment = runs::moment(&runs::now());
    format!("{moment} - {}", cli::printable(sentence))
}
