//! The seed's line protocol, in both directions.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Instant,
};

use tokio::task::spawn_blocking;

use super::{
    seed_node::{SeedNode, ask},
    *,
};
use crate::blobs::upload_limit::Bandwidth;

/// Asks on a thread, so that a node on this runtime can answer.
async fn asked(address: SocketAddr, question: &'static str) -> String {
    let answer = spawn_blocking(move || ask(address, question)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Where an answer to `SEARCH` says that the file is.
fn place_in(answer: &str) -> SocketAddr {
    let place = answer.strip_prefix("FOUND contoh.txt di ").unwrap_or_else(|| panic!("{answer:?}"));
    place.replace("localhost", "127.0.0.1").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_in_the_words_of_the_seed() {
    let node = node(&[CONTOH], &[]).await;
    let at = node.address();
    assert_eq!(asked(at, "ID\n").await, format!("ID {}\n", node.node.id()));
    assert_eq!(asked(at, "SEARCH contoh.txt").await, format!("FOUND contoh.txt di {at}"));
    assert_eq!(asked(at, "SEARCH absent.txt").await, "");
    assert_eq!(asked(at, "GET contoh.txt\n").await, "INI ADALAH KOMUNIKASI P2P");
    assert_eq!(asked(at, "GET absent.txt").await, "File absent.txt tidak ditemukan");
    assert_eq!(asked(at, "STATS\n").await, "{\"neighbours\":0}\n");
    for wrong in ["HELLO", "GET ../x", "SEARCH \u{202e}x", "GET /etc/passwd", "ID ID"] {
        assert_eq!(asked(at, wrong).await, "", "{wrong}");
    }
    assert_eq!(node.counts().refused, 5);
    let served = node.told(|event| match event {
        Event::Served { name, bytes, .. } => Some((name.to_string(), *bytes)),
        _ => None,
    });
    assert_eq!(served, [("contoh.txt".to_owned(), 25)]);
}

/// Of a megabyte a second the fifth piece may go after a quarter of a second.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_no_faster_than_uploads_may() {
    static LARGE: [u8; 300_000] = [7; 300_000];
    let bandwidth = Arc::new(Bandwidth::new(Some("1MB/s".parse().unwrap())));
    let node = start(Options { bandwidth, ..options() }, &[("large.bin", &LARGE)]).await;
    let (at, begun) = (node.address(), Instant::now());
    let answer = spawn_blocking(move || ask(at, "GET large.bin\n")).await.unwrap();
    assert!(answer == LARGE);
    assert!(begun.elapsed() >= Duration::from_millis(250), "{:?}", begun.elapsed());
}

/// What a neighbour has is found at once, so only the rate is in the way of asking it again.
#[tokio::test(flavor = "multi_thread")]
async fn neighbours_are_asked_for_others_so_many_times_a_second() {
    let holder = node(&[CONTOH], &[]).await;
    let asked = node(&[], &[holder.address()]).await;
    asked.until_it_has_neighbours(1).await;
    let (at, begun) = (asked.address(), Instant::now());
    spawn_blocking(move || (0..60).for_each(|_| drop(ask(at, "SEARCH contoh.txt\n"))))
        .await
        .unwrap();
    // Sixteen in each tenth of a second, and those that began before.
    let most = 16 * (begun.elapsed().as_millis() as u64 / 100 + 2);
    let sent = asked.counts().search.queries_sent;
    assert!((1..=most).contains(&sent), "{sent} in {:?}", begun.elapsed());
    assert_eq!(sent + asked.counts().turned_away, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_ends_with_a_line_feed_a_close_or_quiet() {
    let node = node(&[CONTOH], &[]).await;
    let at = node.address();
    let timed = |question: &'static str, closes: bool| {
        spawn_blocking(move || {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let begun = Instant::now();
            stream.write_all(question.as_bytes()).unwrap();
            if closes {
                stream.shutdown(Shutdown::Write).unwrap();
            }
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, "INI ADALAH KOMUNIKASI P2P");
            begun.elapsed()
        })
    };
    let quiet = Duration::from_millis(250);
    assert!(timed("GET contoh.txt", false).await.unwrap() >= quiet);
    for (question, closes) in
        [("GET contoh.txt\n", false), ("GET contoh.txt\r\n", false), ("GET contoh.txt", true)]
    {
        timed(question, closes).await.unwrap();
    }
    // A question may come in pieces that are not quiet for so long.
    let in_pieces = spawn_blocking(move || {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        for piece in ["I", "D", "\n"] {
            stream.write_all(piece.as_bytes()).unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(in_pieces.await.unwrap().starts_with("ID "));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_node_finds_and_fetches_the_file_of_ours() {
    let ours = node(&[CONTOH], &[]).await;
    let seed = SeedNode::start(&[]);
    seed.add_neighbour(ours.address());
    let place = place_in(&asked(seed.address(), "SEARCH contoh.txt").await);
    assert_eq!(place, ours.address());
    assert_eq!(asked(place, "GET contoh.txt").await.as_bytes(), CONTOH.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_node_finds_through_ours_what_is_further_away() {
    let far = node(&[CONTOH], &[]).await;
    let near = node(&[], &[far.address()]).await;
    near.until_it_has_neighbours(1).await;
    let seed = SeedNode::start(&[]);
    seed.add_neighbour(near.address());
    let place = place_in(&asked(seed.address(), "SEARCH contoh.txt").await);
    assert_eq!(place, far.address());
    assert_eq!(asked(place, "GET contoh.txt").await.as_bytes(), CONTOH.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_node_finds_and_fetches_the_file_of_the_seeds() {
    let seed = SeedNode::start(&[CONTOH]);
    let ours = node(&[], &[seed.address()]).await;
    ours.node.neighbours_tried(PATIENCE).await;
    assert_eq!((ours.counts().seed_neighbours, ours.counts().neighbours), (1, 0));
    let answer = ours.flood(CONTOH.0).await;
    let name = file_name(CONTOH.0);
    assert_eq!(answer.of_seed, [SeedHolder { name: name.clone(), address: seed.address() }]);
    let mut fetched = Vec::new();
    let len = seed::get(seed.address(), &name, &mut fetched, 25).await.unwrap();
    assert_eq!((len, &*fetched), (25, CONTOH.1));
    let mut nothing = Vec::new();
    let absent = seed::get(seed.address(), &file_name("absent.txt"), &mut nothing, 100).await;
    assert!(matches!(absent, Err(seed::GetError::NotFound)) && nothing.is_empty());
    let too_long = seed::get(seed.address(), &name, &mut nothing, 24).await;
    assert!(matches!(too_long, Err(seed::GetError::TooLong(24))));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_node_finds_through_the_seeds_what_is_further_away() {
    let far = SeedNode::start(&[CONTOH]);
    let near = SeedNode::start(&[]);
    near.add_neighbour(far.address());
    let ours = node(&[], &[near.address()]).await;
    ours.node.neighbours_tried(PATIENCE).await;
    let answer = ours.flood(CONTOH.0).await;
    assert_eq!(answer.of_seed[0].address, far.address());
}

/// The seed's own nodes would go on until they have no threads left.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_the_seed_and_ours_that_know_each_other_end_a_search_for_an_absent_file() {
    let seed = SeedNode::start(&[]);
    let ours = node(&[], &[seed.address()]).await;
    seed.add_neighbour(ours.address());
    ours.node.neighbours_tried(PATIENCE).await;
    assert_eq!(asked(seed.address(), "SEARCH absent.txt").await, "");
    // It asked ours, which asked it back, and answered the question that came of that without asking again.
    assert_eq!(seed.questions(), 2);
    assert_eq!(asked(ours.address(), "SEARCH absent.txt").await, "");
    ours.flood_in_vain("absent.txt").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_ask_nothing_keep_nobody_from_asking() {
    let node = node(&[CONTOH], &[]).await;
    let at = node.address();
    let silent: Vec<_> = (0..200).map(|_| TcpStream::connect(at).unwrap()).collect();
    eventually("those who are too many are closed", || node.counts().turned_away >= 136).await;
    drop(silent);
    let answer = async {
        while asked(at, "SEARCH contoh.txt\n").await.is_empty() {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(PATIENCE, answer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_question_is_not_read_to_its_end() {
    let node = node(&[CONTOH], &[]).await;
    let at = node.address();
    let endless = spawn_blocking(move || {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        while stream.write_all(&[b'A'; 4096]).is_ok() {}
    });
    time::timeout(PATIENCE, endless).await.unwrap().unwrap();
    assert_eq!(node.counts().refused, 1);
}
