//! Who may do what, where the server asks for tokens.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use testkit::{PATIENCE, Peer, Server, eventually};

use crate::{Model, stop_cleanly};

for_every_model_and_store!(
    without_a_token_no_name_and_no_byte_leaves_and_nothing_is_stored,
    a_token_for_reading_reads_and_no_more,
    a_wrong_token_costs_time_and_is_logged,
    a_stranger_does_not_hold_a_worker,
);

/// Makes a token as an operator would; its line goes to the file.
fn new_token(auth_file: &Path, name: &str, permission: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["token", "new", name, "--permission", permission, "--auth-file"])
        .arg(auth_file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A server that knows two tokens, and serves `secret.txt`.
pub(crate) struct Guarded {
    pub(crate) server: Server,
    reader: String,
    writer: String,
    other_writer: String,
}

impl Guarded {
    /// A token for reading.
    pub(crate) fn reader(&self) -> &str {
        &self.reader
    }

    /// A connection of whoever may store.
    pub(crate) fn connect_writer(&self) -> Peer {
        self.connect_with(&self.writer)
    }

    /// A connection of somebody else who may store.
    pub(crate) fn connect_other_writer(&self) -> Peer {
        self.connect_with(&self.other_writer)
    }

    fn connect_with(&self, token: &str) -> Peer {
        let mut peer = self.server.connect();
        assert_eq!(peer.request(&format!("AUTH {token}")).outcome(), "OK");
        peer
    }
}

pub(crate) fn start(model: Model, args: &[&str]) -> Guarded {
    let builder = model.server().args(args);
    // No request can say the name of a file that starts with a dot.
    let auth_file = builder.dir().join(".tokens");
    let reader = new_token(&auth_file, "rita", "r");
    let writer = new_token(&auth_file, "will", "rw");
    let other_writer = new_token(&auth_file, "wilma", "rw");
    let server = builder.args(["--auth-file", ".tokens"]).start();
    server.place("secret.txt", b"hello");
    Guarded { server, reader, writer, other_writer }
}

fn without_a_token_no_name_and_no_byte_leaves_and_nothing_is_stored(model: Model) {
    let Guarded { server, writer, .. } = start(model, &[]);
    for request in [
        "LIST",
        "GET secret.txt",
        "DIGEST secret.txt",
        "STATS",
        "ECHO halo",
        "DELETE secret.txt",
        "UPLOAD secret.txt Zm9v",
        "UPLOAD other.txt \"Zm9v\"",
        "get secret.txt",
    ] {
        let mut stranger = server.connect();
        assert_eq!(stranger.request("PING").outcome(), "OK");
        let reply = stranger.request(request);
        assert_eq!(reply.outcome(), "auth-required", "{request}");
        assert!(!reply.text().contains("secret") && !reply.text().contains("aGVsbG8"));
        // Before the reply to AUTH nothing is granted, however close the next request follows.
        stranger.send(format!("AUTH kolam_wrong\r\n{request}\r\nAUTH {writer}\r\n\r\n"));
        assert_eq!(stranger.read_reply().outcome(), "auth-failed");
        assert_eq!(stranger.read_reply().outcome(), "auth-required", "{request}");
        assert_eq!(stranger.read_reply().outcome(), "OK");
    }
    assert_eq!(server.stored("secret.txt").unwrap(), b"hello");
    assert_eq!(server.stored("other.txt"), None);
    stop_cleanly(server);
}

fn a_token_for_reading_reads_and_no_more(model: Model) {
    let Guarded { server, reader, writer, .. } = start(model, &[]);
    let mut peer = server.connect();
    let welcome = peer.request(&format!("AUTH {reader}"));
    assert_eq!(welcome.outcome(), "OK");
    assert!(welcome.text().contains("rita"), "{}", welcome.text());
    assert_eq!(peer.request("GET secret.txt").content(), b"hello");
    assert_eq!(peer.request("LIST").text(), r#"{"status":"OK","data":["secret.txt"]}"#);
    assert_eq!(peer.request("ECHO halo")["data"], "halo");
    assert_eq!(peer.request("DELETE secret.txt").outcome(), "forbidden");
    assert_eq!(peer.request("UPLOAD secret.txt Zm9v").outcome(), "forbidden");
    assert_eq!(peer.request("UPLOAD secret.txt \"Zm9v\"").outcome(), "forbidden");
    assert_eq!(server.stored("secret.txt").unwrap(), b"hello");
    assert_eq!(peer.request(&format!("AUTH {writer}")).outcome(), "OK");
    assert_eq!(peer.request("UPLOAD secret.txt Zm9v").outcome(), "OK");
    assert_eq!(peer.request("DELETE secret.txt").outcome(), "OK");
    // Another connection has to say it again.
    assert_eq!(server.ask("LIST").outcome(), "auth-required");
    drop(peer);
    stop_cleanly(server);
}

fn a_wrong_token_costs_time_and_is_logged(model: Model) {
    let Guarded { server, writer, .. } = start(model, &[]);
    let mut peer = server.connect();
    let start = Instant::now();
    let mut wrong = writer.clone();
    wrong.replace_range(wrong.len() - 1.., if writer.ends_with('0') { "1" } else { "0" });
    assert_eq!(peer.request(&format!("AUTH {wrong}")).outcome(), "auth-failed");
    assert!(start.elapsed() >= Duration::from_secs(1), "after {:?}", start.elapsed());
    eventually(PATIENCE, "the log tells of it", || {
        server.stderr().contains("127.0.0.1") && server.stderr().contains("auth-failed")
    });
    assert!(!server.stderr().contains(&wrong), "the log shows what was guessed");
    assert_eq!(peer.request(&format!("AUTH {writer}")).outcome(), "OK");
    assert!(!server.stderr().contains(&writer), "the log shows a token");
    drop(peer);
    stop_cleanly(server);
}

fn a_stranger_does_not_hold_a_worker(model: Model) {
    let Guarded { server, reader, .. } = start(model, &["--workers", "1", "--head-timeout", "1"]);
    let mut silent = server.connect();
    let mut waiting = server.connect();
    waiting.send(format!("AUTH {reader}\r\nLIST\r\n\r\n"));
    assert_eq!(silent.read_reply().outcome(), "timeout");
    silent.expect_closed();
    assert_eq!(waiting.read_reply().outcome(), "OK");
    assert_eq!(waiting.read_reply().outcome(), "OK");
    let mut talkative = server.connect();
    drop(waiting);
    for _ in 0..10 {
        assert_eq!(talkative.request("PING").outcome(), "OK");
    }
    assert_eq!(talkative.request("LIST").outcome(), "too-many-requests");
    talkative.expect_closed();
}

#[test]
fn the_file_of_tokens_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let auth_file = dir.path().join("tokens");
    let token = new_token(&auth_file, "a", "rw");
    let text = fs::read_to_string(&auth_file).unwrap();
    assert!(text.starts_with("a:rw:") && !text.contains(&token), "{text}");
    assert_eq!(fs::metadata(&auth_file).unwrap().permissions().mode() & 0o777, 0o600);
}
