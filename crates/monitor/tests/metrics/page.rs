//! What the page says.

use std::{collections::BTreeSet, sync::atomic::Ordering::Relaxed, time::Duration};

use monitor::metrics::{Family, PageFormat, Samples, Unit, render, render_own};
use protocol::{ByVerb, Stats, Verb, stats::Share};
use telemetry::{Mode, histogram::Histogram};

use crate::fixture::{
    WORKERS, board, broken_upload, busy_page, find, names, stats, sum, transfer, value,
};

#[test]
fn requests_and_bytes_on_the_page_are_those_of_stats() {
    let board = board();
    for slot in 0..WORKERS {
        transfer(&board, slot, Verb::Get, 100, 1);
        transfer(&board, slot, Verb::Ping, 0, 1);
        transfer(&board, slot, Verb::List, 0, 1);
    }
    broken_upload(&board, 2, 50);
    let stats = stats(&board, Mode::Thread);
    let page = render(&stats, &board, vec![]);
    let of = |name: &str, verb: &str, outcome: &str| {
        value(&page, &format!("kolam_{name}_total{{verb=\"{verb}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(of("requests", "get", "ok"), 3.0);
    assert_eq!(of("requests", "other", "ok"), 3.0);
    assert_eq!(of("requests", "upload", "failed"), 1.0);
    assert_eq!(of("requests", "delete", "ok"), 0.0);
    assert_eq!(of("request_bytes", "get", "ok"), 300.0);
    assert_eq!(of("request_bytes", "upload", "failed"), 50.0);
    assert_eq!(sum(&page, "kolam_requests_total"), 10.0);
    assert_eq!(sum(&page, "kolam_worker_requests_total"), 10.0);
    assert_eq!(value(&page, "kolam_content_sent_bytes_total"), stats.bytes_out as f64);
    assert_eq!(value(&page, "kolam_content_received_bytes_total"), stats.bytes_in as f64);
    for name in ["request_duration", "request_first_byte"] {
        for (verb, ()) in ByVerb::default().into_entries() {
            let count = value(&page, &format!("kolam_{name}_seconds_count{{verb=\"{verb}\"}}"));
            let finished = of("requests", &verb, "ok") + of("requests", &verb, "failed");
            // The broken upload had no first byte.
            let without = f64::from(name == "request_first_byte" && verb == "upload");
            assert_eq!(count, finished - without, "{name} {verb}");
        }
    }
}

#[test]
fn connections_are_counted_by_what_became_of_them() {
    let board = board();
    transfer(&board, 0, Verb::Get, 1, 1);
    broken_upload(&board, 0, 1);
    board.turn_away();
    let page = render(&stats(&board, Mode::Async), &board, vec![]);
    assert_eq!(value(&page, "kolam_connections_accepted_total"), 2.0);
    assert_eq!(value(&page, "kolam_connections_turned_away_total"), 1.0);
    assert_eq!(value(&page, "kolam_connections_closed_total{outcome=\"ok\"}"), 1.0);
    assert_eq!(value(&page, "kolam_connections_closed_total{outcome=\"failed\"}"), 2.0);
    assert_eq!(value(&page, "kolam_connections_active"), 0.0);
    assert_eq!(value(&page, "kolam_connections_waiting"), 4.0);
}

#[test]
fn buckets_hold_what_took_at_most_so_long() {
    let board = board();
    for ms in [1, 3, 40, 90_000] {
        transfer(&board, 0, Verb::Get, 1, ms);
    }
    let page = render(&stats(&board, Mode::Thread), &board, vec![]);
    let below = |end: &str| {
        let labels = format!("{{le=\"{end}\",verb=\"get\"}}");
        value(&page, &format!("kolam_request_duration_seconds_bucket{labels}"))
    };
    let ends = ["0.0005", "0.001", "0.0025", "0.005", "0.05", "60.0", "+Inf"];
    assert_eq!(ends.map(below), [0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4.0]);
    let total = value(&page, "kolam_request_duration_seconds_sum{verb=\"get\"}");
    assert!((total - 90.044).abs() < 1e-6, "{total}");
}

#[test]
fn workers_are_counted_by_state_and_each_has_its_own() {
    let board = board();
    board.slots()[0].worker_started(100, 0);
    board.slots()[1].worker_started(101, 0);
    board.slots()[2].worker_replaced();
    let page = render(&stats(&board, Mode::Process), &board, vec![]);
    let states = ["starting", "idle", "busy"];
    let count = |state: &str| value(&page, &format!("kolam_workers{{state=\"{state}\"}}"));
    assert_eq!(states.map(count), [1.0, 2.0, 0.0]);
    assert_eq!(value(&page, "kolam_worker_up{worker=\"2\"}"), 1.0);
    assert_eq!(value(&page, "kolam_worker_up{worker=\"3\"}"), 0.0);
    assert_eq!(value(&page, "kolam_worker_busy{worker=\"1\"}"), 0.0);
    assert_eq!(value(&page, "kolam_worker_restarts_total{worker=\"3\"}"), 1.0);
    assert_eq!(value(&page, "kolam_worker_cpu_seconds_total{worker=\"1\"}"), 0.25);
    assert_eq!(value(&page, "kolam_worker_memory_bytes{worker=\"2\"}"), 1048576.0);
    assert_eq!(value(&page, "kolam_workers_configured"), 3.0);
}

#[test]
fn what_threads_share_is_nobodys_own_and_counted_once() {
    let board = board();
    board.slots().iter().for_each(|slot| slot.worker_started(100, 7));
    let mut stats = stats(&board, Mode::Thread);
    let page = render(&stats, &board, vec![]);
    assert_eq!(sum(&page, "kolam_worker_cpu_seconds_total"), 0.75);
    assert_eq!(find(&page, "kolam_worker_memory_bytes{worker=\"1\"}"), None);
    assert_eq!(value(&page, "kolam_workers_memory_bytes"), 1048576.0);
    for worker in &mut stats.worker {
        (worker.cpu_of, worker.memory_bytes) = (Some(Share::Process), None);
    }
    let page = render(&stats, &board, vec![]);
    assert_eq!(find(&page, "kolam_worker_cpu_seconds_total{worker=\"1\"}"), None);
    assert_eq!(find(&page, "kolam_workers_memory_bytes"), None);
}

#[test]
fn lost_events_are_counted_by_place() {
    let board = board();
    board.losses().journal.store(1, Relaxed);
    board.losses().log.store(2, Relaxed);
    board.losses().database.store(4, Relaxed);
    let page = render(&stats(&board, Mode::Thread), &board, vec![]);
    let lost = |place| value(&page, &format!("kolam_events_lost_total{{place=\"{place}\"}}"));
    assert_eq!(["journal", "log", "database"].map(lost), [1.0, 2.0, 4.0]);
}

#[test]
fn what_a_program_counts_itself_follows_with_its_labels() {
    let backend = |name: &str| vec![("backend", name.to_owned())];
    let waits = Histogram::default();
    waits.record(Duration::from_millis(3));
    let family = |name, unit, samples| Family { name, help: "Test.", unit, samples };
    let counts = Samples::Counters(vec![(backend("a"), 3), (backend("b\""), 4)]);
    let families = vec![
        family("backend_requests", None, counts),
        family("backend_up", None, Samples::Gauges(vec![(backend("a"), 1.0)])),
        family("wait", Some(Unit::Seconds), Samples::Histograms(vec![(vec![], waits.spread())])),
        family("unseen", None, Samples::Counters(vec![])),
    ];
    let board = board();
    let page = render(&stats(&board, Mode::Async), &board, families);
    assert_eq!(value(&page, "kolam_backend_requests_total{backend=\"a\"}"), 3.0);
    assert_eq!(value(&page, "kolam_backend_requests_total{backend=\"b\\\"\"}"), 4.0);
    assert_eq!(value(&page, "kolam_backend_up{backend=\"a\"}"), 1.0);
    assert_eq!(value(&page, "kolam_wait_seconds_bucket{le=\"0.0025\"}"), 0.0);
    assert_eq!(value(&page, "kolam_wait_seconds_bucket{le=\"0.005\"}"), 1.0);
    assert_eq!(value(&page, "kolam_wait_seconds_count"), 1.0);
    assert!(names(&page).contains(&("kolam_unseen_total".to_owned(), "counter".to_owned())));
}

#[test]
fn a_program_that_serves_no_requests_has_a_page_without_them() {
    let board = board();
    let samples = Samples::Gauges(vec![(vec![], 3.0)]);
    let family = Family { name: "neighbours", help: "Test.", unit: None, samples };
    let page = render_own(&stats(&board, Mode::Async), &board, vec![family]);
    let names: Vec<_> = names(&page).into_iter().map(|(name, _)| name).collect();
    let expected =
        ["kolam_build_info", "kolam_uptime_seconds", "kolam_events_lost_total", "kolam_neighbours"];
    assert_eq!(names, expected);
    assert_eq!(value(&page, "kolam_neighbours"), 3.0);
}

#[test]
fn a_label_cannot_break_out_of_its_quotes() {
    let board = board();
    let stats = Stats { mode: "a\"}\n\\b".to_owned(), ..stats(&board, Mode::Thread) };
    let page = render(&stats, &board, vec![]);
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("kolam_build_info{{version=\"{version}\",mode=\"a\\\"}}\\n\\\\b\"}}");
    assert_eq!(value(&page, &build), 1.0);
}

#[test]
fn every_sample_has_help_and_type_and_conventional_names() {
    let page = busy_page();
    assert!(page.ends_with("# EOF\n"));
    let names = names(&page);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "a name twice");
    for (name, kind) in &names {
        assert!(name.starts_with("kolam_"), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
    }
    let text = PageFormat::Prometheus.write(&page);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let sample = &line[..line.find(['{', ' ']).unwrap()];
        let is_of = |(name, kind): &&(String, String)| match sample.strip_prefix(name.as_str()) {
            Some("") => true,
            Some("_bucket" | "_sum" | "_count") => kind == "histogram",
            _ => false,
        };
        assert_eq!(names.iter().filter(is_of).count(), 1, "{line}");
    }
}

#[test]
fn nothing_that_clients_choose_is_a_label() {
    let page = busy_page();
    assert!(!page.contains("192.0.2.7") && !page.contains(".txt"), "{page}");
}
