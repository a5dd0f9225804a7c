//! Pages that mean no good. Each is bounded, each is told what it did, and others go on.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use socket2::SockRef;
use testkit::{PATIENCE, Server};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::{page::Page, serve};

/// Somebody else still gets a message through.
async fn expect_undisturbed(friend: &mut Page) {
    let ids = friend.send("A", "pub_sub", 1).await;
    friend
        .wait_until(|it| it["type"] == "message" && ids.contains(&it["id"].as_u64().unwrap()))
        .await;
    let metrics = friend.wait_for("metrics_update").await;
    assert_eq!(metrics["accounting"]["balanced"], true);
}

async fn with_friend() -> (Server, Page) {
    let server = serve(&[]);
    let friend = Page::of_node(server.address(), "A").await;
    (server, friend)
}

#[tokio::test]
async fn a_message_of_ten_megabytes_is_refused_before_it_is_read() {
    let (server, mut friend) = with_friend().await;
    let before = server.footprint();
    for _ in 0..10 {
        let mut page = Page::open(server.address()).await;
        // The server does not read it, so it may never be sent whole.
        let huge = Message::text("x".repeat(10_000_000));
        let sending = page.say_raw(huge);
        let _ = tokio::time::timeout(Duration::from_millis(300), sending).await;
        drop(page);
    }
    let mut page = Page::open(server.address()).await;
    page.say_raw(Message::text("x".repeat(20_000))).await.unwrap();
    assert_eq!(page.wait_for("error").await["code"], "too_large");
    assert_eq!(page.closed().await, Some(1009));
    drop(page);
    expect_undisturbed(&mut friend).await;
    server.expect_back_at(&before, 8 * 1024);
}

#[tokio::test]
async fn a_flood_of_messages_is_answered_once_and_then_closed() {
    let (server, mut friend) = with_friend().await;
    let mut page = Page::open(server.address()).await;
    let frame = json!({"v": 1, "message": {"type": "get_trace", "id": 0}}).to_string();
    let is_too_fast = |message: &Value| message["code"] == "too_fast";
    // As many as the server forgives, so that nothing can close the connection before this is read.
    let mut is_told = false;
    while !is_told {
        for _ in 0..200 {
            page.say_raw(Message::text(frame.clone())).await.unwrap();
        }
        let mut answers = 0;
        while !is_told && answers < 200 {
            let answer = page.wait_for("error").await;
            is_told = is_too_fast(&answer);
            answers += 1;
        }
    }
    for _ in 0..10_000 {
        if page.say_raw(Message::text(frame.clone())).await.is_err() {
            break;
        }
    }
    // A connection that is closed with unread bytes may be reset, and then the reason is lost.
    assert!(matches!(page.closed().await, Some(1008) | None));
    let again = page.take_unread().iter().filter(|message| is_too_fast(message)).count();
    assert!(again < 50, "told {again} times more");
    expect_undisturbed(&mut friend).await;
}

#[tokio::test]
async fn nonsense_is_named_and_another_version_ends_the_conversation() {
    let (server, mut friend) = with_friend().await;
    let mut page = Page::open(server.address()).await;
    let nested = "[".repeat(4000);
    for text in [
        "",
        "null",
        "{",
        "\u{0}",
        &nested,
        r#"{"v":1}"#,
        r#"{"v":"1","message":{}}"#,
        r#"{"v":1,"message":{"type":"register"}}"#,
        r#"{"v":1,"message":{"type":"register","node":"A"},"more":1}"#,
        r#"{"v":1,"message":{"type":"send_message","from":"A","method":"smoke","text":"x"}}"#,
        r#"{"v":1,"message":{"type":"control","action":"speed","speed":1e999}}"#,
        r#"{"v":1,"message":{"type":"drop_packet","id":-1,"subscriber":0,"attempt":0,"direction":"ack"}}"#,
    ] {
        page.say_raw(Message::text(text)).await.unwrap();
        assert_eq!(page.wait_for("error").await["code"], "malformed", "{text}");
    }
    page.say_raw(Message::text(r#"{"v":2,"message":{"kind":"unheard of"}}"#)).await.unwrap();
    assert_eq!(page.wait_for("error").await["code"], "version");
    assert_eq!(page.closed().await, Some(1008));
    let mut page = Page::open(server.address()).await;
    page.say_raw(Message::binary(vec![0, 255])).await.unwrap();
    assert_eq!(page.wait_for("error").await["code"], "malformed");
    assert_eq!(page.closed().await, Some(1008));
    let mut page = Page::open(server.address()).await;
    let no_text = Frame::message(vec![0xff], OpCode::Data(Data::Text), true);
    page.say_raw(Message::Frame(no_text)).await.unwrap();
    assert_eq!(page.closed().await, Some(1002));
    expect_undisturbed(&mut friend).await;
}

#[tokio::test]
async fn five_thousand_sockets_are_bounded_and_leave_nothing_behind() {
    let (server, mut friend) = with_friend().await;
    let cold = server.footprint();
    let mut turned_away = crowd(&server, &mut friend).await;
    // What an allocator keeps for the next crowd it has kept now.
    server.expect_back_at(&cold, 32 * 1024);
    let before = server.footprint();
    for _ in 1..10 {
        turned_away += crowd(&server, &mut friend).await;
    }
    assert!(turned_away > 0, "some are told that there are too many");
    server.expect_back_at(&before, 8 * 1024);
    Page::open(server.address()).await;
}

/// Five hundred sockets that say nothing, all at once. Returns how many of them were turned away.
async fn crowd(server: &Server, friend: &mut Page) -> usize {
    let before = server.footprint().descriptors;
    let sockets: Vec<TcpStream> =
        (0..500).filter_map(|_| TcpStream::connect(server.address()).ok()).collect();
    expect_undisturbed(friend).await;
    let held = server.footprint().descriptors;
    assert!(held < before + 400, "{before} {held}");
    sockets.into_iter().filter(is_turned_away).count()
}

/// Whether a connection was answered that it is one too many, or closed.
fn is_turned_away(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut answer = [0; 64];
    match stream.read(&mut answer) {
        Ok(len) => len > 0 && answer.starts_with(b"HTTP/1.1 429"),
        Err(err) => err.kind() != ErrorKind::WouldBlock,
    }
}

#[tokio::test]
async fn heads_that_never_end_are_cut_off() {
    let (server, mut friend) = with_friend().await;
    let before = server.footprint();
    let streams: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").unwrap();
            stream
        })
        .collect();
    for mut stream in streams {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = Vec::new();
        // Closed, with an answer or without.
        let ended = stream.read_to_end(&mut answer);
        assert!(ended.is_ok_and(|len| len < 1000), "cut off within {PATIENCE:?}");
    }
    expect_undisturbed(&mut friend).await;
    server.expect_back_at(&before, 8 * 1024);
}

/// The messages would all be sent at once, to a thousand each.
#[tokio::test]
async fn what_waits_cannot_be_made_more_than_the_world_can_bear() {
    let (server, mut friend) = with_friend().await;
    let mut page = Page::of_node(server.address(), "B").await;
    page.configure(json!({"window": 1, "latency_min_ms": 60_000, "latency_max_ms": 60_000})).await;
    for _ in 0..15 {
        page.send("B", "pub_sub", 100).await;
    }
    let patch = json!({"window": null, "subscribers": 1000});
    page.say(json!({"type": "update_config", "rev": 1, "patch": patch})).await;
    assert_eq!(page.wait_for("config_rejected").await["field"], "subscribers");
    page.configure(json!({"window": null})).await;
    expect_undisturbed(&mut friend).await;
}

/// Somebody else is answered soon, though a machine that tests much is slow.
async fn expect_undisturbed_by_work(friend: &mut Page) {
    let asked = Instant::now();
    friend.say(json!({"type": "register", "node": "C"})).await;
    friend.wait_for("registered").await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn whoever_asks_for_much_work_holds_up_nobody() {
    let (server, mut friend) = with_friend().await;
    let mut page = Page::of_node(server.address(), "B").await;
    page.configure(json!({
        "subscribers": 1000, "max_retries": 20, "loss": 50, "ack_timeout_ms": 100,
        "burst": null, "backoff": "exponential"
    }))
    .await;
    page.say(json!({
        "type": "send_message", "from": "B", "method": "pub_sub", "text": "x", "count": 100
    }))
    .await;
    assert_eq!(page.wait_for("error").await["code"], "busy");
    page.send("B", "pub_sub", 2).await;
    expect_undisturbed_by_work(&mut friend).await;
    for seed in 0..5 {
        page.say(json!({"type": "control", "action": "reset", "seed": seed})).await;
        page.wait_for("reset").await;
    }
    page.wait_until(|message| message["in_flight"] == 0).await;
}

/// Downloads that are written at once.
const DOWNLOADS_MAX: usize = 16;

#[tokio::test]
async fn downloads_that_nobody_reads_have_so_many_places_and_give_them_back() {
    let (server, mut friend) = with_friend().await;
    friend.configure(json!({"subscribers": 1000, "loss": 0, "latency_max_ms": 50})).await;
    for _ in 0..5 {
        let ids = friend.send("A", "direct", 2).await;
        friend.wait_until(|it| it["id"] == ids[1] && it["settled"] == true).await;
    }
    let ask = || {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        SockRef::from(&stream).set_recv_buffer_size(8 * 1024).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "GET /export.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let mut first = [0; 1];
    let unread: Vec<TcpStream> = (0..DOWNLOADS_MAX)
        .map(|_| {
            let mut stream = ask();
            stream.read_exact(&mut first).unwrap();
            stream
        })
        .collect();
    let mut waiting = ask();
    waiting.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(waiting.read_exact(&mut first).unwrap_err().kind(), ErrorKind::WouldBlock);
    expect_undisturbed(&mut friend).await;
    drop(unread);
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    let rows: Vec<Value> = serde_json::from_str(body).unwrap();
    assert_eq!(rows.len(), 10_000);
}
