//! What holds whatever happens.

use std::time::Duration;

use proptest::prelude::*;
use simulation::{Agenda, Chance, Distribution, Latencies};

proptest! {
    #[test]
    fn an_agenda_sorts_by_time_and_leaves_those_at_one_moment_in_order(
        moments in prop::collection::vec(0..20_u64, 0..200)
    ) {
        let mut agenda = Agenda::default();
        for (number, at) in moments.iter().enumerate() {
            agenda.schedule(Duration::from_secs(*at), number);
        }
        let mut expected: Vec<_> = moments.iter().copied().map(Duration::from_secs).zip(0..).collect();
        expected.sort();
        prop_assert_eq!(agenda.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_drawn_lies_between_the_ends(
        seed: u64, stream: u64, min in 0..1_000_000_u64, width in 0..1_000_000_u64
    ) {
        let mut chance = Chance::new(seed, stream);
        let [min, max] = [min, min + width].map(Duration::from_nanos);
        let drawn = Distribution::Uniform { min, max }.draw(&mut chance);
        prop_assert!((min..=max).contains(&drawn));
        let sample = vec![min, max];
        prop_assert!(sample.contains(&Distribution::Sample(sample.clone()).draw(&mut chance)));
    }

    #[test]
    fn quantiles_rise_within_the_shortest_and_the_longest(
        nanos in prop::collection::vec(any::<u64>(), 1..300), shares in prop::array::uniform2(0.0..=1.0_f64)
    ) {
        let mut latencies = Latencies::default();
        nanos.iter().for_each(|nanos| latencies.record(Duration::from_nanos(*nanos)));
        let [low, high] = [shares[0].min(shares[1]), shares[0].max(shares[1])];
        let all = [
            latencies.shortest(),
            latencies.quantile(low),
            latencies.quantile(high),
            latencies.longest(),
        ];
        prop_assert!(all.is_sorted() && all[0].is_some(), "{all:?}");
    }
}
