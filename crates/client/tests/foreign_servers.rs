//! The client against servers that speak the protocol in their own way.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use client::{ClientError, Connection, ConnectionOptions, Framing};
use protocol::FileName;
use testkit::fake_server::{FakeServer, answering, read_request, read_to_close, recv};

fn name(name: &str) -> FileName {
    name.parse().unwrap()
}

fn connect<T: Send + 'static>(server: &FakeServer<T>) -> Connection {
    Connection::connect(&server.address, ConnectionOptions::default()).unwrap()
}

fn get(reply: impl Into<Vec<u8>>) -> Result<Vec<u8>, ClientError> {
    let server = answering(reply);
    let mut content = Vec::new();
    let got = connect(&server).get(&name("a.txt"), &mut content);
    assert_eq!(server.finish(), ["GET a.txt\r\n\r\n"]);
    assert!(got.as_ref().is_ok_and(|got| got.bytes == content.len() as u64) || got.is_err());
    got.map(|_| content)
}

#[test]
fn lists_of_every_shape_are_read() {
    for reply in [
        "{\"status\": \"OK\", \"data\": [\"a.txt\", \"b é\"]}\r\n\r\n",
        "{\"data\": [\"a.txt\", \"b \\u00e9\"], \"status\": \"OK\"}",
        "{\"status\": \"success\", \"count\": 2, \"files\": \
         [{\"filename\": \"a.txt\", \"size\": 1}, {\"filename\": \"b é\", \"size\": 2}]}\r\n\r\n",
    ] {
        let server = answering(reply);
        assert_eq!(connect(&server).list().unwrap().names, ["a.txt", "b é"], "{reply}");
    }
}

#[test]
fn a_reply_without_a_list_is_an_error() {
    let server = answering("{\"status\":\"OK\",\"data\":\"none\"}\r\n\r\n");
    assert!(matches!(connect(&server).list(), Err(ClientError::Lacks(_))));
}

#[test]
fn a_deletion_may_be_told_as_a_message() {
    let server = answering("{\"status\": \"OK\", \"message\": \"a.txt berhasil dihapus\"}\r\n\r\n");
    assert_eq!(connect(&server).delete(&name("a.txt")).unwrap(), "a.txt berhasil dihapus");
}

#[test]
fn the_file_may_stand_anywhere_in_the_reply() {
    for reply in [
        "{\"status\": \"OK\", \"data_namafile\": \"a.txt\", \"data_file\": \"aGVsbG8=\"}\r\n\r\n",
        "{\"data_file\": \"aGVsbG8=\", \"data_namafile\": \"a.txt\", \"status\": \"OK\"}\r\n\r\n",
        "{ \"data_file\" : \"aGVs\\nbG8=\\n\" , \"extra\": {\"data_file\": \"x\"}, \"status\":\"OK\"}",
    ] {
        assert_eq!(get(reply).unwrap(), b"hello", "{reply}");
    }
    assert_eq!(get("{\"status\":\"OK\",\"data_file\":\"\"}\r\n\r\n").unwrap(), b"");
}

#[test]
fn bytes_may_come_one_by_one() {
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        for byte in b"{\"status\": \"OK\", \"data_file\": \"aGVsbG8h\"}\r\n\r\n" {
            stream.write_all(&[*byte]).unwrap();
        }
    });
    let mut content = Vec::new();
    connect(&server).get(&name("a.txt"), &mut content).unwrap();
    assert_eq!(content, b"hello!");
}

#[test]
fn a_server_that_sends_no_ending_and_stays_is_asked_again() {
    let server = FakeServer::start(1, |_, stream| {
        for _ in 0..2 {
            read_request(stream);
            stream.write_all(b"{\"status\": \"OK\", \"data_file\": \"aGVsbG8=\"}").unwrap();
        }
        read_to_close(stream)
    });
    let mut connection = connect(&server);
    for _ in 0..2 {
        let mut content = Vec::new();
        let asked = Instant::now();
        let got = connection.get(&name("a.txt"), &mut content).unwrap();
        assert_eq!(content, b"hello");
        assert!(asked <= got.first_byte && got.first_byte <= got.finished);
        assert!(asked.elapsed() < Duration::from_secs(10));
    }
    drop(connection);
    assert_eq!(server.finish(), [""]);
}

#[test]
fn a_close_after_the_reply_ends_the_connection_and_not_the_request() {
    let server = answering("{\"status\":\"OK\",\"data\":\"pong\"}");
    let mut connection = connect(&server);
    connection.ping().unwrap();
    assert!(!connection.is_reusable());
    assert!(matches!(connection.ping(), Err(ClientError::Closed)));
}

#[test]
fn broken_replies_are_errors() {
    let closed = get("{\"status\":\"OK\",\"data_file\":\"aGVsbG8h");
    assert!(matches!(closed, Err(ClientError::Closed)), "{closed:?}");
    for text in ["aGVsb*8=", "aGVsbG8", "aGVsbG8=aGVs"] {
        let bad = get(format!("{{\"status\":\"OK\",\"data_file\":\"{text}\"}}\r\n\r\n"));
        assert!(matches!(bad, Err(ClientError::BadContent(_))), "{text}: {bad:?}");
    }
    let other = get("{\"status\":\"OK\",\"data_namafile\":\"b\",\"data_file\":\"aGVs\"}\r\n\r\n");
    assert!(matches!(other, Err(ClientError::OtherFile(file)) if file == "b"));
    let none = get("{\"status\":\"OK\",\"data\":\"here you are\"}\r\n\r\n");
    assert!(matches!(none, Err(ClientError::NoFile)), "{none:?}");
    let http = get("HTTP/1.1 400 Bad Request\r\n\r\n");
    assert!(matches!(http, Err(ClientError::Reply(_))), "{http:?}");
}

#[test]
fn a_refusal_leaves_the_connection_usable() {
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        stream
            .write_all(
                b"{\"status\":\"ERROR\",\"data\":\"no a.txt\",\"code\":\"not-found\"}\r\n\r\n",
            )
            .unwrap();
        read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n").unwrap();
    });
    let mut connection = connect(&server);
    let refused = connection.get(&name("a.txt"), &mut Vec::new()).unwrap_err();
    assert_eq!((refused.cause(), refused.to_string()), ("refused:not-found", "no a.txt".into()));
    connection.ping().unwrap();
}

#[test]
fn a_request_and_its_ending_arrive_together() {
    for (framing, list, upload) in [
        (Framing::CrlfCrlf, "LIST\r\n\r\n", "UPLOAD \"my file\" aGVsbG8=\r\n\r\n"),
        (Framing::Crlf, "LIST\r\n", "UPLOAD \"my file\" aGVsbG8=\r\n"),
        (Framing::None, "LIST", "UPLOAD \"my file\" \"aGVsbG8=\""),
    ] {
        let server = FakeServer::start(1, |_, stream| {
            let list = recv(stream);
            stream.write_all(b"{\"status\":\"OK\",\"data\":[]}\r\n\r\n").unwrap();
            let upload = recv(stream);
            stream.write_all(b"{\"status\":\"OK\",\"data\":\"stored\"}\r\n\r\n").unwrap();
            (list, upload)
        });
        let options = ConnectionOptions { framing, ..ConnectionOptions::default() };
        let mut connection = Connection::connect(&server.address, options).unwrap();
        connection.list().unwrap();
        let stored = connection.upload(&name("my file"), &mut &b"hello"[..]).unwrap();
        assert_eq!(stored.bytes, 5);
        assert_eq!(server.finish(), [(list.to_owned(), upload.to_owned())]);
    }
}

#[test]
fn uploads_of_any_length_are_whole() {
    const PIECE: usize = 192 * 1024;
    for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7] {
        let server = FakeServer::start(1, |_, stream| {
            let request = read_request(stream);
            stream.write_all(b"{\"status\":\"OK\",\"data\":\"stored\"}\r\n\r\n").unwrap();
            request
        });
        let content: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
        // A source that gives little at a time.
        let (front, back) = content.split_at(len / 3);
        let mut source = Read::chain(front, back);
        assert_eq!(connect(&server).upload(&name("a"), &mut source).unwrap().bytes, len as u64);
        let request = server.finish().remove(0);
        let text = request.strip_prefix("UPLOAD a ").unwrap().trim_end().as_bytes();
        let mut stored = vec![0; protocol::body::plain_len_max(text.len())];
        let mut decoder = protocol::BodyDecoder::default();
        let stored_len = decoder.decode(text, &mut stored).unwrap();
        assert!(stored[..stored_len] == content && decoder.finish().is_ok(), "{len} bytes");
    }
}

#[test]
fn downloads_of_any_length_are_whole() {
    for len in [1, 196_605, 196_608, 1_000_003] {
        let content: Vec<u8> = (0..len).map(|index: u32| (index % 251) as u8).collect();
        let mut text = vec![0; protocol::body::text_len(content.len() as u64) as usize];
        let mut encoder = protocol::BodyEncoder::default();
        let text_len = encoder.encode(&content, &mut text);
        encoder.finish(&mut text[text_len..]);
        let reply = [b"{\"status\":\"OK\",\"data_file\":\"", &text[..], b"\"}\r\n\r\n"].concat();
        assert!(get(reply).unwrap() == content, "{len} bytes");
    }
}

/// What a server does that has answered before it has the whole request.
#[derive(Clone, Copy, Debug)]
enum Afterwards {
    Closes,
    ReadsOn,
    ReadsNoMore,
}

/// Uploads without end to a server that answers what it received first with `reply`.
fn upload_answered_early(reply: &'static str, afterwards: Afterwards) -> ClientError {
    let (done, is_done) = mpsc::channel::<()>();
    let server = FakeServer::start(1, move |_, stream: &mut TcpStream| {
        recv(stream);
        stream.write_all(reply.as_bytes()).unwrap();
        match afterwards {
            Afterwards::Closes => {}
            Afterwards::ReadsOn => while stream.read(&mut [0; 65536]).is_ok_and(|len| len > 0) {},
            Afterwards::ReadsNoMore => drop(is_done.recv()),
        }
    });
    let mut connection = connect(&server);
    let asked = Instant::now();
    let refused = connection.upload(&name("a"), &mut std::io::repeat(7)).unwrap_err();
    assert!(asked.elapsed() < ConnectionOptions::default().timeout / 2, "{afterwards:?}");
    assert!(!connection.is_reusable());
    drop((connection, done));
    server.finish();
    refused
}

#[test]
fn an_early_refusal_ends_the_sending_at_once() {
    let reply = "{\"status\":\"ERROR\",\"data\":\"too much\",\"code\":\"too-large\"}\r\n\r\n";
    for afterwards in [Afterwards::Closes, Afterwards::ReadsOn, Afterwards::ReadsNoMore] {
        let refused = upload_answered_early(reply, afterwards);
        assert_eq!(refused.cause(), "refused:too-large", "{afterwards:?}: {refused:?}");
    }
}

#[test]
fn what_is_no_reply_ends_the_sending_as_well() {
    for afterwards in [Afterwards::Closes, Afterwards::ReadsOn, Afterwards::ReadsNoMore] {
        let other = upload_answered_early("HTTP/1.1 400 Bad Request\r\n\r\n", afterwards);
        assert!(matches!(other, ClientError::Reply(_)), "{afterwards:?}: {other:?}");
    }
}

#[test]
fn an_ok_before_the_last_byte_was_sent_is_a_failure() {
    for afterwards in [Afterwards::Closes, Afterwards::ReadsOn, Afterwards::ReadsNoMore] {
        let reply = "{\"status\":\"OK\",\"data\":\"a uploaded\"}\r\n\r\n";
        let early = upload_answered_early(reply, afterwards);
        assert!(matches!(early, ClientError::AnsweredEarly), "{afterwards:?}: {early:?}");
    }
}

/// The ending comes after it was given up, while the next request is being sent.
#[test]
fn a_late_ending_of_the_reply_before_is_no_answer() {
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data\":\"pong\"}").unwrap();
        recv(stream);
        stream.write_all(b"\r\n\r\n").unwrap();
        read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data\":\"stored\"}\r\n\r\n").unwrap();
    });
    let mut connection = connect(&server);
    connection.ping().unwrap();
    let content = testkit::content(1, 2_000_000);
    connection.upload(&name("a"), &mut content.as_slice()).unwrap();
}

#[test]
fn a_size_is_confirmed_where_the_server_names_it() {
    for (reply, is_confirmed) in [
        ("{\"status\":\"OK\",\"data\":\"a stored\",\"data_size\":5}\r\n\r\n", true),
        ("{\"status\":\"OK\",\"data\":\"a uploaded, 5 bytes\"}\r\n\r\n", false),
    ] {
        let server = answering(reply);
        let stored = connect(&server).upload(&name("a"), &mut &b"hello"[..]).unwrap();
        assert_eq!(stored.size_confirmed, is_confirmed, "{reply}");
    }
    let got = get("{\"status\":\"OK\",\"data_size\":4,\"data_file\":\"aGVsbG8=\"}\r\n\r\n");
    assert!(matches!(got, Err(ClientError::SizeDiffers { moved: 5, named: 4 })), "{got:?}");
}

#[test]
fn the_length_of_a_download_is_told_before_its_content() {
    for (reply, expected) in [
        ("{\"status\":\"OK\",\"data_size\":5,\"data_file\":\"aGVsbG8=\"}\r\n\r\n", &[5][..]),
        ("{\"status\":\"OK\",\"data_file\":\"aGVsbG8=\",\"data_size\":5}\r\n\r\n", &[]),
    ] {
        let server = answering(reply);
        let (mut content, mut told) = (Vec::new(), Vec::new());
        let mut announced = |size| told.push(size);
        connect(&server).get_announced(&name("a"), &mut content, &mut announced).unwrap();
        assert_eq!((content.as_slice(), told.as_slice()), (&b"hello"[..], expected), "{reply}");
    }
}

#[test]
fn content_under_data_is_taken_where_it_can_be_nothing_else() {
    assert_eq!(get("{\"status\": \"OK\", \"data\": \"aGVsbG8=\"}\r\n\r\n").unwrap(), b"hello");
    let long = testkit::content(1, 1_000_000);
    let reply = format!("{{\"status\": \"OK\", \"data\": \"{}\"}}\r\n\r\n", testkit::base64(&long));
    assert!(get(reply).unwrap() == long);
    let word = get("{\"status\": \"OK\", \"data\": \"NotFound\"}\r\n\r\n");
    assert!(matches!(word, Err(ClientError::NoFile)), "{word:?}");
}

/// Some servers answer twice what they do not understand.
#[test]
fn after_an_error_without_a_code_the_connection_is_over() {
    let server = answering("{\"status\": \"ERROR\", \"data\": \"request tidak dikenali\"}\r\n\r\n");
    let mut connection = connect(&server);
    let refused = connection.digest(&name("a")).unwrap_err();
    assert_eq!(refused.to_string(), "request tidak dikenali");
    assert!(!connection.is_reusable());
    assert!(matches!(connection.ping(), Err(ClientError::Closed)));
}

#[test]
fn a_size_that_differs_is_an_error() {
    let server = answering("{\"status\":\"OK\",\"data_namafile\":\"a\",\"data_size\":4}\r\n\r\n");
    let differs = connect(&server).upload(&name("a"), &mut &b"hello"[..]).unwrap_err();
    assert!(matches!(differs, ClientError::SizeDiffers { moved: 5, named: 4 }), "{differs:?}");
}

#[test]
fn an_upload_whose_source_fails_cannot_be_decoded() {
    struct Failing(bool);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(std::io::Error::other("gone"));
            }
            buffer.fill(1);
            Ok(buffer.len())
        }
    }
    let server = FakeServer::start(1, |_, stream| read_to_close(stream));
    let failed = connect(&server).upload(&name("a"), &mut Failing(false)).unwrap_err();
    assert!(matches!(failed, ClientError::Source(_)));
    let request = server.finish().remove(0);
    let text = request.strip_prefix("UPLOAD a ").unwrap();
    assert_eq!(text.len() % 4, 1);
}

#[test]
fn a_silent_server_is_left_after_the_timeout() {
    let server = FakeServer::start(2, |_, stream| read_to_close(stream));
    let timeout = Duration::from_millis(50);
    let options = ConnectionOptions { timeout, ..ConnectionOptions::default() };
    let mut connection = Connection::connect(&server.address, options).unwrap();
    let silent = connection.ping().unwrap_err();
    assert!(matches!(silent, ClientError::TimedOut(after) if after == timeout), "{silent:?}");
    drop(connection);
    let options = ConnectionOptions {
        deadline: Some(Instant::now() + timeout),
        ..ConnectionOptions::default()
    };
    let mut connection = Connection::connect(&server.address, options).unwrap();
    let late = connection.ping().unwrap_err();
    assert!(matches!(late, ClientError::DeadlinePassed), "{late:?}");
}

#[test]
fn a_server_that_does_not_read_is_left_after_the_timeout() {
    let (done, wait) = mpsc::channel::<()>();
    let server = FakeServer::start(1, move |_, _| wait.recv().is_err());
    let options =
        ConnectionOptions { timeout: Duration::from_millis(50), ..ConnectionOptions::default() };
    let mut connection = Connection::connect(&server.address, options).unwrap();
    let stuck = connection.upload(&name("a"), &mut std::io::repeat(7)).unwrap_err();
    assert_eq!(stuck.cause(), "timeout");
    drop(done);
    assert_eq!(server.finish(), [true]);
}

/// An address that refuses connections until it is listened on.
fn bound() -> (socket2::Socket, String) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address.to_string())
}

#[test]
fn nobody_at_the_address_is_told() {
    let (_socket, address) = bound();
    let refused = Connection::connect(&address, ConnectionOptions::default()).unwrap_err();
    assert_eq!(refused.cause(), "connect");
    assert!(refused.to_string().contains(&address));
}

#[test]
fn a_server_that_is_starting_on_this_machine_is_waited_for() {
    let (socket, address) = bound();
    let wait = |startup_wait| ConnectionOptions { startup_wait, ..ConnectionOptions::default() };
    let asked = Instant::now();
    let startup_wait = Duration::from_millis(100);
    Connection::connect(&address, wait(startup_wait)).unwrap_err();
    assert!(asked.elapsed() >= startup_wait);
    let connecting = thread::spawn(move || Connection::connect(&address, wait(testkit::PATIENCE)));
    socket.listen(1).unwrap();
    connecting.join().unwrap().unwrap();
}

#[test]
fn what_is_no_address_is_told_as_one() {
    let refused =
        Connection::connect("tcp://localhost:1", ConnectionOptions::default()).unwrap_err();
    assert!(matches!(refused, ClientError::Connect { .. }), "{refused:?}");
}
