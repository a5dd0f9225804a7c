//! A scenario on the wall clock: the same messages, fates and records as in virtual time, and what it costs.

use std::{
    io,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use delivery::{
    Fact, Record,
    simulate::{Load, Scenario},
};
use simulation::{Chance, Moments};

use super::{
    cost::Cost,
    runners::RunnerName,
    world::{Watcher, World},
};

/// Between two looks at what it costs.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// Most messages in flight or waiting: those that are due meanwhile are sent later. They may be a thread each.
const IN_FLIGHT_MAX: u64 = 10_000;

/// Sends the messages of a scenario, which passes [`Scenario::check`], on a clock of this speed (one of
/// [`SPEEDS`](super::SPEEDS)), and returns when nothing can happen to them any more. `each` gets the records
/// of each message when it is settled. Of what is needed for a time the cost has the most. It ends early when
/// `is_stopped` says so, which it is asked ten times a second at least.
pub(crate) fn run(
    scenario: &Scenario,
    runner: RunnerName,
    speed: f64,
    is_stopped: impl Fn() -> bool,
    mut each: impl FnMut(&[Record]),
) -> io::Result<Cost> {
    let (sender, news) = mpsc::channel();
    let world = World::start(runner, speed, Reporter { news: sender })?;
    let Scenario { config, method, seed, .. } = scenario.clone();
    let flow = world.act(|stage| stage.open(config, method, seed));
    let mut settled = 0;
    let mut cost = world.cost();
    let mut looked = Instant::now();
    let mut schedule = Schedule::new(scenario);
    while settled < scenario.messages && !is_stopped() {
        while !is_stopped() && schedule.is_due(&world, flow, settled) {
            world.act(|stage| stage.send(flow));
        }
        if let Some(records) = next(&news, schedule.wait(&world)) {
            settled += 1;
            each(&records);
        }
        if looked.elapsed() >= LOOK_PAUSE {
            looked = Instant::now();
            cost = world.cost().at_most(cost);
        }
    }
    Ok(world.cost().at_most(cost))
}

/// What the world tells whoever sends.
enum News {
    /// Nothing more can happen to a message.
    Settled(Vec<Record>),
    /// The window may have room.
    Room,
}

/// The records of the next message that is settled, unless something else is to be looked at before.
fn next(news: &Receiver<News>, wait: Duration) -> Option<Vec<Record>> {
    match news.recv_timeout(wait) {
        Ok(News::Settled(records)) => Some(records),
        // The world, which has the other end, is dropped after this one.
        Ok(News::Room) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

/// Tells the news out of the world.
struct Reporter {
    news: Sender<News>,
}

impl Watcher for Reporter {
    fn tell(&mut self, _: u32, _: Duration, fact: Fact) {
        if matches!(fact, Fact::Acknowledged { .. } | Fact::GivenUp { .. }) {
            // Whoever does not listen any more has stopped the run.
            let _ = self.news.send(News::Room);
        }
    }

    fn settle(&mut self, _: u32, records: &[Record]) {
        let _ = self.news.send(News::Settled(records.to_vec()));
    }
}

/// When messages are sent.
struct Schedule {
    left: u64,
    sent: u64,
    /// `None`: whenever the window has room.
    arrivals: Option<Moments>,
    /// `None` also where nothing is to be sent at any known time.
    next_at: Option<Duration>,
}

impl Schedule {
    fn new(scenario: &Scenario) -> Self {
        // A stream that no packet has, as in virtual time.
        let chance = Chance::new(scenario.seed, u64::MAX);
        let mut arrivals = match scenario.load {
            Load::Open(arrivals) => Some(arrivals.moments(chance)),
            Load::Saturated => None,
        };
        let next_at = arrivals.as_mut().and_then(Moments::next);
        Self { left: scenario.messages, sent: 0, arrivals, next_at }
    }

    /// Whether a message is to be sent now, which then counts as sent.
    fn is_due(&mut self, world: &World<Reporter>, flow: u32, settled: u64) -> bool {
        let is_due = self.left > 0
            && self.sent - settled < IN_FLIGHT_MAX
            && match self.next_at {
                Some(next) => next <= world.clock().now(),
                None => self.arrivals.is_none() && has_room(world, flow),
            };
        if is_due {
            self.left -= 1;
            self.sent += 1;
            self.next_at = self.arrivals.as_mut().and_then(Moments::next);
        }
        is_due
    }

    /// How long nothing is to be sent, as far as is known. Room comes with news.
    fn wait(&self, world: &World<Reporter>) -> Duration {
        let next_at = self.next_at.filter(|_| self.left > 0);
        let until_next = next_at.and_then(|next| world.clock().wait_for(next));
        // What is due and was not sent waits for messages to be settled.
        until_next.filter(|wait| !wait.is_zero()).map_or(LOOK_PAUSE, |wait| wait.min(LOOK_PAUSE))
    }
}

fn has_room(world: &World<Reporter>, flow: u32) -> bool {
    world.act(|stage| stage.delivery(flow).is_some_and(|delivery| delivery.has_room()))
}

#[cfg(test)]
mod tests {
    use delivery::{Config, Method, simulate};
    use simulation::Arrivals;

    use super::*;

    fn scenario(method: Method, messages: u64) -> Scenario {
        let load = Load::Open(Arrivals::Steady { per_second: 1000.0 });
        Scenario { config: Config::default(), method, messages, load, seed: 7 }
    }

    fn live(scenario: &Scenario, runner: RunnerName) -> (Cost, Vec<Record>) {
        let mut all = Vec::new();
        let each = |records: &[Record]| all.extend_from_slice(records);
        let cost = run(scenario, runner, 10.0, || false, each).unwrap();
        all.sort_by_key(|record| record.message);
        (cost, all)
    }

    /// Direct asks no clock: whether a packet arrives is chance alone, and so is how long it travels.
    #[test]
    fn under_each_runner_the_messages_meet_the_fates_of_virtual_time() {
        let scenario = scenario(Method::Direct, 500);
        let mut batch = Vec::new();
        simulate::run(&scenario, |records| batch.extend_from_slice(records)).unwrap();
        batch.sort_by_key(|record| record.message);
        for runner in RunnerName::ALL {
            let (cost, live) = live(&scenario, runner);
            let is_delivered = |all: &[Record]| -> Vec<bool> {
                all.iter().map(|record| record.delivered.is_some()).collect()
            };
            assert_eq!(is_delivered(&live), is_delivered(&batch), "{runner:?}");
            for (live, batch) in live.iter().zip(&batch) {
                assert!(live.latency() >= batch.latency(), "{runner:?}: {live:?} {batch:?}");
            }
            assert!(cost.threads >= 1 && cost.timers_handled >= 400);
        }
    }

    #[test]
    fn a_window_is_never_exceeded_and_always_full() {
        let config = Config { window: Some(4), ..Config::default() };
        let scenario = Scenario { config, load: Load::Saturated, ..scenario(Method::PubSub, 40) };
        let (_, all) = live(&scenario, RunnerName::Pool);
        assert_eq!(all.len(), 40);
        for record in &all {
            let holds = |other: &&Record| {
                other.sent <= record.sent && other.released.is_some_and(|it| it > record.sent)
            };
            let in_flight = all.iter().filter(holds).count();
            assert!(in_flight <= 4, "{in_flight} at {:?}", record.sent);
        }
    }
}
