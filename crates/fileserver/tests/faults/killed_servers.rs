//! A server that is killed leaves nothing that is in the way of the next one.

use testkit::{Footprint, PATIENCE, Server, ServerBuilder, Signal, base64, content, eventually};

use crate::{Model, scaled};

for_every_model!(a_killed_server_leaves_nothing_in_the_way_of_the_next);

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

/// Workers outlive a killed supervisor by a moment, in which their uploads are still locked.
#[test]
fn a_server_started_right_after_a_kill_cleans_up_too() {
    let text = base64(&content(1, 300_000));
    for _ in 0..scaled(5, 60) {
        let mut server = Model("process").server().args(["--workers", "20"]).start();
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
        let next = next_server(Model("process"), &server);
        eventually(PATIENCE, "the next server cleans up", || server.temporary_files() == 0);
        assert_eq!(next.ask("PING").outcome(), "OK");
    }
}

/// Another server on the directory of `server`.
fn next_server(model: Model, server: &Server) -> Server {
    ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .without_defaults()
        .args(["--mode", model.0, "--port", "0", "--dir", server.dir().to_str().unwrap()])
        .start()
}
