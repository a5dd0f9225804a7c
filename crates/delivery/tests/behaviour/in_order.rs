//! Messages that an application gets in the order in which they were sent.

use std::time::Duration;

use delivery::{
    Config,
    Method::{Direct, PubSub},
    Ordering,
};

use crate::{calm, message, scene::Scene};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn in_order() -> Config {
    Config { ordering: Ordering::InOrder, ..calm() }
}

/// What the subscribers got, and when.
fn delivered(scene: &Scene) -> Vec<String> {
    let mut told = scene.told();
    told.retain(|line| line.contains("delivered m"));
    told
}

#[test]
fn a_message_is_held_back_until_the_one_before_it_is_there_and_acknowledged_at_once() {
    let mut scene = Scene::new(in_order(), PubSub);
    scene.send().until(10).send().until(50);
    assert!(scene.drop_packet(message(0, 0, 0)));
    let told = scene.end().told();
    let expected = [
        "0 created m0",
        "0 sent m0/0#0 until 100",
        "10 created m1",
        "10 sent m1/0#0 until 110",
        "50 lost m0/0#0 by ByHand",
        "110 held m1/0#0",
        "110 sent a1/0#0 until 210",
        "210 acknowledged a1/0#0",
        "600 sent m0/0#1 until 700",
        "700 delivered m0/0#1",
        "700 sent a0/0#1 until 800",
        "700 delivered m1/0#0",
        "800 acknowledged a0/0#1",
    ];
    assert_eq!(told, expected);
    let [held, late] = [scene.records()[0], scene.records()[1]];
    assert_eq!(
        (held.latency(), held.held(), held.settled),
        (Some(ms(690)), Some(ms(200)), ms(700))
    );
    assert_eq!((late.message.0, late.latency()), (0, Some(ms(700))));
}

#[test]
fn nobody_waits_for_a_message_that_was_given_up() {
    let mut scene = Scene::new(Config { max_retries: 0, ..in_order() }, PubSub);
    scene.set_cut(true).send().until(10).set_cut(false).send().end();
    assert_eq!(delivered(&scene), ["600 delivered m1/0#0"]);
}

#[test]
fn a_message_that_was_given_up_is_waited_for_while_a_copy_of_it_travels() {
    let slow = Config { latency_min_ms: 900, latency_max_ms: 900, max_retries: 0, ..in_order() };
    let mut scene = Scene::new(slow.clone(), PubSub);
    let quick = Config { latency_min_ms: 0, latency_max_ms: 0, ..slow };
    scene.send().reconfigure(quick).until(10).send().end();
    assert_eq!(delivered(&scene), ["900 delivered m0/0#0", "900 delivered m1/0#0"]);
    assert!(scene.records().iter().any(|record| record.is_failed_though_delivered()));
}

#[test]
fn nobody_waits_for_a_direct_message_that_is_lost() {
    let mut scene = Scene::new(in_order(), Direct);
    scene.set_cut(true).send().set_cut(false).send().send().until(50);
    assert!(scene.drop_packet(message(1, 0, 0)));
    scene.end();
    assert_eq!(delivered(&scene), ["100 delivered m2/0#0"]);
}

#[test]
fn those_that_were_held_back_come_when_what_they_wait_for_is_lost() {
    let slow = Config { latency_min_ms: 500, latency_max_ms: 500, ..in_order() };
    let mut scene = Scene::new(slow, Direct);
    scene.send().reconfigure(in_order()).until(10).send().until(20).send().until(300);
    assert_eq!(delivered(&scene), [""; 0]);
    assert!(scene.drop_packet(message(0, 0, 0)));
    scene.end();
    assert_eq!(delivered(&scene), ["300 delivered m1/0#0", "300 delivered m2/0#0"]);
}

#[test]
fn each_subscriber_has_an_order_of_its_own() {
    let mut scene = Scene::new(Config { subscribers: 2, ..in_order() }, PubSub);
    scene.send().send().until(50);
    assert!(scene.drop_packet(message(0, 1, 0)));
    scene.end();
    let expected = [
        "100 delivered m0/0#0",
        "100 delivered m1/0#0",
        "700 delivered m0/1#1",
        "700 delivered m1/1#0",
    ];
    assert_eq!(delivered(&scene), expected);
}
