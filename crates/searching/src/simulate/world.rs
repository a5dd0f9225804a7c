//! All nodes, and what travels between them.

use std::time::Duration;

use simulation::{Agenda, Chance, Distribution};

use super::{
    outcome::{Outcome, SearchOutcome},
    scenario::{CHURN, Churn, Scenario, ScenarioError, Search},
};
use crate::{
    action::Action,
    counts::Counts,
    message::{Holder, Message},
    searcher::Searcher,
};

/// Simulates a scenario to its end.
pub fn run(scenario: &Scenario) -> Result<Outcome, ScenarioError> {
    scenario.check()?;
    let mut world = World::new(scenario);
    let searches = scenario.searches.iter().map(|search| world.search(search)).collect();
    let mut counts = world.departed;
    world.nodes.iter().flat_map(|node| &node.searcher).for_each(|node| counts += node.counts());
    Ok(Outcome { searches, counts, duration: world.agenda.now() })
}

enum Event {
    Arrives {
        from: u32,
        to: u32,
        /// Boxed, since the agenda moves its events about.
        message: Box<Message>,
    },
    Ticks(u32),
    /// A node comes or goes.
    Turns(u32),
    Begins,
}

#[derive(Default)]
struct Node {
    /// `None` while it is away.
    searcher: Option<Searcher<u32>>,
    /// The earliest tick on the agenda.
    ticks_at: Option<Duration>,
}

struct World<'a> {
    scenario: &'a Scenario,
    agenda: Agenda<Event>,
    nodes: Vec<Node>,
    churn: Chance,
    /// How often a node has come.
    arrivals: u32,
    current: Current,
    /// What those have counted that have gone.
    departed: Counts,
}

/// The search that is being made.
#[derive(Default)]
struct Current {
    asker: u32,
    began: Duration,
    queries: u64,
    hits: u64,
    /// How many messages of it travel.
    travelling: u64,
    found: usize,
    hops: Option<u16>,
    took: Option<Duration>,
    is_over: bool,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let count = scenario.graph.nodes();
        let mut world = Self {
            scenario,
            agenda: Agenda::default(),
            nodes: (0..count).map(|_| Node::default()).collect(),
            churn: Chance::new(scenario.seed, CHURN),
            arrivals: 0,
            current: Current { is_over: true, ..Current::default() },
            departed: Counts::default(),
        };
        for node in 0..count as u32 {
            let is_there = |churn: Churn| world.churn.unit() < churn.availability();
            if scenario.churn.is_none_or(is_there) {
                world.come(node);
            }
            world.expect_turn(node);
        }
        world
    }

    fn search(&mut self, search: &Search) -> SearchOutcome {
        self.agenda.schedule_in(self.scenario.pause, Event::Begins);
        while let Some((now, event)) = self.agenda.next() {
            if matches!(event, Event::Begins) {
                break;
            }
            self.happen(event, now);
        }
        let nearest = self.begin(search);
        while (!self.current.is_over || self.current.travelling > 0)
            && let Some((now, event)) = self.agenda.next()
        {
            self.happen(event, now);
        }
        let Current { asker, queries, hits, found, hops, took, .. } = self.current;
        SearchOutcome { asker: asker as usize, queries, hits, found, hops, took, nearest }
    }

    /// How far the nearest holder is.
    fn begin(&mut self, search: &Search) -> Option<u32> {
        let (count, now) = (self.nodes.len(), self.agenda.now());
        let in_turn = (0..count).map(|later| (search.asker + later) % count);
        let asker = in_turn.into_iter().find(|node| self.is_there(*node)).unwrap_or(search.asker);
        if !self.is_there(asker) {
            self.come(asker as u32);
        }
        let nearest = self.nearest_holder(asker, search);
        self.current = Current { asker: asker as u32, began: now, ..Current::default() };
        let Scenario { strategy, ttl, .. } = *self.scenario;
        self.have(asker as u32, |searcher| {
            searcher.ask(search.wanted.clone(), strategy, ttl, now).1
        });
        nearest
    }

    fn nearest_holder(&self, asker: usize, search: &Search) -> Option<u32> {
        let distances = self.scenario.graph.distances(asker, |node| self.is_there(node));
        let holds = |node: &usize| {
            let shares = self.scenario.shares.get(*node);
            shares.is_some_and(|items| items.iter().any(|item| search.wanted.matches(&item.name)))
        };
        let holders = (0..distances.len()).filter(|node| *node != asker).filter(holds);
        holders.filter_map(|holder| distances[holder]).min()
    }

    fn happen(&mut self, event: Event, now: Duration) {
        match event {
            Event::Arrives { from, to, message } => {
                self.current.travelling -= u64::from(is_of_search(&message));
                self.have(to, |searcher| searcher.handle(*message, from, now));
            }
            Event::Ticks(node) => {
                let ticks_at = &mut self.nodes[node as usize].ticks_at;
                // An earlier tick that was scheduled later has taken its place.
                if *ticks_at == Some(now) {
                    *ticks_at = None;
                    self.have(node, |searcher| searcher.tick(now));
                }
            }
            Event::Turns(node) => self.turn(node),
            Event::Begins => {}
        }
    }

    /// Has a node do something, if it is there, and does what it asks for.
    fn have(&mut self, node: u32, act: impl FnOnce(&mut Searcher<u32>) -> Vec<Action<u32>>) {
        let Some(searcher) = &mut self.nodes[node as usize].searcher else { return };
        for action in act(searcher) {
            match action {
                Action::Send { to, message } => self.send(node, to, message),
                Action::Found { hit, .. } => {
                    let current = &mut self.current;
                    current.found += 1;
                    current.hops = Some(current.hops.map_or(hit.hops, |hops| hops.min(hit.hops)));
                    current.took.get_or_insert(self.agenda.now() - current.began);
                }
                Action::Ended(_) => self.current.is_over = true,
            }
        }
        self.expect_tick(node);
    }

    fn send(&mut self, from: u32, to: u32, message: Message) {
        match &message {
            Message::Query(_) => self.current.queries += 1,
            Message::Hit(_) => self.current.hits += 1,
            Message::Filters(_) => {}
        }
        self.current.travelling += u64::from(is_of_search(&message));
        let (latency, message) = (self.latency(from, to), Box::new(message));
        self.agenda.schedule_in(latency, Event::Arrives { from, to, message });
    }

    /// Of an edge it is always the same, so that nothing overtakes what was sent before it.
    fn latency(&self, from: u32, to: u32) -> Duration {
        if let Distribution::Constant(latency) = self.scenario.latency {
            return latency;
        }
        let edge = u64::from(from.min(to)) << 32 | u64::from(from.max(to));
        self.scenario.latency.draw(&mut Chance::new(!self.scenario.seed, edge))
    }

    fn expect_tick(&mut self, node: u32) {
        let Node { searcher, ticks_at } = &mut self.nodes[node as usize];
        let Some(at) = searcher.as_ref().and_then(Searcher::next_tick) else { return };
        let at = at.max(self.agenda.now());
        if ticks_at.is_none_or(|earliest| at < earliest) {
            *ticks_at = Some(at);
            self.agenda.schedule(at, Event::Ticks(node));
        }
    }
}

/// Who is there.
impl World<'_> {
    fn is_there(&self, node: usize) -> bool {
        self.nodes[node].searcher.is_some()
    }

    fn turn(&mut self, node: u32) {
        let is_asking = node == self.current.asker && !self.current.is_over;
        if !self.is_there(node as usize) {
            self.come(node);
        } else if !is_asking {
            self.go(node);
        }
        self.expect_turn(node);
    }

    fn expect_turn(&mut self, node: u32) {
        let Some(churn) = self.scenario.churn else { return };
        let mean = if self.is_there(node as usize) { churn.there } else { churn.away };
        let stay = Distribution::Exponential { mean }.draw(&mut self.churn);
        self.agenda.schedule_in(stay, Event::Turns(node));
    }

    fn come(&mut self, node: u32) {
        let now = self.agenda.now();
        let mut id = [0; 32];
        id[..4].copy_from_slice(&node.to_be_bytes());
        let me = Holder { id, addresses: Vec::new() };
        // Who comes back would otherwise give its queries the names of those that others remember.
        let chance = Chance::new(self.scenario.seed, self.arrivals.into());
        self.arrivals += 1;
        let mut searcher = Searcher::new(self.scenario.config, me, chance);
        searcher.share(self.scenario.shares.get(node as usize).cloned().unwrap_or_default(), now);
        self.nodes[node as usize].searcher = Some(searcher);
        for other in self.present_neighbours(node) {
            for (one, its_neighbour) in [(node, other), (other, node)] {
                self.have(one, |searcher| {
                    let connected = searcher.connect(its_neighbour, now);
                    debug_assert_eq!(connected, Ok(()));
                    Vec::new()
                });
            }
        }
        self.expect_tick(node);
    }

    fn go(&mut self, node: u32) {
        let now = self.agenda.now();
        let Node { searcher, .. } = std::mem::take(&mut self.nodes[node as usize]);
        self.departed += searcher.as_ref().map_or_else(Counts::default, Searcher::counts);
        for other in self.present_neighbours(node) {
            self.have(other, |searcher| {
                searcher.disconnect(node, now);
                Vec::new()
            });
        }
    }

    fn present_neighbours(&self, node: u32) -> Vec<u32> {
        let neighbours = self.scenario.graph.neighbours(node as usize).iter();
        neighbours.filter(|other| self.is_there(**other)).map(|other| *other as u32).collect()
    }
}

fn is_of_search(message: &Message) -> bool {
    matches!(message, Message::Query(_) | Message::Hit(_))
}
