//! A backend that comes back gets a tenth of its share at first, and ten seconds later all of it.

use balancing::{Outcome, PolicyName, Settings, State};

use crate::bench::{Bench, s};

/// What a gets of 10,000 requests to it and to another one of the same weight, for each second from now on.
fn by_second(bench: &mut Bench) -> Vec<usize> {
    let mut counts = Vec::new();
    for _ in 0..=11 {
        counts.push(bench.counts(['a'], 10_000)[0]);
        bench.now += s(1);
    }
    counts
}

/// The share is 102 + 92.2 t of 1024, so a gets that part of that and 1024.
const EXPECTED: [usize; 12] =
    [906, 1593, 2183, 2696, 3146, 3548, 3901, 4218, 4503, 4762, 5000, 5000];

#[test]
fn the_share_grows_second_by_second() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.now = s(100);
    bench.fall('a');
    bench.rise('a');
    for (count, expected) in by_second(&mut bench).into_iter().zip(EXPECTED) {
        assert!(count.abs_diff(expected) <= 1, "{count} instead of {expected}");
    }
    assert_eq!(bench.state('a'), State::Up);
}

#[test]
fn policies_that_draw_or_count_give_the_same_shares_to_who_is_idle() {
    for policy in [PolicyName::LeastConnections, PolicyName::TwoChoices] {
        let mut bench = Bench::new(policy, &[1, 1]);
        bench.fall('a');
        bench.rise('a');
        for (count, expected) in by_second(&mut bench).into_iter().zip(EXPECTED) {
            // The standard deviation of drawing is 50 at most.
            assert!(count.abs_diff(expected) < 200, "{policy}: {count} instead of {expected}");
        }
    }
}

#[test]
fn one_in_a_hundred_requests_goes_to_one_that_has_just_come_back_among_ten() {
    let mut bench = Bench::round_robin(&[1; 10]);
    bench.fall('a');
    bench.rise('a');
    // Weights in 1024ths, of which one period is as long as their sum.
    let [a, b, j] = bench.counts(['a', 'b', 'j'], 102 + 9 * 1024);
    assert!(a.abs_diff(102) <= 1 && b.abs_diff(1024) <= 1 && j.abs_diff(1024) <= 1, "{a} {b} {j}");
}

#[test]
fn there_is_no_warm_up_at_the_start_of_the_balancer_and_one_for_whoever_comes_later() {
    let mut bench = Bench::round_robin(&[1]);
    bench.now = s(5);
    bench.add(1);
    assert_eq!([bench.state('a'), bench.state('b')], [State::Up; 2], "no work was given out yet");
    bench.picks(1);
    bench.add(1);
    assert_eq!([bench.state('b'), bench.state('c')], [State::Up, State::Warming]);
    bench.now = s(15);
    assert_eq!(bench.state('c'), State::Up);
}

#[test]
fn the_warm_up_after_an_ejection_begins_at_its_end() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.requests('a', 5, Outcome::Failed);
    for (seconds, state) in
        [(9, State::Ejected), (10, State::Warming), (19, State::Warming), (20, State::Up)]
    {
        bench.now = s(seconds);
        assert_eq!(bench.state('a'), state, "after {seconds} s");
    }
    bench.now = s(10);
    assert!(bench.counts(['a'], 10_000)[0].abs_diff(EXPECTED[0]) <= 1);
}

#[test]
fn whoever_is_alone_has_all_the_work_however_cold() {
    let mut bench = Bench::round_robin(&[1]);
    bench.fall('a');
    bench.rise('a');
    assert_eq!(bench.picks(5), "aaaaa");
}

#[test]
fn the_length_is_set() {
    let settings = Settings { warm_up: s(0), ..Settings::default() };
    let mut bench = Bench::with_settings(settings, &[1, 1]);
    bench.fall('a');
    bench.rise('a');
    assert_eq!(bench.state('a'), State::Up);
    assert_eq!(bench.counts(['a'], 100), [50]);
}
