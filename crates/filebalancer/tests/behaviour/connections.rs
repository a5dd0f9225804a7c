//! Level connection: bytes go through as they come, and ends as what they are.

use std::{
    io::{ErrorKind, Read, Write},
    mem,
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use protocol::Verb;
use socket2::SockRef;
use testkit::{PATIENCE, Server, content, eventually, fake_server::FakeServer, upload_request};

use crate::{await_log, backend, balancer, named, start_with_status, stats};

/// A balancer in front of one server, which is checked once.
#[track_caller]
fn in_front_of(address: impl ToString) -> (Server, SocketAddr) {
    let options = ["--level", "connection", "--check-interval", "3600"];
    start_with_status(balancer([address.to_string()]).args(options))
}

/// Plays on the connection that comes after the check.
fn played<T: Send + 'static>(
    play: impl Fn(&mut TcpStream) -> T + Send + 'static,
) -> FakeServer<Option<T>> {
    FakeServer::start(2, move |index, stream| (index == 1).then(|| play(stream)))
}

#[test]
fn large_files_go_through_whole_in_both_directions() {
    let server = backend("a");
    let (balancer, _) = in_front_of(server.address());
    let content = content(1, 20 << 20);
    let mut peer = balancer.connect();
    peer.send(upload_request("large.bin", &content));
    assert_eq!(peer.read_long_reply().outcome(), "OK");
    assert!(server.stored("large.bin").as_deref() == Some(&content));
    // Something small between two large ones.
    assert_eq!(peer.request("PING").outcome(), "OK");
    peer.send("GET large.bin\r\n\r\n");
    assert!(peer.read_long_reply().content() == content);
}

#[test]
fn a_client_that_sends_no_more_still_gets_its_answer() {
    let server = played(|stream| {
        let mut asked = Vec::new();
        stream.read_to_end(&mut asked).unwrap();
        stream.write_all(&asked).unwrap();
    });
    let (balancer, _) = in_front_of(&server.address);
    let mut peer = balancer.connect();
    peer.send("question");
    peer.half_close();
    assert_eq!(peer.read_to_end(), b"question");
}

#[test]
fn a_server_that_sends_no_more_still_hears_its_client() {
    let server = played(|stream| {
        stream.write_all(b"welcome").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        heard
    });
    let (balancer, _) = in_front_of(&server.address);
    let mut peer = balancer.connect();
    assert_eq!(peer.read_to_end(), b"welcome");
    peer.send("thanks");
    peer.half_close();
    assert_eq!(server.finish(), [None, Some(b"thanks".to_vec())]);
}

/// A server could take the end of what a client sends for the end of a file.
#[test]
fn a_client_that_vanishes_vanishes_for_the_server_too() {
    let server = played(|stream| {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).map_err(|err| err.kind())
    });
    let (balancer, status) = in_front_of(&server.address);
    let mut peer = balancer.connect();
    peer.send("the first half of");
    eventually(PATIENCE, "the server has it", || stats(status).bytes_in > 0);
    peer.reset();
    assert_eq!(server.finish(), [None, Some(Err(ErrorKind::ConnectionReset))]);
}

/// A client could take the end of what a server sends for the end of a file.
#[test]
fn a_server_that_dies_in_mid_reply_resets_its_client() {
    let server = played(|stream| {
        stream.read_exact(&mut [0; b"question".len()]).unwrap();
        stream.write_all(b"the first half of").unwrap();
        // Dropped now, it is reset.
        SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap();
    });
    let (balancer, _) = in_front_of(&server.address);
    let mut client = TcpStream::connect(balancer.address()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"question").unwrap();
    let end = client.read_to_end(&mut Vec::new());
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// Or whoever talks nonsense could take one server after another from all others.
#[test]
fn a_server_that_hangs_up_on_what_a_client_sends_is_not_taken_out() {
    let servers = [(); 2].map(|()| {
        FakeServer::forever(|_, stream: &mut TcpStream| {
            let _ = stream.read(&mut [0]);
            SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap();
        })
    });
    let options = ["--level", "connection", "--check-interval", "3600"];
    let (balancer, status) = start_with_status(balancer(servers).args(options));
    for _ in 0..20 {
        let mut peer = balancer.connect();
        peer.send("nonsense");
        peer.expect_closed();
    }
    eventually(PATIENCE, "all are counted", || stats(status).connections.failed == 20);
    assert!(stats(status).backend.iter().all(|row| row.state == "up"));
}

#[test]
fn a_connection_on_which_nothing_moves_is_closed() {
    let server = backend("a");
    let builder = balancer([named("a", &server)]);
    let options = ["--level", "connection", "--idle-timeout", "0.3"];
    let (balancer, status) = start_with_status(builder.args(options));
    let mut peer = balancer.connect();
    peer.expect_closed();
    eventually(PATIENCE, "it is counted as failed", || stats(status).connections.failed == 1);
    await_log(&balancer, &["closed", "silent for 0.3 s"]);
}

#[test]
fn a_slow_reader_holds_up_its_server_and_no_one_else() {
    let server = backend("a");
    server.place("large.bin", &content(2, 50 << 20));
    let (balancer, status) = in_front_of(server.address());
    let mut slow = balancer.connect();
    slow.send("GET large.bin\r\n\r\n");
    let (mut moved, mut alike) = (0, 0);
    eventually(PATIENCE, "nothing moves any more", || {
        let before = mem::replace(&mut moved, stats(status).bytes_out);
        alike = if moved == before && moved > 0 { alike + 1 } else { 0 };
        alike == 20
    });
    // The rest waits with the server.
    assert!(moved < 40 << 20, "{moved}");
    assert_eq!(balancer.ask("PING").outcome(), "OK");
    assert_eq!(slow.read_long_reply().content().len(), 50 << 20);
}

#[test]
fn a_backend_is_told_who_is_asking_where_it_wants_to_know() {
    let server = FakeServer::start(2, |index, stream| {
        let mut header = vec![0; if index == 0 { 16 } else { 28 }];
        stream.read_exact(&mut header).unwrap();
        if index == 1 {
            stream.write_all(b"welcome").unwrap();
        }
        header
    });
    let options = ["--level", "connection", "--check-interval", "3600", "--send-proxy"];
    let balancer = balancer([server.address.clone()]).args(options).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.read_to_end(), b"welcome");
    let headers = server.finish();
    // The check is the balancer's own.
    assert_eq!(headers[0][12..], [0x20, 0, 0, 0]);
    let [from, to] = [peer.address().port(), balancer.address().port()].map(u16::to_be_bytes);
    let client = [&[127, 0, 0, 1, 127, 0, 0, 1][..], &from, &to].concat();
    assert_eq!(headers[1][12..16], [0x21, 0x11, 0, 12]);
    assert_eq!(headers[1][16..], client);
}

#[test]
fn a_client_that_is_gone_within_an_upload_leaves_no_file() {
    let server = backend("a");
    let (balancer, _) = in_front_of(server.address());
    let mut peer = balancer.connect();
    peer.send("UPLOAD a.txt Zm9v");
    // To the server it closes its half, as one would that has sent all.
    drop(peer);
    eventually(PATIENCE, "the upload has failed", || {
        server.stats().requests[Verb::Upload].failed == 1
    });
    assert!(server.stored("a.txt").is_none());
}
