//! Fifty downloads whose clients do not read hold a bounded part of each file.

use std::{thread, time::Duration};

use testkit::{
    Peer, content, processes,
    s3::{Environment, S3Server},
};

use crate::{DIR, builder_at, is_full};

const CLIENTS: usize = 50;
const KIB_MAX: u64 = 128 * 1024;
/// Between two looks at the memory.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

#[test]
fn fifty_downloads_stay_under_128_mib() {
    let s3 = S3Server::start();
    expect_little_memory_with(&s3.environment());
}

pub(crate) fn expect_little_memory_with(environment: &Environment) {
    let (modes, len) = match is_full() {
        true => (&["async", "thread", "event"][..], 100_000_000),
        false => (&["async"][..], 8 << 20),
    };
    for mode in modes {
        let server = builder_at(environment, DIR, mode)
            .args(["--workers", "50", "--max-per-address", "100"])
            .start();
        let content = content(1, len);
        assert_eq!(server.connect().store("a", &content).outcome(), "OK");
        let mut peers: Vec<Peer> = (0..CLIENTS).map(|_| server.connect()).collect();
        peers.iter_mut().for_each(|peer| peer.send("FETCH a\r\n\r\n"));
        peers.iter_mut().for_each(|peer| peer.await_bytes(64 * 1024));
        // All of them have begun, and their clients have read little of what the sockets hold.
        let mut kib_max = processes::tree_pss_kib(server.pid());
        thread::scope(|scope| {
            let content = &content;
            let read = |mut peer: Peer| assert!(peer.read_fetched().1 == *content, "{mode}");
            let clients: Vec<_> =
                peers.into_iter().map(|peer| scope.spawn(move || read(peer))).collect();
            while clients.iter().any(|client| !client.is_finished()) {
                kib_max = kib_max.max(processes::tree_pss_kib(server.pid()));
                thread::sleep(LOOK_PAUSE);
            }
        });
        assert!(kib_max < KIB_MAX, "{mode}: {kib_max} KiB");
        println!("{mode}: {kib_max} KiB");
    }
}
