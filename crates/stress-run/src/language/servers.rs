//! What is said of servers: which one it is, and what became of it.

use super::{
    Language::{self, En, Id},
    counted,
};
use crate::plan::{Configuration, mode_name};

/// Of a list in a message; the others are counted.
const NAMES_SHOWN: usize = 10;

impl Language {
    /// One server, for the progress display and for messages.
    pub(crate) fn server(self, server: Configuration) -> String {
        let (mode, workers) = (mode_name(server.mode), self.workers(server.workers));
        match self {
            En => format!("{mode} mode with {workers}"),
            Id => format!("mode {mode} dengan {workers}"),
        }
    }

    pub(super) fn workers(self, workers: u32) -> String {
        match (self, workers) {
            (En, 0) => "an unknown number of workers".to_owned(),
            (Id, 0) => "jumlah worker yang tidak diketahui".to_owned(),
            (En, _) => counted(workers, "worker", "workers"),
            (Id, _) => format!("{workers} worker"),
        }
    }

    pub(crate) fn starting(self, server: Configuration) -> String {
        let server = self.server(server);
        match self {
            En => format!("starting the server in {server}"),
            Id => format!("menjalankan server {server}"),
        }
    }

    pub(crate) fn not_measured(self, server: Configuration, why: &str) -> String {
        let server = self.server(server);
        match self {
            En => format!("{server} was not measured: {why}"),
            Id => format!("{server} tidak terukur: {why}"),
        }
    }

    pub(crate) fn replaced_when_warm(self, server: Configuration, why: &str) -> String {
        let server = self.server(server);
        match self {
            En => format!("{server} was replaced after its warm-up: {why}"),
            Id => format!("{server} diganti setelah pemanasan: {why}"),
        }
    }

    /// Of files on the server that was measured.
    pub(crate) fn left_behind(self, names: &[String]) -> String {
        let (shown, more) = names.split_at(names.len().min(NAMES_SHOWN));
        let names = match (self, more.len()) {
            (_, 0) => shown.join(", "),
            (En, more) => format!("{} and {more} more", shown.join(", ")),
            (Id, more) => format!("{} dan {more} lainnya", shown.join(", ")),
        };
        match self {
            En => format!("the server still has these files of stress-run: {names}"),
            Id => format!("di server masih ada file dari stress-run: {names}"),
        }
    }

    pub(crate) fn perhaps_left_behind(self, why: &str) -> String {
        match self {
            En => format!(
                "files of stress-run, named stress-..., may be left on the server, which does not list \
                 its files: {why}"
            ),
            Id => format!(
                "file dari stress-run, bernama stress-..., mungkin masih ada di server, yang \
                 tidak memberi daftar filenya: {why}"
            ),
        }
    }
}
