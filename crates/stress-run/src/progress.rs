//! How far the run is: a bar on a terminal, a line for each row elsewhere. On standard error.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use crate::{
    cell::Record,
    language::Language,
    plan::{Block, Plan},
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
}

impl Progress {
    pub(crate) fn new(plan: &Plan, language: Language) -> Self {
        let needs = plan.needs();
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
            cells_done: 0,
            bytes: needs.payload_bytes,
            bytes_done: 0,
        }
    }

    pub(crate) fn block_started(&self, block: &Block) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.language.starting(block.server));
            bar.tick();
        }
    }

    pub(crate) fn cell_done(&mut self, record: &Record) {
        self.cells_done += 1;
        self.bytes_done += record.cell.payload_bytes();
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
    pub(crate) fn say(&self, line: &str) {
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
        let cell = &record.cell;
        let what = self.language.cell(cell.operation, &cell.volume.to_string(), cell.clients);
        let counts = self.language.counts(record.clients_succeeded(), record.clients_failed());
        let rate = record.summary().map_or_else(String::new, |summary| {
            format!(", {}/s", DecimalBytes(summary.goodput as u64))
        });
        let left_s = self.time_left().as_secs();
        let left = self.language.time_left(&format!("{}:{:02}", left_s / 60, left_s % 60));
        let (done, all) = (self.cells_done, self.cells);
        let server = self.language.server(cell.server);
        format!("[{done}/{all}] {server}: {what}: {counts}{rate}; {left}")
    }

    fn time_left(&self) -> Duration {
        let left = self.bytes.saturating_sub(self.bytes_done) as f64;
        let pace = self.started.elapsed().as_secs_f64() / self.bytes_done.max(1) as f64;
        Duration::from_secs_f64(left * pace)
    }
}
