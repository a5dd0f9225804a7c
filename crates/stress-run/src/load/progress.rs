//! How far a load is: a bar on a terminal, now and then a line elsewhere, on standard error; and a sentence for those
//! who watch it.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use client::Outcomes;
use indicatif::{ProgressBar, ProgressStyle};
use runs::Watch;

use super::schedule::Pace;
use crate::language::Language;

/// Between two lines.
const LINE_PAUSE: Duration = Duration::from_secs(10);

/// Between two looks at a bar; more are not seen.
const DRAW_PAUSE: Duration = Duration::from_millis(100);

/// Between two sentences for those who watch, since the load is being measured all the time.
const TELL_PAUSE: Duration = Duration::from_secs(1);

/// From this share of the load on its pace says something.
const PACE_KNOWN_FROM: f64 = 0.02;

pub(super) struct Progress<'a> {
    language: Language,
    bar: Option<ProgressBar>,
    pace: Pace,
    clients: u32,
    shown: Duration,
    watch: &'a Watch,
    told: Duration,
}

impl<'a> Progress<'a> {
    pub(super) fn new(pace: Pace, clients: u32, language: Language, watch: &'a Watch) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {percent}% {msg}")
                .expect("the template is well formed");
            ProgressBar::new(100).with_style(style)
        });
        let none = Duration::ZERO;
        Self { language, bar, pace, clients, shown: none, watch, told: none }
    }

    pub(super) fn show(&mut self, elapsed: Duration, outcomes: Outcomes) {
        self.tell(elapsed, outcomes);
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

    fn tell(&mut self, elapsed: Duration, outcomes: Outcomes) {
        if elapsed < self.told + TELL_PAUSE {
            return;
        }
        self.told = elapsed;
        let share = self.share(elapsed, outcomes);
        self.watch.tell(share, || {
            let counts = self.language.counts(outcomes.ok, outcomes.failed);
            let is_known = share >= PACE_KNOWN_FROM;
            let left = is_known.then(|| elapsed.mul_f64((1.0 - share) / share));
            self.language.with_time_left(self.language.load_measuring(counts), left)
        });
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
