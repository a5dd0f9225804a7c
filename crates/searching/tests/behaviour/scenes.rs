//! Small scenes: who is asked, who answers, and what neighbours that come, go or lie change about it.

use std::time::Duration;

use searching::{
    Attenuated, Config, ConnectError, Filter, Guid, Hit, Message, Query, Routing, Strategy, Wanted,
};

use crate::network::{Network, exact, holder, item};

const SECOND: Duration = Duration::from_secs(1);

fn query(number: u8, ttl: u16, wanted: &str) -> Query {
    let (guid, routing, wanted) = (Guid([number; 16]), Routing::Flood, exact(wanted));
    Query { guid, ttl, hops: 0, routing, wanted }
}

fn hit(guid: Guid, content: u8) -> Message {
    Message::Hit(Hit { guid, hops: 1, item: item("a.txt", content), holder: holder(9) })
}

/// The query of the last search, as the first neighbour gets it.
fn sent_query(network: &Network) -> Query {
    match &network.travelling[0].2 {
        Message::Query(query) => query.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_third_of_a_chain_finds_what_the_first_shares_two_hops_away() {
    for strategy in [Strategy::Flood, Strategy::Rings, Strategy::Walkers(1), Strategy::Bloom] {
        let mut network = Network::chain(3);
        network.share(0, &[item("contoh.txt", 1)]);
        network.pass(SECOND);
        let search = network.ask(2, exact("contoh.txt"), strategy);
        network.pass(SECOND);
        let [(asker, of, hit)] = &network.found[..] else { panic!("{strategy:?}") };
        assert_eq!((*asker, *of, hit.hops), (2, search, 2), "{strategy:?}");
        assert_eq!((&hit.holder, &hit.item), (&holder(0), &item("contoh.txt", 1)));
    }
}

#[test]
fn nobody_but_who_asked_is_told_what_was_found() {
    let mut network = Network::chain(4);
    network.share(0, &[item("a.txt", 1)]);
    network.share(2, &[item("a.txt", 1)]);
    network.ask(3, exact("a.txt"), Strategy::Flood);
    network.deliver_all();
    let found: Vec<_> = network.found.iter().map(|(node, _, hit)| (*node, hit.hops)).collect();
    assert_eq!(found, [(3, 1), (3, 3)]);
}

#[test]
fn a_part_of_a_name_finds_every_file_that_contains_it() {
    let mut network = Network::chain(2);
    network.share(0, &[item("a.txt", 1), item("b.txt", 2), item("c.bin", 3)]);
    network.ask(1, Wanted::Containing(".txt".parse().unwrap()), Strategy::Bloom);
    network.deliver_all();
    let found: Vec<_> = network.found.iter().map(|(_, _, hit)| hit.item.hash[0]).collect();
    assert_eq!(found, [1, 2]);
}

#[test]
fn a_flood_goes_no_farther_than_its_ttl_and_no_farther_than_others_allow() {
    let mut network = Network::chain(30);
    network.share(9, &[item("near.txt", 1)]);
    network.share(29, &[item("far.txt", 1)]);
    for ttl in [8, 9] {
        let (_, actions) =
            network.nodes[0].ask(exact("near.txt"), Strategy::Flood, ttl, network.now);
        network.act(0, actions);
        network.deliver_all();
        assert_eq!(network.found.len(), usize::from(ttl == 9), "ttl {ttl}");
    }
    let before = network.counts().queries_sent;
    let far = query(1, u16::MAX, "far.txt");
    let actions = network.nodes[1].handle(Message::Query(far), 0, network.now);
    network.act(1, actions);
    network.deliver_all();
    assert_eq!(network.counts().queries_sent - before, 15);
}

#[test]
fn a_search_ends_when_its_flood_was_waited_for() {
    let mut network = Network::chain(2);
    let search = network.ask(0, exact("a.txt"), Strategy::Flood);
    network.pass(Duration::from_millis(799));
    assert_eq!(network.ended, []);
    network.pass(Duration::from_millis(1));
    assert_eq!(network.ended, [(0, search)]);
}

#[test]
fn without_neighbours_a_search_ends_at_once() {
    for strategy in [Strategy::Flood, Strategy::Rings, Strategy::Walkers(4), Strategy::Bloom] {
        let mut network = Network::chain(1);
        let search = network.ask(0, exact("a.txt"), strategy);
        network.pass(Duration::ZERO);
        assert_eq!(network.ended, [(0, search)], "{strategy:?}");
    }
}

#[test]
fn a_walk_that_is_lost_is_followed_by_a_flood() {
    let mut network = Network::chain(3);
    network.share(2, &[item("a.txt", 1)]);
    network.pass(SECOND);
    network.ask(0, exact("a.txt"), Strategy::Bloom);
    network.travelling.clear();
    network.pass(SECOND);
    assert!(network.found.is_empty());
    network.pass(3 * SECOND);
    assert_eq!(network.found.len(), 1);
}

#[test]
fn what_is_shared_anew_is_promised_at_once_and_what_is_not_shared_is_not() {
    let mut network = Network::chain(4);
    network.pass(SECOND);
    network.share(3, &[item("a.txt", 1)]);
    network.pass(SECOND);
    let sent = |network: &Network| network.counts().queries_sent;
    network.ask(0, exact("a.txt"), Strategy::Bloom);
    network.deliver_all();
    assert_eq!((sent(&network), network.found.len()), (3, 1));
    network.share(3, &[]);
    network.pass(SECOND);
    network.ask(0, exact("a.txt"), Strategy::Bloom);
    network.pass(SECOND);
    assert_eq!(network.found.len(), 1);
    // Twice along each edge for the walk, then the flood.
    assert_eq!(sent(&network), 3 + 6 + 3);
}

#[test]
fn a_neighbour_that_has_gone_is_asked_no_more_and_one_that_comes_is() {
    let mut network = Network::chain(2);
    network.share(1, &[item("a.txt", 1)]);
    let now = network.now;
    network.nodes[0].disconnect(1, now);
    network.ask(0, exact("a.txt"), Strategy::Flood);
    assert!(network.travelling.is_empty());
    network.nodes[0].connect(1, now).unwrap();
    network.ask(0, exact("a.txt"), Strategy::Flood);
    network.deliver_all();
    assert_eq!(network.found.len(), 1);
}

#[test]
fn a_hit_whose_way_back_has_gone_is_lost_and_goes_to_nobody_else() {
    let mut network = Network::chain(3);
    network.share(2, &[item("a.txt", 1)]);
    network.ask(0, exact("a.txt"), Strategy::Flood);
    network.deliver(0);
    network.deliver(0);
    let now = network.now;
    network.nodes[1].disconnect(0, now);
    // It gets the place of the one that has gone.
    network.nodes[1].connect(7, now).unwrap();
    network.deliver(0);
    assert!(network.travelling.is_empty() && network.found.is_empty());
    assert_eq!(network.nodes[1].counts().hits_lost, 1);
}

#[test]
fn a_hit_that_nobody_asked_for_is_dropped() {
    let mut network = Network::new(Config::default(), 3, &[(0, 1), (0, 2)]);
    network.ask(0, exact("a.txt"), Strategy::Walkers(1));
    let (asked, guid) = (network.travelling[0].1, sent_query(&network).guid);
    let now = network.now;
    assert_eq!(network.nodes[0].handle(hit(guid, 1), 3 - asked, now), []);
    assert_eq!(network.nodes[0].handle(hit(Guid([9; 16]), 1), asked, now), []);
    assert_eq!(network.nodes[0].counts().hits_unasked, 2);
    assert_eq!(network.nodes[0].handle(hit(guid, 1), asked, now).len(), 1);
}

#[test]
fn of_ten_thousand_hits_for_one_query_so_many_are_taken_and_each_once() {
    let mut network = Network::chain(2);
    network.ask(0, exact("a.txt"), Strategy::Flood);
    let guid = sent_query(&network).guid;
    let now = network.now;
    let actions = (0..10_000_u32)
        .flat_map(|nth| network.nodes[0].handle(hit(guid, (nth % 100) as u8), 1, now));
    assert_eq!(actions.count(), 100);
    let counts = network.nodes[0].counts();
    assert_eq!((counts.hits_found, counts.hits_refused), (100, 10_000 - 256));
}

#[test]
fn hits_are_taken_from_a_neighbour_at_the_rate_that_it_has_whatever_they_are_for() {
    let config = Config { hits_per_second: 10, hits_burst: 20, ..Config::default() };
    let mut network = Network::new(config, 2, &[(0, 1)]);
    let answer = |network: &mut Network, hits: usize| {
        let before = network.counts().hits_unasked;
        for _ in 0..hits {
            network.nodes[0].handle(hit(Guid([9; 16]), 1), 1, network.now);
        }
        network.counts().hits_unasked - before
    };
    assert_eq!(answer(&mut network, 1000), 20);
    assert_eq!(answer(&mut network, 1), 0);
    network.pass(SECOND);
    assert_eq!(answer(&mut network, 1000), 10);
    assert_eq!(network.counts().hits_refused, 2001 - 30);
}

#[test]
fn a_replayed_query_is_passed_on_once() {
    let mut network = Network::chain(3);
    network.share(1, &[item("a.txt", 1)]);
    let now = network.now;
    let actions = (0..100)
        .flat_map(|_| network.nodes[1].handle(Message::Query(query(1, 7, "a.txt")), 0, now));
    // The hit, and the query to the other neighbour.
    assert_eq!(actions.count(), 2);
    assert_eq!(network.nodes[1].counts().duplicates, 99);
}

#[test]
fn who_asks_too_much_is_counted_and_others_are_served() {
    let mut network = Network::new(Config::default(), 3, &[(0, 1), (1, 2)]);
    network.share(1, &[item("a.txt", 1)]);
    let now = network.now;
    for number in 0..2000_u128 {
        let guid = Guid(number.to_be_bytes());
        let query = Query { guid, ..query(0, 1, "absent") };
        network.nodes[1].handle(Message::Query(query), 0, now);
    }
    assert_eq!(network.nodes[1].counts().queries_refused, 1000);
    network.ask(2, exact("a.txt"), Strategy::Flood);
    network.deliver_all();
    assert_eq!(network.found.len(), 1);
}

#[test]
fn who_is_no_neighbour_is_not_listened_to() {
    let mut network = Network::chain(2);
    network.share(0, &[item("a.txt", 1)]);
    let now = network.now;
    assert_eq!(network.nodes[0].handle(Message::Query(query(1, 7, "a.txt")), 5, now), []);
    assert_eq!(network.nodes[0].counts().queries_received, 0);
}

#[test]
fn there_are_so_many_neighbours_and_each_is_one_once() {
    let mut network = Network::chain(1);
    let now = network.now;
    let node = &mut network.nodes[0];
    (1..=64).for_each(|other| node.connect(other, now).unwrap());
    assert_eq!(node.connect(65, now), Err(ConnectError::TooMany(64)));
    assert_eq!(node.connect(64, now), Err(ConnectError::Twice));
    node.disconnect(3, now);
    assert_eq!(node.connect(65, now), Ok(()));
    assert_eq!(node.neighbours().count(), 64);
}

#[test]
fn one_search_too_many_ends_the_oldest() {
    let mut network = Network::chain(2);
    let searches: Vec<_> =
        (0..257).map(|_| network.ask(0, exact("a.txt"), Strategy::Flood)).collect();
    assert_eq!(network.ended, [(0, searches[0])]);
}

/// Who promises everything, and who sends what no one can use.
#[test]
fn false_filters_lead_no_search_astray() {
    let mut network = Network::new(Config::default(), 4, &[(0, 1), (0, 2), (2, 3)]);
    network.share(3, &[item("a.txt", 1)]);
    network.pass(SECOND);
    let now = network.now;
    let full = |len| [(); 3].map(|()| Filter::from_bytes(&vec![0xff; len]).unwrap());
    for len in [1024, 8] {
        let filters = Attenuated::new(full(len)).unwrap();
        network.nodes[0].handle(Message::Filters(filters), 1, now);
    }
    assert_eq!(network.nodes[0].counts().filters_refused, 1);
    network.ask(0, exact("a.txt"), Strategy::Bloom);
    assert_eq!(network.travelling[0].1, 2);
    network.deliver_all();
    assert_eq!(network.found.len(), 1);
}

#[test]
fn news_of_what_can_be_found_comes_to_rest() {
    let edges: Vec<_> = (0..6).flat_map(|one| (0..one).map(move |other| (one, other))).collect();
    let mut network = Network::new(Config::default(), 6, &edges);
    network.share(0, &[item("a.txt", 1)]);
    network.pass(SECOND);
    let settled = network.counts().filters_sent;
    assert_eq!(network.nodes.iter().filter_map(|node| node.next_tick()).min(), None);
    network.share(0, &[item("a.txt", 1)]);
    network.pass(SECOND);
    assert_eq!(network.counts().filters_sent, settled);
}
