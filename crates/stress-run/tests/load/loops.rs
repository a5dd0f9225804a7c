//! The closed and the open loop: what a server that stands still for a second looks like in each.

use std::time::Duration;

use super::{
    counts,
    echo_server::{self, Reaction},
    finish, number, server,
};

/// Answers one request a second late. It has one client.
fn server_that_stands_still_once() -> String {
    let (address, _) = echo_server::start(|echoes| match echoes {
        100 => Reaction::AnswerAfter(Duration::from_secs(1)),
        _ => Reaction::Answer,
    });
    address
}

/// The closed loop has one slow request of 1,000. In the open loop those that were due in that second, 200
/// of 600 in the mean, have waited: for half a second in the mean.
#[test]
fn a_second_of_standstill_shows_up_in_the_open_loop_and_hardly_in_the_closed_one() {
    let closed = finish(
        &server_that_stands_still_once(),
        "--clients 1 --message halo --requests 1000 --json",
    );
    assert_eq!(closed.code, Some(0), "{}", closed.stderr);
    let summary = closed.summary();
    let row = &summary["rows"][0];
    assert!(number(row, "p99_ms") < 500.0 && number(row, "max_ms") >= 1_000.0, "{row}");
    let open = finish(
        &server_that_stands_still_once(),
        "--clients 1 --message halo --rate 200 --duration 3s --json",
    );
    assert_eq!(open.code, Some(0), "{}", open.stderr);
    let summary = open.summary();
    let row = &summary["rows"][0];
    assert!(number(row, "p99_ms") >= 800.0 && number(row, "p50_ms") < 500.0, "{row}");
    assert!(number(row, "mean_ms") >= 80.0, "{row}");
    assert_eq!(summary["unsent"], 0);
    let gap = &summary["longest_gap"];
    assert!((1.0..3.0).contains(&number(gap, "seconds")), "{gap}");
    assert_eq!(summary["accounting"], "counts_nothing");
}

/// 5 requests a second at most, and 50 are due: those of 2 s are sent.
#[test]
fn requests_that_no_client_is_free_to_send_are_counted() {
    let server = server(&["--mode", "async", "--inject", "service-time=200"]);
    let options = "--clients 1 --message halo --rate 50 --duration 1s --timeout 1 --json";
    let finished = finish(&server.address().to_string(), options);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let summary = finished.summary();
    let (sent, failed) = counts(&summary["rows"][0]);
    let unsent = number(&summary, "unsent") as u64;
    assert!((1..=11).contains(&sent) && failed == 0, "{summary}");
    // The number of arrivals has the mean 50 and the standard deviation 7.
    assert!((50 - 35..50 + 35).contains(&(sent + unsent)), "{summary}");
    assert!(number(&summary["rows"][0], "max_ms") >= 800.0, "they wait for the client: {summary}");
}

/// One of 100 requests is not answered. While its client waits, the three others take what arrives.
#[test]
fn a_client_whose_answer_does_not_come_delays_no_other_request() {
    let (address, _) = echo_server::start(|echoes| match echoes {
        0 => Reaction::Never,
        _ => Reaction::Answer,
    });
    let options = "--clients 4 --message halo --rate 100 --duration 1s --timeout 3 --json";
    let finished = finish(&address, options);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let summary = finished.summary();
    let (succeeded, failed) = counts(&summary["rows"][0]);
    assert!(succeeded > 50 && failed == 1, "{summary}");
    assert_eq!(summary["failures"]["timeout"]["count"], 1);
    assert!(number(&summary["rows"][0], "max_ms") < 2_000.0, "{summary}");
    assert_eq!(summary["unsent"], 0);
}

#[test]
fn arrivals_come_as_often_as_their_rate_says_and_two_clients_share_them() {
    let server = server(&["--mode", "async"]);
    let options = "--clients 2 --message halo --rate 300 --duration 2s --json";
    let finished = finish(&server.address().to_string(), options);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let summary = finished.summary();
    let (succeeded, _) = counts(&summary["rows"][0]);
    // Mean 600, standard deviation 24.
    assert!((480..720).contains(&succeeded), "{succeeded}");
    let clients = summary["clients"].as_array().unwrap();
    assert!(clients.iter().all(|client| counts(client).0 > 100), "{summary}");
    assert_eq!(clients.iter().map(|client| counts(client).0).sum::<u64>(), succeeded);
}

#[test]
fn a_closed_loop_may_end_with_the_time() {
    let server = server(&["--mode", "async"]);
    let finished =
        finish(&server.address().to_string(), "--clients 2 --mix ping --duration 500ms --json");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let summary = finished.summary();
    let elapsed = number(&summary, "elapsed_s");
    assert!((0.4..5.0).contains(&elapsed), "{elapsed}");
    let row = &summary["rows"][0];
    let rate = counts(row).0 as f64 / elapsed;
    assert!((number(row, "requests_per_s") / rate - 1.0).abs() < 1e-9, "{row}");
}

#[test]
fn clients_of_a_pool_that_is_too_small_wait_for_one_another_and_are_told_so() {
    let server = server(&["--mode", "thread", "--workers", "2"]);
    let finished =
        finish(&server.address().to_string(), "--clients 6 --message halo --requests 20 --json");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("--new-connection lets them take turns"),
        "{}",
        finished.stderr
    );
    assert_eq!(counts(&finished.summary()["rows"][0]), (120, 0));
}
