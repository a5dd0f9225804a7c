//! Processes that are killed: the log says who, and goes on.

use protocol::{Verb, stats::Outcomes};
use serde_json::Value;
use testkit::{PATIENCE, Server, Signal, eventually, processes};

use crate::{
    Model,
    activity::{await_work, stalled_download},
    records::{Records, await_events, await_requests, of_kind, sample, scrape},
};

fn start(records: &Records) -> Server {
    Model::named("process").server().args(["--workers", "2"]).args(records.everything()).start()
}

#[test]
fn the_log_says_of_a_killed_worker_what_it_was_doing_and_that_it_is_replaced() {
    let records = Records::new();
    let server = start(&records);
    let peer = stalled_download(&server, "big.bin");
    let (worker, _) = await_work(&server, "big.bin", || {});
    processes::send_signal(worker.pid, Signal::SIGKILL);

    let client = peer.address().to_string();
    let events = await_events(&records.log(), "the worker is replaced", |events| {
        of_kind(events, "worker-started").len() == 3
    });
    let died = one(&events, "worker-died", |_| true);
    assert_eq!((&died["worker"], &died["worker_pid"]), (&worker.worker.into(), &worker.pid.into()));
    assert_eq!((&died["source"], &died["level"]), (&"supervisor".into(), &"error".into()));
    assert_eq!(died["how"], "was killed by SIGKILL");
    assert_eq!((&died["client"], &died["command"]), (&client.as_str().into(), &"GET".into()));
    assert_eq!(died["file"], "big.bin");
    assert!(died["bytes"].as_u64().unwrap() > 0 && died["replaced_in"].as_f64() > Some(0.0));

    let ours = |event: &Value| event["client"] == client.as_str();
    let request = one(&events, "request", ours);
    assert_eq!((&request["outcome"], &request["file"]), (&"aborted".into(), &"big.bin".into()));
    assert_eq!((&request["pid"], &request["bytes"]), (&worker.pid.into(), &died["bytes"]));
    let closed = one(&events, "closed", ours);
    assert_eq!((&closed["outcome"], &closed["requests"]), (&"failed".into(), &1.into()));
    assert_eq!(closed["cause"], "the worker was killed by SIGKILL");

    let started = of_kind(&events, "worker-started");
    assert_eq!(started[2]["worker"], worker.worker);
    assert_eq!(started[2]["restarts"], 1);
    let stats = server.stats();
    let replaced = &stats.worker[worker.worker as usize - 1];
    assert_eq!((replaced.restarts, stats.connections.failed), (1, 1));
    assert_eq!(stats.requests[Verb::Get], Outcomes { ok: 0, failed: 1 });
    let page = scrape(records.metrics());
    let restarts = format!("kolam_worker_restarts_total{{worker=\"{}\"}}", worker.worker);
    assert_eq!(sample(&page, &restarts), 1.0);
    assert_eq!(sample(&page, "kolam_requests_total{verb=\"get\",outcome=\"failed\"}"), 1.0);
    eventually(PATIENCE, "the database has the request", || {
        records.count("SELECT count(*) FROM request WHERE outcome = 'aborted'") == 1
    });
    let closed = "SELECT count(*) FROM connection WHERE outcome = 'failed' AND requests = 1";
    assert_eq!(records.count(closed), 1);
}

/// The only event of a kind that is one of those meant.
#[track_caller]
fn one<'a>(events: &'a [Value], kind: &str, is_meant: impl Fn(&Value) -> bool) -> &'a Value {
    let mut found = of_kind(events, kind);
    found.retain(|event| is_meant(event));
    let [one] = found[..] else { panic!("not one {kind}: {found:?}") };
    one
}

#[test]
fn a_killed_monitor_is_replaced_and_what_was_told_meanwhile_is_written() {
    const REQUESTS: usize = 200;
    let records = Records::new();
    let mut server = start(&records);
    let address = records.metrics();
    assert_eq!(server.ask("PING").outcome(), "OK");
    let monitor = server.monitor().unwrap();
    processes::send_signal(monitor, Signal::SIGKILL);
    eventually(PATIENCE, "the monitor dies", || !processes::is_running(monitor));
    let mut peer = server.connect();
    for _ in 0..REQUESTS {
        assert_eq!(peer.request("LIST").outcome(), "OK");
    }
    drop(peer);
    eventually(PATIENCE, "there is another monitor", || {
        server.monitor().is_some_and(|pid| pid != monitor)
    });
    let lists = |events: &[Value]| {
        of_kind(events, "request").iter().filter(|event| event["command"] == "LIST").count()
    };
    let what = "the new monitor writes what the dead one did not read";
    await_events(&records.log(), what, |events| lists(events) >= REQUESTS);
    let page = scrape(address);
    assert_eq!(
        sample(&page, "kolam_requests_total{verb=\"list\",outcome=\"ok\"}"),
        REQUESTS as f64
    );
    assert_eq!(server.stats().events_lost, 0);
    let stopped = server.stop();
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    let events = await_requests(&records.log(), REQUESTS);
    assert_eq!(lists(&events), REQUESTS);
    let died = of_kind(&events, "message").into_iter().find(|event| {
        event["text"]
            .as_str()
            .unwrap()
            .starts_with(&format!("the monitor (process {monitor}) was killed by SIGKILL"))
    });
    assert_eq!(died.unwrap()["level"], "error");
    assert_eq!(
        records.count("SELECT count(*) FROM request WHERE command = 'LIST'"),
        REQUESTS as u64
    );
    assert_eq!(records.count("SELECT count(*) FROM run WHERE ended IS NOT NULL"), 1);
}

#[test]
fn the_log_of_a_killed_supervisor_is_complete_and_its_monitor_ends() {
    const REQUESTS: usize = 200;
    let records = Records::new();
    let mut server = start(&records);
    let monitor = server.monitor().unwrap();
    let mut peer = server.connect();
    for _ in 0..REQUESTS {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    server.kill(Signal::SIGKILL);
    server.wait(PATIENCE);
    eventually(PATIENCE, "the monitor ends", || !processes::is_running(monitor));
    // The reply to the last came before it was told.
    let written = of_kind(&await_requests(&records.log(), REQUESTS - 1), "request").len() as u64;
    let log = std::fs::read(records.log()).unwrap();
    assert_eq!(log.last(), Some(&b'\n'));
    assert_eq!(records.count("SELECT count(*) FROM request"), written);
}
