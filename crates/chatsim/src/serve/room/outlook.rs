//! What is to be expected of messages that were sent at known times, at any moment of their lives.
//!
//! A chart of half seconds shows no long run: of twenty messages that are sent at once the quick ones arrive
//! first. So what is expected of a window follows from when its messages were sent: each contributes the
//! chance that it is delivered between the window's ends, and the latency that it then has.

use std::{collections::VecDeque, ops::Sub, sync::Arc, time::Duration};

use delivery::{Config, Method};
use theory::Expectation;

use crate::serve::measures::WindowPredicted;

/// Steps in which the life of a message is known. A longer one than `STEP_MAX_S` would blur the window.
const STEPS: usize = 2_000;
const STEP_MAX_S: f64 = 0.05;

/// Most groups of messages that are followed at once.
const GROUPS_MAX: usize = 20_000;

/// Messages that are sent within so long are followed together.
const GROUP_SPAN: Duration = Duration::from_millis(2);

/// The standard normal distribution has 95% between minus and plus this.
const NORMAL_97_5: f64 = 1.96;

/// What theory says of the messages of one sender and method.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) expectation: Expectation,
    /// Nothing more can happen to a message that is so old, but for what timers are late.
    pub(crate) horizon: Duration,
    /// `None` where theory says nothing of latencies, or lives are too long for windows.
    course: Option<Course>,
}

/// How the chance to be delivered grows with age, in equal steps.
#[derive(Debug)]
struct Course {
    step_s: f64,
    shares: Vec<Share>,
    /// Whether the fate of one message says nothing of another's.
    is_independent: bool,
}

/// The part of all messages that are delivered by some age, with the sums of their latencies and their
/// squares, in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    chance: f64,
    latency: f64,
    square: f64,
}

impl Outlook {
    /// Of messages that are sent at least so far apart.
    pub(crate) fn new(config: &Config, method: Method, apart_ms: f64) -> Self {
        let expectation = theory::expect_apart(config, method, apart_ms);
        let course = Course::of(&expectation, last_arrival(config, method));
        Self { horizon: horizon(config, method), course, expectation }
    }
}

fn attempts(config: &Config, method: Method) -> u32 {
    if method == Method::Direct { 1 } else { config.max_retries + 1 }
}

/// When the last attempt is sent, if there is one, and the age at which its copy arrives at the latest.
fn last_arrival(config: &Config, method: Method) -> Duration {
    let waits = (0..attempts(config, method) - 1).map(|attempt| config.wait_after(attempt));
    waits.sum::<Duration>() + Duration::from_millis(config.latency_max_ms.into())
}

/// An ACK of a copy that arrives last comes a latency later, and a sender gives up at the latest when the
/// wait after the last attempt has ended.
fn horizon(config: &Config, method: Method) -> Duration {
    let travel = Duration::from_millis(config.latency_max_ms.into());
    let waits = (0..attempts(config, method)).map(|attempt| config.wait_after(attempt));
    match method {
        Method::Direct => travel,
        Method::PubSub => waits.sum::<Duration>().max(last_arrival(config, method) + travel),
    }
}

impl Course {
    fn of(expectation: &Expectation, last_arrival: Duration) -> Option<Self> {
        let moments = expectation.latency.as_ref()?.moments;
        // Where all arrive at one moment, that moment is within a step.
        let step_s = (last_arrival.as_secs_f64() / STEPS as f64).max(1e-6);
        if step_s > STEP_MAX_S {
            return None;
        }
        let mut shares = vec![Share::default()];
        for step in 1..=STEPS + 1 {
            let before = shares[step - 1];
            let chance = expectation.delivered_within(step as f64 * step_s * 1000.0)?;
            let (delivered, latency) = (chance - before.chance, (step as f64 - 0.5) * step_s);
            shares.push(Share {
                chance,
                latency: before.latency + delivered * latency,
                square: before.square + delivered * latency * latency,
            });
        }
        Some(Self { step_s, shares, is_independent: moments.variance.is_some() })
    }

    /// By this age, with a straight line between two steps.
    fn at(&self, age: Duration) -> Share {
        let position = age.as_secs_f64() / self.step_s;
        let index = position as usize;
        let (Some(low), Some(high)) = (self.shares.get(index), self.shares.get(index + 1)) else {
            return self.shares.last().copied().unwrap_or_default();
        };
        let part = position - index as f64;
        let between = |low: f64, high: f64| low + (high - low) * part;
        Share {
            chance: between(low.chance, high.chance),
            latency: between(low.latency, high.latency),
            square: between(low.square, high.square),
        }
    }

    fn is_over(&self, age: Duration) -> bool {
        age.as_secs_f64() >= self.step_s * (STEPS + 1) as f64
    }
}

impl Sub for Share {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            chance: self.chance - other.chance,
            latency: self.latency - other.latency,
            square: self.square - other.square,
        }
    }
}

/// The messages under way, and what is expected of each window of time.
#[derive(Debug, Default)]
pub(crate) struct Forecast {
    groups: VecDeque<Group>,
    /// Until then nothing is said: something happened that the closed forms know nothing of.
    blind_until: Duration,
}

/// Messages that were sent at one time.
#[derive(Debug)]
struct Group {
    outlook: Arc<Outlook>,
    sent: Duration,
    messages: u32,
    subscribers: u32,
    /// What was to be expected by the end of the last window.
    seen: Share,
}

impl Forecast {
    pub(crate) fn sent(&mut self, now: Duration, subscribers: u32, outlook: &Arc<Outlook>) {
        if outlook.course.is_none() || self.groups.len() >= GROUPS_MAX {
            return self.look_away(now, outlook.horizon);
        }
        let joins = |group: &&mut Group| {
            let is_now = now.saturating_sub(group.sent) < GROUP_SPAN;
            is_now && group.subscribers == subscribers && Arc::ptr_eq(&group.outlook, outlook)
        };
        match self.groups.back_mut().filter(joins) {
            Some(group) => group.messages += 1,
            None => self.groups.push_back(Group {
                outlook: Arc::clone(outlook),
                sent: now,
                messages: 1,
                subscribers,
                seen: Share::default(),
            }),
        }
    }

    /// Something happens to messages under way of which no closed form speaks, for so long.
    pub(crate) fn look_away(&mut self, now: Duration, horizon: Duration) {
        self.blind_until = self.blind_until.max(now + horizon);
    }

    /// Of the window that ends now, is so long, and in which so many were delivered.
    pub(crate) fn close_window(
        &mut self,
        now: Duration,
        length_s: f64,
        delivered: u64,
    ) -> WindowPredicted {
        let expected = self.expect(now);
        if now < self.blind_until || length_s <= 0.0 {
            return WindowPredicted::default();
        }
        let throughput = expected.messages / length_s;
        let half = expected.variance.map(|it| NORMAL_97_5 * it.sqrt() / length_s);
        let (latency_ms, spread) = expected.latency_ms().unzip();
        let samples = delivered.max(1) as f64;
        let latency_half = spread.map(|spread| NORMAL_97_5 * spread / samples.sqrt());
        let band = |middle: f64, half: f64| [(middle - half).max(0.0), middle + half];
        WindowPredicted {
            throughput_per_s: Some(throughput),
            throughput_band: half.map(|half| band(throughput, half)),
            latency_ms,
            latency_band: latency_ms
                .zip(latency_half.filter(|_| expected.variance.is_some()))
                .map(|(middle, half)| band(middle, half)),
        }
    }

    fn expect(&mut self, now: Duration) -> Expected {
        let mut expected = Expected { variance: Some(0.0), ..Expected::default() };
        self.groups.retain_mut(|group| {
            let Some(course) = &group.outlook.course else { return false };
            let age = now.saturating_sub(group.sent);
            let by_now = course.at(age);
            let here = by_now - group.seen;
            group.seen = by_now;
            expected.add(here, group, course.is_independent);
            !course.is_over(age)
        });
        expected
    }
}

/// Of one window.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    /// As many as each subscriber gets.
    messages: f64,
    /// `None` where the messages are not independent.
    variance: Option<f64>,
    latency: f64,
    square: f64,
}

impl Expected {
    fn add(&mut self, here: Share, group: &Group, is_independent: bool) {
        let messages = f64::from(group.messages);
        self.messages += messages * here.chance;
        self.latency += messages * here.latency;
        self.square += messages * here.square;
        let variance = messages * here.chance * (1.0 - here.chance) / f64::from(group.subscribers);
        self.variance = self.variance.filter(|_| is_independent).map(|sum| sum + variance);
    }

    /// Mean and standard deviation; `None` where nothing is expected.
    fn latency_ms(&self) -> Option<(f64, f64)> {
        if self.messages < 1e-9 {
            return None;
        }
        let mean = self.latency / self.messages;
        let variance = (self.square / self.messages - mean * mean).max(0.0);
        Some((mean * 1000.0, variance.sqrt() * 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn assert_close(value: Option<f64>, expected: f64) {
        let value = value.expect("something is expected");
        assert!((value - expected).abs() <= 1e-3 * expected.abs(), "{value} {expected}");
    }

    fn of_direct() -> Arc<Outlook> {
        Arc::new(Outlook::new(&Config::default(), Method::Direct, 0.0))
    }

    /// 100 messages at once, of which .9 arrive between 50 and 250 ms: half of those by 150 ms, after 100 ms
    /// in the mean.
    #[test]
    fn a_window_expects_the_quick_ones_first() {
        let (outlook, mut forecast) = (of_direct(), Forecast::default());
        (0..100).for_each(|_| forecast.sent(Duration::ZERO, 1, &outlook));
        let first = forecast.close_window(150 * MS, 0.15, 45);
        assert_close(first.throughput_per_s, 45.0 / 0.15);
        assert_close(first.latency_ms, 100.0);
        let [low, high] = first.throughput_band.unwrap();
        // The standard deviation of a binomial distribution with n = 100 and p = .45 is 4.975.
        assert_close(Some(high - low), 2.0 * 1.96 * 4.975 / 0.15);
        let [low, high] = first.latency_band.unwrap();
        // That of a uniform distribution 100 ms wide is 28.87 ms.
        assert_close(Some(high - low), 2.0 * 1.96 * 28.87 / 45.0_f64.sqrt());
        assert_close(forecast.close_window(300 * MS, 0.15, 45).latency_ms, 200.0);
        let nothing = forecast.close_window(450 * MS, 0.15, 0);
        assert_eq!((nothing.throughput_per_s, nothing.latency_ms), (Some(0.0), None));
    }

    /// The worked example of E1: 99.9% of messages, 214.9 ms.
    #[test]
    fn all_windows_together_expect_what_the_closed_forms_do() {
        let outlook = Arc::new(Outlook::new(&Config::default(), Method::PubSub, 0.0));
        assert_eq!(outlook.horizon, 1800 * MS);
        let mut forecast = Forecast::default();
        forecast.sent(7 * MS, 1, &outlook);
        let whole = forecast.close_window(2000 * MS, 1.0, 1);
        assert_close(whole.throughput_per_s, 0.999);
        assert_close(whole.latency_ms, 214.9);
        assert_eq!(forecast.groups.len(), 0);
    }

    #[test]
    fn nothing_is_said_while_the_clock_stands_or_after_somebody_has_interfered() {
        let (outlook, mut forecast) = (of_direct(), Forecast::default());
        assert_eq!(forecast.close_window(100 * MS, 0.0, 0), WindowPredicted::default());
        forecast.look_away(100 * MS, outlook.horizon);
        assert_eq!(forecast.close_window(349 * MS, 0.5, 0), WindowPredicted::default());
        assert_ne!(forecast.close_window(350 * MS, 0.5, 0), WindowPredicted::default());
    }

    #[test]
    fn where_lives_are_long_nothing_is_said_and_little_is_kept() {
        let patch = serde_json::json!({"max_retries": 20, "ack_timeout_ms": 600_000});
        let config = Config::default().patched(&patch).unwrap();
        let outlook = Arc::new(Outlook::new(&config, Method::PubSub, 0.0));
        let mut forecast = Forecast::default();
        forecast.sent(Duration::ZERO, 1, &outlook);
        assert_eq!(forecast.groups.len(), 0);
        assert_eq!(forecast.close_window(MS, 0.5, 0), WindowPredicted::default());
    }
}
