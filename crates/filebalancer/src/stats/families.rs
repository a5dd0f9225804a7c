//! What the metrics page of a balancer has beside the counts of its own connections: one value for each
//! backend, and the queue. `docs/METRICS.md` explains each.

use balancing::State;
use monitor::metrics::{Family, Labels, Samples, Unit};
use protocol::stats::Outcomes;

use crate::pool::{SharedPool, Standing};

pub(crate) fn families(pool: &SharedPool) -> Vec<Family> {
    let standings = pool.standings();
    let gauge = |of: fn(&Standing) -> f64| Samples::Gauges(each(&standings, of));
    let counter = |of: fn(&Standing) -> u64| Samples::Counters(each(&standings, of));
    let outcomes = |of: fn(&Standing) -> Outcomes| Samples::Counters(by_outcome(&standings, of));
    let family = |name, help, unit, samples| Family { name, help, unit, samples };
    vec![
        family("backend_up", "1 while the backend gets new work.", None, gauge(gets_work)),
        family(
            "backend_weight",
            "The backend's configured share of the work.",
            None,
            gauge(|it| it.weight.get().into()),
        ),
        family(
            "backend_in_flight",
            "Requests, or whole connections, that the backend has now.",
            None,
            gauge(|it| it.in_flight as f64),
        ),
        family(
            "backend_requests",
            "Requests, each counted where it was sent last.",
            None,
            outcomes(|it| it.backend.counts.requests.outcomes()),
        ),
        family(
            "backend_connections",
            "Connections to the backend that were made, or could not be.",
            None,
            outcomes(|it| it.backend.counts.connections.outcomes()),
        ),
        family(
            "backend_retries",
            "Requests that were sent again elsewhere after the backend was lost.",
            None,
            counter(|it| it.backend.counts.retries()),
        ),
        family(
            "backend_ejections",
            "How often failures in a row have taken the backend out.",
            None,
            counter(|it| it.backend.counts.ejections()),
        ),
        family(
            "backend_received",
            "What went from clients to the backend, on the wire.",
            Some(Unit::Bytes),
            counter(|it| it.backend.counts.bytes_in()),
        ),
        family(
            "backend_sent",
            "What went from the backend to clients, on the wire.",
            Some(Unit::Bytes),
            counter(|it| it.backend.counts.bytes_out()),
        ),
        family(
            "queue_length",
            "Requests that wait because all backends are full.",
            None,
            Samples::Gauges(vec![(vec![], pool.waiting() as f64)]),
        ),
        family(
            "queue_wait",
            "How long those have waited that had to, whatever came of it.",
            Some(Unit::Seconds),
            Samples::Histograms(vec![(vec![], pool.waits())]),
        ),
    ]
}

fn gets_work(standing: &Standing) -> f64 {
    match standing.state {
        State::Up | State::Warming => 1.0,
        State::Down | State::Ejected | State::Draining => 0.0,
    }
}

fn each<T>(standings: &[Standing], of: fn(&Standing) -> T) -> Vec<(Labels, T)> {
    standings.iter().map(|it| (vec![("backend", it.backend.name().to_owned())], of(it))).collect()
}

fn by_outcome(standings: &[Standing], of: fn(&Standing) -> Outcomes) -> Vec<(Labels, u64)> {
    let counts = standings.iter().flat_map(|it| {
        let Outcomes { ok, failed } = of(it);
        [("ok", ok), ("failed", failed)].map(|(outcome, count)| {
            let backend = it.backend.name().to_owned();
            (vec![("backend", backend), ("outcome", outcome.to_owned())], count)
        })
    });
    counts.collect()
}
