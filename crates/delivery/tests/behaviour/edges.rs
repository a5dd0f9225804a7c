//! Where a parameter is at its end, what becomes of messages is known without chance.

use std::time::Duration;

use delivery::{
    Config, Method, Ordering, Percent, Record, Totals,
    simulate::{self, Load, Scenario},
};
use simulation::Arrivals;

fn run(config: &Config, method: Method, messages: u64) -> (Totals, Vec<Record>) {
    let load = Load::Open(Arrivals::Steady { per_second: 100.0 });
    let scenario = Scenario { config: config.clone(), method, messages, load, seed: 3 };
    let mut all = Vec::new();
    let totals = simulate::run(&scenario, |records| all.extend_from_slice(records)).unwrap();
    (totals, all)
}

/// Each with the other edges.
fn edges(loss: f64) -> Vec<Config> {
    let start = Config { loss: Percent(loss), ..Config::default() };
    let with = |change: fn(&mut Config)| {
        let mut config = start.clone();
        change(&mut config);
        config
    };
    vec![
        start.clone(),
        with(|it| it.latency_min_ms = it.latency_max_ms),
        with(|it| (it.latency_min_ms, it.latency_max_ms) = (0, 0)),
        with(|it| it.max_retries = 0),
        with(|it| it.max_retries = 20),
        with(|it| it.ack_timeout_ms = 1),
        with(|it| it.window = Some(1)),
        with(|it| it.ordering = Ordering::InOrder),
        with(|it| it.subscribers = 1000),
    ]
}

#[test]
fn without_loss_everything_is_delivered_and_acknowledged() {
    for config in edges(0.0) {
        let targets = 20 * u64::from(config.subscribers);
        let (direct, _) = run(&config, Method::Direct, 20);
        assert_eq!((direct.delivered, direct.complete), (targets, 20), "{config:?}");
        assert_eq!((direct.attempts, direct.acks), (targets, 0), "{config:?}");
        let (pub_sub, records) = run(&config, Method::PubSub, 20);
        assert_eq!((pub_sub.delivered, pub_sub.complete), (targets, 20), "{config:?}");
        assert_eq!(pub_sub.acks, pub_sub.copies, "{config:?}");
        // A timeout of a millisecond ends before any ACK can come, unless a packet takes no time.
        let is_acknowledged = config.ack_timeout_ms > 1;
        let acknowledged = if is_acknowledged { targets } else { 0 };
        assert_eq!(
            (pub_sub.acknowledged, pub_sub.given_up),
            (acknowledged, targets - acknowledged)
        );
        let attempts = if is_acknowledged { 1 } else { 3 };
        assert!(records.iter().all(|record| record.attempts == attempts), "{config:?}");
    }
}

#[test]
fn where_everything_is_lost_nothing_is_delivered_and_everything_given_up() {
    for config in edges(100.0) {
        let targets = 20 * u64::from(config.subscribers);
        let (direct, _) = run(&config, Method::Direct, 20);
        assert_eq!((direct.targets, direct.delivered, direct.attempts), (targets, 0, targets));
        let (pub_sub, records) = run(&config, Method::PubSub, 20);
        assert_eq!((pub_sub.delivered, pub_sub.given_up), (0, targets), "{config:?}");
        assert_eq!((pub_sub.copies, pub_sub.acks), (0, 0), "{config:?}");
        let attempts = config.max_retries + 1;
        let timeout = Duration::from_millis(config.ack_timeout_ms.into());
        for record in records {
            assert_eq!((record.attempts, record.held()), (attempts, Some(timeout * attempts)));
        }
    }
}

#[test]
fn without_acks_every_message_is_sent_as_often_as_may_be() {
    let config = Config { loss: Percent(0.0), ack_loss: Some(Percent(100.0)), ..Config::default() };
    let (totals, _) = run(&config, Method::PubSub, 50);
    assert_eq!((totals.delivered, totals.acknowledged), (50, 0));
    assert_eq!((totals.failed_though_delivered, totals.attempts), (50, 150));
    assert_eq!((totals.copies, totals.duplicates(), totals.packets()), (150, 100, 300));
}

#[test]
fn where_both_latencies_are_one_every_packet_takes_that_long() {
    let config =
        Config { loss: Percent(0.0), latency_min_ms: 77, latency_max_ms: 77, ..Config::default() };
    let (_, records) = run(&config, Method::PubSub, 50);
    let ms = Duration::from_millis;
    for record in records {
        assert_eq!((record.latency(), record.time_to_ack()), (Some(ms(77)), Some(ms(154))));
    }
}

#[test]
fn a_window_of_one_sends_one_after_the_other() {
    let config = Config { window: Some(1), ..Config::default() };
    let load = Load::Saturated;
    let scenario = Scenario { config, method: Method::PubSub, messages: 500, load, seed: 1 };
    let mut records = Vec::new();
    let totals = simulate::run(&scenario, |of_message| records.extend_from_slice(of_message));
    records.sort_unstable_by_key(|record| record.message);
    let mut released = Duration::ZERO;
    for record in &records {
        assert_eq!(record.sent, released, "{record:?}");
        released = record.released.unwrap();
    }
    let held = totals.unwrap().held.mean().unwrap().as_secs_f64() * 500.0;
    assert!((held - released.as_secs_f64()).abs() < 1e-3, "{held} {released:?}");
}

#[test]
fn a_sender_without_a_window_is_never_saturated() {
    let windowed = Config { window: Some(5), ..Config::default() };
    let load = Load::Saturated;
    for (config, method) in [(windowed, Method::Direct), (Config::default(), Method::PubSub)] {
        let scenario = Scenario { config, method, messages: 1, load, seed: 1 };
        let refused = simulate::run(&scenario, |_| ()).unwrap_err();
        assert_eq!(refused.field, "window");
    }
    let config = Config { max_retries: 99, ..Config::default() };
    let load = Load::Open(Arrivals::Steady { per_second: 1.0 });
    let scenario = Scenario { config, method: Method::Direct, messages: 1, load, seed: 1 };
    assert_eq!(simulate::run(&scenario, |_| ()).unwrap_err().field, "max_retries");
}

#[test]
fn none_and_one_message_are_enough() {
    let (totals, records) = run(&Config::default(), Method::PubSub, 0);
    assert_eq!((totals.messages, totals.first_sent, records.len()), (0, None, 0));
    let (totals, records) = run(&Config::default(), Method::PubSub, 1);
    assert_eq!((totals.messages, totals.first_sent, records.len()), (1, Some(Duration::ZERO), 1));
}
