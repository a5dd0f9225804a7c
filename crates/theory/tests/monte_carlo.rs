//! Every number against messages that are lived through one packet at a time. What lives them is
//! written here, from what the network and the sender do, and knows neither the formulas nor the
//! crate `delivery`.
//!
//! Seeds are fixed, so each test passes always or never. A right theory is this far from one number
//! in 37,000.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use delivery::{Backoff, Burst, Config, Method, Percent};
use simulation::Chance;
use theory::{Binomial, Comparison, Expectation, Fates, Latency, Moments, expect_apart, swapped};

const MESSAGES: u64 = 60_000;
const SIGMAS: f64 = 4.2;

/// One message at one subscriber.
struct Life {
    attempts: f64,
    copies: f64,
    delivered: Option<f64>,
    acknowledged: Option<f64>,
    given_up: f64,
}

/// A link that is good and bad in turns from moment 0 on, or always the same.
struct Link {
    starts_bad: bool,
    changes: Vec<f64>,
}

impl Link {
    fn is_bad(&self, time: f64) -> bool {
        let changes = self.changes.iter().filter(|change| **change <= time).count();
        self.starts_bad ^ (changes % 2 == 1)
    }
}

fn link(burst: Option<Burst>, until: f64, chance: &mut Chance) -> Link {
    let Some(Burst { share, mean_length_ms }) = burst else {
        return Link { starts_bad: false, changes: Vec::new() };
    };
    let bad_length = f64::from(mean_length_ms);
    let good_length = bad_length * (1.0 - share) / share;
    let starts_bad = chance.unit() < share;
    let (mut is_bad, mut time, mut changes) = (starts_bad, 0.0, Vec::new());
    while time <= until {
        // What is left of an exponential time is exponential, so also of the first one.
        time -= (1.0 - chance.unit()).ln() * if is_bad { bad_length } else { good_length };
        changes.push(time);
        is_bad = !is_bad;
    }
    Link { starts_bad, changes }
}

fn live(config: &Config, method: Method, chance: &mut Chance) -> Life {
    let retries = if method == Method::Direct { 0 } else { config.max_retries };
    let wait = |attempt| match config.backoff {
        Backoff::None => f64::from(config.ack_timeout_ms),
        Backoff::Exponential => f64::from(config.ack_timeout_ms) * 2_f64.powi(attempt),
    };
    let [min, max] = [config.latency_min_ms, config.latency_max_ms].map(f64::from);
    let end: f64 = (0..=retries as i32).map(wait).sum::<f64>() + 2.0 * max;
    let link = link(config.burst, end, chance);
    let is_lost = |loss: Percent, sent: f64, chance: &mut Chance| match config.burst {
        None => chance.unit() < loss.0 / 100.0,
        Some(_) => link.is_bad(sent),
    };
    let (mut attempts, mut copies, mut now) = (0.0, 0.0, 0.0);
    let (mut delivered, mut acknowledged) = (f64::INFINITY, f64::INFINITY);
    for attempt in 0..=retries {
        if acknowledged <= now {
            break;
        }
        attempts += 1.0;
        if !is_lost(config.loss, now, chance) {
            copies += 1.0;
            let arrives = now + min + (max - min) * chance.unit();
            delivered = arrives.min(delivered);
            if !is_lost(config.ack_loss.unwrap_or(config.loss), arrives, chance) {
                acknowledged = acknowledged.min(arrives + min + (max - min) * chance.unit());
            }
        }
        now += wait(attempt as i32);
    }
    let before = |time: f64, end: f64| (time <= end).then_some(time);
    Life {
        attempts,
        copies,
        delivered: before(delivered, f64::MAX),
        acknowledged: before(acknowledged, now),
        given_up: now,
    }
}

fn lives(config: &Config, method: Method, seed: u64) -> Vec<Life> {
    let one = |message| live(config, method, &mut Chance::new(seed, message));
    (0..MESSAGES).map(one).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean of the values, and how far they spread.
fn assert_moments(name: &str, expected: Moments, values: &[f64]) {
    let (mean_value, count) = (mean(values), values.len() as f64);
    let z = expected.z(mean_value, values.len() as u64).unwrap();
    assert!(z.abs() < SIGMAS, "{name}: {mean_value} instead of {expected:?}, z = {z}");
    // A variance of a sample varies as much as the fourth moment says.
    let power =
        |exponent| values.iter().map(|value| (value - mean_value).powi(exponent)).sum::<f64>();
    let (square, fourth) = (power(2) / count, power(4) / count);
    let error = ((fourth - square * square).max(0.0) / count).sqrt();
    let variance = expected.variance.unwrap();
    let far = (square - variance).abs();
    let slack = SIGMAS * error + 1e-6 * variance + 1e-9;
    assert!(far <= slack, "{name}: variance {square} instead of {variance}, error {error}");
}

fn assert_share(name: &str, expected: Moments, count: usize, of: usize) {
    let share = count as f64 / of as f64;
    let z = expected.z(share, of as u64).unwrap();
    // The normal distribution is no measure of what happens to a few, or to all but a few.
    let p_value = Binomial::new(of as u64, expected.mean.min(1.0)).p_value(count as u64);
    assert!(z.abs() < SIGMAS || p_value > 2.7e-5, "{name}: {share}, {expected:?}, z = {z}");
}

fn assert_latency(name: &str, expected: Option<&Latency>, values: &[f64]) {
    let Some(expected) = expected else {
        assert!(values.is_empty(), "{name} has {} values", values.len());
        return;
    };
    assert_moments(name, expected.moments, values);
    for part in [0.01, 0.5, 0.9, 0.99] {
        let time = expected.quantile(part);
        // Times that are sums of others, such as 600 + 100, may be rounded up.
        let fast = values.iter().filter(|value| **value <= time * (1.0 + 1e-12)).count();
        let share = Moments::of_share(expected.at_most(time * (1.0 + 1e-12)));
        assert_share(name, share, fast, values.len());
    }
}

fn assert_lives(config: &Config, method: Method, lives: &[Life]) -> Expectation {
    let expected = expect_apart(config, method, 1e12);
    let numbers = |of: fn(&Life) -> f64| lives.iter().map(of).collect::<Vec<_>>();
    let count = |of: fn(&Life) -> bool| lives.iter().filter(|life| of(life)).count();
    let delivered: Vec<_> = lives.iter().filter_map(|life| life.delivered).collect();
    let acknowledged: Vec<_> = lives.iter().filter_map(|life| life.acknowledged).collect();
    assert_share("delivered", expected.delivered.unwrap(), delivered.len(), lives.len());
    assert_latency("latency", expected.latency.as_ref(), &delivered);
    if let Some(share) = expected.acknowledged {
        let failed = count(|life| life.delivered.is_some() && life.acknowledged.is_none());
        assert_share("acked", share, acknowledged.len(), lives.len());
        assert_share("failed", expected.failed_though_delivered.unwrap(), failed, lives.len());
        assert_latency("time to ack", expected.time_to_ack.as_ref(), &acknowledged);
        let held = numbers(|life| life.acknowledged.unwrap_or(life.given_up));
        assert_moments("held", expected.held.unwrap(), &held);
        assert_moments("attempts", expected.attempts.unwrap(), &numbers(|life| life.attempts));
        assert_moments("copies", expected.copies.unwrap(), &numbers(|life| life.copies));
        let duplicates = numbers(|life| (life.copies - 1.0).max(0.0));
        assert_moments("duplicates", expected.duplicates.unwrap(), &duplicates);
        let packets = numbers(|life| life.attempts + life.copies);
        assert_moments("packets", expected.packets.unwrap(), &packets);
    }
    expected
}

fn with(loss: f64, max_retries: u32, ack_timeout_ms: u32) -> Config {
    Config { loss: Percent(loss), max_retries, ack_timeout_ms, ..Config::default() }
}

#[test]
fn single_losses_are_as_expected() {
    let ack_loss = |percent, config| Config { ack_loss: Some(Percent(percent)), ..config };
    let constant = |ms, config| Config { latency_min_ms: ms, latency_max_ms: ms, ..config };
    let exponential = |config| Config { backoff: Backoff::Exponential, ..config };
    let cases = [
        with(10.0, 2, 600),
        with(50.0, 2, 600),
        with(50.0, 5, 600),
        // Waits shorter than a round trip, than a way, than anything.
        with(10.0, 2, 300),
        with(30.0, 5, 120),
        with(50.0, 20, 1),
        with(40.0, 0, 600),
        with(40.0, 0, 200),
        ack_loss(0.0, with(40.0, 3, 150)),
        ack_loss(100.0, with(40.0, 3, 150)),
        ack_loss(60.0, with(5.0, 3, 350)),
        exponential(with(40.0, 4, 100)),
        exponential(ack_loss(70.0, with(20.0, 6, 1))),
        // ACKs arrive at the very moment when a wait ends; or long before or after.
        constant(100, with(30.0, 3, 200)),
        constant(100, with(30.0, 3, 100)),
        constant(100, with(30.0, 3, 70)),
        constant(0, with(30.0, 3, 1)),
        with(0.0, 2, 600),
        with(0.0, 2, 200),
        with(100.0, 2, 600),
    ];
    for (case, config) in cases.iter().enumerate() {
        for method in [Method::Direct, Method::PubSub] {
            println!("case {case}, {method:?}: {config:?}");
            let expected = assert_lives(config, method, &lives(config, method, case as u64));
            assert_eq!(expected.acknowledged.is_some(), method == Method::PubSub);
        }
    }
}

#[test]
fn bursts_are_as_expected() {
    let burst = |share, mean_length_ms, config| Config {
        burst: Some(Burst { share, mean_length_ms }),
        ..config
    };
    let exponential = |config| Config { backoff: Backoff::Exponential, ..config };
    let constant = |ms, config| Config { latency_min_ms: ms, latency_max_ms: ms, ..config };
    // Whether the theory speaks of ACKs.
    let cases = [
        (burst(0.1, 2000, with(10.0, 2, 600)), true),
        (burst(0.3, 100, with(10.0, 3, 250)), true),
        (burst(0.7, 500, exponential(with(10.0, 4, 300))), true),
        (burst(0.5, 30, constant(100, with(10.0, 3, 200))), true),
        (burst(0.5, 300, with(10.0, 5, 40)), false),
        (burst(0.2, 1000, with(10.0, 20, 1)), false),
    ];
    for (case, (config, speaks)) in cases.iter().enumerate() {
        println!("case {case}: {config:?}");
        let lives = lives(config, Method::PubSub, 100 + case as u64);
        let expected = assert_lives(config, Method::PubSub, &lives);
        assert_eq!(expected.acknowledged.is_some(), *speaks);
    }
}

#[test]
fn the_last_of_several_subscribers_gives_the_place_back() {
    let ack_loss = Some(Percent(0.0));
    let config = Config { ack_loss, subscribers: 3, window: Some(32), ..with(50.0, 1, 400) };
    let lives = lives(&config, Method::PubSub, 7);
    let expected = expect_apart(&config, Method::PubSub, 0.0);
    let messages: Vec<_> = lives.chunks_exact(3).collect();
    let slowest = |message: &&[Life]| {
        let held = message.iter().map(|life| life.acknowledged.unwrap_or(life.given_up));
        held.fold(0.0, f64::max)
    };
    let held: Vec<f64> = messages.iter().map(slowest).collect();
    assert_moments("held", expected.held.unwrap(), &held);
    let count =
        |of: fn(&Life) -> bool| messages.iter().filter(|lives| lives.iter().all(of)).count();
    let delivered = count(|life| life.delivered.is_some());
    assert_share("delivered", expected.delivered_to_all.unwrap(), delivered, messages.len());
    let acknowledged = count(|life| life.acknowledged.is_some());
    assert_share("acked", expected.acknowledged_by_all.unwrap(), acknowledged, messages.len());
    assert_goodput(expected.goodput.unwrap(), 32.0, &held, &messages);
}

/// The whole, and how messages spread that it is the sum of: the delta method's D - g S / W, in
/// messages a second.
fn assert_goodput(expected: Moments, window: f64, held: &[f64], messages: &[&[Life]]) {
    let share = |lives: &&[Life]| {
        lives.iter().filter(|life| life.delivered.is_some()).count() as f64 / lives.len() as f64
    };
    let delivered: Vec<_> = messages.iter().map(share).collect();
    let scale = 1000.0 * window / mean(held);
    let z = expected.z(scale * mean(&delivered), messages.len() as u64).unwrap();
    assert!(z.abs() < SIGMAS, "goodput {expected:?}, z = {z}");
    let part = |(delivered, held): (&f64, &f64)| {
        scale * (delivered - expected.mean / (1000.0 * window) * held)
    };
    let parts: Vec<_> = delivered.iter().zip(held).map(part).collect();
    assert_moments("goodput", Moments { mean: 0.0, ..expected }, &parts);
}

/// Who is done makes room for the next one, at once. It ends when the first place stays empty.
#[test]
fn a_full_window_lets_through_what_renewals_say() {
    let config = Config { latency_min_ms: 10, window: Some(32), ..with(10.0, 2, 600) };
    let mut free_at = [0.0_f64; 32];
    let mut delivered = Vec::new();
    for life in lives(&config, Method::PubSub, 8) {
        let next = free_at.iter_mut().min_by(|left, right| left.total_cmp(right)).unwrap();
        *next += life.acknowledged.unwrap_or(life.given_up);
        delivered.extend(life.delivered.map(|_| *next));
    }
    let end = free_at.into_iter().fold(f64::INFINITY, f64::min);
    let by_then = delivered.iter().filter(|done| **done <= end).count();
    let goodput = 1000.0 * by_then as f64 / end;
    let expected = expect_apart(&config, Method::PubSub, 0.0).goodput.unwrap();
    let z = expected.z(goodput, MESSAGES).unwrap();
    assert!(z.abs() < SIGMAS, "{goodput}, {expected:?}, z = {z}");
}

#[test]
fn two_messages_change_places_as_often_as_expected() {
    let config = Config::default();
    let mut chance = Chance::new(9, 0);
    for apart in [0.0, 50.0, 150.0, 199.0] {
        let mut overtakes = || chance.unit() * 200.0 > apart + chance.unit() * 200.0;
        let count = (0..MESSAGES).filter(|_| overtakes()).count();
        let share = Moments::of_share(swapped(&config, apart));
        assert_share("swapped", share, count, MESSAGES as usize);
    }
}

#[test]
fn ten_messages_mislead_as_often_as_expected() {
    let config = Config::default();
    let [direct, pub_sub] = [Method::Direct, Method::PubSub].map(|method| {
        let lives = lives(&config, method, 10 + method as u64);
        let delivered = |ten: &[Life]| ten.iter().filter(|life| life.delivered.is_some()).count();
        lives.chunks_exact(10).map(delivered).collect::<Vec<_>>()
    });
    let not_worse = direct.iter().zip(&pub_sub).filter(|(direct, pub_sub)| direct >= pub_sub);
    let comparison = Comparison::of(&config, 10, Fates::Independent).unwrap();
    let share = Moments::of_share(comparison.direct_not_worse());
    assert_share("not worse", share, not_worse.count(), direct.len());
}
