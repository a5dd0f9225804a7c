//! A log whose disk fills up: clients notice nothing, the operator is told, and no line is half.

use testkit::{PATIENCE, Server, content, eventually, upload_request};

use crate::{
    Model, not_run,
    records::{Records, await_events, events, of_kind},
};

for_every_model!(a_full_disk_under_the_log_costs_events_that_are_counted_and_no_transfer);

fn a_full_disk_under_the_log_costs_events_that_are_counted_and_no_transfer(model: Model) {
    let records = Records::new();
    let builder = model.server().args(["--workers", "2"]).args(records.json_log());
    let Some(builder) = builder.with_disk_at(records.dir(), "size=32k") else {
        return not_run("neither unshare -m nor unshare -Urm can mount a file system here");
    };
    let server = builder.start();
    let log = server.sees(&records.log());
    eventually(PATIENCE, "the server says that the disk is full", || {
        expect_transfers(&server);
        complaints(&server, "No space left on device").len() == 1
    });
    for _ in 0..5 {
        expect_transfers(&server);
    }
    // What comes between two tries waits for the next.
    eventually(PATIENCE, "STATS counts what is lost", || server.stats().events_lost > 1);
    // Lines are whole also where the disk ended within one.
    assert!(!events(&log).is_empty());

    server.remount_disk_at(records.dir(), "size=4m");
    await_events(&log, "the log says how many events were lost", |events| {
        of_kind(events, "events-lost").len() == 1
    });
    eventually(PATIENCE, "so does standard error", || {
        complaints(&server, "can be written again").len() == 1
    });
    expect_transfers(&server);
    let requests = server.connections_made();
    let lost = server.stats().events_lost;
    let events = await_events(&log, "the log goes on", |events| {
        let last = of_kind(events, "closed").last().map(|event| event["connection"].as_u64());
        last.flatten() >= Some(requests)
    });
    let told = of_kind(&events, "events-lost")[0];
    assert_eq!(told["count"], lost);
    assert!(told["reason"].as_str().unwrap().contains("No space left"), "{told}");
    let last = complaints(&server, "can be written again").remove(0);
    assert!(last.ends_with(&format!("; {lost} events were lost")), "{last}");
    assert_eq!(complaints(&server, "No space left on device").len(), 1);
}

/// Lines of standard error about the log.
fn complaints(server: &Server, about: &str) -> Vec<String> {
    let stderr = server.stderr();
    stderr.lines().filter(|line| line.contains(about)).map(str::to_owned).collect()
}

/// Bytes that are sent are stored, and come back.
#[track_caller]
fn expect_transfers(server: &Server) {
    let content = content(1, 10_000);
    let mut peer = server.connect();
    peer.send(upload_request("a.bin", &content));
    assert_eq!(peer.read_long_reply().outcome(), "OK");
    for _ in 0..8 {
        peer.send("GET a.bin\r\n\r\n");
        assert!(peer.read_long_reply().content() == content);
    }
}
