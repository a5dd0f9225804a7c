//! What happens to backends, and what becomes of requests then.

use std::time::Duration;

use balancing::{
    PolicyName,
    simulate::{Checks, Incident, IncidentKind, QueueLimits, Results, Scenario, run},
};
use simulation::{Arrivals, Distribution};

use crate::{MS, S, scenario};

const CHECKS: Checks = Checks { interval: S, timeout: S };

/// Two backends that 200 requests a second keep half busy for 10 s, checked every second.
fn two() -> Scenario {
    let arrivals = Arrivals::Steady { per_second: 200.0 };
    let service = Distribution::Constant(5 * MS);
    let mut two = scenario(PolicyName::RoundRobin, 2, &service, arrivals);
    (two.requests, two.checks) = (2_000, Some(CHECKS));
    two
}

fn at(seconds: u32, backend: usize, kind: IncidentKind) -> Incident {
    // Between two arrivals and in the middle of a service.
    Incident { at: seconds * S + 2 * MS, backend, kind }
}

fn after(incidents: impl Into<Vec<Incident>>) -> Results {
    let mut two = two();
    two.incidents = incidents.into();
    run(&two).unwrap()
}

fn assert_none_failed(results: &Results) {
    assert_eq!((results.succeeded, results.failures.total(), results.unfinished), (2_000, 0, 0));
}

fn answered(results: &Results) -> Vec<u64> {
    results.backends.iter().map(|backend| backend.answered).collect()
}

#[test]
fn nothing_happens_where_nothing_happens() {
    let results = after([]);
    assert_none_failed(&results);
    assert_eq!((results.retries, results.refused), (0, 0));
    let times = (results.response.shortest(), results.response.longest());
    assert_eq!(times, (Some(5 * MS), Some(5 * MS)));
    assert_eq!((answered(&results), results.share_error()), (vec![1_000, 1_000], Some(0.0)));
}

#[test]
fn a_backend_that_is_killed_and_started_again_costs_nobody_an_answer() {
    let results = after([at(3, 0, IncidentKind::Killed), at(6, 0, IncidentKind::Started)]);
    assert_none_failed(&results);
    // It had one and refused four: then it was ejected, until checks found it down.
    assert_eq!((results.retries, results.refused), (1, 4));
    assert!(results.response.longest() <= Some(15 * MS), "{:?}", results.response);
    // 300 until then, and some after two checks have passed, at 8 s, while it warms up.
    assert!((301..=500).contains(&answered(&results)[0]), "{:?}", results.backends);
}

#[test]
fn a_backend_that_is_stopped_delays_what_it_has_until_it_goes_on() {
    let results = after([at(3, 0, IncidentKind::Stopped), at(6, 0, IncidentKind::Continued)]);
    assert_none_failed(&results);
    // The checks at 4 and 5 s have failed by 6.002 s, and that at 6 s is answered late. So it was never
    // down, and what it got in these 3 s comes from itself.
    assert_eq!(results.retries, 0);
    let late = (3 * S - 10 * MS)..=(3 * S + 10 * MS);
    assert!(late.contains(&results.response.longest().unwrap()), "{:?}", results.response);
}

#[test]
fn what_a_stopped_backend_has_is_repeated_once_it_is_found() {
    let results = after([at(3, 0, IncidentKind::Stopped)]);
    assert_none_failed(&results);
    // The checks at 4, 5 and 6 s fail at 5, 6 and 7 s. By then it has every other request of 4 s.
    assert!((395..=405).contains(&results.retries), "{}", results.retries);
    // The first of them waits for all of that, and then for its turn at the other one.
    let longest = results.response.longest().unwrap();
    assert!((4 * S..8 * S).contains(&longest), "{longest:?}");
}

#[test]
fn without_checks_a_stopped_backend_keeps_what_it_has() {
    let mut two = two();
    (two.checks, two.incidents) = (None, vec![at(3, 0, IncidentKind::Stopped)]);
    let results = run(&two).unwrap();
    assert_eq!((results.failures.total(), results.retries), (0, 0));
    // Every other one of the last 7 s.
    assert_eq!((results.succeeded, results.unfinished), (1_300, 700));
}

#[test]
fn a_drained_backend_gets_nothing_new_and_finishes_what_it_has() {
    let results = after([at(3, 0, IncidentKind::Drained)]);
    assert_none_failed(&results);
    assert_eq!((results.retries, results.refused), (0, 0));
    // Those at 0, 10, 20 … 3000 ms.
    assert_eq!(answered(&results), [301, 1_699]);
}

#[test]
fn an_enabled_backend_gets_work_again() {
    let results = after([at(3, 0, IncidentKind::Drained), at(4, 0, IncidentKind::Enabled)]);
    assert_none_failed(&results);
    assert!((400..900).contains(&answered(&results)[0]), "{:?}", results.backends);
}

#[test]
fn a_backend_that_gets_slower_is_slower_from_then_on() {
    let slow = IncidentKind::Service(Distribution::Constant(9 * MS));
    let results = after([at(5, 1, slow)]);
    assert_none_failed(&results);
    assert_eq!(results.response.longest(), Some(9 * MS));
    // It has 500 of the 2,000 after that.
    assert_eq!(results.response.mean(), Some((5 * MS * 1_500 + 9 * MS * 500) / 2_000));
}

#[test]
fn when_all_are_dead_requests_fail_at_once() {
    let results = after([at(3, 0, IncidentKind::Killed), at(3, 1, IncidentKind::Killed)]);
    assert_eq!(results.succeeded, 600);
    assert_eq!((results.failures.no_backend, results.failures.total()), (1_400, 1_400));
}

#[test]
fn an_incident_of_no_backend_is_none() {
    assert_none_failed(&after([at(3, 2, IncidentKind::Killed)]));
}

/// Five at once, each taking 10 ms: one is served, two wait for 5 ms, two find the queue full.
#[test]
fn the_queue_has_a_length_and_a_wait() {
    let together = Arrivals::Bursts { size: 5, every: S };
    let service = Distribution::Constant(10 * MS);
    let mut one = scenario(PolicyName::RoundRobin, 1, &service, together);
    one.requests = 5;
    one.backends[0].spec.in_flight_max = 1;
    one.queue = QueueLimits { len_max: 2, wait_max: 5 * MS };
    let results = run(&one).unwrap();
    assert_eq!((results.succeeded, results.queue_peak), (1, 2));
    assert_eq!((results.failures.queue_full, results.failures.queue_wait), (2, 2));
    one.queue.wait_max = 50 * MS;
    let results = run(&one).unwrap();
    assert_eq!((results.succeeded, results.failures.queue_full), (3, 2));
    let longest = (results.queued.longest(), results.response.longest());
    assert_eq!(longest, (Some(20 * MS), Some(30 * MS)));
    assert_eq!(results.waited.longest(), Some(Duration::ZERO));
}
