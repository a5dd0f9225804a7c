//! Where a formula needs no integral, it says the same as the integrals.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use delivery::{Backoff, Burst, Config, Method, Percent};
use proptest::prelude::*;
use theory::{Comparison, Expectation, Fates, Moments, expect, expect_apart, swapped};

fn mean(moments: Option<Moments>) -> f64 {
    moments.unwrap().mean
}

#[track_caller]
fn assert_close(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{value} {expected}");
}

prop_compose! {
    fn configs()(
        loss in 0.0..=100.0,
        ack_loss in proptest::option::of(0.0..=100.0),
        latency_min_ms in 0..300_u32,
        width in 0..300_u32,
        max_retries in 0..8_u32,
        wait in 0..500_u32,
        backoff in prop_oneof![Just(Backoff::None), Just(Backoff::Exponential)],
    ) -> Config {
        Config {
            loss: Percent(loss),
            ack_loss: ack_loss.map(Percent),
            latency_min_ms,
            latency_max_ms: latency_min_ms + width,
            max_retries,
            // Long enough for every round trip, so that each attempt is over before the next one.
            ack_timeout_ms: (2 * (latency_min_ms + width) + wait).max(1),
            backoff,
            ..Config::default()
        }
    }
}

proptest! {
    /// With waits that no round trip exceeds, each attempt is acknowledged or not before the next
    /// is due. So the number of attempts is geometric, but ends at n: with f = 1 - s,
    /// P(acknowledged) = 1 - f^n and E[attempts] = 1 + f + ... + f^(n-1), which is P(acknowledged)
    /// / s.
    #[test]
    fn with_long_waits_attempts_are_geometric(config in configs()) {
        let expectation = expect(&config, Method::PubSub);
        let (loss, ack_loss) = (config.loss.share(), config.loss_of_acks().share());
        let fails = loss + (1.0 - loss) * ack_loss;
        let n = config.max_retries as i32 + 1;
        assert_close(mean(expectation.delivered), 1.0 - loss.powi(n));
        assert_close(mean(expectation.acknowledged), 1.0 - fails.powi(n));
        let attempts: f64 = (0..n).map(|k| fails.powi(k)).sum();
        assert_close(mean(expectation.attempts), attempts);
        assert_close(mean(expectation.copies), (1.0 - loss) * attempts);
        assert_close(mean(expectation.packets), (2.0 - loss) * attempts);
        // Of each number of attempts the chance, and from these the variance.
        let chances = (1..=n).map(|k| {
            let chance = fails.powi(k - 1) * if k < n { 1.0 - fails } else { 1.0 };
            (f64::from(k) - attempts).powi(2) * chance
        });
        assert_close(expectation.attempts.unwrap().variance.unwrap(), chances.sum());
    }

    /// A message is delivered by attempt k with the chance q p^k, at its time plus the latency. It
    /// is acknowledged by attempt k with s f^k, at its time plus the round trip, and its place is
    /// free then; or at E with f^n.
    #[test]
    fn with_long_waits_times_are_mixtures_of_attempts(config in configs()) {
        let expectation = expect(&config, Method::PubSub);
        let (loss, ack_loss) = (config.loss.share(), config.loss_of_acks().share());
        let fails = loss + (1.0 - loss) * ack_loss;
        let [min, max] = [config.latency_min_ms, config.latency_max_ms].map(f64::from);
        let mut sent = 0.0;
        let (mut delivery, mut held) = ([0.0; 3], [0.0; 3]);
        // A part of the messages to which something happens at a time with this mean and variance.
        let add = |sums: &mut [f64; 3], chance: f64, mean: f64, variance: f64| {
            sums[0] += chance;
            sums[1] += chance * mean;
            sums[2] += chance * (mean * mean + variance);
        };
        let (middle, variance) = (f64::midpoint(min, max), (max - min).powi(2) / 12.0);
        for attempt in 0..=config.max_retries {
            let k = attempt as i32;
            add(&mut delivery, (1.0 - loss) * loss.powi(k), sent + middle, variance);
            add(&mut held, (1.0 - fails) * fails.powi(k), sent + 2.0 * middle, 2.0 * variance);
            sent += config.wait_after(attempt).as_secs_f64() * 1000.0;
        }
        add(&mut held, fails.powi(config.max_retries as i32 + 1), sent, 0.0);
        for (moments, sums) in
            [(expectation.latency.map(|latency| latency.moments), delivery), (expectation.held, held)]
        {
            // Where less than this part is concerned, what is left of 1 has too few digits.
            if let Some(moments) = moments.filter(|_| sums[0] > 1e-4) {
                let mean = sums[1] / sums[0];
                assert!((moments.mean - mean).abs() <= 1e-8 * (1.0 + mean));
                let variance = sums[2] / sums[0] - mean * mean;
                let square = 1.0 + mean * mean + sums[2] / sums[0];
                assert!((moments.variance.unwrap() - variance).abs() <= 1e-8 * square);
            }
        }
    }

    /// The forms in which the design has them, for equal waits: mean D = (a+b)/2 + T [p/(1-p) - n
    /// p^n/(1-p^n)] and E[S] = T (E[attempts] - P(acknowledged)) + (a+b) P(acknowledged).
    #[test]
    fn with_long_equal_waits_means_are_short_formulas(config in configs()) {
        let config = Config { backoff: Backoff::None, ..config };
        let loss = config.loss.share();
        prop_assume!(loss < 0.99);
        let expectation = expect(&config, Method::PubSub);
        let both_ways = f64::from(config.latency_min_ms) + f64::from(config.latency_max_ms);
        let (n, wait) = (config.max_retries as i32 + 1, f64::from(config.ack_timeout_ms));
        let lost = loss.powi(n);
        let repeated = loss / (1.0 - loss) - f64::from(n) * lost / (1.0 - lost);
        assert_close(expectation.latency.unwrap().moments.mean, both_ways / 2.0 + wait * repeated);
        let acknowledged = mean(expectation.acknowledged);
        let waited = wait * (mean(expectation.attempts) - acknowledged);
        assert_close(mean(expectation.held), waited + both_ways * acknowledged);
    }

    /// Bursts that are over before anything else is sent are single losses.
    #[test]
    fn bursts_of_a_millisecond_are_single_losses(
        share in 0.001..0.9,
        max_retries in 0..6_u32,
        ack_timeout_ms in 500..1000_u32,
    ) {
        let single = Config {
            loss: Percent(100.0 * share),
            latency_min_ms: 400,
            latency_max_ms: 450,
            max_retries,
            ack_timeout_ms,
            ..Config::default()
        };
        let burst = Some(Burst { share, mean_length_ms: 1 });
        let bursts = Config { burst, ..single.clone() };
        for method in [Method::Direct, Method::PubSub] {
            let single = expect(&single, method);
            let bursts = expect_apart(&bursts, method, 1e6);
            for (single, bursts) in all(&single).into_iter().zip(all(&bursts)) {
                assert_eq!(single.is_some(), bursts.is_some());
                let Some((single, bursts)) = single.zip(bursts) else { continue };
                assert_close(bursts.mean, single.mean);
                assert_close(bursts.variance.unwrap(), single.variance.unwrap());
            }
        }
    }
}

fn all(expectation: &Expectation) -> [Option<Moments>; 10] {
    [
        expectation.delivered,
        expectation.acknowledged,
        expectation.failed_though_delivered,
        expectation.attempts,
        expectation.copies,
        expectation.duplicates,
        expectation.packets,
        expectation.latency.as_ref().map(|latency| latency.moments),
        expectation.time_to_ack.as_ref().map(|latency| latency.moments),
        expectation.held,
    ]
}

/// All attempts must find the link bad: π `P_BB`^R with `P_BB` = π + (1-π) e^(-r T), however short
/// the wait is.
#[test]
fn a_message_is_lost_in_bursts_if_every_attempt_finds_one() {
    for (share, mean_length_ms, max_retries, ack_timeout_ms) in
        [(0.1, 2000, 2, 600), (0.1, 2000, 2, 1), (0.5, 100, 20, 50), (0.999, 600_000, 5, 600_000)]
    {
        let burst = Some(Burst { share, mean_length_ms });
        let config = Config { burst, max_retries, ack_timeout_ms, ..Config::default() };
        let rate = 1.0 / (f64::from(mean_length_ms) * (1.0 - share));
        let again = share + (1.0 - share) * (-rate * f64::from(ack_timeout_ms)).exp();
        let lost = share * again.powi(max_retries as i32);
        assert_close(1.0 - mean(expect(&config, Method::PubSub).delivered), lost);
    }
}

#[test]
fn all_subscribers_get_what_each_gets_by_itself() {
    let config = Config { subscribers: 1000, ..Config::default() };
    let expectation = expect(&config, Method::PubSub);
    assert_close(mean(expectation.delivered_to_all), (1.0_f64 - 0.001).powi(1000));
    let acknowledged = mean(expectation.acknowledged);
    assert_close(mean(expectation.acknowledged_by_all), acknowledged.powi(1000));
}

/// By Python's exact fractions: Bin(3, 1/2) against Bin(3, 3/4), Bin(10, 9/10) against Bin(10,
/// 999/1000).
#[test]
fn a_few_messages_show_the_wrong_winner_as_often_as_counted() {
    let coins = Config { loss: Percent(50.0), max_retries: 1, ..Config::default() };
    let three = Comparison::of(&coins, 3, Fates::Independent).unwrap();
    assert_close(three.direct_more, 35.0 / 256.0);
    assert_close(three.equal, 68.0 / 256.0);
    assert_close(three.pub_sub_more, 153.0 / 256.0);
    let ten = Comparison::of(&Config::default(), 10, Fates::Independent).unwrap();
    assert_close(ten.direct_more, 0.003_488_499_959_728_586);
    assert_close(ten.equal, 0.349_055_434_963_586_15);
}

/// Of ten messages that meet the same losses none needs a repetition: (1 - 0.1 + 0.001)^10.
#[test]
fn with_common_fates_direct_is_never_ahead() {
    let ten = Comparison::of(&Config::default(), 10, Fates::Common).unwrap();
    assert_eq!(ten.direct_more, 0.0);
    assert_close(ten.equal, 0.352_572_073_521_829_57);
    assert_close(ten.equal + ten.pub_sub_more, 1.0);
    // Without retries both are the same, always.
    let once = Config { max_retries: 0, ..Config::default() };
    assert_eq!(Comparison::of(&once, 10, Fates::Common).unwrap().equal, 1.0);
    // Two subscribers are as good as twice the messages.
    let two = Config { subscribers: 2, ..Config::default() };
    assert_eq!(Comparison::of(&two, 5, Fates::Common), Some(ten));
}

#[test]
fn messages_are_overtaken_only_by_those_sent_soon_after() {
    let config = Config::default();
    assert_close(swapped(&config, 0.0), 0.5);
    assert_close(swapped(&config, 100.0), 0.125);
    assert_eq!(swapped(&config, 200.0), 0.0);
    let equal = Config { latency_max_ms: 50, ..config };
    assert_eq!(swapped(&equal, 0.0), 0.0);
}
