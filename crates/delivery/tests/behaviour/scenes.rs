//! One or two messages, to the millisecond.

use std::time::Duration;

use delivery::{
    Backoff, Config, Event, MessageId,
    Method::{Direct, PubSub},
    Record,
};

use crate::{ack, calm, message, scene::Scene};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn direct_sends_once_and_hears_nothing() {
    let mut scene = Scene::new(calm(), Direct);
    let told = scene.send().end().told();
    assert_eq!(told, ["0 created m0", "0 sent m0/0#0 until 100", "100 delivered m0/0#0"]);
    let expected = Record {
        message: MessageId(0),
        subscriber: 0,
        created: ms(0),
        sent: ms(0),
        delivered: Some(ms(100)),
        acknowledged: None,
        given_up: None,
        released: None,
        settled: ms(100),
        attempts: 1,
        copies: 1,
        acks: 0,
        acks_arrived: 0,
        is_disturbed: false,
    };
    assert_eq!(scene.records(), [expected]);
}

#[test]
fn a_message_is_over_when_its_ack_is_there() {
    let mut scene = Scene::new(calm(), PubSub);
    let told = scene.until(1000).send().end().told();
    let expected = [
        "1000 created m0",
        "1000 sent m0/0#0 until 1100",
        "1100 delivered m0/0#0",
        "1100 sent a0/0#0 until 1200",
        "1200 acknowledged a0/0#0",
    ];
    assert_eq!(told, expected);
    let record = scene.records()[0];
    assert_eq!((record.settled, record.released), (ms(1200), Some(ms(1200))));
    assert_eq!(record.latency(), Some(ms(100)));
    assert_eq!((record.time_to_ack(), record.held()), (Some(ms(200)), Some(ms(200))));
    assert_eq!((record.packets(), record.duplicates()), (2, 0));
}

#[test]
fn a_message_whose_ack_is_lost_is_sent_again_and_arrives_twice() {
    let mut scene = Scene::new(calm(), PubSub);
    scene.send().until(150);
    assert!(scene.drop_packet(ack(0, 0, 0)));
    let told = scene.end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 100",
        "100 delivered m0/0#0",
        "100 sent a0/0#0 until 200",
        "150 lost a0/0#0 by ByHand",
        "600 sent m0/0#1 until 700",
        "700 duplicate m0/0#1",
        "700 sent a0/0#1 until 800",
        "800 acknowledged a0/0#1",
    ];
    assert_eq!(told, expected);
    let record = scene.records()[0];
    assert_eq!((record.attempts, record.copies, record.acks, record.acks_arrived), (2, 2, 2, 1));
    assert!(record.is_disturbed);
}

#[test]
fn what_is_sent_while_the_link_is_cut_is_lost() {
    let config = Config { max_retries: 1, ..calm() };
    let mut scene = Scene::new(config, PubSub);
    let told = scene.set_cut(true).send().end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 100",
        "0 lost m0/0#0 by Partition",
        "600 sent m0/0#1 until 700",
        "600 lost m0/0#1 by Partition",
        "1200 given up m0/0 undelivered",
        "1200 dead letter m0/0",
    ];
    assert_eq!(told, expected);
    assert!(scene.records()[0].is_disturbed);
}

#[test]
fn what_travels_when_the_link_is_cut_arrives_and_is_reported_as_failed() {
    let config = Config { max_retries: 1, ..calm() };
    let mut scene = Scene::new(config, PubSub);
    let told = scene.send().until(50).set_cut(true).end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 100",
        "100 delivered m0/0#0",
        "100 sent a0/0#0 until 200",
        "100 lost a0/0#0 by Partition",
        "600 sent m0/0#1 until 700",
        "600 lost m0/0#1 by Partition",
        "1200 given up m0/0 delivered",
    ];
    assert_eq!(told, expected);
    assert!(scene.records()[0].is_failed_though_delivered());
}

#[test]
fn a_partition_that_takes_only_an_ack_disturbs_a_message_too() {
    let mut scene = Scene::new(calm(), PubSub);
    scene.send().until(50).set_cut(true).until(150).set_cut(false).send().end();
    let disturbed: Vec<_> =
        scene.records().iter().map(|record| (record.message.0, record.is_disturbed)).collect();
    assert_eq!(disturbed, [(1, false), (0, true)]);
}

#[test]
fn a_copy_may_arrive_after_the_sender_has_given_up() {
    let config = Config {
        latency_min_ms: 1000,
        latency_max_ms: 1000,
        ack_timeout_ms: 300,
        max_retries: 0,
        ..calm()
    };
    let mut scene = Scene::new(config, PubSub);
    let told = scene.send().end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 1000",
        "300 given up m0/0 undelivered",
        "1000 delivered m0/0#0",
        "1000 sent a0/0#0 until 2000",
        "2000 late a0/0#0",
    ];
    assert_eq!(told, expected);
    let record = scene.records()[0];
    assert_eq!((record.held(), record.settled), (Some(ms(300)), ms(2000)));
    assert_eq!((record.acknowledged, record.acks_arrived), (None, 1));
    assert!(record.is_failed_though_delivered());
}

/// With whatever is scheduled first. At 600 ms ends also the wait after the third attempt, if there was one.
#[test]
fn an_ack_at_the_very_moment_of_its_timeout_counts() {
    let config = Config { latency_min_ms: 300, latency_max_ms: 300, ..calm() };
    let mut scene = Scene::new(config.clone(), PubSub);
    scene.send().end();
    assert_eq!((scene.records()[0].attempts, scene.now()), (1, ms(600)));

    let mut hasty = Scene::new(Config { ack_timeout_ms: 200, ..config }, PubSub);
    let told = hasty.send().end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 300",
        "200 sent m0/0#1 until 500",
        "300 delivered m0/0#0",
        "300 sent a0/0#0 until 600",
        "400 sent m0/0#2 until 700",
        "500 duplicate m0/0#1",
        "500 sent a0/0#1 until 800",
        "600 acknowledged a0/0#0",
        "700 duplicate m0/0#2",
        "700 sent a0/0#2 until 1000",
        "800 late a0/0#1",
        "1000 late a0/0#2",
    ];
    assert_eq!(told, expected);
    let record = hasty.records()[0];
    assert_eq!((record.held(), record.settled), (Some(ms(600)), ms(1000)));
}

#[test]
fn waits_are_equally_long_or_twice_as_long_each_time() {
    for (backoff, sent_at, given_up_at) in
        [(Backoff::None, [0, 100, 200, 300], 400), (Backoff::Exponential, [0, 100, 300, 700], 1500)]
    {
        let config = Config { backoff, max_retries: 3, ack_timeout_ms: 100, ..calm() };
        let mut scene = Scene::new(config, PubSub);
        let told = scene.set_cut(true).send().end().told();
        let moments = |word| {
            let lines = told.iter().filter(move |line| line.contains(word));
            lines.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect::<Vec<u64>>()
        };
        assert_eq!(moments("sent"), sent_at, "{backoff:?}");
        assert_eq!(moments("given up"), [given_up_at], "{backoff:?}");
    }
}

#[test]
fn a_message_waits_until_the_window_has_room() {
    let config = Config { window: Some(1), ..calm() };
    let mut scene = Scene::new(config, PubSub);
    scene.send().send();
    assert_eq!((scene.delivery.in_flight(), scene.delivery.waiting()), (1, 1));
    assert!(!scene.delivery.has_room());
    let told = scene.end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 100",
        "0 created m1",
        "100 delivered m0/0#0",
        "100 sent a0/0#0 until 200",
        "200 acknowledged a0/0#0",
        "200 sent m1/0#0 until 300",
        "300 delivered m1/0#0",
        "300 sent a1/0#0 until 400",
        "400 acknowledged a1/0#0",
    ];
    assert_eq!(told, expected);
    let second = scene.records()[1];
    assert_eq!((second.created, second.sent, second.latency()), (ms(0), ms(200), Some(ms(100))));
}

#[test]
fn a_place_in_the_window_is_free_again_when_a_message_is_given_up() {
    let config = Config { window: Some(1), max_retries: 0, ..calm() };
    let mut scene = Scene::new(config, PubSub);
    scene.set_cut(true).send().send().end();
    let sent: Vec<_> = scene.records().iter().map(|record| record.sent).collect();
    assert_eq!(sent, [ms(0), ms(600)]);
}

#[test]
fn direct_waits_for_no_window() {
    let config = Config { window: Some(1), ..calm() };
    let mut scene = Scene::new(config, Direct);
    scene.send().send();
    assert_eq!((scene.delivery.in_flight(), scene.delivery.waiting()), (0, 0));
    scene.end();
    assert!(scene.records().iter().all(|record| record.sent == ms(0)));
}

#[test]
fn only_subscribers_whose_ack_is_missing_get_a_message_again() {
    let config = Config { subscribers: 3, ..calm() };
    let mut scene = Scene::new(config, PubSub);
    scene.send().until(50);
    assert!(scene.drop_packet(message(0, 1, 0)));
    scene.end();
    let attempts: Vec<_> = scene.records().iter().map(|record| record.attempts).collect();
    assert_eq!(attempts, [1, 2, 1]);
    // The message holds its place until the last of them has acknowledged it, and its records come together.
    let acknowledged = scene.records().iter().map(|record| record.acknowledged.unwrap());
    assert_eq!(acknowledged.collect::<Vec<_>>(), [ms(200), ms(800), ms(200)]);
    for record in scene.records() {
        assert_eq!((record.held(), record.settled), (Some(ms(800)), ms(800)));
    }
}

#[test]
fn what_does_not_travel_cannot_be_dropped() {
    let mut scene = Scene::new(calm(), PubSub);
    scene.send().until(150);
    let told = scene.told();
    for packet in [
        message(0, 0, 0),
        message(0, 0, 1),
        message(0, 0, 99),
        message(0, 1, 0),
        message(7, 0, 0),
        ack(0, 0, 1),
        ack(0, u32::MAX, 0),
    ] {
        assert!(!scene.drop_packet(packet), "{packet:?}");
    }
    assert_eq!(scene.told(), told);
    assert!(!scene.end().records()[0].is_disturbed);
}

#[test]
fn an_event_that_was_not_asked_for_or_comes_twice_changes_nothing() {
    let mut scene = Scene::new(calm(), PubSub);
    scene.send().until(150);
    let told = scene.told();
    let [first, other] = [MessageId(0), MessageId(9)];
    for event in [
        Event::Arrives(message(0, 0, 0)),
        Event::Arrives(message(0, 0, 40)),
        Event::Arrives(message(0, 5, 0)),
        Event::Arrives(ack(9, 0, 0)),
        Event::TimesOut { message: first, attempt: 1 },
        Event::TimesOut { message: other, attempt: 0 },
        Event::TimedOut { message: first, attempt: 7 },
    ] {
        scene.handle(event);
        assert_eq!(scene.told(), told, "{event:?}");
    }
    scene.end();
    let after = scene.told();
    scene.handle(Event::Arrives(ack(0, 0, 0)));
    scene.handle(Event::TimesOut { message: first, attempt: 0 });
    assert_eq!((scene.told(), scene.records().len()), (after, 1));
}
