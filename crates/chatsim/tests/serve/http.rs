//! What is served besides the WebSocket, and to whom.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
};

use serde_json::{Value, json};
use testkit::PATIENCE;

use crate::{
    page::{Page, status_for},
    serve,
};

/// Status, head and body of an answer.
pub(crate) fn get(address: SocketAddr, path: &str, host: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn the_page_is_all_there_and_asks_nobody_else() {
    let server = serve(&[]);
    let address = server.address();
    let host = address.to_string();
    for (path, kind) in [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/main.js", "text/javascript"),
        ("/en.json", "application/json"),
        ("/id.json", "application/json"),
    ] {
        let (status, head, body) = get(address, path, &host);
        assert_eq!(status, 200, "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}")), "{path}: {head}");
        assert!(head.contains("content-security-policy: default-src 'self'"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
        for elsewhere in ["src=\"http", "href=\"http", "src=\"//", "import \"http", "url(http"] {
            assert!(!body.contains(elsewhere), "{path} names {elsewhere}");
        }
    }
    assert_eq!(get(address, "/secret", &host).0, 404);
    assert_eq!(get(address, "/../Cargo.toml", &host).0, 404);
}

#[test]
fn who_asks_for_another_host_gets_nothing() {
    let server = serve(&["--allow-host", "lab.example"]);
    let address = server.address();
    let port = address.port();
    for host in
        [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("lab.example:{port}")]
    {
        assert_eq!(get(address, "/", &host).0, 200, "{host}");
    }
    for path in ["/", "/export.json", "/ws"] {
        let (status, _, body) = get(address, path, "evil.example");
        assert_eq!(status, 403, "{path}");
        assert!(body.contains("--allow-host"), "{body}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_socket() {
    let server = serve(&[]);
    let address = server.address();
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(status_for(address, "origin", origin).await, Err(403), "{origin}");
    }
    assert_eq!(status_for(address, "origin", &format!("http://{address}")).await, Ok(()));
    assert_eq!(status_for(address, "host", "evil.example").await, Err(403));
}

/// Whatever was done to its sender, and however late its timers were.
#[tokio::test]
async fn a_trace_that_the_page_exports_is_the_same_once_more_when_it_is_replayed() {
    for runner in ["thread", "pool", "async"] {
        let server = serve(&["--runner", runner, "--seed", "9"]);
        let mut page = Page::of_node(server.address(), "A").await;
        page.configure(json!({"loss": 40, "subscribers": 2, "window": 7})).await;
        let id = page.send("A", "pub_sub", 20).await[0];
        page.control("pause").await;
        for direction in ["message", "ack"] {
            page.say(json!({
                "type": "drop_packet", "id": id, "subscriber": 0, "attempt": 0, "direction": direction
            }))
            .await;
        }
        page.control("step").await;
        page.say(json!({"type": "partition", "cut": true})).await;
        page.control("resume").await;
        page.configure(json!({"loss": 5, "window": null, "backoff": "exponential"})).await;
        page.say(json!({"type": "partition", "cut": false})).await;
        page.send("A", "pub_sub", 3).await;
        page.wait_until(|message| message["in_flight"] == 0).await;

        let host = server.address().to_string();
        let (status, head, trace) = get(server.address(), &format!("/traces/{id}"), &host);
        assert!(status == 200 && head.contains(&format!("chatsim-{id}.jsonl")), "{head}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        std::fs::write(&path, trace).unwrap();
        let replay = Command::new(env!("CARGO_BIN_EXE_chatsim")).arg("replay").arg(&path).output();
        let replay = replay.unwrap();
        let told = String::from_utf8_lossy(&replay.stdout);
        assert!(replay.status.success(), "{runner}: {told}");
        assert!(told.contains("Message 22") && told.contains("sent, attempt 2"), "{told}");
        assert_eq!(get(server.address(), "/traces/12345", &host).0, 404);
    }
}

#[tokio::test]
async fn what_was_settled_can_be_downloaded() {
    let server = serve(&[]);
    let mut page = Page::of_node(server.address(), "A").await;
    page.configure(json!({"loss": 0, "ack_timeout_ms": 60_000})).await;
    let id = page.send("A", "pub_sub", 1).await[0];
    page.wait_until(|message| message["settled"] == true).await;
    let host = server.address().to_string();
    let (status, head, body) = get(server.address(), "/export.json", &host);
    assert!(status == 200 && head.contains("attachment"), "{head}");
    let records: Value = serde_json::from_str(&body).unwrap();
    let record = &records[0];
    assert_eq!((&record["id"], &record["attempts"]), (&json!(id), &json!(1)));
    let (_, head, body) = get(server.address(), "/export.csv", &host);
    assert!(head.contains("text/csv"), "{head}");
    let lines: Vec<_> = body.lines().filter(|line| line.contains(',')).collect();
    assert!(lines[0].starts_with("id,run,from,method,subscriber,created_ms"), "{body}");
    assert!(lines[1].starts_with(&format!("{id},,A,pub_sub,0,")), "{body}");
}
