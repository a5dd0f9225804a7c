//! How far the run is: a bar on a terminal, a line for each row elsewhere. On standard error.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use crate::{
    cell::Record,
    language::Language,
    plan::{Block, Cell, Configuration, Plan},
    results::Run,
};

pub(crate) struct Progress {
    language: Language,
    /// Counts bytes, because cells take as long as they are large.
    bar: Option<ProgressBar>,
    started: Instant,
    cells: u64,
    cells_done: u64,
    bytes: u64,
    bytes_done: u64,
    /// Of those the ones that were done before this part of the run.
    bytes_before: u64,
}

impl Progress {
    /// Of a plan, of which some may have been measured by an earlier part of the run.
    pub(crate) fn new(plan: &Plan, begun: Option<&Run>, language: Language) -> Self {
        let needs = plan.needs();
        let done: Vec<Cell> = begun
            .map(|run| run.counted().into_keys().map(|(cell, _)| cell).collect())
            .unwrap_or_default();
        let bytes_before = done.iter().map(Cell::payload_bytes).sum();
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {percent}% {msg}")
                .expect("the template is well formed");
            ProgressBar::new(needs.payload_bytes).with_style(style)
        });
        Self {
            language,
            bar,
            started: Instant::now(),
            cells: needs.cells,
            cells_done: done.len() as u64,
            bytes: needs.payload_bytes,
            bytes_done: bytes_before,
            bytes_before,
        }
    }

    pub(crate) fn block_started(&self, block: &Block) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.language.starting(block.server));
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
            None => eprintln!("{line}"),
        }
    }

    /// Counts a cell once, however often it has to be measured.
    pub(crate) fn cell_done(&mut self, record: &Record) {
        if record.attempt.attempt == 1 {
            self.cells_done += 1;
            self.bytes_done += record.attempt.cell.payload_bytes();
        }
        let line = self.line(record);
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.bytes_done);
                bar.set_message(line);
            }
            None => eprintln!("{line}"),
        }
    }

    /// Something that must not be lost in the bar.
    pub(crate) fn not_measured(&self, server: Configuration, why: &str) {
        let line = self.language.not_measured(server, why);
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, record: &Record) -> String {
        let cell = self.language.whole_cell(&record.attempt.cell);
        let counts = self.language.counts(record.clients_succeeded(), record.clients_failed());
        let rate = record.summary().map_or_else(String::new, |summary| {
            format!(", {}/s", DecimalBytes(summary.goodput as u64))
        });
        let left_s = self.time_left().as_secs();
        let left = self.language.time_left(&format!("{}:{:02}", left_s / 60, left_s % 60));
        let (done, all) = (self.cells_done, self.cells);
        let disturbed = record.disturbance.as_deref();
        let disturbed = disturbed.map_or_else(String::new, |why| self.language.disturbed(why));
        format!("[{done}/{all}] {cell}: {counts}{rate}{disturbed}; {left}")
    }

    fn time_left(&self) -> Duration {
        let left = self.bytes.saturating_sub(self.bytes_done) as f64;
        let measured = (self.bytes_done - self.bytes_before).max(1);
        let pace = self.started.elapsed().as_secs_f64() / measured as f64;
        Duration::from_secs_f64(left * pace)
    }
}
