//! Starting: the listening line, or exit status 2 and a sentence that says what to change.

use std::net::TcpListener;

use testkit::ServerBuilder;

/// What the program says that does not start.
#[track_caller]
fn refusal(line: &str) -> String {
    let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_filebalancer")).without_defaults();
    let stopped = builder.args(line.split_whitespace()).run_to_end();
    assert_eq!(stopped.exit_code, Some(2), "{line}: {}", stopped.stderr);
    stopped.stderr
}

#[test]
fn wrong_arguments_are_told_in_a_sentence() {
    for (line, sentence) in [
        ("", "no server is named to forward to; say for example --backend 127.0.0.1:8080"),
        ("--backend localhost:0", "the port must be a number from 1 to 65535"),
        ("--backend a:1,weight=no", "a weight is a number from 1 to 65535"),
        ("--backend a:1,wait=1", "a backend has no \"wait\""),
        (
            "--backend x=a:1 --backend x=b:1",
            "two backends are called x; name them, as in --backend first=HOST:PORT\n",
        ),
        (
            "--backend x=a:1 --backend y=a:1",
            "backend y: a:1 is where backend x is already; a server has one name",
        ),
        ("127.0.0.1:8080", "servers are named with --backend, as in --backend 127.0.0.1:8080"),
        ("--config none.toml", "--config needs a file that has a [[backend]] with its address"),
        ("ctl --control none weight a 0", "a weight is a number from 1 to 65535"),
        (
            "--backend a:1 --backend a:1",
            "backend a:1: a:1 is where backend a:1 is already; a server has one name",
        ),
        ("--backend a:1 --policy random", "round-robin"),
        (
            "--backend a:1 --check-send PING",
            "--check-send and --check-expect are for --level connection",
        ),
        (
            "--backend a:1 --check-timeout 5",
            "--check-timeout must not be longer than --check-interval",
        ),
        ("--backend a:1 --tls-cert nothing --tls-key nothing", "cannot read --tls-cert nothing"),
        (
            "--backend a:1 --backend-tls --backend-ca nothing",
            "cannot read the certificates in nothing",
        ),
        ("--backend a:1 --backend-ca nothing", "--backend-tls"),
        ("--backend a:1 --backend-tls --level connection", "--level connection passes TLS through"),
        ("--backend a:1 --layout by-name --level connection", "--layout by-name reads the names"),
        ("--backend a:1 --host 192.0.2.1", "--host 192.0.2.1 is not an address of this machine"),
    ] {
        let said = refusal(&format!("--port 0 {line}"));
        assert!(said.contains(sentence), "{line}: {said}");
    }
}

#[test]
fn a_taken_port_is_named_and_another_way_is_shown() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = refusal(&format!("--backend a:1 --port {port}"));
    assert!(
        said.starts_with(&format!("filebalancer: port {port} on 127.0.0.1 is taken")),
        "{said}"
    );
}
