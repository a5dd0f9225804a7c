//! Whatever neighbours send, and however often: what is held of it, and what is sent for it, is bounded.

use proptest::{collection::vec, prelude::*, sample::select, strategy::Strategy as Generated};
use protocol::FileName;

use super::{Strategy, *};
use crate::filter::Filter;

const CONFIG: Config = Config {
    ttl_max: 4,
    walk_ttl: 8,
    walk_ttl_max: 8,
    hop_time: Duration::from_millis(50),
    walk_wait: Duration::from_millis(400),
    seen_max: 16,
    seen_for: Duration::from_secs(5),
    neighbours_max: 4,
    queries_per_second: 20,
    queries_burst: 40,
    hits_per_second: 40,
    hits_burst: 80,
    answers_max: 2,
    hits_max: 5,
    searches_max: 3,
    filter_len: 8,
    filter_delay: Duration::from_millis(100),
};

/// A few names and ids, so that what is sent has often to do with what was sent before.
#[derive(Clone, Debug)]
enum Step {
    Connect(u8),
    Disconnect(u8),
    Ask(Wanted, Strategy),
    Query {
        from: u8,
        query: Query,
    },
    /// For the query that was sent or asked so many steps ago, from whichever neighbour.
    Hit {
        from: u8,
        ago: usize,
        content: u8,
    },
    Filters {
        from: u8,
        bytes: [u8; 3],
        len: usize,
    },
    Pass(Duration),
}

fn name(number: u8) -> FileName {
    format!("{number}.txt").parse().unwrap()
}

fn item(number: u8) -> Item {
    Item { name: name(number), hash: [number; 32], size: 1 }
}

fn holder() -> Holder {
    Holder { id: [1; 32], addresses: Vec::new() }
}

fn steps() -> impl Generated<Value = Step> {
    let wanted = || {
        prop_oneof![
            (0..6_u8).prop_map(|number| Wanted::Exact(name(number))),
            Just(Wanted::Containing(".txt".parse().unwrap())),
        ]
    };
    let routing = select(vec![Routing::Flood, Routing::Walk, Routing::Bloom]);
    let strategies = vec![Strategy::Flood, Strategy::Rings, Strategy::Walkers(9), Strategy::Bloom];
    let number = prop_oneof![0..8_u8, any::<u8>()];
    let query = (number, any::<u16>(), any::<u16>(), routing, wanted()).prop_map(
        |(number, ttl, hops, routing, wanted)| Query {
            guid: Guid([number; 16]),
            ttl,
            hops,
            routing,
            wanted,
        },
    );
    prop_oneof![
        2 => (0..8_u8).prop_map(Step::Connect),
        1 => (0..8_u8).prop_map(Step::Disconnect),
        2 => (wanted(), select(strategies)).prop_map(|(wanted, how)| Step::Ask(wanted, how)),
        8 => (0..8_u8, query).prop_map(|(from, query)| Step::Query { from, query }),
        8 => (0..8_u8, 0..8_usize, any::<u8>())
            .prop_map(|(from, ago, content)| Step::Hit { from, ago, content }),
        2 => (0..8_u8, any::<[u8; 3]>(), select(vec![7, 8, 8, 8]))
            .prop_map(|(from, bytes, len)| Step::Filters { from, bytes, len }),
        2 => (0..3000_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
    ]
}

/// A searcher, and the queries that it was sent or has sent.
struct Scene {
    searcher: Searcher<u8>,
    now: Duration,
    guids: Vec<Guid>,
}

impl Scene {
    fn take(&mut self, step: Step) -> Vec<Action<u8>> {
        let now = self.now;
        match step {
            Step::Connect(neighbour) => _ = self.searcher.connect(neighbour, now),
            Step::Disconnect(neighbour) => self.searcher.disconnect(neighbour, now),
            Step::Ask(wanted, strategy) => return self.searcher.ask(wanted, strategy, 9, now).1,
            Step::Query { from, query } => {
                self.guids.push(query.guid);
                return self.searcher.handle(Message::Query(query), from, now);
            }
            Step::Hit { from, ago, content } => {
                let Some(guid) = self.guids.iter().nth_back(ago) else { return Vec::new() };
                let (guid, item) = (*guid, item(content));
                let hit = Hit { guid, hops: 1, item, holder: holder() };
                return self.searcher.handle(Message::Hit(hit), from, now);
            }
            Step::Filters { from, bytes, len } => {
                let levels = bytes.map(|byte| Filter::from_bytes(&vec![byte; len]).unwrap());
                let filters = Attenuated::new(levels).unwrap();
                return self.searcher.handle(Message::Filters(filters), from, now);
            }
            Step::Pass(time) => {
                self.now += time;
                return self.searcher.tick(self.now);
            }
        }
        Vec::new()
    }

    fn is_bounded(&self) -> bool {
        let searcher = &self.searcher;
        let found_max = usize::from(CONFIG.hits_max * CONFIG.ttl_max);
        searcher.seen.len() <= CONFIG.seen_max
            && searcher.neighbours().count() <= CONFIG.neighbours_max
            && searcher.searches.len() <= CONFIG.searches_max
            && searcher.searches.iter().all(|search| search.found_len() <= found_max)
    }
}

proptest! {
    #[test]
    fn memory_and_answers_are_bounded_whatever_neighbours_send(steps in vec(steps(), 0..300)) {
        let mut searcher = Searcher::new(CONFIG, holder(), Chance::new(1, 0));
        searcher.share((0..6).map(item).collect(), Duration::ZERO);
        let mut scene = Scene { searcher, now: Duration::ZERO, guids: Vec::new() };
        for step in steps {
            let is_tick = matches!(step, Step::Pass(_));
            let actions = scene.take(step);
            // Answers, and a query for each neighbour; a tick may go on with each search.
            let each = CONFIG.neighbours_max + CONFIG.answers_max + 1;
            let most = if is_tick { each * (CONFIG.searches_max + 1) } else { each };
            prop_assert!(actions.len() <= most, "{actions:?}");
            scene.guids.extend(actions.iter().filter_map(|action| match action {
                Action::Send { message: Message::Query(query), .. } => Some(query.guid),
                _ => None,
            }));
            prop_assert!(scene.is_bounded());
        }
        let counts = scene.searcher.counts();
        prop_assert!(counts.queries_refused + counts.duplicates <= counts.queries_received);
        prop_assert!(counts.hits_found + counts.hits_relayed <= counts.hits_received);
    }
}

/// With the limits as they are.
#[test]
fn queries_are_remembered_up_to_the_most_that_may_be() {
    let config =
        Config { queries_per_second: u32::MAX, queries_burst: u32::MAX, ..Config::default() };
    let mut searcher = Searcher::new(config, holder(), Chance::new(1, 0));
    searcher.connect(0, Duration::ZERO).unwrap();
    for number in 0..200_000_u128 {
        let (guid, wanted) = (Guid(number.to_be_bytes()), Wanted::Exact(name(0)));
        let query = Query { guid, ttl: 7, hops: 0, routing: Routing::Flood, wanted };
        searcher.handle(Message::Query(query), 0, Duration::ZERO);
    }
    assert_eq!(searcher.seen.len(), 65_536);
    assert_eq!(searcher.counts().queries_refused, 0);
}
