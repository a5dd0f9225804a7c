//! A server that is killed leaves nothing that is in the way of the next one.

use storage::ContentHasher;
use testkit::{
    Footprint, PATIENCE, Peer, Server, ServerBuilder, Signal, base64, content, eventually,
};

use crate::{Model, scaled};

for_every_model!(
    a_killed_server_leaves_nothing_in_the_way_of_the_next,
    a_store_goes_on_through_the_deaths_of_ten_servers,
);

const DEATHS: usize = 10;

fn a_killed_server_leaves_nothing_in_the_way_of_the_next(model: Model) {
    for seed in 0..scaled(2, 20) {
        let mut server = model.start();
        server.place("a.bin", b"old");
        let content = content(seed, 300_000);
        let text = base64(&content);
        let mut peers: Vec<_> = (0..3).map(|_| server.connect()).collect();
        for peer in &mut peers {
            peer.send(format!("UPLOAD a.bin {text}"));
        }
        eventually(PATIENCE, "the uploads begin", || server.temporary_files() == 3);
        let workers = server.workers();

        server.kill(Signal::SIGKILL);
        assert_eq!(server.wait(PATIENCE).exit_code, None);
        for peer in &mut peers {
            peer.read_to_end();
        }
        eventually(PATIENCE, "no process is left", || {
            workers.iter().all(|pid| Footprint::of_tree(*pid) == Footprint::default())
        });
        assert!(server.refuses_connections());

        // Its uploads are locked no longer, so the next server removes what is left of them.
        let next = next_server(model, &server);
        assert_eq!(server.temporary_files(), 0);
        assert_eq!(next.ask("GET a.bin").content(), b"old");
        assert_eq!(next.ask(&format!("UPLOAD a.bin {text}"))["data_size"], content.len());
        assert!(server.stored("a.bin").unwrap() == content);
    }
}

/// Each is killed at a random place of the content: either while it still comes, or when what came so far is
/// written, none of which is sent again then.
fn a_store_goes_on_through_the_deaths_of_ten_servers(model: Model) {
    let len = scaled(3_000_000, 100_000_000);
    let whole = content(1, len);
    let what = format!("a.bin length={len} resume={}", "0123456789abcdef".repeat(2));
    let first = model.start();
    let mut last: Option<Server> = None;
    let mut written = 0;
    for death in 0..DEATHS {
        let server = last.as_ref().unwrap_or(&first);
        let mut peer = server.connect();
        let offset = begin_when_free(&mut peer, &what);
        let sent_len = rand::random_range(0..=(len - offset) / 4);
        println!("death {death}: {sent_len} bytes from {offset}");
        assert!(offset >= written, "{written} bytes were written, and {offset} are left");
        peer.send(&whole[offset..offset + sent_len]);
        written = offset;
        if death % 2 == 0 && sent_len > 0 {
            written = offset + sent_len;
            eventually(PATIENCE, "what came is written", || first.parts() == [written as u64]);
        }
        let mut killed = last.take();
        killed.as_ref().unwrap_or(&first).kill(Signal::SIGKILL);
        peer.read_to_end();
        if let Some(killed) = &mut killed {
            assert_eq!(killed.wait(PATIENCE).exit_code, None);
        }
        last = Some(next_server(model, &first));
    }
    let mut peer = last.as_ref().unwrap_or(&first).connect();
    let offset = begin_when_free(&mut peer, &what);
    peer.send(&whole[offset..]);
    let mut digest = ContentHasher::default();
    digest.update(&whole);
    assert_eq!(peer.read_reply()["data_digest"], digest.finish());
    assert!(first.stored("a.bin").unwrap() == whole);
    assert_eq!(first.parts(), [0; 0]);
}

/// From where on the content may come: a worker whose server was killed holds the part for a moment.
fn begin_when_free(peer: &mut Peer, what: &str) -> usize {
    let mut offset = None;
    eventually(PATIENCE, "the part is free", || {
        offset = peer.begin_store(what).ok();
        offset.is_some()
    });
    offset.expect("the part is free")
}

/// Workers outlive a killed supervisor by a moment, in which their uploads are still locked.
#[test]
fn a_server_started_right_after_a_kill_cleans_up_too() {
    let text = base64(&content(1, 300_000));
    for _ in 0..scaled(5, 60) {
        let mut server = Model::named("process").server().args(["--workers", "20"]).start();
        let peers: Vec<_> = (0..10)
            .map(|number| {
                let mut peer = server.connect();
                peer.send(format!("UPLOAD {number}.bin {text}"));
                peer
            })
            .collect();
        eventually(PATIENCE, "the uploads begin", || server.temporary_files() == peers.len());
        server.kill(Signal::SIGKILL);
        assert_eq!(server.wait(PATIENCE).exit_code, None);
        let next = next_server(Model::named("process"), &server);
        eventually(PATIENCE, "the next server cleans up", || server.temporary_files() == 0);
        assert_eq!(next.ask("PING").outcome(), "OK");
    }
}

/// Another server on the directory of `server`.
fn next_server(model: Model, server: &Server) -> Server {
    ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .without_defaults()
        .args(["--mode", model.mode, "--port", "0", "--dir", server.dir().to_str().unwrap()])
        .start()
}
