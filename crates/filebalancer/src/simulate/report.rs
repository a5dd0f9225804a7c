//! The outcome of a simulation, for people and for programs.

use std::{fmt::Write, time::Duration};

use balancing::simulate::{Prediction, Results, Scenario, SimulatedBackend, predict};
use cli::table::{Side, aligned};
use serde_json::{Value, json};
use simulation::Latencies;

/// Most backends that are shown one by one.
const SHOWN_MAX: usize = 20;

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// Requests a second that they can serve if none of them is ever idle.
pub(super) fn capacity(backends: &[SimulatedBackend]) -> f64 {
    let of_one = |backend: &SimulatedBackend| {
        backend.workers.get() as f64 / backend.service.mean().as_secs_f64()
    };
    backends.iter().map(of_one).sum()
}

pub(super) fn text(scenario: &Scenario, results: &Results) -> String {
    let parts = [
        heading(scenario),
        latencies(scenario, results),
        requests(results),
        balance(results),
        backends(results),
    ];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn heading(scenario: &Scenario) -> String {
    let per_second = scenario.arrivals.per_second();
    format!(
        "{} backends, {}, {} requests a second ({:.1}% of what all can serve together), seed {}\n",
        scenario.backends.len(),
        scenario.settings.policy,
        (per_second * 1e3).round() / 1e3,
        100.0 * per_second / capacity(&scenario.backends),
        scenario.seed
    )
}

fn latencies(scenario: &Scenario, results: &Results) -> String {
    let head = ["", "mean", "±"].into_iter().chain(QUANTILES.map(|(name, _)| name)).chain(["max"]);
    let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    for (name, latencies) in [
        ("response", &results.response),
        ("in the balancer's queue", &results.queued),
        ("in a backend's queue", &results.waited),
    ] {
        let mut row = vec![name.to_owned()];
        row.extend([latencies.mean(), latencies.margin_of_error()].map(time));
        row.extend(QUANTILES.map(|(_, share)| time(latencies.quantile(share))));
        row.push(time(latencies.longest()));
        rows.push(row);
    }
    if let Some(Prediction { model, mean }) = prediction(scenario, results) {
        let mut row = vec![format!("predicted ({model})"), time(Some(mean))];
        row.resize(rows[0].len(), String::new());
        rows.insert(2, row);
    }
    let mut sides = vec![Side::Right; rows[0].len()];
    sides[0] = Side::Left;
    aligned(&sides, &rows)
}

/// Where it holds: nobody was turned away, and no backend that has a queue was ever full.
fn prediction(scenario: &Scenario, results: &Results) -> Option<Prediction> {
    let backends = results.backends.iter().zip(&scenario.backends);
    let has_had_room = backends.into_iter().all(|(results, backend)| {
        let max = backend.spec.in_flight_max;
        max <= backend.workers.get() || results.in_flight_peak < max
    });
    if results.failures.total() == 0 && has_had_room { predict(scenario) } else { None }
}

fn requests(results: &Results) -> String {
    let failures = results.failures;
    let mut text = format!(
        "{} answered, {} failed, in {} of virtual time\n",
        results.succeeded,
        failures.total(),
        time(Some(results.duration))
    );
    for (count, reason) in [
        (failures.queue_full, "found the queue full"),
        (failures.queue_wait, "waited in it for too long"),
        (failures.no_backend, "found no backend"),
        (failures.not_repeated, "lost their backend and were not sent again"),
    ] {
        if count > 0 {
            writeln!(text, "{count} {reason}").expect("a string takes everything");
        }
    }
    text
}

/// How evenly the work is spread: at one moment, and in all.
fn balance(results: &Results) -> String {
    let (Some(imbalance), Some(share_error)) = (results.imbalance(), results.share_error()) else {
        return String::new();
    };
    format!(
        "In flight: a backend has {:.2} in the mean, the fullest one {:.2}, which is {imbalance:.2} times as many\n\
         Shares: the backend that is furthest from the share of its weight is {:.2}% off\n",
        results.in_flight_mean,
        results.fullest_mean,
        100.0 * share_error
    )
}

fn backends(results: &Results) -> String {
    if results.backends.len() > SHOWN_MAX {
        return String::new();
    }
    let head = ["backend", "weight", "answered", "busy %", "most in flight"].map(str::to_owned);
    let rows = results.backends.iter().map(|backend| {
        [
            backend.name.clone(),
            backend.weight.to_string(),
            backend.answered.to_string(),
            format!("{:.1}", 100.0 * backend.busy_share),
            backend.in_flight_peak.to_string(),
        ]
    });
    let rows: Vec<_> = [head].into_iter().chain(rows).map(Vec::from).collect();
    aligned(&[Side::Right; 5], &rows)
}

/// In three digits; those that are not there are told in JSON.
fn time(time: Option<Duration>) -> String {
    let Some(time) = time else { return "-".to_owned() };
    let (number, unit) = match time.as_secs_f64() {
        0.0 => return "0".to_owned(),
        seconds @ ..1e-6 => (seconds * 1e9, "ns"),
        seconds @ ..1e-3 => (seconds * 1e6, "µs"),
        seconds @ ..1.0 => (seconds * 1e3, "ms"),
        seconds => (seconds, "s"),
    };
    let decimals = match number {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$} {unit}")
}

pub(super) fn json(scenario: &Scenario, results: &Results) -> String {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let failures = results.failures;
    let prediction = prediction(scenario, results);
    let backends: Vec<_> = results
        .backends
        .iter()
        .map(|backend| {
            json!({
                "name": backend.name,
                "weight": backend.weight,
                "answered": backend.answered,
                "busy_share": backend.busy_share,
                "in_flight_peak": backend.in_flight_peak,
            })
        })
        .collect();
    let report = json!({
        "policy": scenario.settings.policy.name(),
        "requests_per_second": scenario.arrivals.per_second(),
        "capacity_per_second": capacity(&scenario.backends),
        "seed": scenario.seed,
        "virtual_s": results.duration.as_secs_f64(),
        "answered": results.succeeded,
        "failed": {
            "queue_full": failures.queue_full,
            "queue_wait": failures.queue_wait,
            "no_backend": failures.no_backend,
            "not_repeated": failures.not_repeated,
        },
        "response": latencies_json(&results.response),
        "queued": latencies_json(&results.queued),
        "waited": latencies_json(&results.waited),
        "predicted": prediction.map(|it| json!({"model": it.model, "mean_s": seconds(Some(it.mean))})),
        "queue_peak": results.queue_peak,
        "in_flight_mean": results.in_flight_mean,
        "fullest_mean": results.fullest_mean,
        "imbalance": results.imbalance(),
        "share_error": results.share_error(),
        "backends": backends,
    });
    format!("{report}\n")
}

fn latencies_json(latencies: &Latencies) -> Value {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let mut values = json!({
        "mean_s": seconds(latencies.mean()),
        "margin_s": seconds(latencies.margin_of_error()),
        "max_s": seconds(latencies.longest()),
    });
    for (name, share) in QUANTILES {
        values[format!("{name}_s")] = json!(seconds(latencies.quantile(share)));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (nanos, text) in [
            (0, "0"),
            (7, "7.00 ns"),
            (26_684, "26.7 µs"),
            (999_999, "1000 µs"),
            (2_614_057, "2.61 ms"),
            (9_999_000, "10.0 ms"),
            (742_028_000, "742 ms"),
            (40_165_000_000, "40.2 s"),
        ] {
            assert_eq!(time(Some(Duration::from_nanos(nanos))), text);
        }
        assert_eq!(time(None), "-");
    }
}
