//! The picture as plain text, with everything in it.

use cli::table::{Side, folded};

use super::{
    columns::{Column, Sort},
    totals,
    view::View,
};
use crate::{backends, counts};

pub(super) fn render(view: &View, sort: Sort, room: usize) -> String {
    let stats = &view.stats;
    let flow = |rate, total| {
        let [rate, total] = totals::flow(rate, total);
        format!("{rate}, {total} in all")
    };
    let mut lines = vec![
        ("mode", counts::mode(stats)),
        ("connections", counts::connections(&stats.connections)),
        ("workers", counts::workers(&stats.worker, view.cpu_percent)),
        ("in", flow(view.rates.map(|rates| rates.bytes_in), stats.bytes_in)),
        ("out", flow(view.rates.map(|rates| rates.bytes_out), stats.bytes_out)),
    ];
    if stats.events_lost > 0 {
        lines.push(("log", format!("{} events lost", stats.events_lost)));
    }
    let lines: String = lines.iter().map(|(name, text)| format!("{name:<12} {text}\n")).collect();
    let mut parts = vec![lines, totals::requests(view), workers(view, sort, room)];
    if !stats.backend.is_empty() {
        parts.push(backends::table(&stats.backend, room));
    }
    parts.join("\n")
}

fn workers(view: &View, sort: Sort, room: usize) -> String {
    let mut workers = view.rows.clone();
    sort.apply(&mut workers);
    let mut rows = vec![Column::ALL.map(|column| column.head(view).to_owned()).to_vec()];
    rows.extend(workers.iter().map(|row| Column::ALL.map(|column| column.cell(row)).to_vec()));
    let sides: Vec<Side> = Column::ALL.iter().map(|column| column.side()).collect();
    folded(&sides, &rows, room)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::top::example::{a_second_later, look, stats};

    #[test]
    fn everything_is_in_the_text() {
        let start = Instant::now();
        let before = stats(2);
        let mut now = a_second_later(&before);
        now.events_lost = 7;
        let look = [look(before, start), look(now, start + Duration::from_secs(1))];
        let view = View::new(&look[1], Some(&look[0]));
        let sort = Sort { column: Column::Pid, is_reversed: true };
        assert_eq!(
            render(&view, sort, usize::MAX),
            "\
mode         process, 2 workers, up 3 h 12 min
connections  5 active, 0 waiting, 1234 succeeded, 3 failed
workers      2 busy, 0 idle; CPU 50.0%; memory 48.0 MiB
in           0 B/s, 200 MiB in all
out          8.00 MiB/s, 3.01 GiB in all
log          7 events lost

requests      list     get  upload  delete   fetch   other     all
ok              12    1202      33       4       5      99    1355
failed           0       3       0       1       0       0       4
per second     0.0     2.0     0.0     0.0     0.0     0.0     2.0

worker   pid  state  client           request       done   time    B/s  CPU%  memory  requests  \
failed  restarts
     2  4002  busy   127.0.0.1:50002  GET film.mkv   30%  2.5 s  4.00M  25.0   24.0M      1358       \
4         0
     1  4001  busy   127.0.0.1:50001  GET film.mkv   30%  2.5 s  4.00M  25.0   24.0M      1358       \
4         0
"
        );
    }
}
