//! How far a run is: a line for each case that is done, on standard error; and for those who watch it a sentence and the
//! report as it grows.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use cli::units;
use figures::Page;
use runs::Watch;

use crate::{language::Language, report, results::saved::SavedRun};

pub(super) struct Progress {
    pub(super) dir: PathBuf,
    pub(super) language: Language,
    watch: Mutex<Watch>,
}

impl Progress {
    /// Of the run in the directory.
    pub(super) fn new(dir: &Path, language: Language, watch: Watch) -> Self {
        Self { dir: dir.to_owned(), language, watch: Mutex::new(watch) }
    }

    /// A case has begun when so many of all were done, and all of them will be after so long, where that is known.
    pub(super) fn case_begun(&self, name: &str, [done, all]: [usize; 2], left: Option<Duration>) {
        let language = self.language;
        self.tell(done as f64 / all as f64, || {
            let now = language.watch_now(done, all, name);
            let left = left.map(|left| format!("; {}", language.time_left(units::minutes(left))));
            now + &left.unwrap_or_default()
        });
    }

    pub(super) fn tell(&self, share: f64, words: impl FnOnce() -> String) {
        self.watching(|watch| watch.tell(share, words));
    }

    pub(super) fn case_done(&self, name: &str, [done, all]: [usize; 2]) {
        cli::errln!("{}", self.language.case_done(done, all, name));
        self.watching(|watch| watch.show(|| page(&self.dir, self.language)));
    }

    /// Nothing that is to come is simulated: what takes its time begins.
    pub(super) fn simulated(&self) {
        self.watching(|watch| watch.show_anyway(|| page(&self.dir, self.language)));
    }

    /// Unless another thread does: what it shows is as new.
    fn watching(&self, act: impl FnOnce(&mut Watch)) {
        if let Ok(mut watch) = self.watch.try_lock() {
            act(&mut watch);
        }
    }

    pub(super) fn end(self) {
        let Self { dir, language, watch } = self;
        if let Ok(watch) = watch.into_inner() {
            watch.end(|| page(&dir, language));
        }
    }
}

/// Of what the directory holds. One thread reads it: the others simulate.
fn page(dir: &Path, language: Language) -> anyhow::Result<Page> {
    Ok(report::page(&SavedRun::open(dir, 1)?, language))
}
