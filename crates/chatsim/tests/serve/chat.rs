//! Two nodes talk, and everybody sees what becomes of what they say.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{PATIENCE, Server};

use crate::{page::Page, serve};

async fn two(server: &Server) -> (Page, Page) {
    (Page::of_node(server.address(), "A").await, Page::of_node(server.address(), "B").await)
}

/// What a page sees of a message until it is settled: states of packets, and fates where they change.
async fn story(page: &mut Page, id: u64) -> Vec<String> {
    let mut story: Vec<String> = Vec::new();
    loop {
        let message = page.wait_until(|message| message["id"] == id).await;
        let word = match message["type"].as_str().unwrap() {
            "packet" => format!("{} {}", message["direction"], message["state"]),
            "message" => message["fate"].to_string(),
            other => other.to_owned(),
        };
        let word = word.replace('"', "");
        if story.last() != Some(&word) {
            story.push(word);
        }
        if message["settled"] == true {
            return story;
        }
    }
}

#[tokio::test]
async fn both_pages_see_each_step_of_a_message_in_order() {
    for runner in ["thread", "pool", "async"] {
        let server = serve(&["--runner", runner]);
        let (mut a, mut b) = two(&server).await;
        // A machine that is slow must not look like a network that is.
        a.configure(json!({"loss": 0, "ack_timeout_ms": 600_000})).await;
        let id = a.send("A", "pub_sub", 1).await[0];
        let expected =
            ["message sent", "message delivered", "ack sent", "ack acknowledged", "acknowledged"];
        for page in [&mut a, &mut b] {
            let mut story = story(page, id).await;
            // The fates on the way depend on what one frame holds.
            story.retain(|word| word.contains(' ') || word == "acknowledged");
            assert_eq!(story, expected, "{runner}");
        }
    }
}

#[tokio::test]
async fn a_message_has_a_sender_a_text_and_receivers_and_the_sender_is_none_of_them() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    let said = json!({
        "type": "send_message", "from": "A", "method": "direct", "text": "hello", "ref": 7
    });
    a.say(said).await;
    let ack = a.wait_for("sent_ack").await;
    assert_eq!(ack["ref"], 7);
    let message = b.wait_for("message").await;
    assert_eq!(message["id"], ack["ids"][0]);
    assert_eq!((&message["from"], &message["text"]), (&json!("A"), &json!("hello")));
    assert_eq!(message["receivers"].as_array().unwrap().len(), 1);
    assert_eq!(message["receivers"][0]["node"], "B");
}

#[tokio::test]
async fn a_message_that_gets_lost_is_seen_to_be_when_it_would_have_arrived() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"loss": 100, "max_retries": 1, "ack_timeout_ms": 300})).await;
    let id = a.send("A", "direct", 1).await[0];
    let sent = b.wait_for("packet").await;
    assert_eq!((&sent["state"], &sent["will_arrive"]), (&json!("sent"), &json!(false)));
    let lost = b.wait_until(|message| message["state"] == "lost").await;
    assert_eq!(lost["at_ms"], sent["until_ms"]);
    let failed = b.wait_for("delivery_failed").await;
    let is_lost = (&failed["id"], &failed["reason"], &failed["was_delivered"]);
    assert_eq!(is_lost, (&json!(id), &json!("lost"), &json!(false)));
    assert_eq!(b.wait_until(|message| message["settled"] == true).await["fate"], "lost");
    let id = a.send("A", "pub_sub", 1).await[0];
    let failed = b.wait_for("delivery_failed").await;
    assert_eq!((&failed["id"], &failed["reason"]), (&json!(id), &json!("no_ack")));
    assert_eq!(b.wait_for("dead_letter").await["id"], id);
}

#[tokio::test]
async fn what_is_delivered_and_never_acknowledged_is_told_as_that() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"loss": 0, "ack_loss": 100, "max_retries": 2, "ack_timeout_ms": 300})).await;
    let id = a.send("A", "pub_sub", 1).await[0];
    let failed = b.wait_for("delivery_failed").await;
    assert_eq!((&failed["id"], &failed["was_delivered"]), (&json!(id), &json!(true)));
    let settled = b.wait_until(|message| message["settled"] == true).await;
    assert_eq!(settled["fate"], "failed_though_delivered");
    assert_eq!((&settled["attempts"], &settled["duplicates"]), (&json!(3), &json!(2)));
    a.say(json!({"type": "get_trace", "id": id})).await;
    let trace = a.wait_for("trace").await;
    let facts = trace["facts"].as_array().unwrap();
    let count = |name: &str| facts.iter().filter(|fact| fact["fact"] == name).count();
    let counts = ["created", "delivered", "duplicate", "given_up"].map(count);
    assert_eq!((&trace["whole"], counts), (&json!(true), [1, 1, 2, 1]));
}

#[tokio::test]
async fn a_wrong_patch_names_field_and_reason_and_changes_nothing() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    for (patch, field) in [
        (json!({"loss": -1}), "loss"),
        (json!({"loss": 100.1}), "loss"),
        (json!({"loss": "10"}), "loss"),
        (json!({"loss": null}), "loss"),
        (json!({"loss": 20, "latency_max_ms": 49}), "latency_max_ms"),
        (json!({"latency_min_ms": 251}), "latency_min_ms"),
        (json!({"max_retries": 21}), "max_retries"),
        (json!({"max_retries": 1.5}), "max_retries"),
        (json!({"ack_timeout_ms": 0}), "ack_timeout_ms"),
        (json!({"window": 0}), "window"),
        (json!({"subscribers": 1001}), "subscribers"),
        (json!({"backoff": "linear"}), "backoff"),
        (json!({"burst": {"share": 2, "mean_length_ms": 5}}), "burst.share"),
        (json!({"loos": 10}), "loos"),
        (json!([]), ""),
    ] {
        a.say(json!({"type": "update_config", "rev": 0, "patch": patch})).await;
        let rejected = a.wait_for("config_rejected").await;
        assert_eq!((&rejected["rev"], &rejected["field"]), (&json!(0), &json!(field)), "{patch}");
        assert!(!rejected["reason"].as_str().unwrap().is_empty());
    }
    let before = a.connected["config"].clone();
    assert_eq!(Page::open(server.address()).await.connected["config"], before);
    // What the other page is told first is the one that was right.
    a.configure(json!({"loss": 20})).await;
    let updated = b.wait_until(|it| it["type"].as_str().unwrap().starts_with("config_")).await;
    assert_eq!((&updated["rev"], &updated["config"]["loss"]), (&json!(1), &json!(20.0)));
}

#[tokio::test]
async fn of_two_pages_that_change_the_same_revision_the_second_is_told_so() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"loss": 20})).await;
    b.say(json!({"type": "update_config", "rev": 0, "patch": {"loss": 30}})).await;
    let rejected = b.wait_for("config_rejected").await;
    assert_eq!((&rejected["rev"], &rejected["field"]), (&json!(1), &json!("rev")));
    assert_eq!(Page::open(server.address()).await.connected["config"]["loss"], 20.0);
}

/// The median, since a machine that does something else delays any one of them.
#[tokio::test]
async fn a_change_reaches_the_other_page_within_a_tenth_of_a_second() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    let mut times = Vec::new();
    for rev in 0..9 {
        let patch = json!({"loss": rev});
        let asked = Instant::now();
        a.say(json!({"type": "update_config", "rev": rev, "patch": patch})).await;
        b.wait_for("config_updated").await;
        times.push(asked.elapsed());
    }
    times.sort_unstable();
    assert!(times[4] < Duration::from_millis(100), "{times:?}");
}

#[tokio::test]
async fn while_the_clock_stands_a_packet_can_be_dropped_and_the_rest_goes_step_by_step() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"loss": 0})).await;
    a.control("step").await;
    assert_eq!(a.wait_for("error").await["code"], "not_paused");
    a.control("pause").await;
    assert_eq!(b.wait_for("clock").await["paused"], true);
    let id = a.send("A", "pub_sub", 1).await[0];
    let packet = json!({
        "type": "drop_packet", "id": id, "subscriber": 0, "attempt": 0, "direction": "message"
    });
    a.say(packet.clone()).await;
    assert_eq!(b.wait_until(|message| message["state"] == "lost").await["id"], id);
    a.say(packet).await;
    assert_eq!(a.wait_for("error").await["code"], "unknown_packet");
    a.control("step").await;
    let again = b.wait_until(|message| message["state"] == "sent").await;
    assert_eq!(again["attempt"], 1);
    a.control("step").await;
    assert_eq!(b.wait_until(|message| message["state"] == "delivered").await["attempt"], 1);
    a.control("resume").await;
    let settled = b.wait_until(|message| message["settled"] == true).await;
    assert_eq!((&settled["fate"], &settled["by_hand"]), (&json!("acknowledged"), &json!(true)));
    let metrics = b.wait_until(|message| message["by_hand"] == 1).await;
    assert_eq!(metrics["methods"]["pub_sub"]["z"]["delivered"], Value::Null);
}

#[tokio::test]
async fn nothing_gets_through_while_the_network_is_partitioned() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"loss": 0})).await;
    a.say(json!({"type": "partition", "cut": true})).await;
    assert_eq!(b.wait_for("partition").await["cut"], true);
    let id = a.send("A", "direct", 1).await[0];
    assert_eq!(b.wait_until(|message| message["settled"] == true).await["fate"], "lost");
    assert_eq!(Page::open(server.address()).await.connected["partitioned"], true);
    a.say(json!({"type": "partition", "cut": false})).await;
    b.wait_for("partition").await;
    a.send("A", "direct", 1).await;
    let is_other = |message: &Value| message["settled"] == true && message["id"] != id;
    assert_eq!(b.wait_until(is_other).await["fate"], "delivered");
}

/// Which of twenty messages are delivered.
async fn fates(page: &mut Page) -> Vec<bool> {
    let ids = page.send("A", "direct", 20).await;
    let mut settled = std::collections::BTreeMap::new();
    while settled.len() < ids.len() {
        let message = page.wait_until(|message| message["settled"] == true).await;
        settled.insert(message["id"].as_u64().unwrap(), message["fate"] == "delivered");
    }
    settled.into_values().collect()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_fates_and_another_gives_others() {
    let server = serve(&["--seed", "5"]);
    let (mut a, _b) = two(&server).await;
    a.configure(json!({"loss": 50})).await;
    let first = fates(&mut a).await;
    for (seed, is_same) in [(5, true), (6, false), (5, true)] {
        a.say(json!({"type": "control", "action": "reset", "seed": seed})).await;
        assert_eq!(a.wait_for("reset").await["seed"], seed);
        assert_eq!(fates(&mut a).await == first, is_same, "seed {seed}");
    }
    let other = serve(&["--seed", "5", "--runner", "async"]);
    let (mut a, _b) = two(&other).await;
    a.configure(json!({"loss": 50})).await;
    assert_eq!(fates(&mut a).await, first);
}

#[tokio::test]
async fn a_window_makes_messages_wait_and_all_are_sent_in_the_end() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"window": 2, "loss": 0})).await;
    let ids = a.send("A", "pub_sub", 10).await;
    let waiting = b.wait_until(|message| message["id"] == ids[9]).await;
    assert_eq!((&waiting["fate"], &waiting["sent_ms"]), (&json!("waiting"), &Value::Null));
    let is_last = |message: &Value| message["id"] == ids[9] && message["settled"] == true;
    assert_eq!(b.wait_until(is_last).await["fate"], "acknowledged");
}

#[tokio::test]
async fn twice_a_second_everybody_learns_what_was_measured_and_what_was_to_be_expected() {
    let server = serve(&[]);
    let (mut a, mut b) = two(&server).await;
    a.configure(json!({"latency_min_ms": 10, "latency_max_ms": 20, "ack_timeout_ms": 50})).await;
    let begun = Instant::now();
    let mut last = Value::Null;
    while begun.elapsed() < PATIENCE {
        a.send("A", "direct", 100).await;
        last = b.wait_for("metrics_update").await;
        assert_eq!(last["accounting"]["balanced"], true);
        let (z, total) = (&last["methods"]["direct"]["z"], &last["methods"]["direct"]["total"]);
        if !z["latency"].is_null()
            && !z["delivered"].is_null()
            && total["settled"].as_u64() >= Some(100)
        {
            break;
        }
    }
    let direct = &last["methods"]["direct"];
    assert_eq!(direct["predicted"]["delivered"], 0.9);
    assert_eq!(direct["predicted"]["latency_mean_ms"], 15.0);
    let z = direct["z"]["delivered"].as_f64().unwrap();
    assert!(z.abs() < 4.2, "{direct}");
    assert!(direct["total"]["settled"].as_u64().unwrap() >= 100, "{direct}");
    assert!(last["cost"]["lateness_p99_ms"].as_f64().unwrap() >= 0.0, "{last}");
    assert_eq!((&last["rev"], &last["pages"]), (&json!(1), &json!(2)));
    let history = Page::open(server.address()).await.connected["history"].clone();
    assert!((1..=20).contains(&history.as_array().unwrap().len()));
}

#[tokio::test]
async fn a_page_that_comes_late_or_again_gets_the_whole_picture() {
    let server = serve(&[]);
    let (mut a, b) = two(&server).await;
    a.configure(json!({"loss": 0})).await;
    let id = a.send("A", "pub_sub", 1).await[0];
    a.wait_until(|message| message["settled"] == true).await;
    drop(b);
    let is_alone = |message: &Value| message["type"] == "nodes" && message["nodes"] == json!(["A"]);
    a.wait_until(is_alone).await;
    let again = Page::of_node(server.address(), "B").await;
    let connected = &again.connected;
    assert_eq!(connected["nodes"], json!(["A"]));
    assert_eq!((&connected["rev"], &connected["config"]["loss"]), (&json!(1), &json!(0.0)));
    let message = &connected["messages"][0];
    assert_eq!((&message["id"], &message["fate"]), (&json!(id), &json!("acknowledged")));
}
