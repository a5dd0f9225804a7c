//! Peers that send what no peer of ours would: each is bounded, refused by name, and others are served meanwhile.

use iroh::{
    SecretKey,
    endpoint::{
        Connection, ConnectionError, QuicTransportConfig, RecvStream, SendStream, VarInt, presets,
    },
};
use searching::{Guid, Hit, Holder, Item, Message, Query, Routing, codec};

use super::*;

/// A connection to a node from somebody who may send anything.
struct Hostile {
    endpoint: Endpoint,
    connection: Connection,
}

impl Hostile {
    async fn connect(to: &TestNode) -> Self {
        Self::connect_with(to, QuicTransportConfig::default()).await
    }

    async fn connect_with(to: &TestNode, transport: QuicTransportConfig) -> Self {
        let builder = Endpoint::builder(presets::Minimal).transport_config(transport);
        let builder = builder.clear_ip_transports().bind_addr("127.0.0.1:0").unwrap();
        let endpoint = builder.bind().await.unwrap();
        let way = EndpointAddr::new(to.node.id()).with_ip_addr(to.address());
        let connection = endpoint.connect(way, ALPN).await.unwrap();
        let linked = endpoint.id();
        eventually("it is linked", || {
            to.told(|event| match event {
                Event::NeighbourAdded { neighbour, .. } => Some(neighbour.id == Some(linked)),
                _ => None,
            })
            .contains(&true)
        })
        .await;
        Self { endpoint, connection }
    }

    async fn sending(&self) -> SendStream {
        self.connection.open_uni().await.unwrap()
    }

    /// Waits until the node has closed the connection, as refused.
    async fn until_it_is_refused(&self) {
        let closed = time::timeout(PATIENCE, self.connection.closed()).await.unwrap();
        let ConnectionError::ApplicationClosed(close) = &closed else { panic!("{closed}") };
        assert_eq!(close.error_code, VarInt::from_u32(1), "{closed}");
    }
}

fn query(guid: u8, name: &str) -> Query {
    Query {
        guid: Guid([guid; 16]),
        ttl: 3,
        hops: 1,
        routing: Routing::Flood,
        wanted: Wanted::Exact(file_name(name)),
    }
}

/// The frame of a message in which `name` was put in place of a name of as many bytes.
fn forged(message: &Message, innocent: &str, name: &str) -> Vec<u8> {
    assert_eq!(innocent.len(), name.len());
    let mut frame = codec::encode(message);
    let at = frame.windows(innocent.len()).position(|bytes| bytes == innocent.as_bytes()).unwrap();
    frame[at..at + name.len()].copy_from_slice(name.as_bytes());
    frame
}

/// That a node still serves one who behaves.
async fn assert_serves(node: &TestNode) {
    let honest = super::node(&[], &[node.address()]).await;
    honest.until_it_has_neighbours(1).await;
    assert_eq!(honest.flood(CONTOH.0).await.found.len(), 1, "others are served");
    honest.node.stop().await;
}

async fn next_message(stream: &mut RecvStream) -> Message {
    let mut prefix = [0; codec::PREFIX_LEN];
    stream.read_exact(&mut prefix).await.unwrap();
    let mut frame = vec![0; codec::frame_len(prefix).unwrap()];
    stream.read_exact(&mut frame).await.unwrap();
    codec::decode(&frame).unwrap()
}

/// The next query that the node sends.
async fn next_query(stream: &mut RecvStream) -> Query {
    loop {
        if let Message::Query(query) = next_message(stream).await {
            return query;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_would_leave_a_directory_or_deceive_a_reader_are_refused() {
    let node = node(&[CONTOH], &[]).await;
    let refused = [
        ("../etc", "contains '/'"),
        ("a\0bcde", r"contains '\0'"),
        ("\u{202e}cod", r"contains '\u{202e}'"),
        ("a\u{1b}[31m", r"contains '\u{1b}'"),
        (".profi", "starts with a dot"),
    ];
    let mut told = 0;
    for (name, why) in refused {
        let innocent = &"innocent"[..name.len()];
        let asked = forged(&Message::Query(query(1, innocent)), innocent, name);
        let item = Item { name: file_name(innocent), hash: [0; 32], size: 1 };
        let holder = Holder { id: [0; 32], addresses: vec![] };
        let hit = Message::Hit(Hit { guid: Guid([2; 16]), hops: 1, item, holder });
        for frame in [asked, forged(&hit, innocent, name)] {
            let hostile = Hostile::connect(&node).await;
            hostile.sending().await.write_all(&frame).await.unwrap();
            hostile.until_it_is_refused().await;
            told += 1;
            eventually("it is told", || node.refusals().len() == told).await;
            assert!(node.refusals()[told - 1].contains(why), "{:?}", node.refusals());
        }
    }
    assert_eq!(node.counts().refused, told as u64);
    let shown = node.told(|event| Some(format!("{event:?}")));
    assert!(
        shown.iter().all(|event| !event.contains("etc") && !event.contains("31m")),
        "{shown:?}"
    );
    assert_serves(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_none_are_refused_for_what_they_are() {
    let node = node(&[CONTOH], &[]).await;
    let frames: [(&[u8], &str); 4] = [
        (&[0xff; 64], "a frame of 4294967295 bytes"),
        (&[0, 0, 16, 1], "a frame of 4097 bytes"),
        (&[0, 0, 0, 0], "empty"),
        (&[0, 0, 0, 3, 9, 9, 9], "no message"),
    ];
    for (frame, why) in frames {
        let hostile = Hostile::connect(&node).await;
        hostile.sending().await.write_all(frame).await.unwrap();
        hostile.until_it_is_refused().await;
        eventually("it is told", || node.refusals().last().is_some_and(|it| it.contains(why)))
            .await;
    }
    assert_serves(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_finished_costs_its_sender_the_link() {
    let node = node(&[CONTOH], &[]).await;
    let hostile = Hostile::connect(&node).await;
    let mut stream = hostile.sending().await;
    stream.write_all(&[0, 0, 0, 100, 1, 2, 3]).await.unwrap();
    assert_serves(&node).await;
    hostile.until_it_is_refused().await;
    eventually("it is told", || node.refusals() == ["it did not finish a message"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_are_one_too_many() {
    let node = node(&[CONTOH], &[]).await;
    let bidirectional = Hostile::connect(&node).await;
    // Never finished, and never reset.
    let mut open = Vec::new();
    for _ in 0..1000 {
        let opened = bidirectional.connection.open_bi();
        let Ok(Ok((mut stream, _))) = time::timeout(PATIENCE, opened).await else { break };
        let _ = stream.write_all(b"x").await;
        open.push(stream);
    }
    bidirectional.until_it_is_refused().await;
    eventually("it is told", || {
        node.refusals() == ["it opened a stream that searches have none of"]
    })
    .await;
    // Of streams in one direction QUIC itself lets nobody open a second one.
    let unidirectional = Hostile::connect(&node).await;
    let _first = unidirectional.sending().await;
    let second = unidirectional.connection.open_uni();
    assert_serves(&node).await;
    assert!(time::timeout(Duration::from_millis(1), second).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_replayed_is_answered_once() {
    let node = node(&[CONTOH], &[]).await;
    let hostile = Hostile::connect(&node).await;
    let mut stream = hostile.sending().await;
    let frame = codec::encode(&Message::Query(query(7, CONTOH.0)));
    for _ in 0..300 {
        stream.write_all(&frame).await.unwrap();
    }
    eventually("all have come", || node.counts().search.queries_received == 300).await;
    let counts = node.counts().search;
    assert_eq!((counts.hits_sent, counts.duplicates), (1, 299));
    let told = |event: &Event| matches!(event, Event::QueryReceived { .. }).then_some(());
    assert_eq!(node.told(told).len(), 1);
    assert_serves(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_queries_are_taken_at_the_rate_that_a_neighbour_has_and_others_are_served() {
    let node = node(&[CONTOH], &[]).await;
    let behind = super::node(&[], &[node.address()]).await;
    behind.until_it_has_neighbours(1).await;
    let hostile = Hostile::connect(&node).await;
    let mut stream = hostile.sending().await;
    let endless = tokio::spawn(async move {
        let mut number = 0_u64;
        loop {
            let mut query = query(0, "absent.txt");
            query.guid.0[..8].copy_from_slice(&number.to_le_bytes());
            if stream.write_all(&codec::encode(&Message::Query(query))).await.is_err() {
                return;
            }
            number += 1;
        }
    });
    let begun = time::Instant::now();
    eventually("its share is used up", || node.counts().search.queries_refused > 1000).await;
    assert_serves(&node).await;
    let config = Config::default();
    let share = f64::from(config.queries_burst)
        + f64::from(config.queries_per_second) * begun.elapsed().as_secs_f64();
    let passed_on = behind.counts().search.queries_received;
    assert!(passed_on as f64 <= share + 10.0, "{passed_on} were passed on, of {share}");
    endless.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_hits_for_one_query_a_search_takes_what_it_may() {
    let node = node(&[CONTOH], &[]).await;
    let hostile = Hostile::connect(&node).await;
    let mut sending = hostile.sending().await;
    let lying = tokio::spawn(async move {
        let mut receiving = hostile.connection.accept_uni().await.unwrap();
        let query = next_query(&mut receiving).await;
        for number in 0..10_000_u64 {
            let name = file_name(&format!("{number}.txt"));
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_le_bytes());
            let item = Item { name, hash, size: 1 };
            let holder = Holder { id: [7; 32], addresses: vec![] };
            let hit = Hit { guid: query.guid, hops: 1, item, holder };
            if sending.write_all(&codec::encode(&Message::Hit(hit))).await.is_err() {
                break;
            }
        }
        (hostile, sending, receiving)
    });
    let wanted = Wanted::Containing(".txt".parse().unwrap());
    let until = Until::Quiet(Duration::from_secs(1));
    let answer = node.node.search(Search { wanted, until, ..search_for("x") }).await;
    let most = usize::from(Config::default().hits_max);
    assert!(answer.found.len() <= most, "{} were taken", answer.found.len());
    let hostile = time::timeout(PATIENCE, lying).await.unwrap().unwrap();
    eventually("all have come", || node.counts().search.hits_received == 10_000).await;
    assert_serves(&node).await;
    drop(hostile);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_reads_nothing_loses_messages_then_its_link_and_holds_up_nobody() {
    let node = node(&[CONTOH], &[]).await;
    let tiny = QuicTransportConfig::builder().stream_receive_window(VarInt::from_u32(256)).build();
    let deaf = Hostile::connect_with(&node, tiny).await;
    let asking = Hostile::connect(&node).await;
    let mut stream = asking.sending().await;
    for number in 0..200 {
        for kind in 0..3 {
            let mut query = query(number, "absent.txt");
            query.guid.0[0] = kind;
            stream.write_all(&codec::encode(&Message::Query(query))).await.unwrap();
        }
    }
    eventually("its queue is full", || node.counts().lost_to_slow > 100).await;
    assert_serves(&node).await;
    deaf.until_it_is_refused().await;
    eventually("it is told", || node.refusals() == ["it takes no messages"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_cannot_have_more_than_one_link_by_connecting_again_and_again() {
    let node = node(&[CONTOH], &[]).await;
    let hostile = Hostile::connect(&node).await;
    let way = EndpointAddr::new(node.node.id()).with_ip_addr(node.address());
    let mut kept = Vec::new();
    for _ in 0..50 {
        kept.push(hostile.endpoint.connect(way.clone(), ALPN).await.unwrap());
    }
    assert_serves(&node).await;
    let is_open = |connection: &&Connection| connection.close_reason().is_none();
    eventually("all but one are closed", || kept.iter().filter(is_open).count() == 1).await;
    eventually("one is left", || node.counts().neighbours == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_of_many_identities_find_no_more_places_than_there_are() {
    let search = Config { neighbours_max: 3, ..Config::default() };
    let node = start(Options { search, ..options() }, &[CONTOH]).await;
    let way = EndpointAddr::new(node.node.id()).with_ip_addr(node.address());
    let mut strangers = Vec::new();
    for _ in 0..10 {
        let builder = Endpoint::builder(presets::Minimal).secret_key(SecretKey::generate());
        let builder = builder.clear_ip_transports().bind_addr("127.0.0.1:0").unwrap();
        let endpoint = builder.bind().await.unwrap();
        let connection = endpoint.connect(way.clone(), ALPN).await.unwrap();
        strangers.push((endpoint, connection));
    }
    eventually("seven are turned away", || node.counts().turned_away == 7).await;
    assert_eq!(node.counts().neighbours, 3);
}
