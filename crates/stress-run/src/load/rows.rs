//! What a load amounts to, in numbers: for people, programs and gates.

use std::{collections::BTreeMap, time::Duration};

use client::ClientError;
use serde::Serialize;
use simulation::Latencies;

use super::{
    accounting::Accounting,
    gaps::Gap,
    measured::{Cause, Group, Measured},
    settings::Settings,
};

/// All that is said of a load. Times are in milliseconds.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) settings: Settings,
    pub(crate) elapsed_s: f64,
    /// Of everything, and where there are several kinds of requests, of each.
    pub(crate) rows: Vec<Row>,
    pub(crate) clients: Vec<Row>,
    pub(crate) failures: BTreeMap<String, Cause>,
    pub(crate) longest_gap: Gap,
    pub(crate) unsent: u64,
    pub(crate) unfinished: u64,
    pub(crate) connections: u64,
    /// Wrong uploads are among them.
    pub(crate) wrong_answers: u64,
    /// Why it is not known whether there are any.
    pub(crate) uploads_unverified: Option<String>,
    pub(crate) accounting: Accounting,
    pub(crate) is_interrupted: bool,
}

/// Requests that are counted together. Their times and rates are of those that succeeded; of none there are
/// no times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) row: String,
    pub(crate) requests_succeeded: u64,
    pub(crate) requests_failed: u64,
    pub(crate) requests_per_s: Option<f64>,
    pub(crate) bytes_per_s: Option<f64>,
    pub(crate) mean_ms: Option<f64>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p90_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) p999_ms: Option<f64>,
    pub(crate) max_ms: Option<f64>,
    pub(crate) first_byte_mean_ms: Option<f64>,
    pub(crate) first_byte_p50_ms: Option<f64>,
    pub(crate) first_byte_p90_ms: Option<f64>,
    pub(crate) first_byte_p99_ms: Option<f64>,
    pub(crate) first_byte_p999_ms: Option<f64>,
    pub(crate) first_byte_max_ms: Option<f64>,
}

/// The row of everything.
pub(crate) const ALL: &str = "all";

impl Summary {
    pub(super) fn of(
        settings: Settings,
        measured: Measured,
        accounting: Accounting,
        uploads: Result<u64, ClientError>,
        is_interrupted: bool,
    ) -> Self {
        let (wrong_uploads, uploads_unverified) = match uploads {
            Ok(wrong) => (wrong, None),
            Err(err) => (0, Some(client::sentence(&err))),
        };
        let mut rows = vec![Row::of(ALL.to_owned(), &measured.all)];
        if measured.kinds.len() > 1 {
            rows.extend(
                measured.kinds.iter().map(|(kind, group)| Row::of(kind.to_string(), group)),
            );
        }
        let clients = (1..).zip(&measured.clients);
        let client = |(number, group): (u32, &Group)| Row::of(number.to_string(), group);
        Self {
            elapsed_s: measured.all.end.as_secs_f64(),
            rows,
            clients: clients.map(client).collect(),
            longest_gap: measured.longest_gap,
            unsent: measured.unsent,
            unfinished: measured.unfinished,
            connections: measured.connections,
            wrong_answers: measured.wrong_answers() + wrong_uploads,
            failures: measured.causes,
            uploads_unverified,
            settings,
            accounting,
            is_interrupted,
        }
    }

    /// Some requests did not get their answer.
    pub(super) fn any_failed(&self) -> bool {
        self.rows[0].requests_failed > 0 || self.unsent > 0
    }

    pub(super) fn is_invalid(&self) -> bool {
        self.wrong_answers > 0 || self.accounting.disagrees()
    }
}

impl Row {
    fn of(row: String, group: &Group) -> Self {
        let Group { outcomes, response, latency, .. } = group;
        let at = |of: &Latencies, share| of.quantile(share).map(ms);
        Self {
            row,
            requests_succeeded: outcomes.ok,
            requests_failed: outcomes.failed,
            requests_per_s: group.requests_per_s(),
            bytes_per_s: group.bytes_per_s(),
            mean_ms: response.mean().map(ms),
            p50_ms: at(response, 0.5),
            p90_ms: at(response, 0.9),
            p99_ms: at(response, 0.99),
            p999_ms: at(response, 0.999),
            max_ms: response.longest().map(ms),
            first_byte_mean_ms: latency.mean().map(ms),
            first_byte_p50_ms: at(latency, 0.5),
            first_byte_p90_ms: at(latency, 0.9),
            first_byte_p99_ms: at(latency, 0.99),
            first_byte_p999_ms: at(latency, 0.999),
            first_byte_max_ms: latency.longest().map(ms),
        }
    }

    /// As a gate sees it that is checked before anything was measured.
    pub(super) fn unmeasured(row: String) -> Self {
        Self::of(row, &Group::default())
    }

    /// Its times until the last byte: mean, p50, p90, p99, p99.9 and longest.
    pub(super) fn response_ms(&self) -> [Option<f64>; 6] {
        [self.mean_ms, self.p50_ms, self.p90_ms, self.p99_ms, self.p999_ms, self.max_ms]
    }

    /// The same until the first byte.
    pub(super) fn first_byte_ms(&self) -> [Option<f64>; 6] {
        [
            self.first_byte_mean_ms,
            self.first_byte_p50_ms,
            self.first_byte_p90_ms,
            self.first_byte_p99_ms,
            self.first_byte_p999_ms,
            self.first_byte_max_ms,
        ]
    }
}

/// To the microsecond: below that the clients' own threads decide.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
