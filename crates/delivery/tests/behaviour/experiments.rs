//! The shares of the course's experiments, as they were computed by hand from the closed forms.

use delivery::{
    Burst, Config, Method, Percent, Totals,
    simulate::{self, Load, Scenario},
};
use simulation::Arrivals;

const MESSAGES: u64 = 100_000;

fn run(config: Config, method: Method, load: Load) -> Totals {
    let scenario = Scenario { config, method, messages: MESSAGES, load, seed: 1 };
    simulate::run(&scenario, |_| ()).unwrap()
}

fn ten_a_second() -> Load {
    Load::Open(Arrivals::Steady { per_second: 10.0 })
}

/// Within 4.5 standard deviations, which chance exceeds in seven of a million.
fn assert_share(count: u64, expected: f64, what: &str) {
    let share = count as f64 / MESSAGES as f64;
    let deviation = (expected * (1.0 - expected) / MESSAGES as f64).sqrt();
    assert!((share - expected).abs() < 4.5 * deviation, "{what}: {share} and not {expected}");
}

fn assert_near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((value - expected).abs() < tolerance, "{what}: {value} and not {expected}");
}

fn mean_ms(totals: &Totals) -> f64 {
    totals.latency.mean().unwrap().as_secs_f64() * 1e3
}

#[test]
fn pub_sub_at_ten_percent_loss() {
    let totals = run(Config::default(), Method::PubSub, ten_a_second());
    assert_share(totals.delivered, 0.999, "delivered");
    // 1 - (1 - 0.81)^3.
    assert_share(totals.acknowledged, 0.993_141, "acknowledged");
    assert_share(totals.failed_though_delivered, 0.005_859, "failed though delivered");
    let of_each = |count: u64| count as f64 / MESSAGES as f64;
    assert_near(of_each(totals.attempts), 1.2261, 0.008, "attempts");
    assert_near(of_each(totals.duplicates()), 0.1045, 0.006, "duplicates");
    assert_near(of_each(totals.packets()), 1.2261 * 1.9, 0.015, "packets");
    assert_near(mean_ms(&totals), 214.9, 3.0, "mean latency");
}

#[test]
fn direct_at_ten_and_at_fifty_percent_loss() {
    for percent in [10.0, 50.0] {
        let config = Config { loss: Percent(percent), ..Config::default() };
        let totals = run(config, Method::Direct, ten_a_second());
        assert_share(totals.delivered, 1.0 - percent / 100.0, "delivered");
        assert_near(mean_ms(&totals), 150.0, 1.3, "mean latency");
        assert_eq!((totals.acknowledged, totals.given_up, totals.held.count()), (0, 0, 0));
    }
}

#[test]
fn pub_sub_at_fifty_percent_loss() {
    for (max_retries, delivered, acknowledged, attempts, mean) in
        [(2, 0.875, 0.578_125, 2.3125, 492.9), (5, 0.984_375, 0.822_021, 3.2881, 692.9)]
    {
        let config = Config { loss: Percent(50.0), max_retries, ..Config::default() };
        let totals = run(config, Method::PubSub, ten_a_second());
        assert_share(totals.delivered, delivered, "delivered");
        assert_share(totals.acknowledged, acknowledged, "acknowledged");
        assert_near(totals.attempts as f64 / MESSAGES as f64, attempts, 0.03, "attempts");
        assert_near(mean_ms(&totals), mean, 12.0, "mean latency");
    }
}

/// A place is held for 199.4 ms in the mean on a fast network, and for 831.6 ms on a slow one.
#[test]
fn a_bounded_window_makes_latency_cost_throughput() {
    for (latency_min_ms, latency_max_ms, held_ms, per_second) in
        [(10, 50, 199.4, 160.3), (200, 500, 831.6, 38.4)]
    {
        let window = Some(32);
        let config = Config { latency_min_ms, latency_max_ms, window, ..Config::default() };
        let totals = run(config, Method::PubSub, Load::Saturated);
        let held = totals.held.mean().unwrap().as_secs_f64();
        assert_near(held * 1e3, held_ms, held_ms * 0.02, "held");
        let rate = totals.delivered as f64 / totals.last_settled.as_secs_f64();
        assert_near(rate, per_second, per_second * 0.02, "rate");
    }
}

/// Apart from one another by far more than a burst, so that they are independent.
#[test]
fn ten_percent_loss_in_bursts_leaves_fifty_times_as_much_undelivered() {
    let burst = Some(Burst { share: 0.1, mean_length_ms: 2_000 });
    let apart = Load::Open(Arrivals::Steady { per_second: 1.0 / 60.0 });
    let config = Config { burst, ..Config::default() };
    let direct = run(config.clone(), Method::Direct, apart);
    assert_share(direct.delivered, 0.9, "delivered by Direct");
    let totals = run(config, Method::PubSub, apart);
    // 0.1 * (0.1 + 0.9 e^(-1/3))^2.
    assert_share(MESSAGES - totals.delivered, 0.055_484, "undelivered");
}

#[test]
fn a_message_is_complete_when_all_subscribers_have_it() {
    let config = Config { subscribers: 4, max_retries: 0, ..Config::default() };
    let totals = run(config, Method::PubSub, ten_a_second());
    assert_eq!((totals.messages, totals.targets), (MESSAGES, 4 * MESSAGES));
    assert_share(totals.complete, 0.9_f64.powi(4), "complete");
}
