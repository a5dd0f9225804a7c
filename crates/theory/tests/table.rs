//! The table of worked values that the design of the simulator was made with: each number to its
//! last digit.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use delivery::{Burst, Config, Method, Percent};
use theory::{Comparison, Expectation, Fates, Moments, expect};

/// A difference of half of the last digit that is printed, and of what two roundings may add.
#[track_caller]
fn assert_printed(value: f64, printed: &str) {
    let digits = printed.split_once('.').map_or(0, |(_, digits)| digits.len());
    let half = 0.5 * 0.1_f64.powi(digits as i32) * (1.0 + 1e-9);
    let expected: f64 = printed.parse().unwrap();
    assert!((value - expected).abs() <= half, "{value} is not {printed}");
}

#[track_caller]
fn mean(moments: Option<Moments>) -> f64 {
    moments.unwrap().mean
}

/// Delivered, acknowledged, failed though delivered, attempts, duplicates; mean and p99 of the
/// latency.
#[track_caller]
fn assert_row(expectation: &Expectation, printed: [&str; 7]) {
    let latency = expectation.latency.as_ref().unwrap();
    let values = [
        mean(expectation.delivered),
        mean(expectation.acknowledged),
        mean(expectation.failed_though_delivered),
        mean(expectation.attempts),
        mean(expectation.duplicates),
        latency.moments.mean,
        latency.quantile(0.99),
    ];
    for (value, printed) in values.into_iter().zip(printed) {
        assert_printed(value, printed);
    }
}

fn with(loss: f64, max_retries: u32, ack_timeout_ms: u32) -> Config {
    Config { loss: Percent(loss), max_retries, ack_timeout_ms, ..Config::default() }
}

#[test]
fn the_first_experiment() {
    let direct = expect(&Config::default(), Method::Direct);
    assert_printed(mean(direct.delivered), ".9000");
    let latency = direct.latency.unwrap();
    assert_printed(latency.moments.mean, "150");
    assert_printed(latency.quantile(0.99), "248");
    let printed = [".99900", ".99314", ".00586", "1.2261", ".1045", "214.9", "848"];
    assert_row(&expect(&Config::default(), Method::PubSub), printed);
}

#[test]
fn the_second_experiment() {
    assert_printed(mean(expect(&with(50.0, 2, 600), Method::Direct).delivered), ".5");
    let printed = [".8750", ".5781", ".2969", "2.3125", ".2813", "492.9", "1436"];
    assert_row(&expect(&with(50.0, 2, 600), Method::PubSub), printed);
    let printed = [".98438", ".8220", ".1624", "3.2881", ".6597", "692.9", "3124"];
    assert_row(&expect(&with(50.0, 5, 600), Method::PubSub), printed);
}

/// The goodput of a window of 32 is 160.35; the table has 160.3, which is 32 times the 5.01 that it
/// prints for one slot.
#[test]
fn the_third_experiment() {
    for (latency_min_ms, latency_max_ms, held, of_one, of_32) in
        [(10, 50, "199.4", "5.01", "160.350"), (200, 500, "831.6", "1.20", "38.4")]
    {
        let goodput = |window| {
            let window = Some(window);
            let config = Config { latency_min_ms, latency_max_ms, window, ..Config::default() };
            expect(&config, Method::PubSub)
        };
        assert_printed(mean(goodput(1).held), held);
        assert_printed(mean(goodput(1).goodput), of_one);
        assert_printed(mean(goodput(32).goodput), of_32);
    }
}

#[test]
fn the_fourth_experiment() {
    let delivered = [".9", ".99", ".999", ".999999"];
    let retries = [0, 1, 2, 5];
    // Acknowledged, duplicates and the mean latency.
    let grid = [
        (
            300,
            [
                [".405", "0", "150"],
                [".8870", ".4455", "177.3"],
                [".9785", ".5382", "182.4"],
                [".99985", ".5609", "183.3"],
            ],
        ),
        (
            600,
            [
                [".81", "0", "150"],
                [".9639", ".0810", "204.5"],
                [".9931", ".1045", "214.9"],
                [".99995", ".1111", "216.7"],
            ],
        ),
        (
            1000,
            [
                [".81", "0", "150"],
                [".9639", ".0810", "240.9"],
                [".9931", ".1045", "258.1"],
                [".99995", ".1111", "261.1"],
            ],
        ),
    ];
    for (timeout, rows) in grid {
        for ((retries, delivered), [acknowledged, duplicates, latency]) in
            retries.into_iter().zip(delivered).zip(rows)
        {
            let expectation = expect(&with(10.0, retries, timeout), Method::PubSub);
            assert_printed(mean(expectation.delivered), delivered);
            assert_printed(mean(expectation.acknowledged), acknowledged);
            assert_printed(mean(expectation.duplicates), duplicates);
            assert_printed(expectation.latency.unwrap().moments.mean, latency);
        }
    }
}

#[test]
fn what_people_expect_and_what_is_not_so() {
    for fates in [Fates::Common, Fates::Independent] {
        let ten = Comparison::of(&Config::default(), 10, fates).unwrap();
        assert_printed(ten.direct_not_worse(), ".35");
    }
    let bursts = Burst { share: 0.1, mean_length_ms: 2000 };
    let bursts = Config { burst: Some(bursts), ..Config::default() };
    assert_printed(1.0 - mean(expect(&bursts, Method::PubSub).delivered), ".055");
    assert_printed(mean(expect(&bursts, Method::Direct).delivered), ".9");
}
