//! A bucket that takes two seconds for each answer, and those who want nothing of it.

use std::time::{Duration, Instant};

use testkit::{Peer, Server, content, s3::S3Server};

use crate::builder;

const READ_DELAY: Duration = Duration::from_secs(2);
const READERS: usize = 20;
const PINGS: usize = 41;

/// As long as some of the answers take.
fn ping_times(server: &Server) -> Vec<Duration> {
    let mut peer = server.connect();
    let mut ping = || {
        let sent = Instant::now();
        assert_eq!(peer.request("PING").outcome(), "OK");
        sent.elapsed()
    };
    let mut times: Vec<_> = std::iter::repeat_with(&mut ping).take(PINGS).collect();
    times.sort_unstable();
    times
}

#[test]
fn whoever_waits_for_the_bucket_holds_up_nobody_else() {
    for mode in ["async", "event"] {
        let s3 = S3Server::start();
        let server = builder(&s3, mode).args(["--workers", "1"]).start();
        let content = content(1, 100_000);
        assert_eq!(server.connect().store("a", &content).outcome(), "OK");
        s3.set_read_delay(READ_DELAY);
        let begun = Instant::now();
        let mut readers: Vec<Peer> = (0..READERS).map(|_| server.connect()).collect();
        readers.iter_mut().for_each(|peer| peer.send("FETCH a\r\n\r\n"));
        let times = ping_times(&server);
        assert!(begun.elapsed() < READ_DELAY, "{mode}: the answers were there before");
        // A worker that waited would cost each of them some seconds; a busy machine costs some of them a little.
        assert!(times[PINGS / 2] < Duration::from_millis(50), "{mode}: {times:?}");
        assert!(times[PINGS - 1] < READ_DELAY / 4, "{mode}: {times:?}");
        for peer in &mut readers {
            assert!(peer.read_fetched().1 == content);
        }
        // All waited at once: a look at the object, then its content.
        assert!(begun.elapsed() < 4 * READ_DELAY, "{mode}: {:?}", begun.elapsed());
    }
}
