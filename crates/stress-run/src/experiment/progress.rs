//! How far the run is: a bar on a terminal, a line for each row elsewhere. On standard error.

use std::{
    io::{self, IsTerminal},
    time::Instant,
};

use figures::Numbers;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    language::Language,
    plan::{Cell, Configuration, Plan},
    results::{CellLine, Run},
};

pub(crate) struct Progress {
    language: Language,
    bar: Option<ProgressBar>,
    started: Instant,
    cells: u64,
    cells_done: u64,
    min_time_s: f64,
    /// All of the run, what is done of it, and what of that was done before this part of the run; as
    /// [`work`] measures it.
    work: u64,
    work_done: u64,
    work_before: u64,
}

/// The share of the work, as one part of so many, from which on the pace says something.
const PACE_KNOWN_FROM: u64 = 50;

/// A cell by the milliseconds that it should take.
fn work(cell: &Cell, min_time_s: f64) -> u64 {
    (cell.expected_s(min_time_s) * 1000.0) as u64
}

impl Progress {
    /// Of a plan, of which some may have been measured by an earlier part of the run.
    pub(crate) fn new(plan: &Plan, begun: Option<&Run>, language: Language) -> Self {
        let min_time_s = plan.min_time_s;
        let of_cells =
            |cells: &[Cell]| cells.iter().map(|cell| work(cell, min_time_s)).sum::<u64>();
        let attempts = plan.blocks().into_iter().flatten();
        let cells: Vec<Cell> = attempts.map(|attempt| attempt.cell).collect();
        let all = of_cells(&cells);
        let lines = begun.map(Run::cells).unwrap_or_default().into_values().flatten();
        let done: Vec<Cell> = lines.map(CellLine::cell).collect();
        let before = of_cells(&done);
        let bar = io::stderr().is_terminal().then(|| {
            // What the last cell did may be longer than a line, and is cut off there.
            let style = ProgressStyle::with_template("{wide_bar} {percent}% {prefix}\n{wide_msg}")
                .expect("the template is well formed");
            ProgressBar::new(all).with_style(style)
        });
        Self {
            language,
            bar,
            started: Instant::now(),
            cells: cells.len() as u64,
            cells_done: done.len() as u64,
            min_time_s,
            work: all,
            work_done: before,
            work_before: before,
        }
    }

    pub(crate) fn block_started(&self, server: Configuration) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.language.starting(self.language.server_named(server)));
            bar.tick();
        }
    }

    /// The ceilings are being measured.
    pub(crate) fn calibrating(&self) {
        let line = self.language.calibrating();
        match &self.bar {
            Some(bar) => {
                bar.set_message(line);
                bar.tick();
            }
            None => cli::errln!("{line}"),
        }
    }

    /// Counts a cell once, however often it has to be measured.
    pub(crate) fn cell_done(&mut self, line: &CellLine) {
        if line.attempt == 1 {
            self.cells_done += 1;
            self.work_done += work(&line.cell(), self.min_time_s);
        }
        let (position, cell, left) = (self.position(), self.cell(line), self.time_left());
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.work_done);
                bar.set_prefix(format!("{position} {left}"));
                bar.set_message(cell);
            }
            None if left.is_empty() => cli::errln!("{position} {cell}"),
            None => cli::errln!("{position} {cell}; {left}"),
        }
    }

    pub(crate) fn not_measured(&self, server: Configuration, why: &str) {
        self.say(self.language.not_measured(self.language.server_named(server), why));
    }

    pub(crate) fn replaced_when_warm(&self, server: Configuration, why: &str) {
        self.say(self.language.replaced_when_warm(self.language.server_named(server), why));
    }

    pub(crate) fn no_ceiling(&self, why: &anyhow::Error) {
        self.say(self.language.ceiling_not_measured(format!("{why:#}")));
    }

    /// Something that must not be lost in the bar.
    fn say(&self, line: String) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => cli::errln!("{line}"),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// `[7/108]`.
    fn position(&self) -> String {
        format!("[{}/{}]", self.cells_done, self.cells)
    }

    /// What came of a cell: counts only where some clients failed.
    fn cell(&self, line: &CellLine) -> String {
        let mut outcomes = Vec::new();
        if line.clients_failed > 0 {
            outcomes.push(self.language.counts(line.clients_succeeded, line.clients_failed));
        }
        // Lists move no bytes.
        let rate = line.goodput_bytes_per_s.map(|rate| self.language.rate(rate));
        let mean = || line.mean_s.map(|mean_s| format!("{} s", self.language.number(mean_s)));
        outcomes.extend(rate.or_else(mean));
        let cell = self.language.whole_cell(&line.cell());
        let disturbed = line.disturbed.as_deref();
        let disturbed = disturbed.map_or_else(String::new, |why| {
            format!(" {}", self.language.disturbed(self.language.retold(why)))
        });
        format!("{cell}: {}{disturbed}", outcomes.join(", "))
    }

    /// Empty while nothing is known of the pace.
    fn time_left(&self) -> String {
        let left = self.work.saturating_sub(self.work_done) as f64;
        let measured = self.work_done - self.work_before;
        let pace = self.started.elapsed().as_secs_f64() / measured as f64;
        let is_known = measured >= self.work / PACE_KNOWN_FROM && measured > 0;
        if !is_known {
            return String::new();
        }
        let left_s = (left * pace) as u64;
        self.language.time_left(format!("{}:{:02}", left_s / 60, left_s % 60))
    }
}
