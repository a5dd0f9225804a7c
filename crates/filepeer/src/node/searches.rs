//! A search by this node: the network of peers and the neighbours that are nodes of the seed, asked at once.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use iroh::EndpointId;
use protocol::FileName;
use searching::{Found, Hit, Strategy, Wanted, grouped};
use tokio::{task::JoinSet, time};

use super::{
    counts::Tally,
    driver::{self, Request, Requests},
    event::{Event, Place},
    local::Local,
    seed_wire::asking,
};

/// What is looked for, and how.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) wanted: Wanted,
    pub(crate) strategy: Strategy,
    /// How far a flood goes.
    pub(crate) ttl: u16,
    /// The search ends by itself, at the latest after this.
    pub(crate) wait: Duration,
    pub(crate) until: Until,
}

/// When a search has found enough.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Until {
    First,
    /// After this time without a new answer, if there was one.
    Quiet(Duration),
}

/// Who is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reach {
    Everyone,
    /// Not the nodes of the seed.
    Peers,
}

/// What a search has found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) found: Vec<Found>,
    /// Of these only the name is known.
    pub(crate) of_seed: Vec<SeedHolder>,
    /// How long the first of all answers took; `None` where there was none.
    pub(crate) response: Option<Duration>,
    /// An address of whoever was found first.
    pub(super) first: Option<SocketAddr>,
}

/// A node of the seed that has the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SeedHolder {
    pub(crate) name: FileName,
    pub(crate) address: SocketAddr,
}

/// The neighbours that are nodes of the seed.
#[derive(Debug, Default)]
pub(super) struct Seeds(Mutex<BTreeSet<SocketAddr>>);

impl Seeds {
    pub(super) fn add(&self, address: SocketAddr, tally: &Tally) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let added = all.insert(address);
        tally.seed_neighbours_are(all.len());
        added
    }

    pub(super) fn remove(&self, address: SocketAddr, tally: &Tally) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let removed = all.remove(&address);
        tally.seed_neighbours_are(all.len());
        removed
    }

    fn all(&self) -> Vec<SocketAddr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

/// Asks for a node.
#[derive(Clone)]
pub(super) struct Searches {
    local: Arc<Local>,
    pub(super) requests: Requests,
    pub(super) seeds: Arc<Seeds>,
}

impl Searches {
    pub(super) fn new(local: Arc<Local>, requests: Requests) -> Self {
        Self { local, requests, seeds: Arc::default() }
    }

    /// Asks, tells each answer as an event, and returns all of them.
    pub(super) async fn run(&self, search: Search, reach: Reach) -> Answer {
        let Search { wanted, strategy, ttl, wait, until } = search;
        let mut answers = Answers::new(self);
        let mut asking = self.ask_seeds(&wanted, reach);
        let (sender, mut hits) = driver::hits();
        let request = Request::Ask { wanted: wanted.clone(), strategy, ttl, hits: sender };
        // A node that has ended answers nothing, which the channel shows.
        let _ = self.requests.send(request).await;
        let mut peers_done = false;
        while !(peers_done && asking.is_empty()) {
            let Some(end) = answers.end(wait, until) else { break };
            tokio::select! {
                hit = hits.recv(), if !peers_done => match hit {
                    Some(hit) => answers.add_hit(hit),
                    None => peers_done = true,
                },
                Some(place) = asking.join_next(), if !asking.is_empty() => {
                    if let (Ok(Some(address)), Wanted::Exact(name)) = (place, &wanted) {
                        answers.add_of_seed(SeedHolder { name: name.clone(), address });
                    }
                }
                () = time::sleep_until(end.into()) => break,
            }
        }
        answers.finish(&wanted)
    }

    /// The nodes of the seed know whole names alone.
    fn ask_seeds(&self, wanted: &Wanted, reach: Reach) -> JoinSet<Option<SocketAddr>> {
        let mut asking = JoinSet::new();
        if let (Wanted::Exact(name), Reach::Everyone) = (wanted, reach) {
            for address in self.seeds.all() {
                let name = name.clone();
                asking.spawn(async move { asking::search(address, &name).await.ok().flatten() });
            }
        }
        asking
    }
}

/// The answers to one search, as they come.
struct Answers<'a> {
    searches: &'a Searches,
    begun: Instant,
    last: Option<Instant>,
    hits: Vec<Hit>,
    answer: Answer,
}

impl<'a> Answers<'a> {
    fn new(searches: &'a Searches) -> Self {
        let (last, hits, answer) = Default::default();
        Self { searches, begun: Instant::now(), last, hits, answer }
    }

    /// Until when more are waited for; `None` where there are enough.
    fn end(&self, wait: Duration, until: Until) -> Option<Instant> {
        let deadline = self.begun + wait;
        match (until, self.last) {
            (Until::First, Some(_)) => None,
            (Until::Quiet(quiet), Some(last)) => Some(deadline.min(last + quiet)),
            (_, None) => Some(deadline),
        }
    }

    fn add_hit(&mut self, mut hit: Hit) {
        let local = &self.searches.local;
        hit.holder.addresses.retain(|named| local.may_dial(*named));
        let holder = Place {
            address: hit.holder.addresses.first().copied(),
            id: EndpointId::from_bytes(&hit.holder.id).ok(),
        };
        self.tell(hit.item.name.clone(), holder, Some(hit.hops));
        self.hits.push(hit);
    }

    fn add_of_seed(&mut self, holder: SeedHolder) {
        let may_dial = self.searches.local.may_dial(holder.address);
        if may_dial && !self.answer.of_seed.contains(&holder) {
            let place = Place { address: Some(holder.address), id: None };
            self.tell(holder.name.clone(), place, None);
            self.answer.of_seed.push(holder);
        }
    }

    fn tell(&mut self, name: FileName, holder: Place, hops: Option<u16>) {
        let response = self.begun.elapsed();
        self.last = Some(Instant::now());
        self.answer.response.get_or_insert(response);
        self.answer.first = self.answer.first.or(holder.address);
        self.searches.local.tell(Event::Found { name, holder, hops, response });
    }

    fn finish(mut self, wanted: &Wanted) -> Answer {
        if self.last.is_none() {
            let (name, response) = (wanted.to_string(), self.begun.elapsed());
            self.searches.local.tell(Event::NotFound { name, response });
        }
        self.answer.found = grouped(self.hits);
        self.answer
    }
}
