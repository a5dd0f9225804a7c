//! What each policy looks at.

use std::time::Duration;

use balancing::{Candidates, NoBackend, Outcome, Policy, PolicyName, Settings};
use simulation::Chance;

use crate::bench::{Bench, ms, s};

/// Sends a request to this backend, whose first byte comes after so long.
fn answer(bench: &mut Bench, letter: char, first_byte: Duration) {
    let id = bench.id(letter);
    bench.pool.take(id).unwrap();
    bench.pool.answered(id, first_byte, bench.now);
    bench.pool.finished(id, Outcome::Succeeded, bench.now);
}

#[test]
fn least_connections_picks_the_least_busy_for_its_weight() {
    let mut bench = Bench::new(PolicyName::LeastConnections, &[4, 1, 1]);
    let picked: String = (0..12).map(|_| bench.pick().unwrap()).collect();
    assert_eq!(picked.matches('a').count(), 8);
    bench.finish('b', Outcome::Succeeded);
    assert_eq!(bench.pick(), Ok('b'));
    (0..5).for_each(|_| assert_eq!(bench.finish('a', Outcome::Succeeded), None));
    let picked: String = (0..5).map(|_| bench.pick().unwrap()).collect();
    assert_eq!(picked, "aaaaa", "3 of 4 is less than 2 of 1");
}

#[test]
fn least_connections_has_idle_backends_take_turns_by_weight() {
    let mut bench = Bench::new(PolicyName::LeastConnections, &[5, 1, 1]);
    assert_eq!(bench.picks(14), "aabacaaaabacaa");
}

#[test]
fn two_choices_never_picks_the_busiest() {
    let mut bench = Bench::new(PolicyName::TwoChoices, &[1; 5]);
    let c = bench.id('c');
    (0..3).for_each(|_| bench.pool.take(c).unwrap());
    assert!(!bench.picks(1000).contains('c'));
}

#[test]
fn two_choices_gives_idle_backends_their_shares() {
    let mut bench = Bench::new(PolicyName::TwoChoices, &[5, 1, 1]);
    let [a, b, c] = bench.counts(['a', 'b', 'c'], 70_000);
    // Standard deviations are 120 and 93.
    assert!(a.abs_diff(50_000) < 480 && b.abs_diff(10_000) < 370, "{a} {b} {c}");
}

#[test]
fn drawing_finds_the_last_that_is_up() {
    for policy in [PolicyName::TwoChoices, PolicyName::PeakEwma] {
        let mut bench = Bench::new(policy, &[1; 26]);
        ('a'..='z').filter(|letter| !"kq".contains(*letter)).for_each(|letter| bench.fall(letter));
        let [k, q] = bench.counts(['k', 'q'], 1000);
        assert!(k + q == 1000 && k > 400 && q > 400, "{policy}: {k} {q}");
        bench.fall('k');
        assert_eq!(bench.counts(['q'], 100), [100], "{policy}");
        bench.fall('q');
        assert_eq!(bench.pick(), Err(NoBackend::Down), "{policy}");
    }
}

#[test]
fn drawing_finds_one_that_weighs_a_thousandth_of_those_that_are_full() {
    let mut bench = Bench::new(PolicyName::TwoChoices, &[1000, 1, 2]);
    bench.set_in_flight_max('a', 0);
    let [b, c] = bench.counts(['b', 'c'], 9000);
    // The standard deviation is 45.
    assert!(b.abs_diff(3000) < 180, "{b} {c}");
}

#[test]
fn peak_ewma_picks_who_is_expected_to_answer_sooner() {
    let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1]);
    answer(&mut bench, 'a', ms(100));
    answer(&mut bench, 'b', ms(10));
    let picked: String = (0..11).map(|_| bench.pick().unwrap()).collect();
    // With nine in flight and a tenth, b takes as long as a with its first.
    assert_eq!(&picked[..9], "bbbbbbbbb");
    assert!(picked[9..].contains('a'));
}

#[test]
fn one_slow_answer_counts_at_once_and_fast_ones_by_and_by() {
    let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1]);
    answer(&mut bench, 'a', ms(10));
    answer(&mut bench, 'b', ms(20));
    assert_eq!(bench.picks(3), "aaa");
    answer(&mut bench, 'a', ms(1000));
    assert_eq!(bench.picks(3), "bbb");
    answer(&mut bench, 'a', ms(10));
    assert_eq!(bench.picks(3), "bbb", "one fast answer does not make up for it");
    for _ in 0..100 {
        bench.now += s(1);
        answer(&mut bench, 'a', ms(10));
        answer(&mut bench, 'b', ms(20));
    }
    assert_eq!(bench.picks(3), "aaa");
}

#[test]
fn one_that_was_slow_is_tried_again_after_a_while() {
    let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1]);
    answer(&mut bench, 'a', ms(100));
    let tried_after = (0..100).find(|_| {
        answer(&mut bench, 'b', ms(1));
        let is_tried = bench.picks(1) == "a";
        bench.now += s(1);
        is_tried
    });
    // A hundredth of it is left after 10 s times the logarithm of 100, which is 46.05 s.
    assert_eq!(tried_after, Some(47));
}

#[test]
fn an_unknown_backend_is_tried_by_one_request_at_a_time() {
    let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1]);
    answer(&mut bench, 'a', ms(10));
    let picked: String = (0..20).map(|_| bench.pick().unwrap()).collect();
    assert_eq!(picked, format!("b{}", "a".repeat(19)));
    bench.pool.answered(bench.id('b'), ms(10), bench.now);
    assert_eq!(bench.pick(), Ok('b'), "as soon as it answers, however long that goes on");
}

#[test]
fn who_fails_fast_is_not_taken_to_be_fast() {
    let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1, 1]);
    for letter in ['a', 'b', 'c'] {
        answer(&mut bench, letter, ms(if letter == 'c' { 20 } else { 10 }));
    }
    for _ in 0..100 {
        bench.now += s(1);
        answer(&mut bench, 'a', ms(10));
        answer(&mut bench, 'b', ms(10));
        let c = bench.id('c');
        bench.pool.take(c).unwrap();
        bench.pool.finished(c, Outcome::Failed, bench.now);
        answer(&mut bench, 'c', ms(20));
    }
    assert!(!bench.picks(100).contains('c'));
}

#[test]
fn what_was_known_of_one_that_was_out_is_forgotten() {
    type Leave = fn(&mut Bench);
    let leaves_and_is_back: [Leave; 3] = [
        |bench| {
            bench.fall('a');
            bench.rise('a');
        },
        |bench| {
            bench.drain('a');
            bench.enable('a');
        },
        |bench| {
            bench.requests('a', 5, Outcome::Failed);
            bench.enable('a');
        },
    ];
    for leave in leaves_and_is_back {
        let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1]);
        answer(&mut bench, 'a', ms(100));
        answer(&mut bench, 'b', ms(10));
        assert_eq!(bench.picks(3), "bbb");
        leave(&mut bench);
        assert_eq!(bench.pick(), Ok('a'), "it is tried");
    }
}

#[test]
fn what_is_known_of_the_others_stays_with_them_when_one_is_removed() {
    let mut bench = Bench::new(PolicyName::PeakEwma, &[1, 1, 1]);
    for (letter, first_byte) in [('a', ms(100)), ('b', ms(10)), ('c', ms(20))] {
        answer(&mut bench, letter, first_byte);
    }
    bench.remove('b');
    assert_eq!(bench.picks(3), "ccc");
}

#[test]
fn another_policy_goes_on_with_the_same_backends() {
    for before in PolicyName::ALL {
        for after in PolicyName::ALL {
            let mut bench = Bench::new(before, &[1, 1, 1]);
            bench.picks(5);
            bench.fall('b');
            bench.pool.set_settings(Settings { policy: after, ..Settings::default() });
            let picked = bench.picks(100);
            assert!(picked.contains('a') && picked.contains('c') && !picked.contains('b'));
            bench.remove('a');
            assert_eq!(bench.picks(5), "ccccc", "{before} to {after}");
        }
    }
}

/// Always the last.
#[derive(Debug)]
struct Last;

impl Policy for Last {
    fn pick(&mut self, candidates: &Candidates<'_>, _chance: &mut Chance) -> Option<usize> {
        candidates.iter().map(|(place, _)| place).last()
    }
}

#[test]
fn a_policy_from_outside_chooses_among_the_same_candidates() {
    let mut bench = Bench::with_policy(Last, &[1, 1, 1]);
    assert_eq!(bench.picks(3), "ccc");
    bench.fall('c');
    assert_eq!(bench.picks(3), "bbb");
    assert_eq!(bench.pick_but(&[bench.id('b')]), Ok('a'));
}
