//! How neighbours are found, linked and kept.

use std::net::{TcpListener, UdpSocket};

use iroh::{SecretKey, endpoint::Connection};

use super::*;
use crate::node::driver::Request;

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_dial_each_other_at_once_keep_one_link() {
    let dial = async |from: &TestNode, to: &TestNode| {
        let way = from.node.inner.local.way_to(to.node.id(), [to.address()]);
        let connection = from.node.endpoint().connect(way, ALPN).await.unwrap();
        let _ = from.node.inner.searches.requests.send(Request::Join(connection.clone())).await;
        connection
    };
    // Who has the smaller identity is chance, and so is whose connection comes first.
    for _ in 0..5 {
        let (a, b) = (node(&[CONTOH], &[]).await, node(&[], &[]).await);
        let (first, second) = tokio::join!(dial(&a, &b), dial(&b, &a));
        let is_closed = |connection: &Connection| connection.close_reason().is_some();
        eventually("one of the two is closed", || is_closed(&first) != is_closed(&second)).await;
        a.until_it_has_neighbours(1).await;
        b.until_it_has_neighbours(1).await;
        // What was said on the other link, as it ended, is lost.
        let finds = async || {
            let wait = Duration::from_secs(1);
            let begun = time::Instant::now();
            while b.node.search(Search { wait, ..search_for(CONTOH.0) }).await.found.is_empty() {
                assert!(begun.elapsed() < PATIENCE, "nothing is found on the link that is left");
            }
        };
        finds().await;
        assert!(is_closed(&first) != is_closed(&second));
        // Both have that link, and one of them dials again.
        let kept = if is_closed(&first) { &second } else { &first };
        let again = dial(&a, &b).await;
        eventually("one of the two is closed", || is_closed(kept) != is_closed(&again)).await;
        finds().await;
        assert!(is_closed(kept) != is_closed(&again));
        a.until_it_has_neighbours(1).await;
        b.until_it_has_neighbours(1).await;
    }
}

/// The system may take a while until it gives a port out again.
async fn start_again_at(address: SocketAddr) -> TestNode {
    let is_free = || TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok();
    eventually("the port is free", is_free).await;
    start(Options { port: address.port(), ..options() }, &[CONTOH]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_is_linked_when_it_comes_and_again_when_it_comes_back() {
    let absent = node(&[], &[]).await;
    let address = absent.address();
    absent.node.stop().await;
    drop(absent);
    let waiting = node(&[], &[address]).await;
    waiting.node.neighbours_tried(PATIENCE).await;
    let unreachable =
        |event: &Event| matches!(event, Event::NeighbourUnreachable { .. }).then_some(());
    assert!(!waiting.told(unreachable).is_empty());
    for _ in 0..2 {
        let there = start_again_at(address).await;
        waiting.until_it_has_neighbours(1).await;
        assert_eq!(waiting.flood(CONTOH.0).await.found.len(), 1);
        there.node.stop().await;
        drop(there);
        waiting.until_it_has_neighbours(0).await;
    }
    let left = |event: &Event| matches!(event, Event::NeighbourLeft { .. }).then_some(());
    assert_eq!(waiting.told(left).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_is_named_by_its_identity_is_nobody_else() {
    let there = node(&[], &[]).await;
    let named = |id| format!("{id}@{}", there.address()).parse::<NeighbourAddress>().unwrap();
    let right = named(there.node.id());
    let wrong = named(SecretKey::generate().public());
    let asking = start(Options { neighbours: vec![right], ..options() }, &[]).await;
    asking.until_it_has_neighbours(1).await;
    let deceived = start(Options { neighbours: vec![wrong], ..options() }, &[]).await;
    deceived.node.neighbours_tried(PATIENCE).await;
    assert_eq!(deceived.counts().neighbours, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_loopback_dials_nobody_elsewhere_whatever_it_is_told() {
    let elsewhere = ["192.0.2.1:5001".parse().unwrap()];
    let node = node(&[], &elsewhere).await;
    node.node.neighbours_tried(PATIENCE).await;
    let why = node.told(|event| match event {
        Event::NeighbourUnreachable { why, .. } => Some(why.clone()),
        _ => None,
    });
    assert!(why[0].contains("--host"), "{why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_neighbours_than_may_be_are_turned_away() {
    let search = Config { neighbours_max: 2, ..Config::default() };
    let full = start(Options { search, ..options() }, &[]).await;
    let first = node(&[], &[full.address()]).await;
    let second = node(&[], &[full.address()]).await;
    first.until_it_has_neighbours(1).await;
    second.until_it_has_neighbours(1).await;
    let third = node(&[], &[full.address()]).await;
    eventually("it is turned away", || full.counts().turned_away > 0).await;
    let hears = |event: &Event| match event {
        Event::NeighbourLost { why, .. } => Some(why == "it has neighbours enough"),
        _ => None,
    };
    eventually("it hears why", || third.told(hears).contains(&true)).await;
    assert_eq!(full.counts().neighbours, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_was_named_gets_the_place_of_one_that_came_by_itself() {
    let absent = node(&[], &[]).await;
    let address = absent.address();
    absent.node.stop().await;
    drop(absent);
    let search = Config { neighbours_max: 2, ..options().search };
    let neighbours = vec![address.to_string().parse().unwrap()];
    let full = start(Options { search, neighbours, ..options() }, &[]).await;
    let _strangers = [node(&[], &[full.address()]).await, node(&[], &[full.address()]).await];
    full.until_it_has_neighbours(2).await;
    let there = start_again_at(address).await;
    let is_there = |event: &Event| match event {
        Event::NeighbourAdded { neighbour, .. } => Some(neighbour.id == Some(there.node.id())),
        _ => None,
    };
    eventually("it is linked", || full.told(is_there).contains(&true)).await;
    assert_eq!(full.counts().neighbours, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_not_there_is_told_of_and_others_are_reached_all_the_same() {
    let there = node(&[CONTOH], &[]).await;
    let relay = Some("http://127.0.0.1:1".parse().unwrap());
    let neighbours = vec![there.address().to_string().parse().unwrap()];
    let asking = start(Options { relay, neighbours, ..options() }, &[]).await;
    asking.until_it_has_neighbours(1).await;
    assert_eq!(asking.flood(CONTOH.0).await.found.len(), 1);
    let unreachable = |event: &Event| match event {
        Event::RelayUnreachable { relay, .. } => Some(relay.clone()),
        _ => None,
    };
    eventually("it is told", || asking.told(unreachable) == ["http://127.0.0.1:1/"]).await;
}
