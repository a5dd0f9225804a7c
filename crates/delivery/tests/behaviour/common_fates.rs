//! One thing that changes does not change what else happens to a packet.

use std::{collections::BTreeSet, time::Duration};

use delivery::{
    Backoff, Burst, Cause, Config, Link, MessageId, Method, Ordering, Percent, Record,
    simulate::{self, Load, Scenario},
};
use simulation::Arrivals;

use crate::{ack, message};

const MESSAGES: u64 = 3_000;

fn records(config: &Config, method: Method, seed: u64) -> Vec<Record> {
    let load = Load::Open(Arrivals::Steady { per_second: 20.0 });
    let scenario = Scenario { config: config.clone(), method, messages: MESSAGES, load, seed };
    let mut all = Vec::new();
    simulate::run(&scenario, |records| all.extend_from_slice(records)).unwrap();
    all
}

fn delivered(config: &Config, method: Method) -> BTreeSet<(MessageId, u32)> {
    let all = records(config, method, 7).into_iter();
    let reached = all.filter(|record| record.delivered.is_some());
    reached.map(|record| (record.message, record.subscriber)).collect()
}

/// At half of the packets lost, so that there is something to differ in.
fn lossy() -> Config {
    Config { loss: Percent(50.0), ..Config::default() }
}

#[test]
fn how_the_sender_waits_changes_no_delivered_message() {
    for max_retries in [0, 1, 2, 5] {
        let config = Config { max_retries, ..lossy() };
        let expected = delivered(&config, Method::PubSub);
        for ack_timeout_ms in [1, 300, 600, 1000, 600_000] {
            let config = Config { ack_timeout_ms, ..config.clone() };
            assert_eq!(delivered(&config, Method::PubSub), expected, "{config:?}");
        }
        let backoff = Backoff::Exponential;
        let ordering = Ordering::InOrder;
        for config in [
            Config { backoff, ..config.clone() },
            Config { window: Some(1), ..config.clone() },
            Config { ordering, ..config.clone() },
            Config { ack_loss: Some(Percent(100.0)), ..config.clone() },
            Config { latency_min_ms: 0, latency_max_ms: 60_000, ..config },
        ] {
            assert_eq!(delivered(&config, Method::PubSub), expected, "{config:?}");
        }
    }
}

#[test]
fn the_first_attempt_of_both_methods_meets_the_same_fate() {
    for subscribers in [1, 5] {
        let once = Config { max_retries: 0, subscribers, ..lossy() };
        let direct = delivered(&once, Method::Direct);
        assert_eq!(direct, delivered(&once, Method::PubSub));
        // So what Direct delivers PubSub delivers too, and more.
        assert!(direct.is_subset(&delivered(&Config { max_retries: 2, ..once }, Method::PubSub)));
    }
    let arrivals = |method| -> Vec<_> {
        let mut all = records(&Config { max_retries: 0, ..lossy() }, method, 7);
        all.sort_unstable_by_key(|record| record.message);
        all.iter().map(|record| record.delivered).collect()
    };
    assert_eq!(arrivals(Method::Direct), arrivals(Method::PubSub));
}

#[test]
fn a_higher_loss_loses_what_a_lower_one_loses_and_more() {
    let mut before: BTreeSet<_> =
        delivered(&Config { loss: Percent(0.0), ..lossy() }, Method::PubSub);
    assert_eq!(before.len() as u64, MESSAGES);
    for percent in [10.0, 30.0, 50.0, 90.0, 100.0] {
        let now = delivered(&Config { loss: Percent(percent), ..lossy() }, Method::PubSub);
        assert!(now.is_subset(&before) && now.len() < before.len(), "{percent}");
        before = now;
    }
    assert!(before.is_empty());
}

#[test]
fn another_subscriber_changes_nothing_for_those_who_were_there() {
    let of = |subscribers| {
        let mut all = records(&Config { subscribers, ..lossy() }, Method::PubSub, 7);
        all.retain(|record| record.subscriber == 0);
        all.sort_unstable_by_key(|record| record.message);
        all.iter().map(|record| (record.delivered, record.acknowledged)).collect::<Vec<_>>()
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn the_same_seed_gives_the_same_records_and_another_one_others() {
    for method in [Method::Direct, Method::PubSub] {
        assert_eq!(records(&lossy(), method, 7), records(&lossy(), method, 7));
        assert_ne!(records(&lossy(), method, 7), records(&lossy(), method, 8));
    }
}

/// So chance draws none of them twice.
#[test]
fn packets_that_differ_in_anything_have_fates_of_their_own() {
    let mut link = Link::new(1);
    let config = Config { latency_max_ms: 60_000, ..Config::default() };
    let mut travel = |packet| link.fate(&config, packet, Duration::ZERO).travel;
    let mut seen = BTreeSet::new();
    let mut packets = 0;
    for number in (0..50).chain([1 << 20, 1 << 40]) {
        for subscriber in [0, 1, 2, 31, 32, 63, 64, 999] {
            for attempt in 0..=20 {
                packets += 2;
                seen.insert(travel(message(number, subscriber, attempt)));
                seen.insert(travel(ack(number, subscriber, attempt)));
            }
        }
    }
    // Of 17,472 among 6 * 10^10 nanoseconds, two are alike with a probability of 0.3%.
    assert_eq!(seen.len(), packets);
}

#[test]
fn bursts_hit_both_methods_and_both_directions_at_the_same_moments() {
    let burst = Burst { share: 0.3, mean_length_ms: 200 };
    let config = Config { burst: Some(burst), ..Config::default() };
    let [mut first, mut second] = [Link::new(5), Link::new(5)];
    let mut lost = 0;
    for number in 0..5_000 {
        let now = Duration::from_millis(number * 20);
        let fate = first.fate(&config, message(number, 0, 0), now);
        // Another one is asked seldom, and of other packets.
        if number % 37 == 0 {
            assert_eq!(second.fate(&config, ack(3, 1, 2), now).lost, fate.lost);
        }
        assert_eq!(fate.lost.is_some(), fate.lost == Some(Cause::Burst));
        lost += u32::from(fate.lost.is_some());
    }
    // 100 s hold about 150 bad times, so the share of them is right to 0.05 or so.
    assert!((1_100..1_900).contains(&lost), "{lost}");
}
