//! How far the run is: a bar on a terminal, a line for each row elsewhere, on standard error; and a sentence for
//! those who watch it, with the report as it grows.

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use figures::Numbers;
use indicatif::{ProgressBar, ProgressStyle};
use runs::{Pace, Watch};

use crate::{
    language::Language,
    plan::{Cell, Configuration, Plan},
    report,
    results::{CellLine, Run},
};

pub(crate) struct Progress {
    language: Language,
    bar: Option<ProgressBar>,
    watch: Watch,
    cells: u64,
    cells_done: u64,
    min_time_s: f64,
    /// Of what [`work`] measures.
    pace: Pace,
}

/// A cell by the milliseconds that it should take.
fn work(cell: &Cell, min_time_s: f64) -> u64 {
    (cell.expected_s(min_time_s) * 1000.0) as u64
}

impl Progress {
    /// Of a plan, of which some may have been measured by an earlier part of the run.
    pub(crate) fn new(plan: &Plan, begun: Option<&Run>, language: Language, watch: Watch) -> Self {
        let min_time_s = plan.min_time_s;
        let of_cells =
            |cells: &[Cell]| cells.iter().map(|cell| work(cell, min_time_s)).sum::<u64>();
        let attempts = plan.blocks().into_iter().flatten();
        let cells: Vec<Cell> = attempts.map(|attempt| attempt.cell).collect();
        let all = of_cells(&cells);
        let lines = begun.map(Run::cells).unwrap_or_default().into_values().flatten();
        let done: Vec<Cell> = lines.map(CellLine::cell).collect();
        let bar = io::stderr().is_terminal().then(|| {
            // What the last cell did may be longer than a line, and is cut off there.
            let style = ProgressStyle::with_template("{wide_bar} {percent}% {prefix}\n{wide_msg}")
                .expect("the template is well formed");
            ProgressBar::new(all).with_style(style)
        });
        Self {
            language,
            bar,
            watch,
            cells: cells.len() as u64,
            cells_done: done.len() as u64,
            min_time_s,
            pace: Pace::new(all, of_cells(&done)),
        }
    }

    pub(crate) fn block_started(&self, server: Configuration) {
        let line = self.language.starting(self.language.server_named(server));
        self.tell(&line);
        if let Some(bar) = &self.bar {
            bar.set_message(line);
            bar.tick();
        }
    }

    /// The ceilings are being measured.
    pub(crate) fn calibrating(&self) {
        let line = self.language.calibrating();
        self.tell(&line);
        match &self.bar {
            Some(bar) => {
                bar.set_message(line);
                bar.tick();
            }
            None => cli::errln!("{line}"),
        }
    }

    /// Those who watch see the row that is being measured; a terminal shows the one that is done.
    pub(crate) fn cell_started(&self, cell: &Cell) {
        self.tell(&self.language.whole_cell(cell));
    }

    fn tell(&self, what: &str) {
        self.watch.tell(self.pace.share(), || {
            let now = self.language.watch_now(self.cells_done, self.cells, what);
            self.language.with_time_left(now, self.pace.left())
        });
    }

    /// Shows those who watch what the directory of the run holds by now. For the time between two cells.
    pub(crate) fn show(&mut self, dir: &Path) {
        let language = self.language;
        self.watch.show(|| report::page_of(dir, language));
    }

    /// Counts a cell once, however often it has to be measured.
    pub(crate) fn cell_done(&mut self, line: &CellLine) {
        if line.attempt == 1 {
            self.cells_done += 1;
            self.pace.add(work(&line.cell(), self.min_time_s));
        }
        let (position, cell, left) = (self.position(), self.cell(line), self.time_left());
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.pace.done());
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

    /// Those who watch are still to see the end.
    pub(crate) fn finish(self) -> Watch {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.watch
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
        self.pace.left().map_or_else(String::new, |left| self.language.time_until_end(left))
    }
}
