//! How far a load is: a bar on a terminal, now and then a line elsewhere. On standard error.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use client::Outcomes;
use indicatif::{ProgressBar, ProgressStyle};

use super::schedule::Pace;
use crate::language::Language;

/// Between two lines.
const LINE_PAUSE: Duration = Duration::from_secs(10);

/// Between two looks at a bar; more are not seen.
const DRAW_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Progress {
    language: Language,
    bar: Option<ProgressBar>,
    pace: Pace,
    clients: u32,
    shown: Duration,
}

impl Progress {
    pub(super) fn new(pace: Pace, clients: u32, language: Language) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {percent}% {msg}")
                .expect("the template is well formed");
            ProgressBar::new(100).with_style(style)
        });
        Self { language, bar, pace, clients, shown: Duration::ZERO }
    }

    pub(super) fn show(&mut self, elapsed: Duration, outcomes: Outcomes) {
        let pause = if self.bar.is_some() { DRAW_PAUSE } else { LINE_PAUSE };
        if elapsed < self.shown + pause {
            return;
        }
        self.shown = elapsed;
        let percent = (self.share(elapsed, outcomes) * 100.0) as u64;
        let counts = self.language.counts(outcomes.ok, outcomes.failed);
        match &self.bar {
            Some(bar) => {
                bar.set_message(counts);
                bar.set_position(percent);
            }
            None => cli::errln!("{percent}% {counts}"),
        }
    }

    /// Of what is to be done, up to 1.
    fn share(&self, elapsed: Duration, outcomes: Outcomes) -> f64 {
        let of_time = |all: Duration| elapsed.as_secs_f64() / all.as_secs_f64();
        let share = match self.pace {
            Pace::Each(requests) => {
                let all = u64::from(requests) * u64::from(self.clients);
                (outcomes.ok + outcomes.failed) as f64 / all as f64
            }
            Pace::For(duration) | Pace::Open { duration, .. } => of_time(duration),
        };
        share.min(1.0)
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
