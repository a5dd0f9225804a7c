//! Logs, databases and addresses that are of no use are refused at the start, by the option's name.

use std::{fs, net::TcpListener};

use crate::{Model, records::Records};

for_every_model!(
    what_cannot_be_written_or_listened_on_is_refused_at_the_start,
    what_clients_could_read_is_no_place_for_a_log,
);

fn what_cannot_be_written_or_listened_on_is_refused_at_the_start(model: Model) {
    let records = Records::new();
    let path = |name: &str| records.dir().join(name).to_str().unwrap().to_owned();
    fs::write(path("text"), "this is no database, however long it may be\n".repeat(50)).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for (option, value) in [
        ("--log-file", path("no/such/dir/log")),
        ("--log-file", path("")),
        ("--log-db", path("no/such/dir/events.sqlite")),
        ("--log-db", path("")),
        ("--log-db", path("text")),
        ("--metrics", taken.local_addr().unwrap().to_string()),
    ] {
        let stopped = model.server().args([option, &value]).run_to_end();
        assert_eq!(stopped.exit_code, Some(2), "{option} {value}: {}", stopped.stderr);
        let last = stopped.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("fileserver: ") && last.contains(option), "{last}");
        assert!(last.contains(value.trim_end_matches('/')), "{last}");
    }
    let text = fs::read_to_string(path("text")).unwrap();
    assert!(text.starts_with("this is no database"), "a file of others was changed");
}

fn what_clients_could_read_is_no_place_for_a_log(model: Model) {
    for option in ["--log-file", "--log-db"] {
        let builder = model.server();
        let dir = builder.dir().to_owned();
        let path = dir.join("events").to_str().unwrap().to_owned();
        for value in ["events", &path] {
            let builder = model.server().without_defaults().args(["--port", "0"]);
            let builder = builder
                .args(["--dir", if value == "events" { "." } else { dir.to_str().unwrap() }]);
            let stopped = builder.args([option, value]).run_to_end();
            assert_eq!(stopped.exit_code, Some(2), "{option} {value}: {}", stopped.stderr);
            let last = stopped.stderr.lines().last().unwrap_or_default();
            assert!(last.contains(option) && last.contains("served directory"), "{last}");
        }
        assert!(!fs::exists(path).unwrap(), "it was made all the same");
    }
}
