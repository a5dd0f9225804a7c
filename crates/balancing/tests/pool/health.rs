//! Checks take a backend out and have it back.

use balancing::{Change, PolicyName, Settings, State};

use crate::bench::Bench;

#[test]
fn three_checks_that_fail_take_a_backend_out_and_two_that_pass_have_it_back() {
    for policy in PolicyName::ALL {
        let mut bench = Bench::new(policy, &[1, 1]);
        assert_eq!(bench.checks('a', 2, false), []);
        assert_eq!(bench.checks('a', 1, true), []);
        assert_eq!(bench.checks('a', 2, false), []);
        assert_eq!(bench.state('a'), State::Up);
        assert_eq!(bench.checks('a', 1, false), [Change::Fell]);
        assert_eq!(bench.checks('a', 9, false), [], "it is told once");
        assert_eq!(bench.state('a'), State::Down);
        assert!(!bench.picks(100).contains('a'), "{policy}");
        assert_eq!(bench.checks('a', 1, true), []);
        assert_eq!(bench.checks('a', 1, true), [Change::Rose]);
        assert_eq!(bench.state('a'), State::Warming);
        assert!(bench.picks(100).contains('a'), "{policy}");
    }
}

#[test]
fn how_many_checks_it_takes_is_set() {
    let settings = Settings { fall: 1, rise: 4, ..Settings::default() };
    let mut bench = Bench::with_settings(settings, &[1]);
    assert_eq!(bench.checks('a', 1, false), [Change::Fell]);
    assert_eq!(bench.checks('a', 3, true), []);
    bench.pool.set_settings(Settings { rise: 2, ..Settings::default() });
    assert_eq!(bench.checks('a', 1, true), [Change::Rose]);
}

#[test]
fn a_pool_that_has_just_started_serves_before_any_check() {
    let mut bench = Bench::round_robin(&[1, 1]);
    assert_eq!([bench.state('a'), bench.state('b')], [State::Up; 2]);
    assert_eq!(bench.picks(4), "abab");
}
