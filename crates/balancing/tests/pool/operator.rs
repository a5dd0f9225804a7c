//! What an operator does to a backend while it runs.

use balancing::{DuplicateName, NoBackend, Outcome, PolicyName, State};

use crate::bench::{Bench, s, spec};

#[test]
fn a_backend_that_is_drained_gets_nothing_new_and_finishes_what_it_has() {
    for policy in PolicyName::ALL {
        let mut bench = Bench::new(policy, &[1, 1]);
        let a = bench.id('a');
        (0..3).for_each(|_| bench.pool.take(a).unwrap());
        bench.drain('a');
        assert_eq!(bench.state('a'), State::Draining);
        assert_eq!(bench.picks(100), "b".repeat(100), "{policy}");
        assert_eq!(bench.pool.take(a), Err(NoBackend::Down), "by name neither");
        for left in [2, 1, 0] {
            bench.finish('a', Outcome::Succeeded);
            assert_eq!(bench.backend('a').in_flight(), left);
        }
        bench.checks('a', 5, false);
        bench.checks('a', 5, true);
        assert_eq!(bench.state('a'), State::Draining, "checks do not end it");
        bench.enable('a');
        assert_eq!(bench.state('a'), State::Warming);
        assert!(bench.picks(100).contains('a'), "{policy}");
    }
}

#[test]
fn enabling_ends_an_ejection_and_leaves_checks_their_say() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.requests('a', 5, Outcome::Failed);
    bench.enable('a');
    assert_eq!(bench.state('a'), State::Warming);
    bench.fall('a');
    bench.enable('a');
    assert_eq!(bench.state('a'), State::Down);
}

#[test]
fn enabling_one_that_serves_changes_nothing() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.enable('a');
    assert_eq!(bench.state('a'), State::Up);
}

#[test]
fn two_backends_of_one_name_are_refused() {
    let mut bench = Bench::round_robin(&[1]);
    let refused = bench.pool.add(spec("a", 1, 1), s(0)).unwrap_err();
    assert_eq!(refused, DuplicateName("a".to_owned()));
    assert_eq!(refused.to_string(), "a backend is called \"a\" already");
    assert_eq!(bench.pool.backends().count(), 1);
}

#[test]
fn one_that_was_added_again_under_its_name_has_nothing_of_its_forerunner() {
    for policy in PolicyName::ALL {
        let mut bench = Bench::new(policy, &[1, 1, 1]);
        let old = bench.id('b');
        (0..9).for_each(|_| bench.pool.take(old).unwrap());
        bench.requests('b', 4, Outcome::Failed);
        bench.remove('b');
        assert!(!bench.picks(100).contains('b'), "{policy}");
        bench.add_again('b', 2);
        assert_ne!(bench.id('b'), old);
        assert_eq!((bench.backend('b').in_flight(), bench.backend('b').weight().get()), (0, 2));
        for _ in 0..9 {
            bench.pool.answered(old, s(1), bench.now);
            assert_eq!(bench.pool.finished(old, Outcome::Failed, bench.now), None);
        }
        assert_eq!((bench.backend('b').in_flight(), bench.state('b')), (0, State::Warming));
    }
}

#[test]
fn whoever_names_a_backend_that_is_gone_changes_nothing() {
    let mut bench = Bench::round_robin(&[1, 1]);
    let gone = bench.id('a');
    bench.remove('a');
    bench.drain('a');
    bench.enable('a');
    bench.remove('a');
    bench.set_weight('a', 9);
    bench.set_in_flight_max('a', 0);
    assert_eq!(bench.pool.take(gone), Err(NoBackend::Down));
    assert_eq!(bench.pool.checked(gone, false, s(0)), None);
    assert!(bench.pool.get(gone).is_none());
    assert_eq!(bench.picks(3), "bbb");
}

#[test]
fn one_that_has_more_than_its_new_limit_gets_no_other_until_enough_have_finished() {
    let mut bench = Bench::round_robin(&[1]);
    (0..3).for_each(|_| assert_eq!(bench.pick(), Ok('a')));
    bench.set_in_flight_max('a', 2);
    assert_eq!(bench.pick(), Err(NoBackend::Full));
    bench.finish('a', Outcome::Succeeded);
    assert_eq!(bench.pick(), Err(NoBackend::Full));
    bench.finish('a', Outcome::Succeeded);
    assert_eq!(bench.pick(), Ok('a'));
}
