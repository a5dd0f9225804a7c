//! What is too much, too slow or too late.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::PATIENCE;

use crate::{
    http::get,
    page::{Page, status_for},
    serve,
};

/// Places for pages.
const PAGES_MAX: usize = 256;

#[tokio::test]
async fn two_hundred_pages_see_a_change_and_one_beyond_the_limit_is_refused() {
    let server = serve(&["--max-per-address", "256"]);
    let address = server.address();
    let mut pages = Vec::new();
    for _ in 0..PAGES_MAX {
        pages.push(Page::open(address).await);
    }
    assert_eq!(status_for(address, "x-nothing", "").await, Err(503));
    pages[0].configure(json!({"loss": 20})).await;
    for page in &mut pages[1..] {
        assert_eq!(page.wait_for("config_updated").await["config"]["loss"], 20.0);
    }
    pages.truncate(PAGES_MAX - 1);
    let begun = Instant::now();
    while status_for(address, "x-nothing", "").await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "the place of a page that has left is free again");
    }
}

#[tokio::test]
async fn an_address_with_too_many_pages_is_told_so_and_others_come_in() {
    let server = serve(&["--max-per-address", "2"]);
    let address = server.address();
    let mut pages = vec![Page::open(address).await, Page::open(address).await];
    let host = address.to_string();
    let (status, head, sentence) = get(address, "/ws", &host);
    assert!(status == 429 && head.contains("retry-after"), "{head}");
    let is_said = ["takes 2 from one address", "--max-per-address"];
    assert!(is_said.iter().all(|part| sentence.contains(part)), "{sentence}");
    assert_eq!(status_for(address, "x-nothing", "").await, Err(429));
    Page::open_from([127, 0, 0, 2], address).await;
    pages.pop();
    let begun = Instant::now();
    while status_for(address, "x-nothing", "").await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "the place of a page that has left is free again");
    }
}

/// More frames than are kept for a page that is behind, and than the systems keep of a connection.
const NOISE: usize = 200;
/// Of these the systems keep some thirty.
const LARGE: usize = 4 * 1024;

/// Makes noise for that many large frames. The gaps between two frames, the longest last.
async fn gaps(noisy: &mut Page) -> Vec<Duration> {
    let (mut gaps, mut heard, mut large) = (Vec::new(), Instant::now(), 0);
    let mut next = heard;
    while large < NOISE {
        if next <= Instant::now() {
            next = Instant::now() + Duration::from_millis(50);
            noisy.say(json!({
                "type": "send_message", "from": "A", "method": "direct", "text": "x", "count": 100
            }))
            .await;
        }
        let frames = noisy.frames;
        noisy.wait_until(|_| true).await;
        noisy.take_unread();
        if noisy.frames > frames {
            large += usize::from(noisy.last_len >= LARGE);
            gaps.push(heard.elapsed());
            heard = Instant::now();
        }
    }
    gaps.sort_unstable();
    gaps
}

/// The slowest twentieth is left out: a machine that tests much else at the same time may stand still for that,
/// with a page that stalls or without.
fn usual(gaps: &[Duration]) -> Duration {
    gaps[gaps.len() * 19 / 20]
}

#[tokio::test]
async fn a_page_that_stops_reading_is_told_that_it_lagged_and_nobody_else_waits() {
    let server = serve(&[]);
    let mut noisy = Page::of_node(server.address(), "A").await;
    noisy.configure(json!({"latency_min_ms": 0, "latency_max_ms": 500, "loss": 0})).await;
    let before = gaps(&mut noisy).await;
    let mut stalled = Page::open_narrow(server.address()).await;
    let meanwhile = gaps(&mut noisy).await;
    let limit = Duration::from_millis(100).max(2 * usual(&before));
    let told = [&before, &meanwhile].map(|gaps| (usual(gaps), gaps.last()));
    assert!(usual(&meanwhile) < limit, "usual and longest, without it and with it: {told:?}");
    eprintln!("gaps, usual and longest, without a page that stalls and with it: {told:?}");
    let lagged = stalled.wait_for("lagged").await;
    assert!(lagged["missed"].as_u64().unwrap() > 0);
    let connected = stalled.next().await;
    assert_eq!(connected["type"], "connected");
    assert_eq!(connected["rev"], 1);
}

#[tokio::test]
async fn a_page_that_is_silent_is_closed_and_one_that_answers_pings_is_not() {
    let server = serve(&["--idle-timeout", "2s"]);
    let mut awake = Page::open(server.address()).await;
    let mut silent = Page::of_node(server.address(), "B").await;
    awake.wait_until(|message| message["nodes"] == json!(["B"])).await;
    // Only who reads answers pings.
    awake.wait_until(|message| message["nodes"] == json!([])).await;
    assert_eq!(silent.closed().await, Some(4000));
    let alone = awake.wait_until(|message| message["pages"] == 1).await;
    assert_eq!(alone["accounting"]["balanced"], true);
}

#[tokio::test]
async fn pages_are_told_when_the_server_stops() {
    let mut server = serve(&[]);
    let mut page = Page::of_node(server.address(), "A").await;
    page.send("A", "pub_sub", 100).await;
    server.kill(testkit::Signal::SIGTERM);
    assert_eq!(page.closed().await, Some(1001));
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert!(!stopped.stderr.contains("panicked"), "{}", stopped.stderr);
}

#[tokio::test]
async fn what_is_too_much_for_the_world_is_named_and_refused() {
    let server = serve(&[]);
    let mut page = Page::of_node(server.address(), "A").await;
    page.control("pause").await;
    let send = |text: &str, count: u32, from: &str| json!({"type": "send_message", "from": from, "method": "direct", "text": text, "count": count});
    let long = "é".repeat(501);
    for (message, code) in [
        (send("", 1, "A"), "bad_text"),
        (send(&long, 1, "A"), "bad_text"),
        (send("x", 0, "A"), "bad_count"),
        (send("x", 101, "A"), "bad_count"),
        (send("x", 1, "B"), "unknown_node"),
        (json!({"type": "register", "node": "no name"}), "bad_name"),
        (json!({"type": "leave", "node": "B"}), "unknown_node"),
        (json!({"type": "control", "action": "speed", "speed": 0.09}), "bad_speed"),
        (json!({"type": "control", "action": "speed", "speed": 10.1}), "bad_speed"),
        (json!({"type": "control", "action": "reset", "seed": 1_u64 << 53}), "bad_seed"),
        (json!({"type": "run_experiment", "experiment": 6}), "unknown_experiment"),
        (json!({"type": "get_trace", "id": 12345}), "unknown_message"),
    ] {
        page.say(message.clone()).await;
        assert_eq!(page.wait_for("error").await["code"], code, "{message}");
    }
    page.configure(json!({"loss": 0})).await;
    for _ in 0..20 {
        assert_eq!(page.send("A", "direct", 100).await.len(), 100);
    }
    page.say(send("x", 1, "A")).await;
    assert_eq!(page.wait_for("error").await["code"], "busy");
    page.control("resume").await;
    page.wait_until(|message| message["in_flight"] == 0).await;
    assert_eq!(page.send("A", "direct", 1).await.len(), 1);
    let hidden = |message: &Value| message["hidden_packets"].as_u64().is_some_and(|it| it == 0);
    page.wait_until(hidden).await;
}
