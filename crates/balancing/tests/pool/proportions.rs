//! Weights become shares: exactly over a period, and closely at every moment, whatever changes.

use balancing::{NoBackend, PolicyName};
use proptest::{collection::vec, prelude::*};

use crate::bench::Bench;

#[test]
fn round_robin_has_the_known_sequences() {
    for (weights, sequence) in [
        (&[5, 1, 1][..], "aabacaa"),
        (&[3, 2, 1], "abacba"),
        (&[4, 3, 2, 1], "abcabdacba"),
        (&[1, 2], "bab"),
        (&[2, 2, 1], "abcab"),
    ] {
        let mut bench = Bench::round_robin(weights);
        for period in 1..=3 {
            assert_eq!(bench.picks(sequence.len()), sequence, "{weights:?}, period {period}");
        }
    }
}

#[test]
fn a_backend_that_is_down_is_not_in_the_total() {
    let mut bench = Bench::round_robin(&[5, 1, 1]);
    bench.fall('c');
    assert_eq!(bench.picks(12), "aaabaaaaabaa");
}

#[test]
fn of_700_picks_over_5_1_1_exactly_500_100_and_100_go_there() {
    for policy in [PolicyName::RoundRobin, PolicyName::LeastConnections] {
        let mut bench = Bench::new(policy, &[5, 1, 1]);
        assert_eq!(bench.counts(['a', 'b', 'c'], 700), [500, 100, 100], "{policy}");
    }
}

/// Weights that add up to 3,000 and 1,000 with a dead third: what others get wrong.
#[test]
fn a_dead_backend_leaves_the_others_their_proportion() {
    let mut bench = Bench::round_robin(&[3000, 1000, 5000]);
    bench.fall('c');
    assert_eq!(bench.counts(['a', 'b', 'c'], 4000), [3000, 1000, 0]);
}

#[test]
fn what_was_owed_at_large_weights_is_no_burst_at_small_ones() {
    for before in 0..1100 {
        let mut bench = Bench::round_robin(&[1000, 1]);
        bench.picks(before);
        bench.set_weight('a', 1);
        let next = bench.picks(20);
        assert!(!next.contains("aaa") && !next.contains("bbb"), "after {before}: {next}");
    }
}

#[test]
fn when_the_heaviest_goes_the_others_go_on_evenly() {
    for before in 0..1100 {
        let mut bench = Bench::round_robin(&[1000, 1, 1]);
        bench.picks(before);
        bench.fall('a');
        let next = bench.picks(20);
        assert!(!next.contains("bbb") && !next.contains("ccc"), "after {before}: {next}");
    }
}

#[test]
fn no_burst_waits_for_a_backend_that_was_full() {
    let mut bench = Bench::round_robin(&[1, 1]);
    bench.set_in_flight_max('b', 0);
    assert_eq!(bench.picks(1000), "a".repeat(1000));
    bench.set_in_flight_max('b', usize::MAX);
    let next = bench.picks(20);
    assert!(!next.contains("bbb") && !next.contains("aaa"), "{next}");
}

#[test]
fn backends_that_are_replaced_one_after_another_starve_no_one() {
    let mut bench = Bench::round_robin(&[1, 1, 1, 1]);
    for round in 0..500 {
        // The one that has just been picked leaves with the largest debt.
        let last = bench.picks(1 + round % 7).pop().unwrap();
        bench.remove(last);
        bench.add_again(last, 1);
        bench.now += std::time::Duration::from_secs(11);
        let next = bench.picks(12);
        for letter in 'a'..='d' {
            let count = next.matches(letter).count();
            assert!((2..=4).contains(&count), "round {round}: {next}");
        }
    }
}

#[test]
fn full_and_down_are_told_apart() {
    for policy in PolicyName::ALL {
        let mut bench = Bench::new(policy, &[1, 1, 1]);
        bench.fall('c');
        bench.set_in_flight_max('a', 1);
        bench.set_in_flight_max('b', 1);
        let (a, b) = (bench.id('a'), bench.id('b'));
        assert_eq!(bench.pick_but(&[a, b]), Err(NoBackend::Down), "{policy}: excluded or down");
        assert_eq!(bench.pick_but(&[a]), Ok('b'));
        assert_eq!(bench.pick_but(&[a]), Err(NoBackend::Full), "{policy}");
        assert_eq!(bench.pick(), Ok('a'));
        assert_eq!(bench.pick(), Err(NoBackend::Full), "{policy}");
        bench.fall('a');
        bench.fall('b');
        assert_eq!(bench.pick(), Err(NoBackend::Down), "{policy}");
        assert_eq!(Bench::new(policy, &[]).pick(), Err(NoBackend::Down), "{policy}: no backend");
    }
}

/// A change between picks: who is down, and who weighs what.
fn changes() -> impl Strategy<Value = Vec<(usize, Option<u16>, usize)>> {
    let weight = prop_oneof![1_u16..20, Just(1000), Just(u16::MAX)];
    vec((0_usize..8, prop::option::of(weight), 0_usize..20), 0..60)
}

proptest! {
    #[test]
    fn weights_become_shares_exactly_over_a_period(weights in vec(1_u16..60, 1..8), periods in 1_usize..4) {
        for policy in [PolicyName::RoundRobin, PolicyName::LeastConnections] {
            let mut bench = Bench::new(policy, &weights);
            let total: u16 = weights.iter().sum();
            for _ in 0..periods {
                let picked = bench.picks(usize::from(total));
                for (letter, &weight) in ('a'..).zip(&weights) {
                    prop_assert_eq!(picked.matches(letter).count(), usize::from(weight), "{}", policy);
                }
            }
        }
    }

    /// However those in flight came there, least-connections fills up in proportion.
    #[test]
    fn where_none_finishes_the_loads_are_as_the_weights(weights in vec(1_u16..60, 1..8)) {
        let mut bench = Bench::new(PolicyName::LeastConnections, &weights);
        let total: u16 = weights.iter().sum();
        (0..total).for_each(|_| { bench.pick().unwrap(); });
        for (letter, &weight) in ('a'..).zip(&weights) {
            prop_assert_eq!(bench.backend(letter).in_flight(), usize::from(weight));
        }
    }

    /// Each pick owes every candidate its share of a request. A burst or a gap is a debt of several.
    #[test]
    fn round_robin_owes_nobody_two_requests_whatever_changes(
        weights in vec(1_u16..20, 2..8),
        changes in changes(),
    ) {
        let mut bench = Bench::round_robin(&weights);
        let mut weights: Vec<_> = weights.into_iter().map(f64::from).collect();
        let mut is_up = vec![true; weights.len()];
        let mut owed = vec![0.0; weights.len()];
        for (place, weight, picks) in changes {
            let place = place % weights.len();
            let letter = char::from(b'a' + place as u8);
            match weight {
                Some(weight) => {
                    bench.set_weight(letter, weight);
                    weights[place] = f64::from(weight);
                }
                None if is_up[place] => {
                    bench.fall(letter);
                    is_up[place] = false;
                }
                None => {
                    bench.rise(letter);
                    is_up[place] = true;
                    // Warm again.
                    bench.now += std::time::Duration::from_secs(10);
                }
            }
            let total: f64 = (0..owed.len()).filter(|&place| is_up[place]).map(|place| weights[place]).sum();
            for _ in 0..picks {
                let Ok(picked) = bench.pick() else { break };
                for place in (0..owed.len()).filter(|&place| is_up[place]) {
                    owed[place] += weights[place] / total;
                }
                owed[picked as usize - 'a' as usize] -= 1.0;
                prop_assert!(owed.iter().all(|owed| owed.abs() < 2.0), "{:?}", owed);
            }
        }
    }
}
