//! One node of the search: it asks, answers, and passes on.
//!
//! No query is sent to a neighbour twice, so each ends after at most two messages for every edge of the
//! graph, whatever its TTL and whatever the graph. A walk that goes back to where it first came from only
//! when there is nowhere else to go is Tarry's traversal (1895): where it finds nothing, it comes home after
//! exactly two messages for every edge, and has been everywhere.

mod bucket;
mod neighbours;
mod searches;
mod seen;
mod shelf;
mod slots;

use std::time::Duration;

use simulation::Chance;

pub use self::neighbours::ConnectError;
use self::{
    neighbours::Neighbours,
    searches::Searches,
    seen::{Origin, Seen},
    shelf::Shelf,
    slots::{Slot, Slots},
};
use crate::{
    action::{Action, SearchId},
    config::Config,
    counts::Counts,
    filter::{Attenuated, NameHash},
    message::{Guid, Hit, Holder, Item, Message, Query, Routing, Wanted},
    strategy::Strategy,
};

/// Decides what a node sends, and to whom; whoever drives it has that sent. `N` names a neighbour. The time
/// that is handed in is since any fixed moment and never goes back.
///
/// What it holds has a limit, whatever neighbours send: see [`Config`].
#[derive(Debug)]
pub struct Searcher<N> {
    config: Config,
    me: Holder,
    chance: Chance,
    shelf: Shelf,
    neighbours: Neighbours<N>,
    seen: Seen,
    searches: Searches,
    /// When neighbours are told what can be found here now.
    news_due: Option<Duration>,
    counts: Counts,
}

impl<N: Copy + Eq> Searcher<N> {
    /// A node that shares nothing and knows nobody. `me` is what others are told of it when they find
    /// something here. Its queries are named by `chance`: a node that begins again with the same chance is
    /// taken for one that repeats itself, and whoever can foresee it can answer before it asks. So among
    /// strangers the seed is a secret, and another one each time.
    pub fn new(config: Config, me: Holder, chance: Chance) -> Self {
        Self {
            shelf: Shelf::new(Vec::new(), config.filter_len),
            neighbours: Neighbours::new(),
            seen: Seen::new(config.seen_max, config.seen_for),
            searches: Searches::default(),
            news_due: None,
            counts: Counts::default(),
            config,
            me,
            chance,
        }
    }

    pub fn connect(&mut self, neighbour: N, now: Duration) -> Result<(), ConnectError> {
        self.neighbours.connect(neighbour, self.config.neighbours_max)?;
        self.expect_news(now);
        Ok(())
    }

    /// Hits that would have to go back to it are lost. Nothing happens where it is no neighbour.
    pub fn disconnect(&mut self, neighbour: N, now: Duration) {
        let Some(slot) = self.neighbours.disconnect(neighbour) else { return };
        self.seen.forget_neighbour(slot);
        self.expect_news(now);
    }

    /// Shares these and nothing else.
    pub fn share(&mut self, items: Vec<Item>, now: Duration) {
        self.shelf = Shelf::new(items, self.config.filter_len);
        self.expect_news(now);
    }

    /// Begins a search of one's own among all others: what is shared here is not found. `ttl` is that of
    /// floods, at least 1 and at most [`Config::ttl_max`].
    pub fn ask(
        &mut self,
        wanted: Wanted,
        strategy: Strategy,
        ttl: u16,
        now: Duration,
    ) -> (SearchId, Vec<Action<N>>) {
        let mut actions = Vec::new();
        if self.searches.len() >= self.config.searches_max
            && let Some(oldest) = self.searches.oldest()
        {
            self.searches.end(oldest);
            actions.push(Action::Ended(oldest));
        }
        let ttl = ttl.min(self.config.ttl_max).max(1);
        let id = self.searches.begin(wanted, strategy, ttl);
        self.go_on(id, now, &mut actions);
        (id, actions)
    }

    /// Takes what a neighbour says. Of somebody who is none, nothing is taken.
    pub fn handle(&mut self, message: Message, from: N, now: Duration) -> Vec<Action<N>> {
        let mut actions = Vec::new();
        let Some(slot) = self.neighbours.slot_of(from) else { return actions };
        match message {
            Message::Query(query) => self.query(query, slot, now, &mut actions),
            Message::Hit(hit) => self.hit(hit, slot, now, &mut actions),
            Message::Filters(filters) => self.filters(filters, slot, now),
        }
        actions
    }

    /// Does what is due: tells neighbours what has changed, goes on with searches and ends them.
    pub fn tick(&mut self, now: Duration) -> Vec<Action<N>> {
        let mut actions = Vec::new();
        if self.news_due.is_some_and(|due| due <= now) {
            self.news_due = None;
            for (to, filters) in self.neighbours.news(self.shelf.filter()) {
                self.counts.filters_sent += 1;
                actions.push(Action::Send { to, message: Message::Filters(filters) });
            }
        }
        for id in self.searches.due(now) {
            self.go_on(id, now, &mut actions);
        }
        actions
    }

    /// When something is due. Each call of the others may change it.
    pub fn next_tick(&self) -> Option<Duration> {
        self.news_due.into_iter().chain(self.searches.next_due()).min()
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn neighbours(&self) -> impl Iterator<Item = N> {
        self.neighbours.connected().iter().filter_map(|slot| self.neighbours.name(slot))
    }
}

/// Its own searches.
impl<N: Copy + Eq> Searcher<N> {
    /// Makes the next attempt, or ends the search where it has found something or there is none.
    fn go_on(&mut self, id: SearchId, now: Duration, actions: &mut Vec<Action<N>>) {
        let Some(search) = self.searches.get_mut(id) else { return };
        let (wanted, walk_ttl) = (search.wanted.clone(), self.config.walk_ttl);
        let attempt = search.strategy.attempt(search.attempts, &wanted, search.ttl, walk_ttl);
        let Some(attempt) = attempt.filter(|_| !search.has_found()) else {
            self.searches.end(id);
            actions.push(Action::Ended(id));
            return;
        };
        let [high, low] = [(); 2].map(|()| self.chance.next_u64());
        let guid = Guid((u128::from(high) << 64 | u128::from(low)).to_be_bytes());
        let routing = attempt.routing;
        let query = Query { guid, ttl: attempt.ttl, hops: 0, routing, wanted };
        self.seen.meet(guid, Origin::Own(id), now);
        let (sent, walks) = match routing {
            Routing::Flood => (self.flood(&query, actions), 0),
            Routing::Walk | Routing::Bloom => {
                let walks = (0..attempt.walkers).filter(|_| self.walk(&query, actions));
                let walks = walks.count();
                (walks, walks)
            }
        };
        let wait = match routing {
            _ if sent == 0 => Duration::ZERO,
            Routing::Flood => self.config.hop_time.saturating_mul(attempt.ttl.into()),
            Routing::Walk | Routing::Bloom => self.config.walk_wait,
        };
        let Some(search) = self.searches.get_mut(id) else { return };
        search.attempts += 1;
        search.guid = guid;
        search.walks = walks;
        search.until = now.saturating_add(wait);
    }

    /// A walk has been everywhere. When all have, nothing is left to wait for.
    fn come_home(&mut self, id: SearchId, guid: Guid, now: Duration, actions: &mut Vec<Action<N>>) {
        let Some(search) = self.searches.get_mut(id) else { return };
        if search.guid != guid || search.walks == 0 {
            return;
        }
        search.walks -= 1;
        if search.walks == 0 {
            self.go_on(id, now, actions);
        }
    }
}

/// What neighbours say.
impl<N: Copy + Eq> Searcher<N> {
    fn query(&mut self, query: Query, from: Slot, now: Duration, actions: &mut Vec<Action<N>>) {
        self.counts.queries_received += 1;
        if !self.neighbours.may_ask(from, now, &self.config) {
            self.counts.queries_refused += 1;
            return;
        }
        let (track, is_first) = self.seen.meet(query.guid, Origin::Neighbour(from), now);
        track.received.insert(from);
        let (origin, is_over) = (track.origin, track.hits > 0);
        let is_flood = query.routing == Routing::Flood;
        if is_flood && !is_first {
            self.counts.duplicates += 1;
            return;
        }
        let is_own = matches!(origin, Origin::Own(_));
        let query = query.one_hop_on(&self.config);
        // Where a hit has come back, other walks for the same thing need go no farther.
        let is_found = !is_own && self.answer(&query, from, is_first, actions) || is_over;
        if query.ttl == 0 {
            return;
        }
        if is_flood {
            self.flood(&query, actions);
        } else if !is_found
            && !self.walk(&query, actions)
            && let Origin::Own(id) = origin
        {
            self.come_home(id, query.guid, now, actions);
        }
    }

    /// Whether what is wanted is here. Who is asked twice answers once.
    fn answer(
        &mut self,
        query: &Query,
        to: Slot,
        is_first: bool,
        actions: &mut Vec<Action<N>>,
    ) -> bool {
        let items = self.shelf.matching(&query.wanted, self.config.answers_max);
        let is_found = !items.is_empty();
        if let Some(to) = self.neighbours.name(to)
            && is_first
        {
            self.counts.hits_sent += items.len() as u64;
            actions.extend(items.into_iter().map(|item| {
                let (guid, hops) = (query.guid, query.hops);
                let hit = Hit { guid, hops, item: item.clone(), holder: self.me.clone() };
                Action::Send { to, message: Message::Hit(hit) }
            }));
        }
        is_found
    }

    fn hit(&mut self, hit: Hit, from: Slot, now: Duration, actions: &mut Vec<Action<N>>) {
        self.counts.hits_received += 1;
        if !self.neighbours.may_answer(from, now, &self.config) {
            self.counts.hits_refused += 1;
            return;
        }
        let track = self.seen.get_mut(hit.guid).filter(|track| track.sent.contains(from));
        let Some(track) = track else {
            self.counts.hits_unasked += 1;
            return;
        };
        if track.hits >= self.config.hits_max {
            self.counts.hits_refused += 1;
            return;
        }
        track.hits += 1;
        match track.origin {
            Origin::Own(search) => {
                let asked = self.searches.get_mut(search);
                if asked.is_some_and(|asked| asked.find(&hit)) {
                    self.counts.hits_found += 1;
                    actions.push(Action::Found { search, hit });
                }
            }
            Origin::Neighbour(slot) => {
                let Some(to) = self.neighbours.name(slot) else { return };
                self.counts.hits_relayed += 1;
                actions.push(Action::Send { to, message: Message::Hit(hit) });
            }
            Origin::Gone => self.counts.hits_lost += 1,
        }
    }

    fn filters(&mut self, filters: Attenuated, from: Slot, now: Duration) {
        self.counts.filters_received += 1;
        let is_usable = filters.level_len() == self.shelf.filter().as_bytes().len();
        if !is_usable || !self.neighbours.may_ask(from, now, &self.config) {
            self.counts.filters_refused += 1;
        } else if self.neighbours.set_filters(from, filters) {
            self.expect_news(now);
        }
    }
}

/// What neighbours are told.
impl<N: Copy + Eq> Searcher<N> {
    /// Sends a query to all neighbours that have not met it; to how many.
    fn flood(&mut self, query: &Query, actions: &mut Vec<Action<N>>) -> usize {
        let Some(track) = self.seen.get_mut(query.guid) else { return 0 };
        let unmet = self.neighbours.connected().without(track.sent).without(track.received);
        for slot in unmet.iter() {
            track.sent.insert(slot);
            let Some(to) = self.neighbours.name(slot) else { continue };
            self.counts.queries_sent += 1;
            actions.push(Action::Send { to, message: Message::Query(query.clone()) });
        }
        unmet.len()
    }

    /// Sends a query to one neighbour, or to nobody where it was sent to all. Back to where it first came
    /// from it goes last.
    fn walk(&mut self, query: &Query, actions: &mut Vec<Action<N>>) -> bool {
        let Some(track) = self.seen.get_mut(query.guid) else { return false };
        let unused = self.neighbours.connected().without(track.sent);
        let onward = match track.origin {
            Origin::Neighbour(first) => unused.without([first].into_iter().collect()),
            Origin::Own(_) | Origin::Gone => unused,
        };
        let unmet = onward.without(track.received);
        let promising = match (query.routing, &query.wanted) {
            (Routing::Bloom, Wanted::Exact(name)) => {
                self.neighbours.promising(unmet, NameHash::of(name))
            }
            _ => Slots::default(),
        };
        let choices = [promising, unmet, onward, unused];
        let Some(choice) = choices.into_iter().find(|choice| !choice.is_empty()) else {
            return false;
        };
        let Some(slot) = choice.iter().nth(self.chance.below(choice.len())) else { return false };
        let Some(to) = self.neighbours.name(slot) else { return false };
        track.sent.insert(slot);
        self.counts.queries_sent += 1;
        actions.push(Action::Send { to, message: Message::Query(query.clone()) });
        true
    }

    fn expect_news(&mut self, now: Duration) {
        self.news_due.get_or_insert(now.saturating_add(self.config.filter_delay));
    }
}

impl Query {
    /// As it is where it has arrived. Whatever TTL it came with, it goes no farther than is allowed here.
    fn one_hop_on(self, config: &Config) -> Self {
        let hops = self.hops.saturating_add(1);
        let hops_max = match self.routing {
            Routing::Flood => config.ttl_max,
            Routing::Walk | Routing::Bloom => config.walk_ttl_max,
        };
        let ttl = self.ttl.saturating_sub(1).min(hops_max.saturating_sub(hops));
        Self { hops, ttl, ..self }
    }
}

#[cfg(test)]
mod tests;
