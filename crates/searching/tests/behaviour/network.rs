//! A few searchers, and what travels between them, in whatever order a test wants it to arrive.

use std::time::Duration;

use protocol::FileName;
use searching::{
    Action, Config, Counts, Hit, Holder, Item, Message, SearchId, Searcher, Strategy, Wanted,
};
use simulation::Chance;

/// Time stands still unless a test moves it.
pub(crate) struct Network {
    pub(crate) nodes: Vec<Searcher<usize>>,
    pub(crate) now: Duration,
    /// From, to, and what.
    pub(crate) travelling: Vec<(usize, usize, Message)>,
    /// Who has found what for which search.
    pub(crate) found: Vec<(usize, SearchId, Hit)>,
    pub(crate) ended: Vec<(usize, SearchId)>,
}

pub(crate) fn name(name: &str) -> FileName {
    name.parse().unwrap()
}

pub(crate) fn exact(wanted: &str) -> Wanted {
    Wanted::Exact(name(wanted))
}

/// The content is known by its first byte.
pub(crate) fn item(called: &str, content: u8) -> Item {
    Item { name: name(called), hash: [content; 32], size: 25 }
}

pub(crate) fn holder(node: usize) -> Holder {
    Holder { id: [node as u8; 32], addresses: Vec::new() }
}

impl Network {
    pub(crate) fn new(config: Config, nodes: usize, edges: &[(usize, usize)]) -> Self {
        let node = |node| Searcher::new(config, holder(node), Chance::new(7, node as u64));
        let mut network = Self {
            nodes: (0..nodes).map(node).collect(),
            now: Duration::ZERO,
            travelling: Vec::new(),
            found: Vec::new(),
            ended: Vec::new(),
        };
        for (one, other) in edges {
            network.nodes[*one].connect(*other, network.now).unwrap();
            network.nodes[*other].connect(*one, network.now).unwrap();
        }
        network
    }

    /// 0 - 1 - 2 and so on.
    pub(crate) fn chain(nodes: usize) -> Self {
        let edges: Vec<_> = (1..nodes).map(|node| (node - 1, node)).collect();
        Self::new(Config::default(), nodes, &edges)
    }

    pub(crate) fn share(&mut self, node: usize, items: &[Item]) {
        self.nodes[node].share(items.to_vec(), self.now);
    }

    pub(crate) fn ask(&mut self, node: usize, wanted: Wanted, strategy: Strategy) -> SearchId {
        let (search, actions) = self.nodes[node].ask(wanted, strategy, 16, self.now);
        self.act(node, actions);
        search
    }

    /// Has one of the messages that travel arrive. `false` where there is none.
    pub(crate) fn deliver(&mut self, nth: usize) -> bool {
        if self.travelling.is_empty() {
            return false;
        }
        let (from, to, message) = self.travelling.remove(nth % self.travelling.len());
        let actions = self.nodes[to].handle(message, from, self.now);
        self.act(to, actions);
        true
    }

    /// Has everything arrive that travels, in the order in which it was sent.
    pub(crate) fn deliver_all(&mut self) {
        while self.deliver(0) {}
    }

    /// Does what is due until then, each at its moment, and has arrive what comes of it.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.deliver_all();
        while let Some(due) = self.nodes.iter().filter_map(Searcher::next_tick).min()
            && due <= end
        {
            self.now = self.now.max(due);
            for node in 0..self.nodes.len() {
                let actions = self.nodes[node].tick(self.now);
                self.act(node, actions);
            }
            self.deliver_all();
        }
        self.now = end;
    }

    pub(crate) fn act(&mut self, node: usize, actions: Vec<Action<usize>>) {
        for action in actions {
            match action {
                Action::Send { to, message } => self.travelling.push((node, to, message)),
                Action::Found { search, hit } => self.found.push((node, search, hit)),
                Action::Ended(search) => self.ended.push((node, search)),
            }
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut all = Counts::default();
        self.nodes.iter().for_each(|node| all += node.counts());
        all
    }
}
