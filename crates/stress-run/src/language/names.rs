//! How cells, servers and numbers of something are named.

use std::time::Duration;

use cli::units;
use figures::{Numbers, Warning};

use super::Language;
use crate::plan::{Cell, Configuration, Encoding, Mode, Volume, in_mib, mode_name};

/// Of a list in a message; the others are counted.
const NAMES_SHOWN: usize = 10;

impl Language {
    /// One server, for the progress display and for messages.
    pub(crate) fn server_named(self, server: Configuration) -> String {
        self.server(mode_name(server.mode), self.workers(server.workers))
    }

    /// One measured cell, for the progress display.
    pub(crate) fn cell_named(self, cell: &Cell) -> String {
        let what = format!("{} {}", self.operation_named(cell), self.volume(cell.volume));
        self.cell(what.trim_end(), cell.clients)
    }

    /// `download`, `download raw`.
    pub(crate) fn operation_named(self, cell: &Cell) -> String {
        match cell.encoding {
            Encoding::Base64 => cell.operation.to_string(),
            Encoding::Raw => format!("{} {}", cell.operation, cell.encoding.name()),
        }
    }

    /// A cell with its server, for the progress display and for messages.
    pub(crate) fn whole_cell(self, cell: &Cell) -> String {
        format!("{}: {}", self.server_named(cell.server), self.cell_named(cell))
    }

    /// The title of a table.
    pub(crate) fn table_named(self, mode: Option<Mode>, encoding: Encoding) -> String {
        match encoding {
            Encoding::Base64 => self.table_of(mode_name(mode)),
            Encoding::Raw => self.table_of_raw(mode_name(mode)),
        }
    }

    /// `2:05 left`.
    pub(crate) fn time_until_end(self, left: Duration) -> String {
        self.time_left(units::minutes(left))
    }

    /// The same behind what is being measured, where it is known.
    pub(crate) fn with_time_left(self, now: String, left: Option<Duration>) -> String {
        let left = left.map(|left| format!("; {}", self.time_until_end(left)));
        now + &left.unwrap_or_default()
    }

    /// Of bytes per second.
    pub(crate) fn rate(self, bytes_per_s: f64) -> String {
        format!("{} MiB/s", self.number(in_mib(bytes_per_s)))
    }

    /// Empty where no files are moved.
    pub(crate) fn volume(self, volume: Volume) -> String {
        self.with_mark(&volume.to_string())
    }

    pub(crate) fn size(self, bytes: u64) -> String {
        self.with_mark(&units::size(bytes))
    }

    pub(crate) fn duration(self, seconds: f64) -> String {
        self.seconds(self.number(seconds))
    }

    /// What limits the use of a run, and what it must not be used for.
    pub(crate) fn warning(self, is_trial: bool, reasons: Vec<String>) -> Option<Warning> {
        let head = if is_trial { self.trial_run() } else { self.not_reportable() };
        (!reasons.is_empty()).then_some(Warning { head, reasons })
    }

    /// Names with commas; of many, the first ones.
    pub(crate) fn names(self, names: &[String]) -> String {
        let (shown, more) = names.split_at(names.len().min(NAMES_SHOWN));
        match more.len() {
            0 => shown.join(", "),
            more => self.and_more(shown.join(", "), more),
        }
    }
}
