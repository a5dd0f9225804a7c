//! A backend whose requests fail gets none for a time, as long as enough others are left.

use balancing::{Change, EjectionRule, NoBackend, Outcome, PolicyName, Settings, State};

use crate::bench::{Bench, s};

const FAILED: Outcome = Outcome::Failed;

fn until(seconds: u64) -> Vec<Change> {
    vec![Change::Ejected { until: s(seconds) }]
}

/// As many backends as that, each of which has as many failures as eject one.
fn all_failing(backends: usize) -> Bench {
    let mut bench = Bench::round_robin(&vec![1; backends]);
    for letter in ('a'..).take(backends) {
        bench.requests(letter, 5, FAILED);
    }
    bench
}

fn ejected(bench: &Bench) -> usize {
    bench.pool.backends().filter(|(_, backend)| backend.state(bench.now) == State::Ejected).count()
}

#[test]
fn five_failures_in_a_row_eject_for_ten_seconds() {
    for policy in PolicyName::ALL {
        let mut bench = Bench::new(policy, &[1, 1]);
        bench.now = s(100);
        assert_eq!(bench.requests('a', 4, FAILED), []);
        assert_eq!(bench.requests('a', 1, FAILED), until(110));
        assert_eq!(bench.state('a'), State::Ejected);
        assert_eq!(bench.picks(50), "b".repeat(50), "{policy}");
        bench.now = s(110);
        assert_eq!(bench.state('a'), State::Warming);
        assert!(bench.picks(100).contains('a'), "{policy}");
    }
}

#[test]
fn the_end_of_an_ejection_is_told_once_and_picking_does_not_wait_for_it() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.requests('a', 5, FAILED);
    bench.now = s(9);
    assert_eq!(bench.pool.tick(bench.now), []);
    bench.now = s(30);
    assert_eq!(bench.picks(2), "ab");
    assert_eq!(bench.pool.tick(bench.now), [(bench.id('a'), Change::Readmitted)]);
    assert_eq!(bench.pool.tick(bench.now), []);
}

#[test]
fn a_success_in_between_begins_the_count_anew_and_a_client_that_left_does_not() {
    let mut bench = Bench::round_robin(&[1, 1]);
    assert_eq!(bench.requests('a', 4, FAILED), []);
    assert_eq!(bench.requests('a', 1, Outcome::Succeeded), []);
    assert_eq!(bench.requests('a', 4, FAILED), []);
    assert_eq!(bench.requests('a', 9, Outcome::Abandoned), []);
    assert_eq!(bench.requests('a', 1, FAILED), until(10));
}

#[test]
fn fifty_requests_that_are_lost_at_once_eject_once() {
    let mut bench = Bench::round_robin(&[1, 1]);
    assert_eq!(bench.requests('a', 50, FAILED), until(10));
    bench.now = s(10);
    assert_eq!(bench.requests('a', 4, FAILED), [], "the count begins anew");
    assert_eq!(bench.requests('a', 1, FAILED), until(30), "twice as long");
}

#[test]
fn ejections_grow_longer_while_it_fails_and_shorter_while_it_serves() {
    let mut bench = Bench::round_robin(&[1, 1]);
    for length in [10, 20, 40, 80, 160, 300, 300] {
        let end = bench.now + s(length);
        assert_eq!(bench.requests('a', 5, FAILED), [Change::Ejected { until: end }]);
        bench.now = end;
    }
    bench.now += s(4 * 60);
    let end = bench.now + s(20);
    assert_eq!(bench.requests('a', 5, FAILED), [Change::Ejected { until: end }]);
}

#[test]
fn never_more_than_half_of_the_pool_is_ejected_and_never_the_last() {
    for (backends, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (9, 4)] {
        let mut bench = all_failing(backends);
        assert_eq!(ejected(&bench), most, "of {backends}");
        assert!(bench.pick().is_ok());
    }
}

#[test]
fn the_half_is_of_those_that_could_serve() {
    let mut bench = Bench::round_robin(&[1; 6]);
    bench.fall('a');
    bench.drain('b');
    for letter in 'c'..='f' {
        bench.requests(letter, 5, FAILED);
    }
    assert_eq!(ejected(&bench), 2, "of the four that are neither down nor draining");
}

#[test]
fn one_that_could_not_be_ejected_is_ejected_by_its_next_failure_when_others_are_back() {
    let mut bench = all_failing(2);
    assert_eq!(bench.state('b'), State::Up);
    bench.now = s(10);
    assert_eq!(bench.requests('b', 1, FAILED), until(20));
}

#[test]
fn whoever_is_ejected_is_back_before_the_last_other_one_is_gone() {
    type Take = fn(&mut Bench);
    let ways: [Take; 3] =
        [|bench| bench.fall('b'), |bench| bench.drain('b'), |bench| bench.remove('b')];
    for take_b in ways {
        let mut bench = Bench::round_robin(&[1, 1]);
        bench.requests('a', 5, FAILED);
        take_b(&mut bench);
        assert_eq!(bench.state('a'), State::Warming);
        assert_eq!(bench.pool.tick(bench.now), [(bench.id('a'), Change::Readmitted)]);
        assert_eq!(bench.picks(3), "aaa");
        assert_eq!(bench.requests('a', 50, FAILED), [], "the last one stays");
    }
}

#[test]
fn of_several_the_one_is_readmitted_that_would_be_back_next() {
    let mut bench = Bench::round_robin(&[1; 4]);
    bench.requests('b', 5, FAILED);
    bench.now = s(1);
    bench.requests('a', 5, FAILED);
    bench.fall('c');
    assert_eq!([bench.state('a'), bench.state('b')], [State::Ejected, State::Warming]);
}

#[test]
fn a_check_that_finds_it_down_says_more_than_its_failures() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.requests('a', 5, FAILED);
    bench.fall('a');
    assert_eq!(bench.state('a'), State::Down);
    bench.now = s(3);
    bench.rise('a');
    assert_eq!(bench.state('a'), State::Warming, "it was started again: the ejection is of before");
    assert_eq!(bench.pool.tick(s(99)), [], "and its end is nothing to tell");
}

#[test]
fn a_check_that_passes_does_not_end_an_ejection() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.requests('a', 5, FAILED);
    assert_eq!(bench.checks('a', 9, true), []);
    assert_eq!(bench.state('a'), State::Ejected);
}

#[test]
fn where_a_name_decides_an_ejected_backend_is_asked_and_one_that_is_down_is_not() {
    let mut bench = Bench::round_robin(&[1, 1]);
    let a = bench.id('a');
    bench.set_in_flight_max('a', 5);
    bench.requests('a', 5, FAILED);
    assert_eq!(bench.state('a'), State::Ejected);
    (0..5).for_each(|_| assert_eq!(bench.pool.take(a), Ok(())));
    assert_eq!(bench.pool.take(a), Err(NoBackend::Full));
    bench.fall('a');
    assert_eq!(bench.pool.take(a), Err(NoBackend::Down));
}

#[test]
fn the_rule_is_set() {
    let ejection = EjectionRule { failures: 1, first: s(7), ..EjectionRule::default() };
    let settings = Settings { ejection, ..Settings::default() };
    let mut bench = Bench::with_settings(settings, &[1, 1]);
    assert_eq!(bench.requests('a', 1, FAILED), until(7));
}
