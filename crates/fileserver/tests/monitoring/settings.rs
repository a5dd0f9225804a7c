//! Everything at once, in a server that has given up its rights.

use std::os::unix::fs::{MetadataExt, chown};

use nix::unistd::geteuid;
use testkit::{Server, ServerBuilder};

use crate::{
    Model, not_run,
    records::{Records, events, lines, of_kind, sample, scrape},
};

for_every_model!(
    a_confined_server_with_everything_on_ends_cleanly,
    a_server_that_gives_up_root_writes_its_log_as_somebody_else,
    a_log_keeps_to_its_level_beside_a_database,
);

/// Everyone's least privileged user, and its number.
const NOBODY: &str = "nobody";
const NOBODY_ID: u32 = 65534;

fn a_confined_server_with_everything_on_ends_cleanly(model: Model) {
    let records = Records::new();
    expect_all_works(model.server().args(records.everything()).start(), &records);
}

fn a_server_that_gives_up_root_writes_its_log_as_somebody_else(model: Model) {
    if !geteuid().is_root() {
        return not_run("only root can give up root");
    }
    let nobody = |records: &Records| -> ServerBuilder {
        let builder = model.server().owned_by(NOBODY_ID).args(["--user", NOBODY]);
        builder.args(records.everything())
    };
    let records = Records::new();
    chown(records.dir(), Some(NOBODY_ID), Some(NOBODY_ID)).unwrap();
    expect_all_works(nobody(&records).start(), &records);
    assert_eq!(records.log().metadata().unwrap().uid(), NOBODY_ID);

    let stopped = nobody(&Records::new()).run_to_end();
    assert_eq!(stopped.exit_code, Some(2), "{}", stopped.stderr);
    let last = stopped.stderr.lines().last().unwrap();
    assert!(last.starts_with("fileserver: --log-file ") && last.contains("denied"), "{last}");
}

#[track_caller]
fn expect_all_works(mut server: Server, records: &Records) {
    let address = records.metrics();
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.ask("GET a.txt").content(), b"hello");
    assert_eq!(server.ask("DELETE a.txt").outcome(), "OK");
    assert_eq!(sample(&scrape(address), "kolam_events_lost_total{place=\"log\"}"), 0.0);
    let stopped = server.stop();
    assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
    let events = events(&records.log());
    assert_eq!(of_kind(&events, "request").len(), 3);
    let messages = of_kind(&events, "message");
    let has = |text: &str| messages.iter().any(|it| it["text"].as_str().unwrap().contains(text));
    assert!(has("confined") && !has("not confined"), "{messages:?}");
    assert!(events.iter().all(|event| event["level"] != "error"), "{events:?}");
    let last = events.last().unwrap();
    assert!(last["text"].as_str().unwrap().starts_with("stopped after "), "{last}");
    assert_eq!(records.count("SELECT count(*) FROM request"), 3);
    assert_eq!(records.count("SELECT count(*) FROM run WHERE ended >= started"), 1);
}

fn a_log_keeps_to_its_level_beside_a_database(model: Model) {
    let records = Records::new();
    for options in [&records.text_log()[..], &records.json_log()] {
        let builder = model.server().args(["--log-level", "warn"]).args(options);
        let mut server = builder.args(records.database_option()).start();
        assert_eq!(server.ask("PING").outcome(), "OK");
        assert_eq!(server.ask("GET a.txt").outcome(), "not-found");
        assert_eq!(server.stop().exit_code, Some(0));
        let lines = lines(&records.log());
        assert!(lines.iter().any(|line| line.contains("not-found")), "{lines:?}");
        let is_info = |line: &String| line.contains(" - INFO - ") || line.contains("\"info\"");
        assert!(!lines.iter().any(is_info), "{lines:?}");
        std::fs::remove_file(records.log()).unwrap();
    }
    assert_eq!(records.count("SELECT count(*) FROM request"), 4);
}
