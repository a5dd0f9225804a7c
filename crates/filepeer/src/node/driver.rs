//! The task that has the searcher: messages and requests go in one after another, actions come out.
//!
//! It waits for nobody. What a link cannot take is lost and counted; an asker that does not take its hits
//! loses them; requests and reports wait in short queues for it. It ends when the last handle of its node is
//! gone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use iroh::{
    EndpointId,
    endpoint::{Connection, Side},
};
use searching::{Action, Hit, Item, Message, SearchId, Searcher, Strategy, Wanted};
use tokio::{
    sync::{mpsc, watch},
    time,
};

use super::{
    event::Event,
    link::{Closing, Ending, Link, LinkId, Report},
    local::Local,
};

/// Requests, and reports of links, that wait for the driver.
const QUEUE_LEN: usize = 64;

/// Hits that wait for their asker: no fewer than a search is given.
const HITS_LEN: usize = 256;

/// How often the searcher is asked for something to do where it expects nothing.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What the rest of the node asks of the driver.
pub(super) enum Request {
    /// A connection to a neighbour, made by either side.
    Join(Connection),
    /// The answers come on the channel, which is closed at the end.
    Ask { wanted: Wanted, strategy: Strategy, ttl: u16, hits: mpsc::Sender<Hit> },
    /// The files that are shared from now on.
    Share(Vec<Item>),
}

/// Who has a link, as it changes.
pub(super) type Linked = watch::Receiver<BTreeSet<EndpointId>>;

/// A way to ask the driver.
pub(super) type Requests = mpsc::Sender<Request>;

/// Where the hits of one search go.
pub(super) fn hits() -> (mpsc::Sender<Hit>, mpsc::Receiver<Hit>) {
    mpsc::channel(HITS_LEN)
}

pub(super) struct Driver {
    local: Arc<Local>,
    searcher: Searcher<LinkId>,
    links: BTreeMap<LinkId, Link>,
    links_made: u64,
    asked: HashMap<SearchId, mpsc::Sender<Hit>>,
    linked: watch::Sender<BTreeSet<EndpointId>>,
    reports: mpsc::Sender<Report>,
    started: Instant,
}

impl Driver {
    /// Begins to drive the searcher of the node.
    pub(super) fn start(local: Arc<Local>, searcher: Searcher<LinkId>) -> (Requests, Linked) {
        let (requests, asked) = mpsc::channel(QUEUE_LEN);
        let (reports, reported) = mpsc::channel(QUEUE_LEN);
        let (linked, who) = watch::channel(BTreeSet::new());
        let driver = Self {
            local,
            searcher,
            links: BTreeMap::new(),
            links_made: 0,
            asked: HashMap::new(),
            linked,
            reports,
            started: Instant::now(),
        };
        tokio::spawn(driver.run(asked, reported));
        (requests, who)
    }

    async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut reports: mpsc::Receiver<Report>,
    ) {
        loop {
            let tick = self.next_tick();
            let actions = tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.serve(request),
                    None => return,
                },
                // One sender is its own, so it is never closed.
                Some(report) = reports.recv() => self.take(report),
                () = time::sleep_until(tick.into()) => self.searcher.tick(self.now()),
            };
            self.act(actions);
            self.local.tally.searched(self.searcher.counts());
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the searcher has something to do of itself, at the latest after [`LOOK_EVERY`].
    fn next_tick(&self) -> Instant {
        let now = self.now();
        let latest = now + LOOK_EVERY;
        let tick = self.searcher.next_tick().unwrap_or(latest);
        self.started + tick.clamp(now, latest)
    }

    fn serve(&mut self, request: Request) -> Vec<Action<LinkId>> {
        let now = self.now();
        match request {
            Request::Join(connection) => {
                self.join(connection, now);
                Vec::new()
            }
            Request::Ask { wanted, strategy, ttl, hits } => {
                let (search, actions) = self.searcher.ask(wanted, strategy, ttl, now);
                self.asked.insert(search, hits);
                actions
            }
            Request::Share(items) => {
                self.searcher.share(items, now);
                Vec::new()
            }
        }
    }

    fn take(&mut self, report: Report) -> Vec<Action<LinkId>> {
        match report {
            Report::Received(id, message) => self.receive(id, message),
            Report::Ended(id, ending) => {
                self.leave(id, &ending);
                Vec::new()
            }
        }
    }

    fn receive(&mut self, id: LinkId, message: Message) -> Vec<Action<LinkId>> {
        let asked = match &message {
            Message::Query(query) => Some(query.wanted.to_string()),
            Message::Hit(_) | Message::Filters(_) => None,
        };
        let before = self.searcher.counts();
        let actions = self.searcher.handle(message, id, self.now());
        let after = self.searcher.counts();
        let is_new = (before.duplicates, before.queries_refused)
            == (after.duplicates, after.queries_refused);
        if let (Some(name), true) = (asked, is_new) {
            self.local.tell(Event::QueryReceived { node: self.local.place(), name });
        }
        actions
    }

    /// Makes a link of the connection, unless there is one that stays. One that its other end has given up
    /// meanwhile takes no place of one that lives.
    fn join(&mut self, connection: Connection, now: Duration) {
        let peer = connection.remote_id();
        let known = self.links.iter().find(|(_, link)| link.peer == peer);
        if let Some((id, link)) = known.map(|(id, link)| (*id, link)) {
            if connection.close_reason().is_some() || !self.replaces(&connection, link) {
                return Closing::Double.close(&connection);
            }
            self.forget(id, now);
        }
        let id = LinkId(self.links_made);
        // A neighbour that this node looks for is rather had than one that came by itself.
        let mut is_linked = self.searcher.connect(id, now).is_ok();
        if !is_linked && connection.side() == Side::Client && self.send_a_stranger_away(now) {
            is_linked = self.searcher.connect(id, now).is_ok();
        }
        if !is_linked {
            self.local.tally.turned_away();
            return Closing::Full.close(&connection);
        }
        self.links_made += 1;
        let link = Link::start(id, connection, self.reports.clone());
        let (node, neighbour) = (self.local.place(), link.place);
        self.links.insert(id, link);
        self.tell_links();
        self.local.tell(Event::NeighbourAdded { node, neighbour });
    }

    /// The one that came last. Whether there was one.
    fn send_a_stranger_away(&mut self, now: Duration) -> bool {
        let is_stranger = |(_, link): &(&LinkId, &Link)| link.side == Side::Server;
        let Some(id) = self.links.iter().rfind(is_stranger).map(|(id, _)| *id) else {
            return false;
        };
        let Some(link) = self.forget(id, now) else { return false };
        let why = "a neighbour that was named has its place".to_owned();
        self.local.tell(Event::NeighbourLost { neighbour: link.place, why });
        true
    }

    /// Of two connections that two nodes have made to each other at once, both keep the same one: that of
    /// the smaller identity. Of two by the same side the later stays, since the side has given up the first.
    fn replaces(&self, connection: &Connection, link: &Link) -> bool {
        let ours_is_smaller = self.local.id < link.peer;
        let side_to_keep = if ours_is_smaller { Side::Client } else { Side::Server };
        connection.side() == link.side || connection.side() == side_to_keep
    }

    fn leave(&mut self, id: LinkId, ending: &Ending) {
        let Some(link) = self.forget(id, self.now()) else { return };
        self.tell_links();
        let (neighbour, why) = (link.place, ending.to_string());
        let event = match ending {
            Ending::Misbehaved(_) | Ending::Stalled => {
                self.local.tally.refused();
                Event::PeerRefused { peer: neighbour, why }
            }
            Ending::Closed => Event::NeighbourLeft { neighbour },
            Ending::Lost | Ending::Full => Event::NeighbourLost { neighbour, why },
            Ending::Ours => return,
        };
        self.local.tell(event);
    }

    /// Also for a link that was replaced: it ends when it is dropped, and has nothing more to say then.
    fn forget(&mut self, id: LinkId, now: Duration) -> Option<Link> {
        self.searcher.disconnect(id, now);
        self.links.remove(&id)
    }

    fn tell_links(&self) {
        self.local.tally.neighbours_are(self.links.len());
        self.linked.send_replace(self.links.values().map(|link| link.peer).collect());
    }

    fn act(&mut self, actions: Vec<Action<LinkId>>) {
        for action in actions {
            match action {
                Action::Send { to, message } => {
                    if let Some(link) = self.links.get(&to) {
                        link.send(message, &self.local.tally);
                    }
                }
                Action::Found { search, hit } => {
                    if let Some(hits) = self.asked.get(&search) {
                        // Who takes none any more has left.
                        let _ = hits.try_send(hit);
                    }
                }
                Action::Ended(search) => drop(self.asked.remove(&search)),
            }
        }
    }
}
