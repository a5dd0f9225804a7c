//! The servers behind a balancer, a row each.

use cli::{
    printable,
    table::{Side, folded},
    units,
};
use protocol::stats::Backend;

use crate::counts::UNKNOWN;

const HEAD: [&str; 11] = [
    "backend",
    "state",
    "weight",
    "in flight",
    "max",
    "requests",
    "failed",
    "conn failed",
    "retries",
    "in",
    "out",
];

/// In lines no longer than `room`. A balancer may say anything: its text is made printable.
pub(crate) fn table(backends: &[Backend], room: usize) -> String {
    let mut sides = [Side::Right; HEAD.len()];
    sides[..2].fill(Side::Left);
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(backends.iter().map(cells));
    folded(&sides, &rows, room)
}

fn cells(backend: &Backend) -> Vec<String> {
    vec![
        printable(&backend.name),
        printable(&backend.state),
        backend.weight.to_string(),
        backend.in_flight.to_string(),
        backend.in_flight_max.map_or_else(|| UNKNOWN.to_owned(), |max| max.to_string()),
        backend.requests.ok.to_string(),
        backend.requests.failed.to_string(),
        backend.connections.failed.to_string(),
        backend.retries.to_string(),
        units::size(backend.bytes_in),
        units::size(backend.bytes_out),
    ]
}

#[cfg(test)]
mod tests {
    use protocol::stats::Outcomes;

    use super::*;

    #[test]
    fn each_backend_has_a_row() {
        let a = Backend {
            name: "a".to_owned(),
            address: "127.0.0.1:8080".to_owned(),
            state: "up".to_owned(),
            reason: None,
            weight: 5,
            in_flight: 2,
            in_flight_max: Some(10),
            connections: Outcomes { ok: 3, failed: 1 },
            requests: Outcomes { ok: 20, failed: 4 },
            bytes_in: 2048,
            bytes_out: 1 << 20,
            retries: 1,
        };
        let evil = Backend { name: "\x1b[2J".to_owned(), in_flight_max: None, ..a.clone() };
        let table = table(&[a, evil], usize::MAX);
        assert_eq!(
            table,
            "\
backend    state  weight  in flight  max  requests  failed  conn failed  retries        in       out
a          up          5          2   10        20       4            1        1  2.00 KiB  1.00 MiB
\\u{1b}[2J  up          5          2    -        20       4            1        1  2.00 KiB  1.00 MiB
"
        );
    }
}
