//! Deliveries on a clock that runs: what they decide happens under one lock, and a runner waits for them.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use delivery::{Config, Delivery, Event, Fact, MessageId, Method, Outbox, Packet, Record};
use simulation::Latencies;

use super::{
    clock::Clock,
    cost::{self, Cost},
    runners::{Due, Lane, Runner, RunnerName, Timer},
};
use crate::trace::{Header, Input};

/// Is told what happens in a world, in the order in which it does and while nothing else can.
pub(crate) trait Watcher: Send + 'static {
    fn tell(&mut self, flow: u32, now: Duration, fact: Fact);

    /// Nothing more can happen to a message: one record for each of its subscribers.
    fn settle(&mut self, flow: u32, records: &[Record]);

    /// A flow is opened: the beginning of its trace.
    fn open(&mut self, _flow: u32, _header: Header) {}

    /// Something is asked of a flow, from which follows what is told next.
    fn ask(&mut self, _flow: u32, _now: Duration, _input: Input) {}
}

/// Some [`Delivery`]s, here called flows and known by number, that share a clock, and who watches them.
pub(crate) struct World<W> {
    clock: Arc<Clock>,
    name: RunnerName,
    /// Set once, right after the world is made: it holds the world weakly.
    runner: OnceLock<Box<dyn Runner>>,
    state: Mutex<State<W>>,
}

struct State<W> {
    flows: Flows,
    watcher: W,
}

#[derive(Default)]
struct Flows {
    deliveries: BTreeMap<u32, Delivery>,
    opened: u32,
    /// What the runner waits for, by the messages. A timer that is not here is handed back in vain.
    pending: HashMap<Lane, BTreeMap<Timer, Event>>,
    scheduled: u64,
    /// How many facts were told.
    told: u64,
    /// By the wall clock.
    lateness: Latencies,
}

impl Flows {
    /// What a timer is for, which is then not waited for any more.
    fn take(&mut self, timer: Timer) -> Option<Event> {
        let timers = self.pending.get_mut(&timer.lane)?;
        let event = timers.remove(&timer);
        if timers.is_empty() {
            self.pending.remove(&timer.lane);
        }
        event
    }
}

/// A world while nothing else can happen in it.
pub(crate) struct Stage<'a, W> {
    pub(crate) now: Duration,
    pub(crate) watcher: &'a mut W,
    flows: &'a mut Flows,
    runner: &'a dyn Runner,
}

impl<W: Watcher> World<W> {
    /// A world without flows whose clock begins now. `speed` is one of [`SPEEDS`](super::clock::SPEEDS).
    /// An error means that the system gives no threads.
    pub(crate) fn start(name: RunnerName, speed: f64, watcher: W) -> io::Result<Arc<Self>> {
        let world = Arc::new(Self {
            clock: Arc::new(Clock::start(speed)),
            name,
            runner: OnceLock::new(),
            state: Mutex::new(State { flows: Flows::default(), watcher }),
        });
        let of_runner = Arc::downgrade(&world);
        let due: Due = Arc::new(move |timer| {
            if let Some(world) = of_runner.upgrade() {
                world.hand_back(timer);
            }
        });
        let runner = name.start(Arc::clone(&world.clock), due)?;
        world.runner.get_or_init(|| runner);
        Ok(world)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn runner_name(&self) -> RunnerName {
        self.name
    }

    /// Does something in the world, now.
    pub(crate) fn act<T>(&self, act: impl FnOnce(&mut Stage<'_, W>) -> T) -> T {
        let mut state = self.lock();
        let State { flows, watcher } = &mut *state;
        act(&mut Stage { now: self.clock.now(), watcher, flows, runner: self.runner() })
    }

    pub(crate) fn pause(&self) {
        self.clock.set_paused(true);
        self.runner().clock_changed();
    }

    pub(crate) fn resume(&self) {
        self.clock.set_paused(false);
        self.runner().clock_changed();
    }

    /// `speed` is one of [`SPEEDS`](super::clock::SPEEDS).
    pub(crate) fn set_speed(&self, speed: f64) {
        self.clock.set_speed(speed);
        self.runner().clock_changed();
    }

    /// Lets the next thing happen while the clock stands, and moves the clock there. A timeout of what was
    /// acknowledged meanwhile is nothing that anybody could see, so it does not count as a step.
    pub(crate) fn step(&self) {
        let mut state = self.lock();
        let before = state.flows.told;
        while self.clock.pace().paused && state.flows.told == before {
            let first = |timers: &BTreeMap<Timer, Event>| timers.keys().next().copied();
            let Some(timer) = state.flows.pending.values().filter_map(first).min() else { return };
            let Some(event) = state.flows.take(timer) else { return };
            self.clock.step_to(timer.at);
            self.handle(&mut state, timer, event);
        }
    }

    /// Closes all flows and begins again at zero, with what is to be done first.
    pub(crate) fn restart(&self, begin: impl FnOnce(&mut Stage<'_, W>)) {
        let mut state = self.lock();
        let State { flows, watcher } = &mut *state;
        flows.pending.keys().for_each(|lane| self.runner().forget(*lane));
        *flows = Flows { opened: flows.opened, ..Flows::default() };
        self.clock.restart();
        begin(&mut Stage { now: self.clock.now(), watcher, flows, runner: self.runner() });
    }

    pub(crate) fn cost(&self) -> Cost {
        let memory = cost::resident_bytes();
        let threads = self.runner().threads();
        let state = self.lock();
        let Flows { pending, lateness, .. } = &state.flows;
        let timers = pending.values().map(BTreeMap::len).sum();
        Cost::of(self.name, threads, memory, timers, lateness)
    }

    fn hand_back(&self, timer: Timer) {
        let mut state = self.lock();
        let Some(event) = state.flows.take(timer) else { return };
        let pace = self.clock.pace();
        if !pace.paused {
            let late = self.clock.now().saturating_sub(timer.at);
            state.flows.lateness.record(late.div_f64(pace.speed));
        }
        self.handle(&mut state, timer, event);
    }

    /// The clock is asked within the lock, so that time goes forward for the delivery.
    fn handle(&self, state: &mut State<W>, timer: Timer, event: Event) {
        let State { flows, watcher } = state;
        let now = self.clock.now();
        Stage { now, watcher, flows, runner: self.runner() }.with(
            timer.lane.flow,
            Input::Handle { event },
            |delivery, out| {
                delivery.handle(event, now, out);
            },
        );
    }

    fn runner(&self) -> &dyn Runner {
        &**self.runner.get().expect("a world is handed out with its runner")
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Watcher> Stage<'_, W> {
    /// `config` was checked.
    pub(crate) fn open(&mut self, config: Config, method: Method, seed: u64) -> u32 {
        let flow = self.flows.opened;
        self.flows.opened += 1;
        self.watcher.open(flow, Header::new(seed, method, config.clone()).live());
        self.flows.deliveries.insert(flow, Delivery::new(config, method, seed));
        flow
    }

    /// What is under way in it is forgotten.
    pub(crate) fn close(&mut self, flow: u32) {
        self.flows.deliveries.remove(&flow);
        for (lane, _) in self.flows.pending.extract_if(|lane, _| lane.flow == flow) {
            self.runner.forget(lane);
        }
    }

    /// `None`: there is no such flow.
    pub(crate) fn send(&mut self, flow: u32) -> Option<MessageId> {
        let now = self.now;
        self.with(flow, Input::Send, |delivery, out| delivery.send(now, out))
    }

    pub(crate) fn reconfigure(&mut self, flow: u32, config: &Config) {
        let now = self.now;
        let input = Input::Configure { config: config.clone() };
        self.with(flow, input, |delivery, out| delivery.reconfigure(config.clone(), now, out));
    }

    /// While it is cut, whatever is sent is lost.
    pub(crate) fn cut(&mut self, flow: u32, is_cut: bool) {
        self.with(flow, Input::Cut { is_cut }, |delivery, _| delivery.set_cut(is_cut));
    }

    /// `false`: it does not travel.
    pub(crate) fn drop_packet(&mut self, flow: u32, packet: Packet) -> bool {
        let now = self.now;
        let input = Input::Drop { packet };
        let dropped =
            self.with(flow, input, |delivery, out| delivery.drop_packet(packet, now, out));
        dropped.unwrap_or(false)
    }

    pub(crate) fn deliveries(&self) -> impl Iterator<Item = (u32, &Delivery)> {
        self.flows.deliveries.iter().map(|(flow, delivery)| (*flow, delivery))
    }

    pub(crate) fn delivery(&self, flow: u32) -> Option<&Delivery> {
        self.flows.deliveries.get(&flow)
    }

    fn with<T>(
        &mut self,
        flow: u32,
        input: Input,
        act: impl FnOnce(&mut Delivery, &mut Desk<'_, W>) -> T,
    ) -> Option<T> {
        let Flows { deliveries, pending, scheduled, told, .. } = &mut *self.flows;
        let delivery = deliveries.get_mut(&flow)?;
        let (now, watcher, runner) = (self.now, &mut *self.watcher, self.runner);
        watcher.ask(flow, now, input);
        Some(act(delivery, &mut Desk { flow, now, watcher, runner, pending, scheduled, told }))
    }
}

/// Where a delivery puts what it wants.
struct Desk<'a, W> {
    flow: u32,
    now: Duration,
    watcher: &'a mut W,
    runner: &'a dyn Runner,
    pending: &'a mut HashMap<Lane, BTreeMap<Timer, Event>>,
    scheduled: &'a mut u64,
    told: &'a mut u64,
}

impl<W: Watcher> Outbox for Desk<'_, W> {
    fn schedule(&mut self, at: Duration, event: Event) {
        let message = match event {
            Event::Arrives(packet) => packet.message,
            Event::TimesOut { message, .. } | Event::TimedOut { message, .. } => message,
        };
        let lane = Lane { flow: self.flow, message: message.0 };
        let timer = Timer { at, number: *self.scheduled, lane };
        *self.scheduled += 1;
        self.pending.entry(lane).or_default().insert(timer, event);
        self.runner.schedule(timer);
    }

    fn tell(&mut self, fact: Fact) {
        *self.told += 1;
        self.watcher.tell(self.flow, self.now, fact);
    }

    fn settle(&mut self, records: &[Record]) {
        if let Some(first) = records.first() {
            // What is left are timeouts of what was acknowledged in time.
            let lane = Lane { flow: self.flow, message: first.message.0 };
            self.pending.remove(&lane);
            self.runner.forget(lane);
        }
        self.watcher.settle(self.flow, records);
    }
}

#[cfg(test)]
mod tests;
