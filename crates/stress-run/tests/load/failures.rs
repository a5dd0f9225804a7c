//! Servers that are killed, and loads that are stopped.

use std::sync::atomic::Ordering::Relaxed;

use testkit::{PATIENCE, Signal, eventually, processes::send_signal};

use super::{
    Running, counts,
    echo_server::{self, Reaction},
    echoes, finish, number, server,
};

#[test]
fn when_the_server_is_killed_failures_are_counted_by_cause_and_the_gap_is_told() {
    let mut server = server(&["--mode", "async"]);
    let address = server.address().to_string();
    let options = "--clients 3 --message halo --rate 100 --duration 3s --json";
    let load = Running::start(&address, options);
    eventually(PATIENCE, "the load has begun", || echoes(&server) > 20);
    server.kill(Signal::SIGKILL);
    server.wait(PATIENCE);
    let finished = load.finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let summary = finished.summary();
    let (succeeded, failed) = counts(&summary["rows"][0]);
    assert!(succeeded > 0 && failed > 0, "{summary}");
    let failures = summary["failures"].as_object().unwrap();
    let counted: f64 = failures.values().map(|cause| number(cause, "count")).sum();
    assert_eq!(counted as u64, failed, "{summary}");
    assert!(number(&failures["connect"], "count") > 0.0, "{summary}");
    let gap = &summary["longest_gap"];
    let end = number(gap, "from_s") + number(gap, "seconds");
    assert!(
        (end - number(&summary, "elapsed_s")).abs() < 1e-6,
        "it lasts until the end: {summary}"
    );
    assert!(summary["accounting"]["unknown"].is_string(), "{summary}");
}

#[test]
fn a_load_that_is_interrupted_says_what_it_has_measured() {
    let server = server(&["--mode", "async"]);
    let load =
        Running::start(&server.address().to_string(), "--clients 2 --message halo --duration 60s");
    eventually(PATIENCE, "the load has begun", || echoes(&server) > 50);
    send_signal(load.pid(), Signal::SIGINT);
    let finished = load.finish();
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    for said in [
        "Interrupted. No request was under way.",
        "The clients and the target count the same: echo ",
        "Response time",
    ] {
        assert!(finished.stdout.contains(said), "{said}: {}", finished.stdout);
    }
}

#[test]
fn a_load_that_is_interrupted_does_not_wait_for_a_server_that_says_nothing() {
    let (address, echoes) = echo_server::start(|_| Reaction::Never);
    let load = Running::start(&address, "--clients 2 --message halo --timeout 100");
    eventually(PATIENCE, "both clients wait", || echoes.load(Relaxed) == 2);
    send_signal(load.pid(), Signal::SIGINT);
    let finished = load.finish();
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    let said = "2 requests were under way and not waited for.";
    assert!(finished.stdout.contains(said), "{}", finished.stdout);
}

#[test]
fn what_cannot_begin_is_refused_and_stores_nothing() {
    let server = server(&["--mode", "async", "--read-only"]);
    let address = server.address().to_string();
    for (address, options, why) in [
        ("127.0.0.1:1", "--clients 1 --message halo", "cannot connect to 127.0.0.1:1"),
        (&address, "--clients 1 --mix get", "cannot store the files to download"),
        (&address, "--clients 1 --mix get --message halo", "which --mix leaves out"),
        (&address, "--clients 1 --message halo --gate p98_ms<1", "there is no column \"p98_ms\""),
        (&address, "--clients 1 --message halo --gate row=get:p99_ms<1", "no row is selected"),
    ] {
        let finished = finish(address, options);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{options}");
        assert!(finished.stderr.contains(why), "{options}: {}", finished.stderr);
    }
}
