//! The tables of a load, with what is said of it, on a terminal and in Markdown.

use std::fmt::Write as _;

use cli::Grid;
use client::Outcomes;
use figures::Numbers;

use super::{
    accounting::{Accounting, Counted},
    backends::{self, BackendRequests},
    remarks,
    rows::{ALL, Row, Summary},
    settings::Settings,
};
use crate::language::Language;

/// On a terminal; the file has all.
const CLIENTS_SHOWN: usize = 50;

const KIB: f64 = 1024.0;

/// A table under its title.
pub(super) struct Titled {
    pub(super) title: String,
    pub(super) grid: Grid,
}

pub(super) fn on_screen(summary: &Summary, language: Language) -> String {
    let mut screen = format!("{}\n", cli::text::wrapped(&what(&summary.settings, language)));
    for Titled { title, grid } in tables(summary, language, CLIENTS_SHOWN) {
        let _ = write!(screen, "\n{title}\n{}", grid.on_screen());
    }
    let more = summary.clients.len().saturating_sub(CLIENTS_SHOWN);
    if more > 0 {
        let _ = writeln!(screen, "{}", language.more_clients(more));
    }
    screen.push('\n');
    for remark in
        remarks::of(summary, language).into_iter().chain(remarks::marks(summary, language))
    {
        let _ = writeln!(screen, "{}", cli::text::wrapped(&cli::printable(&remark)));
    }
    screen
}

/// `origin` says with what, and where, it was measured.
pub(super) fn markdown(summary: &Summary, origin: &str, language: Language) -> String {
    let mut text = String::new();
    for mark in remarks::marks(summary, language) {
        let _ = writeln!(text, "> **{mark}**\n");
    }
    let _ = writeln!(text, "{}", what(&summary.settings, language));
    for Titled { title, grid } in tables(summary, language, usize::MAX) {
        let _ = write!(text, "\n## {title}\n\n{}", grid.markdown());
    }
    text.push('\n');
    for remark in remarks::of(summary, language) {
        let _ = writeln!(text, "- {}", cli::printable(&remark));
    }
    let _ = writeln!(text, "\n{}\n\n{origin}", language.load_notes());
    text
}

/// Who has sent what to whom.
pub(super) fn what(settings: &Settings, language: Language) -> String {
    let Settings { connect, clients, mix, .. } = settings;
    let duration =
        settings.duration_s.map(|seconds| language.duration(seconds)).unwrap_or_default();
    let pace = match (settings.rate_per_s, settings.requests) {
        (Some(rate), _) => language.open_loop(language.tick(rate), duration),
        (None, Some(requests)) => language.closed_loop(requests),
        (None, None) => language.closed_loop_for(duration),
    };
    language.load_of(language.client_count(*clients), connect, mix, pace)
}

pub(super) fn tables(summary: &Summary, language: Language, clients_max: usize) -> Vec<Titled> {
    let mut tables = vec![responses(&summary.rows, language)];
    // A PING has none apart.
    if summary.rows.iter().any(|row| row.first_byte_mean_ms.is_some()) {
        tables.push(first_bytes(&summary.rows, language));
    }
    if let Accounting::Counted(Counted { backends, .. }) = &summary.accounting
        && !backends.is_empty()
    {
        tables.push(by_backend(backends, language));
    }
    let clients = &summary.clients[..summary.clients.len().min(clients_max)];
    tables.push(by_client(clients, language));
    tables
}

fn responses(rows: &[Row], language: Language) -> Titled {
    let fields = |row: &Row| {
        let times = row.response_ms().map(|ms| shown(ms, language));
        [&[name(row, language)][..], &rates(row, language), &times].concat()
    };
    let grid = grid(language.response_columns(), rows.iter().map(fields));
    Titled { title: language.response_time(), grid }
}

fn first_bytes(rows: &[Row], language: Language) -> Titled {
    let fields = |row: &Row| {
        let times = row.first_byte_ms().map(|ms| shown(ms, language));
        [&[name(row, language)][..], &times].concat()
    };
    let grid = grid(language.first_byte_columns(), rows.iter().map(fields));
    Titled { title: language.first_byte(), grid }
}

fn by_client(rows: &[Row], language: Language) -> Titled {
    let fields = |row: &Row| {
        let [mean, p50, _, p99, _, max] = row.response_ms();
        let times = [mean, p50, p99, max, row.first_byte_mean_ms].map(|ms| shown(ms, language));
        [&[row.row.clone()][..], &rates(row, language), &times].concat()
    };
    let grid = grid(language.client_columns(), rows.iter().map(fields));
    Titled { title: language.each_client(), grid }
}

/// Of a kind of request.
pub(super) fn name(row: &Row, language: Language) -> String {
    if row.row == ALL { language.all() } else { row.row.clone() }
}

/// Counts, requests a second and KiB a second.
fn rates(row: &Row, language: Language) -> [String; 3] {
    [
        format!("{} / {}", row.requests_succeeded, row.requests_failed),
        shown(row.requests_per_s, language),
        shown(row.bytes_per_s.map(|rate| rate / KIB), language),
    ]
}

/// What was not measured is empty.
pub(super) fn shown(number: Option<f64>, language: Language) -> String {
    number.map_or_else(String::new, |number| language.number(number))
}

fn by_backend(backends: &[BackendRequests], language: Language) -> Titled {
    let all = backends::sum(backends);
    let row = |backend: &BackendRequests| {
        let BackendRequests { backend, requests: Outcomes { ok, failed }, retries } = backend;
        let share = (ok + failed) as f64 / (all.ok + all.failed).max(1) as f64;
        vec![
            cli::printable(backend),
            format!("{ok} / {failed}"),
            language.percent(share),
            retries.to_string(),
        ]
    };
    let grid = grid(language.backend_columns(), backends.iter().map(row));
    Titled { title: language.by_backend(), grid }
}

/// The first column names the row, all others hold numbers.
fn grid<const N: usize>(heads: [&'static str; N], rows: impl Iterator<Item = Vec<String>>) -> Grid {
    Grid { heads: heads.into(), numbers: (1..N).collect(), rows: rows.collect() }
}
