//! A configuration that changes while messages are in flight.

use std::time::Duration;

use delivery::{
    Config,
    Method::{Direct, PubSub},
    Ordering, Percent,
};

use crate::{calm, message, scene::Scene};

#[test]
fn what_travels_keeps_its_fate_and_a_wait_its_end() {
    let mut scene = Scene::new(calm(), PubSub);
    let lossy = Config {
        loss: Percent(100.0),
        latency_min_ms: 7,
        latency_max_ms: 7,
        ack_timeout_ms: 50,
        ..calm()
    };
    let told = scene.send().until(50).reconfigure(lossy).end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 100",
        "100 delivered m0/0#0",
        "100 sent a0/0#0 until 107",
        "100 lost a0/0#0 by Chance",
        "600 sent m0/0#1 until 607",
        "600 lost m0/0#1 by Chance",
        "650 sent m0/0#2 until 657",
        "650 lost m0/0#2 by Chance",
        "700 given up m0/0 delivered",
    ];
    assert_eq!(told, expected);
    assert!(scene.records()[0].is_disturbed);
}

#[test]
fn fewer_retries_count_for_messages_in_flight_too() {
    let mut scene = Scene::new(Config { max_retries: 20, ..calm() }, PubSub);
    scene.set_cut(true).send().until(1300).reconfigure(Config { max_retries: 0, ..calm() }).end();
    let record = scene.records()[0];
    assert_eq!((record.attempts, record.given_up), (3, Some(Duration::from_millis(1800))));
}

#[test]
fn a_larger_window_sends_at_once_what_waits_and_a_smaller_one_waits_until_it_has_room() {
    let windowed = |window| Config { window, ..calm() };
    let mut scene = Scene::new(windowed(Some(1)), PubSub);
    for _ in 0..6 {
        scene.send();
    }
    scene.until(50).reconfigure(windowed(Some(3)));
    assert_eq!((scene.delivery.in_flight(), scene.delivery.waiting()), (3, 3));
    scene.until(60).reconfigure(windowed(Some(2)));
    assert_eq!((scene.delivery.in_flight(), scene.delivery.waiting()), (3, 3));
    // At 200 ms the first of the three is done, and two of them are still in flight.
    scene.until(201);
    assert_eq!((scene.delivery.in_flight(), scene.delivery.waiting()), (2, 3));
    scene.until(210).reconfigure(windowed(None));
    assert_eq!((scene.delivery.in_flight(), scene.delivery.waiting()), (5, 0));
}

#[test]
fn a_message_keeps_the_subscribers_that_it_was_sent_to() {
    let of = |subscribers| Config { subscribers, ordering: Ordering::InOrder, ..calm() };
    let mut scene = Scene::new(of(1), PubSub);
    scene.send().reconfigure(of(3)).until(10).send().reconfigure(of(2)).until(20).send().end();
    let mut of_messages: Vec<_> =
        scene.records().iter().map(|record| (record.message.0, record.subscriber)).collect();
    of_messages.sort_unstable();
    assert_eq!(of_messages, [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]);
    assert!(scene.records().iter().all(|record| record.delivered.is_some()));
}

#[test]
fn subscribers_who_come_back_get_what_is_sent_from_then_on() {
    for ordering in [Ordering::Any, Ordering::InOrder] {
        let of = |subscribers| Config { subscribers, ordering, ..calm() };
        let mut scene = Scene::new(of(2), PubSub);
        scene.send().until(500).reconfigure(of(1)).send().until(1000).send().until(1500);
        scene.reconfigure(of(1000)).send().end();
        let got = scene.records().iter().filter(|record| record.delivered.is_some());
        assert_eq!(got.count(), 2 + 1 + 1 + 1000, "{ordering:?}");
    }
}

#[test]
fn what_is_held_back_is_delivered_when_the_order_means_nothing_any_more() {
    let in_order = Config { ordering: Ordering::InOrder, ..calm() };
    let mut scene = Scene::new(in_order.clone(), PubSub);
    scene.send().until(10).send().until(50);
    assert!(scene.drop_packet(message(0, 0, 0)));
    scene.until(300).reconfigure(calm()).until(310);
    assert!(scene.told().contains(&"300 delivered m1/0#0".to_owned()));
    // The first one is still to be sent again, and an order that comes back waits for it.
    scene.reconfigure(in_order).send().end();
    let mut told = scene.told();
    told.retain(|line| line.contains("delivered m"));
    let expected = ["300 delivered m1/0#0", "700 delivered m0/0#1", "700 delivered m2/0#0"];
    assert_eq!(told, expected);
}

#[test]
fn direct_takes_a_new_configuration_with_the_next_message() {
    let mut scene = Scene::new(calm(), Direct);
    scene.send().reconfigure(Config { loss: Percent(100.0), ..calm() }).send().end();
    let delivered: Vec<_> = scene
        .records()
        .iter()
        .map(|record| (record.message.0, record.delivered.is_some()))
        .collect();
    assert_eq!(delivered, [(1, false), (0, true)]);
}
