//! The columns of the table of workers: what they say, how they sort, which of them fit.

use std::cmp::Ordering;

use cli::{table::Side, text::width, units};
use protocol::stats::WorkerState;

use super::view::{View, WorkerRow};
use crate::counts::{self, UNKNOWN};

/// A column, in the order in which they are shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Column {
    #[default]
    Worker,
    Pid,
    State,
    Client,
    Request,
    Progress,
    Time,
    Rate,
    Cpu,
    Memory,
    Requests,
    Failed,
    Restarts,
}

/// Rows in an order, the other way round if `is_reversed`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sort {
    pub(super) column: Column,
    pub(super) is_reversed: bool,
}

enum Key<'a> {
    Text(&'a str),
    Number(f64),
}

impl Column {
    pub(super) const ALL: [Self; 13] = [
        Self::Worker,
        Self::Pid,
        Self::State,
        Self::Client,
        Self::Request,
        Self::Progress,
        Self::Time,
        Self::Rate,
        Self::Cpu,
        Self::Memory,
        Self::Requests,
        Self::Failed,
        Self::Restarts,
    ];

    /// The most important first: those that do not fit any more are left out.
    const BY_IMPORTANCE: [Self; 13] = [
        Self::Worker,
        Self::State,
        Self::Request,
        Self::Progress,
        Self::Rate,
        Self::Cpu,
        Self::Memory,
        Self::Client,
        Self::Restarts,
        Self::Requests,
        Self::Failed,
        Self::Pid,
        Self::Time,
    ];

    pub(super) fn next(self) -> Self {
        self.beside(1)
    }

    pub(super) fn previous(self) -> Self {
        self.beside(Self::ALL.len() - 1)
    }

    fn beside(self, step: usize) -> Self {
        Self::ALL[(self as usize + step) % Self::ALL.len()]
    }

    pub(super) fn head(self, view: &View) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Pid => "pid",
            Self::State => "state",
            Self::Client => "client",
            Self::Request => "request",
            Self::Progress => "done",
            Self::Time => "time",
            Self::Rate => "B/s",
            Self::Cpu if view.shares_cpu => "CPU% (process)",
            Self::Cpu => "CPU%",
            Self::Memory if view.shares_memory => "memory (process)",
            Self::Memory => "memory",
            Self::Requests => "requests",
            Self::Failed => "failed",
            Self::Restarts => "restarts",
        }
    }

    /// The same in less room.
    pub(super) fn short_head(self, view: &View) -> &'static str {
        match self {
            Self::Cpu if view.shares_cpu => "CPU%*",
            Self::Memory if view.shares_memory => "memory*",
            _ => self.head(view),
        }
    }

    pub(super) fn side(self) -> Side {
        match self {
            Self::State | Self::Client | Self::Request => Side::Left,
            _ => Side::Right,
        }
    }

    pub(super) fn cell(self, row: &WorkerRow) -> String {
        let or_unknown = |number: Option<String>| number.unwrap_or_else(|| UNKNOWN.to_owned());
        match self {
            Self::Worker => row.worker.to_string(),
            Self::Pid => row.pid.to_string(),
            Self::State => counts::state(row.state).to_owned(),
            Self::Client => row.client.clone(),
            Self::Request => row.request.clone(),
            Self::Progress => row.progress.clone(),
            Self::Time => row.seconds.map(|seconds| format!("{seconds:.1} s")).unwrap_or_default(),
            Self::Rate => or_unknown(row.rate.map(units::short_size)),
            Self::Cpu => or_unknown(row.cpu_percent.map(|percent| format!("{percent:.1}"))),
            Self::Memory => or_unknown(row.memory.map(|bytes| units::short_size(bytes as f64))),
            Self::Requests => row.requests.to_string(),
            Self::Failed => row.failed.to_string(),
            Self::Restarts => row.restarts.to_string(),
        }
    }

    /// `None` for rows that have nothing to be sorted by.
    fn key(self, row: &WorkerRow) -> Option<Key<'_>> {
        match self {
            Self::Client => text_key(&row.client),
            Self::Request => text_key(&row.request),
            Self::Worker => Some(Key::Number(row.worker.into())),
            Self::Pid => Some(Key::Number(row.pid.into())),
            Self::State => Some(Key::Number(match row.state {
                WorkerState::Busy => 2.0,
                WorkerState::Starting => 1.0,
                WorkerState::Idle => 0.0,
            })),
            Self::Progress => row.percent.map(Key::Number),
            Self::Time => row.seconds.map(Key::Number),
            Self::Rate => row.rate.map(Key::Number),
            Self::Cpu => row.cpu_percent.map(Key::Number),
            Self::Memory => row.memory.map(|bytes| Key::Number(bytes as f64)),
            Self::Requests => Some(Key::Number(row.requests as f64)),
            Self::Failed => Some(Key::Number(row.failed as f64)),
            Self::Restarts => Some(Key::Number(row.restarts as f64)),
        }
    }

    /// Names and numbers of workers begin with the least, what is looked for begins with the most.
    fn begins_with_most(self) -> bool {
        !matches!(self, Self::Worker | Self::Pid | Self::Client | Self::Request)
    }
}

fn text_key(text: &str) -> Option<Key<'_>> {
    (!text.is_empty()).then_some(Key::Text(text))
}

impl Sort {
    pub(super) fn is_descending(self) -> bool {
        self.column.begins_with_most() != self.is_reversed
    }

    /// Rows that have nothing to be sorted by come last, whichever way round; equal ones keep the
    /// order of the workers.
    pub(super) fn apply(self, rows: &mut [WorkerRow]) {
        rows.sort_by(|a, b| {
            let order = match (self.column.key(a), self.column.key(b)) {
                (Some(a), Some(b)) if self.is_descending() => b.compare(&a),
                (Some(a), Some(b)) => a.compare(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            order.then(a.worker.cmp(&b.worker))
        });
    }
}

impl Key<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Text(_)) => Ordering::Greater,
        }
    }
}

/// A column as it is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shown {
    pub(super) column: Column,
    pub(super) width: usize,
    pub(super) head: &'static str,
}

/// Less of a request than this does not tell which it is.
const REQUEST_WIDTH_MIN: usize = 16;
/// With so much room for the request, there is some for whole heads and bars too.
const REQUEST_WIDTH_AMPLE: usize = 40;
/// An address and port of the usual length.
const CLIENT_WIDTH_MIN: usize = 15;
/// Longer ones are cut; every address and port of IPv6 fits.
const CLIENT_WIDTH_MAX: usize = 47;
const PROGRESS_WIDTH_MIN: usize = 5;
/// A bar of ten and the number.
pub(super) const PROGRESS_WIDTH_WITH_BAR: usize = 15;

/// The columns that fit into `room` with `gap` blanks between them, the one that sorts always among them. What is left over goes
/// to the request.
pub(super) fn fitting(view: &View, sort: Column, room: usize, gap: usize) -> Vec<Shown> {
    let mut chosen: Vec<Shown> = Vec::new();
    let mut left = room + gap;
    let others = Column::BY_IMPORTANCE.into_iter().filter(|column| *column != sort);
    for column in [sort].into_iter().chain(others) {
        let head = column.short_head(view);
        // The mark of the column that sorts follows its head.
        let width = width_of(column, width(head) + usize::from(column == sort), view);
        if let Some(rest) = left.checked_sub(width + gap) {
            left = rest;
            chosen.push(Shown { column, width, head });
        } else {
            break;
        }
    }
    chosen.sort_by_key(|shown| shown.column as usize);
    spread(&mut chosen, sort, left, view);
    chosen
}

fn width_of(column: Column, head_width: usize, view: &View) -> usize {
    let cells = || view.rows.iter().map(|row| width(&column.cell(row))).max().unwrap_or_default();
    match column {
        Column::Request => REQUEST_WIDTH_MIN,
        Column::Client => cells().clamp(CLIENT_WIDTH_MIN, CLIENT_WIDTH_MAX),
        Column::Progress => PROGRESS_WIDTH_MIN.max(cells()),
        _ => cells().max(head_width),
    }
}

fn spread(chosen: &mut [Shown], sort: Column, mut left: usize, view: &View) {
    let is_ample = |left: usize, more: usize| left >= more + REQUEST_WIDTH_AMPLE;
    for shown in chosen.iter_mut() {
        let head = shown.column.head(view);
        let wished = match shown.column {
            Column::Progress => PROGRESS_WIDTH_WITH_BAR,
            column => width_of(column, width(head) + usize::from(column == sort), view),
        };
        let more = wished.saturating_sub(shown.width);
        if more > 0 && is_ample(left, more) {
            left -= more;
            *shown = Shown { width: wished, head, ..*shown };
        }
    }
    if let Some(request) = chosen.iter_mut().find(|shown| shown.column == Column::Request) {
        request.width += left;
    }
}
