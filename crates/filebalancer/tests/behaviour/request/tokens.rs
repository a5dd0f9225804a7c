//! Backends that want to know who asks: the balancer passes on what a client says, and for that client only.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;
use testkit::{PATIENCE, Server, eventually};

use crate::{balancer, fileserver, named};

/// Two servers that know one token.
pub(super) struct Guarded {
    pub(super) servers: Vec<Server>,
    pub(super) token: String,
    _dir: TempDir,
}

impl Guarded {
    #[track_caller]
    pub(super) fn start(mode: &[&str]) -> Self {
        let dir = TempDir::with_prefix("kolam-").unwrap();
        let auth_file = dir.path().join("tokens");
        let token = new_token(&auth_file);
        let auth_file = auth_file.to_str().unwrap();
        let start = |_| {
            let builder = fileserver().args(mode);
            let server = builder.args(["--auth-file", auth_file]).start();
            server.place("secret.txt", b"hello");
            server
        };
        Self { servers: (0..2).map(start).collect(), token, _dir: dir }
    }
}

/// Makes a token as an operator would; its line goes to the file.
fn new_token(auth_file: &Path) -> String {
    let output =
        Command::new(Path::new(env!("CARGO_BIN_EXE_filebalancer")).with_file_name("fileserver"))
            .args(["token", "new", "will", "--permission", "rw", "--auth-file"])
            .arg(auth_file)
            .output()
            .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::metadata(auth_file).is_ok());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn a_client_that_has_said_who_it_is_is_known_to_every_backend_and_nobody_else_is() {
    let Guarded { servers, token, _dir } = Guarded::start(&["--mode", "async"]);
    let balancer = balancer([named("a", &servers[0]), named("b", &servers[1])]).start();
    let (mut known, mut stranger) = (balancer.connect(), balancer.connect());
    assert_eq!(known.request(&format!("AUTH {token}")).outcome(), "OK");
    for _ in 0..20 {
        assert_eq!(known.request("GET secret.txt").content(), b"hello");
        assert_eq!(known.request("LIST").outcome(), "OK");
        assert_eq!(stranger.request("GET secret.txt").outcome(), "auth-required");
    }
    let stats = balancer.stats();
    assert!(stats.backend.iter().all(|row| row.requests.ok >= 10), "{:?}", stats.backend);
    drop(known);
    // Its connections are closed with it.
    assert_eq!(stranger.request("GET secret.txt").outcome(), "auth-required");
    eventually(PATIENCE, "nobody is known any more", || {
        balancer.ask("GET secret.txt").outcome() == "auth-required"
    });
}

#[test]
fn a_wrong_token_is_refused_by_the_backend_and_ends_what_an_earlier_one_allowed() {
    let Guarded { servers, token, _dir } = Guarded::start(&["--mode", "async"]);
    let balancer = balancer([named("a", &servers[0])]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request(&format!("AUTH {token}")).outcome(), "OK");
    assert_eq!(peer.request("LIST").outcome(), "OK");
    assert_eq!(peer.request("AUTH this-is-no-token").outcome(), "auth-failed");
    assert_eq!(peer.request("LIST").outcome(), "auth-required");
    assert_eq!(peer.request(&format!("AUTH {token}")).outcome(), "OK");
    assert_eq!(peer.request("LIST").outcome(), "OK");
    let log = balancer.stderr();
    assert!(!log.contains(&token) && !log.contains("this-is-no-token"), "{log}");
}

#[test]
fn clients_that_are_known_do_not_keep_a_small_backend_from_others() {
    let Guarded { servers, token, _dir } = Guarded::start(&["--mode", "thread", "--workers", "1"]);
    let backend = format!("{},check=127.0.0.1:1", named("a", &servers[0]));
    // Its only worker would be busy whenever it is asked whether it is well.
    let checks = ["--check-interval", "3600"];
    let balancer = balancer([backend]).args(checks).start();
    let mut peers: Vec<_> = (0..5).map(|_| balancer.connect()).collect();
    for peer in &mut peers {
        assert_eq!(peer.request(&format!("AUTH {token}")).outcome(), "OK");
    }
    for _ in 0..3 {
        for peer in &mut peers {
            assert_eq!(peer.request("LIST").outcome(), "OK");
        }
    }
    assert_eq!(balancer.stats().backend[0].in_flight_max, Some(1));
}
