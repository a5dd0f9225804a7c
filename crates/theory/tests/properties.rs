//! What holds of every configuration.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use delivery::{Backoff, Burst, Config, Method, Ordering, Percent};
use proptest::prelude::*;
use theory::{Expectation, Latency, Moments, expect, expect_apart};

const METHODS: [Method; 2] = [Method::Direct, Method::PubSub];

/// What rounding may leave between equals.
const ROUNDING: f64 = 1e-9;

fn mean(moments: Option<Moments>) -> f64 {
    moments.unwrap().mean
}

/// The ends of each range are as likely as all between them.
fn ends(least: u32, most: u32) -> impl Strategy<Value = u32> {
    prop_oneof![Just(least), least..=most, Just(most)]
}

fn percents() -> impl Strategy<Value = Percent> {
    prop_oneof![Just(0.0), 0.0..=100.0, Just(100.0)].prop_map(Percent)
}

prop_compose! {
    fn single_losses()(
        loss in percents(),
        ack_loss in proptest::option::of(percents()),
        (latency_min_ms, latency_max_ms) in
            (ends(0, 500), ends(0, 500)).prop_map(|(a, b)| (a.min(b), a.max(b))),
        max_retries in prop_oneof![0..6_u32, Just(20)],
        ack_timeout_ms in ends(1, 1200),
        backoff in prop_oneof![Just(Backoff::None), Just(Backoff::Exponential)],
        window in proptest::option::of(ends(1, 10_000)),
        subscribers in prop_oneof![Just(1), 1..5_u32, Just(1000)],
    ) -> Config {
        Config {
            loss,
            ack_loss,
            latency_min_ms,
            latency_max_ms,
            max_retries,
            ack_timeout_ms,
            backoff,
            window,
            subscribers,
            burst: None,
            ordering: Ordering::Any,
        }
    }
}

fn configs() -> impl Strategy<Value = Config> {
    let lengths = prop_oneof![1..5000_u32, Just(600_000)];
    let bursts = (0.001..=0.999, lengths)
        .prop_map(|(share, mean_length_ms)| Burst { share, mean_length_ms });
    let bursts = proptest::option::of(bursts);
    (single_losses(), bursts).prop_map(|(config, burst)| Config { burst, ..config })
}

fn shares(expectation: &Expectation) -> [Option<Moments>; 5] {
    [
        expectation.delivered,
        expectation.acknowledged,
        expectation.failed_though_delivered,
        expectation.delivered_to_all,
        expectation.acknowledged_by_all,
    ]
}

fn numbers(expectation: &Expectation) -> [Option<Moments>; 8] {
    let latency = |latency: &Option<Latency>| latency.as_ref().map(|latency| latency.moments);
    [
        expectation.attempts,
        expectation.copies,
        expectation.duplicates,
        expectation.packets,
        expectation.held,
        expectation.goodput,
        latency(&expectation.latency),
        latency(&expectation.time_to_ack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_number_is_possible(config in configs(), method in prop::sample::select(&METHODS[..])) {
        config.check().unwrap();
        let expectation = expect_apart(&config, method, 1e12);
        for share in shares(&expectation).into_iter().flatten() {
            prop_assert!((0.0..=1.0 + ROUNDING).contains(&share.mean), "{share:?}");
        }
        for moments in shares(&expectation).into_iter().chain(numbers(&expectation)).flatten() {
            prop_assert!(moments.mean.is_finite() && moments.mean >= 0.0, "{moments:?}");
            let is_known = config.burst.is_none() || config.subscribers == 1;
            prop_assert_eq!(moments.variance.is_some(), is_known);
            let variance = moments.variance.unwrap_or_default();
            prop_assert!(variance.is_finite() && variance >= 0.0, "{moments:?}");
        }
    }

    #[test]
    fn numbers_keep_their_order(config in configs()) {
        let expectation = expect(&config, Method::PubSub);
        let Some(attempts) = expectation.attempts else { return Ok(()) };
        let n = f64::from(config.max_retries + 1);
        let (copies, delivered) = (mean(expectation.copies), mean(expectation.delivered));
        prop_assert!((1.0 - ROUNDING..=n + ROUNDING).contains(&attempts.mean));
        prop_assert!(copies <= attempts.mean + ROUNDING && delivered <= copies + ROUNDING);
        prop_assert!(mean(expectation.acknowledged) <= delivered + ROUNDING);
    }

    #[test]
    fn a_place_is_held_until_all_is_known_and_no_longer(config in single_losses()) {
        let given_up: f64 = (0..=config.max_retries)
            .map(|attempt| config.wait_after(attempt).as_secs_f64() * 1000.0)
            .sum();
        let soonest = given_up.min(2.0 * f64::from(config.latency_min_ms));
        let held = mean(expect(&config, Method::PubSub).held);
        let possible = soonest * (1.0 - ROUNDING)..=given_up * (1.0 + ROUNDING);
        prop_assert!(possible.contains(&held), "{held} {possible:?}");
        // More subscribers take longer.
        let one = Config { subscribers: 1, ..config };
        prop_assert!(mean(expect(&one, Method::PubSub).held) <= held * (1.0 + ROUNDING));
    }

    #[test]
    fn a_distribution_goes_from_0_to_1(config in configs()) {
        let expectation = expect(&config, Method::PubSub);
        for latency in [expectation.latency, expectation.time_to_ack].into_iter().flatten() {
            let longest = latency.quantile(1.0);
            prop_assert!(latency.at_most(-1.0).abs() < ROUNDING);
            prop_assert!((latency.at_most(longest + 1.0) - 1.0).abs() < ROUNDING);
            let parts = (0..=50).map(|part| latency.at_most(longest * f64::from(part) / 50.0));
            let parts: Vec<_> = parts.collect();
            prop_assert!(parts.is_sorted_by(|left, right| *left <= right + ROUNDING), "{parts:?}");
        }
    }

    #[test]
    fn a_quantile_is_the_first_time_that_is_long_enough(config in configs(), share in 0.0..1.0) {
        let expectation = expect(&config, Method::PubSub);
        for latency in [expectation.latency, expectation.time_to_ack].into_iter().flatten() {
            let time = latency.quantile(share);
            prop_assert!(latency.at_most(time) >= share);
            let earlier = time - 1e-6 * (1.0 + time);
            prop_assert!(latency.at_most(earlier) <= share + ROUNDING);
        }
    }

    #[test]
    fn another_retry_never_harms_and_more_loss_never_helps(
        config in single_losses(),
        other in percents(),
    ) {
        let expectation = |config: &Config| {
            let expectation = expect(config, Method::PubSub);
            [mean(expectation.delivered), mean(expectation.acknowledged)]
        };
        let max_retries = config.max_retries + 1;
        let more = Config { max_retries, ..config.clone() };
        let (least, most) =
            if other < config.loss { (other, config.loss) } else { (config.loss, other) };
        let [fewer_lost, more_lost] = [least, most].map(|loss| Config { loss, ..config.clone() });
        for (worse, better) in [(&config, &more), (&more_lost, &fewer_lost)] {
            for (worse, better) in expectation(worse).into_iter().zip(expectation(better)) {
                prop_assert!(worse <= better + ROUNDING, "{worse} {better}");
            }
        }
    }

    /// The mean over all messages is the mean of those that are young enough and of the others.
    #[test]
    fn what_is_known_of_young_messages_grows_into_the_whole(config in configs()) {
        let Some(latency) = expect(&config, Method::PubSub).latency else { return Ok(()) };
        let whole = latency.moments.mean;
        let grown = latency.moments_up_to(1e15).unwrap();
        prop_assert!((grown.mean - whole).abs() <= ROUNDING * (1.0 + whole));
        let median = latency.quantile(0.5);
        let young = latency.moments_up_to(median).unwrap().mean;
        prop_assert!(young <= whole * (1.0 + ROUNDING) && young <= median * (1.0 + ROUNDING));
    }
}

#[test]
fn where_theory_is_silent_nothing_is_guessed() {
    let burst = Some(Burst { share: 0.1, mean_length_ms: 2000 });
    let bursts = Config { burst, ..Config::default() };
    let known = expect(&bursts, Method::PubSub);
    assert!(known.held.is_some() && known.time_to_ack.is_some());
    assert_eq!(known.delivered.unwrap().variance, None);

    // An attempt may be sent before the one before it has arrived.
    let short = expect(&Config { ack_timeout_ms: 249, ..bursts.clone() }, Method::PubSub);
    assert!(short.delivered.is_some() && short.latency.is_some());
    assert!(short.acknowledged.is_none() && short.attempts.is_none() && short.held.is_none());

    let windowed = Config { window: Some(32), ..bursts.clone() };
    assert!(expect(&windowed, Method::PubSub).delivered.is_none());
    assert!(expect(&windowed, Method::Direct).delivered.is_some());

    let two = expect(&Config { subscribers: 2, ..bursts }, Method::PubSub);
    assert!(two.acknowledged.is_some() && two.held.is_none() && two.acknowledged_by_all.is_none());

    let in_order = Config { ordering: Ordering::InOrder, ..Config::default() };
    assert!(expect(&in_order, Method::PubSub).latency.is_none());
    assert!(expect(&in_order, Method::PubSub).time_to_ack.is_some());

    let cut = Config { loss: Percent(100.0), ..Config::default() };
    let nothing = expect(&cut, Method::PubSub);
    assert!(nothing.latency.is_none() && nothing.time_to_ack.is_none());
    assert_eq!(nothing.delivered_within(1e9), Some(0.0));
}

#[test]
fn bursts_have_variances_where_messages_are_far_apart() {
    let burst = Some(Burst { share: 0.1, mean_length_ms: 2000 });
    let bursts = Config { burst, ..Config::default() };
    let variance =
        |apart_ms| expect_apart(&bursts, Method::PubSub, apart_ms).delivered.unwrap().variance;
    // 30 / r are 54 seconds, and the last ACK is sent 2.05 seconds after the first attempt at the
    // latest.
    assert_eq!(variance(56_000.0), None);
    assert!(variance(56_050.0).is_some());
}

/// With a window it does not matter how much more is offered; without one, latency means nothing.
#[test]
fn latency_lowers_throughput_only_with_a_window() {
    let throughput = |latency_max_ms, window| {
        let config = Config { latency_max_ms, window, ..Config::default() };
        expect(&config, Method::PubSub).throughput(100.0).unwrap()
    };
    assert!((throughput(250, None) - 99.9).abs() < 1e-9);
    assert_eq!(throughput(250, None), throughput(5000, None));
    assert!(throughput(250, Some(8)) > throughput(500, Some(8)));
}
