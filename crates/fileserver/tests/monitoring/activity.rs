//! STATS says what each worker is doing.

use protocol::stats::{Current, Share, Worker};
use testkit::{PATIENCE, Peer, Server, eventually};

use crate::Model;

for_every_model!(
    a_download_under_way_is_shown_until_it_is_over,
    an_upload_under_way_is_shown_with_what_came_of_it,
    cpu_time_and_memory_say_whose_they_are,
);

/// More than all buffers between a server and a client that does not read.
const LEN: u64 = 64 << 20;

/// Asks for a file and does not read it.
pub(crate) fn stalled_download(server: &Server, name: &str) -> Peer {
    let file = std::fs::File::create(server.dir().join(name)).unwrap();
    file.set_len(LEN).unwrap();
    let mut peer = server.connect();
    peer.send(format!("GET \"{name}\"\r\n\r\n"));
    peer.await_bytes(16);
    peer
}

/// What some worker is doing with this file.
pub(crate) fn at_work(server: &Server, name: &str) -> Option<(Worker, Current)> {
    let is_it = |current: &Current| {
        current.request.as_ref().is_some_and(|request| request.file.as_deref() == Some(name))
    };
    let mut workers = server.stats().worker.into_iter();
    workers.find_map(|worker| Some((worker.clone(), worker.current.filter(is_it)?)))
}

/// The same once it is there. A worker with several connections shows the one that spoke last, so
/// the transfer is moved on between two looks.
#[track_caller]
pub(crate) fn await_work(
    server: &Server,
    name: &str,
    mut move_on: impl FnMut(),
) -> (Worker, Current) {
    let mut found = None;
    eventually(PATIENCE, "STATS shows the transfer", || {
        move_on();
        found = at_work(server, name);
        found.as_ref().is_some_and(|(_, current)| current.request.as_ref().unwrap().bytes > 0)
    });
    found.unwrap()
}

fn a_download_under_way_is_shown_until_it_is_over(model: Model) {
    let server = model.server().args(["--workers", "2"]).start();
    let mut peer = stalled_download(&server, "a b.bin");
    let mut read = 16;
    let (_, current) = await_work(&server, "a b.bin", || {
        read += 1 << 19;
        peer.await_bytes(read);
    });
    assert_eq!(current.client, peer.address().to_string());
    let request = current.request.unwrap();
    assert_eq!((request.command.as_str(), request.bytes_total), ("GET", Some(LEN)));
    assert!(request.bytes < LEN && request.seconds > 0.0, "{request:?}");

    assert_eq!(peer.read_long_reply().content().len() as u64, LEN);
    eventually(PATIENCE, "the transfer is no longer shown", || {
        at_work(&server, "a b.bin").is_none()
    });
    let client = peer.address().to_string();
    drop(peer);
    eventually(PATIENCE, "the client is no longer shown", || {
        let mut shown = server.stats().worker.into_iter().filter_map(|worker| worker.current);
        shown.all(|current| current.client != client)
    });
}

fn an_upload_under_way_is_shown_with_what_came_of_it(model: Model) {
    let server = model.server().args(["--workers", "2"]).start();
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt ");
    let mut sent = 0;
    let (_, current) = await_work(&server, "a.txt", || {
        peer.send("aGVsbG8h");
        peer.await_taken();
        sent += 6;
    });
    assert_eq!(current.client, peer.address().to_string());
    let request = current.request.unwrap();
    assert_eq!((request.command.as_str(), request.bytes_total), ("UPLOAD", None));
    assert!((1..=sent).contains(&request.bytes), "{sent} bytes were sent: {request:?}");
    peer.send("\r\n\r\n");
    assert_eq!(peer.read_reply().outcome(), "OK");
}

fn cpu_time_and_memory_say_whose_they_are(model: Model) {
    let server = model.server().args(["--workers", "2"]).start();
    let stats = server.stats();
    let worker = stats.worker.iter().find(|worker| worker.current.is_some()).unwrap();
    assert!(worker.cpu_seconds.is_some() && worker.memory_bytes.unwrap() > 0, "{worker:?}");
    let cpu_of = if model.mode == "process" { Share::Process } else { Share::Thread };
    assert_eq!((worker.cpu_of, worker.memory_of), (Some(cpu_of), Some(Share::Process)));
}
