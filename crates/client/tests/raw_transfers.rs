//! FETCH and STORE, against servers that are written by hand.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io::{self, Cursor, Read, Write},
    net::TcpStream,
    os::unix::fs::FileExt,
};

use client::{
    ClientError, Connection, ConnectionOptions, Feature, Fetch, Fetched, FileName, Framing, Remote,
    Store, Stored,
};
use testkit::fake_server::{FakeServer, answering, read_request, read_to_close};

const PONG: &str = "{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n";
const ABLE_PONG: &str =
    "{\"status\":\"OK\",\"data\":\"pong\",\"data_features\":[\"fetch\",\"store\",\"fly\"]}\r\n\r\n";
const GO_AHEAD: &str = "{\"status\":\"OK\",\"data_offset\":0}\r\n\r\n";
const ID: &str = "00112233445566778899aabbccddeeff";

fn name(name: &str) -> FileName {
    name.parse().unwrap()
}

fn connect<T: Send + 'static>(server: &FakeServer<T>) -> Connection {
    Connection::connect(&server.address, ConnectionOptions::default()).unwrap()
}

/// The reply to a FETCH of a file of ten bytes.
fn head(offset: u64, length: u64) -> String {
    format!(
        "{{\"status\":\"OK\",\"data_namafile\":\"a\",\"data_size\":10,\"data_offset\":{offset},\
         \"data_length\":{length},\"data_version\":\"v-1\"}}\r\n\r\n"
    )
}

fn fetch(connection: &mut Connection, what: &Fetch) -> Result<(Fetched, Vec<u8>), ClientError> {
    let (mut sink, mut told) = (Vec::new(), None);
    let fetched = connection.fetch(what, &mut sink, &mut |range| told = Some(range.clone()))?;
    assert_eq!(told.as_ref(), Some(&fetched.range));
    Ok((fetched, sink))
}

fn store(connection: &mut Connection, what: &Store, content: &[u8]) -> Result<Stored, ClientError> {
    connection.store(what, &mut Cursor::new(content))
}

fn read_exact(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut content = vec![0; len];
    stream.read_exact(&mut content).unwrap();
    content
}

#[test]
fn a_server_is_asked_once_a_connection_what_it_knows() {
    let server = FakeServer::start(2, |index, stream| {
        let request = read_request(stream);
        stream.write_all([PONG, ABLE_PONG][index].as_bytes()).unwrap();
        request + &read_to_close(stream)
    });
    for expected in [&[][..], &[Feature::Fetch, Feature::Store]] {
        let mut connection = connect(&server);
        for _ in 0..2 {
            assert_eq!(connection.features().unwrap(), expected);
        }
    }
    assert_eq!(server.finish(), ["PING\r\n\r\n"; 2]);
}

#[test]
fn a_server_that_refuses_the_question_is_not_asked_again() {
    let refusal = "{\"status\": \"ERROR\", \"data\": \"request tidak dikenali\"}";
    let coded = "{\"status\":\"ERROR\",\"data\":\"what?\",\"code\":\"unknown-request\"}\r\n\r\n";
    for answer in [refusal, coded, "what?", "", PONG] {
        let server = FakeServer::start(1, move |_, stream| {
            let request = read_request(stream);
            stream.write_all(answer.as_bytes()).unwrap();
            request
        });
        let mut remote = Remote::new(server.address.clone(), ConnectionOptions::default());
        for feature in [Feature::Fetch, Feature::Store] {
            assert!(!remote.knows(feature).unwrap(), "{answer}");
        }
        assert_eq!(server.finish(), ["PING\r\n\r\n"], "{answer}");
    }
}

#[test]
fn a_server_that_has_no_time_for_the_question_may_know_more() {
    let server = answering("{\"status\":\"ERROR\",\"data\":\"full\",\"code\":\"busy\"}\r\n\r\n");
    let mut remote = Remote::new(server.address.clone(), ConnectionOptions::default());
    assert_eq!(remote.knows(Feature::Fetch).unwrap_err().cause(), "refused:busy");
}

#[test]
fn what_a_fetch_brings_is_taken_as_it_is() {
    let server = FakeServer::start(1, |_, stream| {
        let first = read_request(stream);
        stream.write_all((head(0, 10) + "\r\n\r\n{\"\0\u{7}}x").as_bytes()).unwrap();
        let second = read_request(stream);
        // One by one, and nothing of it belongs to the reply before.
        for byte in (head(8, 2) + "}\n").bytes() {
            stream.write_all(&[byte]).unwrap();
        }
        let third = read_request(stream);
        stream.write_all((head(10, 0) + PONG).as_bytes()).unwrap();
        [first, second, third]
    });
    let mut connection = connect(&server);
    let whole = Fetch::whole(name("a"));
    assert_eq!(fetch(&mut connection, &whole).unwrap().1, b"\r\n\r\n{\"\0\x07}x");
    let version = "v-1".parse().unwrap();
    let end = Fetch { offset: 8, length: Some(5), version: Some(version), ..whole.clone() };
    let (fetched, content) = fetch(&mut connection, &end).unwrap();
    assert_eq!(content, b"}\n");
    assert_eq!((fetched.range.size, fetched.range.length), (10, 2));
    let nothing = Fetch { offset: 10, ..whole };
    assert_eq!(fetch(&mut connection, &nothing).unwrap().1, b"");
    assert!(!connection.is_reusable(), "more came than was told of");
    assert_eq!(
        server.finish(),
        [[
            "FETCH a\r\n\r\n",
            "FETCH a offset=8 length=5 version=v-1\r\n\r\n",
            "FETCH a offset=10\r\n\r\n"
        ]]
    );
}

#[test]
fn bytes_that_were_not_asked_for_do_not_reach_the_sink() {
    let asked = Fetch {
        offset: 2,
        length: Some(4),
        version: Some("v-1".parse().unwrap()),
        name: name("a"),
    };
    for reply in [
        head(0, 4),
        head(2, 8),
        head(2, 3),
        head(2, 4).replace("v-1", "v-2"),
        head(2, 4).replace("\"data_version\":\"v-1\"", "\"data\":\"\""),
        head(2, 4).replace("\"data_size\":10", "\"data_size\":1"),
        head(2, 4).replace("\"a\"", "\"b\""),
        head(2, 4).replace("\r\n\r\n", "\n\n"),
    ] {
        let server = answering(reply.clone() + "abcdefgh");
        let mut connection = connect(&server);
        let mut sink = Vec::new();
        let failed = connection.fetch(&asked, &mut sink, &mut |_| ()).unwrap_err();
        assert!(["reply", "other-file"].contains(&failed.cause()), "{reply}: {failed}");
        assert!(sink.is_empty() && !connection.is_reusable(), "{reply}");
    }
}

#[test]
fn each_byte_of_a_fetch_has_its_place_in_a_file() {
    let content = testkit::content(4, 3_000_000);
    let (size, offset) = (content.len() as u64, 1_000_003);
    let rest = content[offset as usize..].to_vec();
    let server = FakeServer::start(1, move |_, stream| {
        read_request(stream);
        let length = size - offset;
        let head =
            head(offset, length).replace("\"data_size\":10", &format!("\"data_size\":{size}"));
        // Some of it comes with the reply, the rest in two parts.
        for part in [&[head.as_bytes(), &rest[..100]].concat(), &rest[100..70_000], &rest[70_000..]]
        {
            stream.write_all(part).unwrap();
            stream.flush().unwrap();
        }
    });
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(&content[..offset as usize], 0).unwrap();
    let asked = Fetch { offset, ..Fetch::whole(name("a")) };
    let mut moved = 0;
    let mut count = |len: usize| {
        moved += len as u64;
        Ok(())
    };
    let fetched = connect(&server).fetch_to_file(&asked, &file, &mut count, &mut |_| ()).unwrap();
    assert_eq!((fetched.range.length, moved), (size - offset, size - offset));
    let mut stored = vec![0; content.len()];
    file.read_exact_at(&mut stored, 0).unwrap();
    assert!(stored == content && file.metadata().unwrap().len() == size);
}

#[test]
fn a_file_gets_nothing_more_once_its_owner_wants_none() {
    let server = answering(head(0, 10) + "0123456789");
    let file = tempfile::tempfile().unwrap();
    let mut connection = connect(&server);
    let mut refuse = |_| Err(io::Error::other("enough"));
    let asked = Fetch::whole(name("a"));
    let ended = connection.fetch_to_file(&asked, &file, &mut refuse, &mut |_| ()).unwrap_err();
    assert!(matches!(&ended, ClientError::Sink(err) if err.to_string() == "enough"), "{ended:?}");
    assert!(!connection.is_reusable());
}

#[test]
fn a_fetch_that_is_cut_short_is_an_error() {
    let server = answering(head(0, 10) + "half");
    let mut sink = Vec::new();
    let asked = Fetch::whole(name("a"));
    let cut = connect(&server).fetch(&asked, &mut sink, &mut |_| ()).unwrap_err();
    assert!(matches!(cut, ClientError::Closed), "{cut:?}");
    assert_eq!(sink, b"half");
    let server = answering(head(0, 10) + "half");
    let file = tempfile::tempfile().unwrap();
    let fetch = connect(&server).fetch_to_file(&asked, &file, &mut |_| Ok(()), &mut |_| ());
    assert!(matches!(fetch, Err(ClientError::Closed)), "{fetch:?}");
    assert_eq!(file.metadata().unwrap().len(), 4);
}

#[test]
fn a_refusal_of_either_verb_leaves_the_connection_usable() {
    let server = FakeServer::start(1, |_, stream| {
        for _ in 0..2 {
            read_request(stream);
            let refusal = "{\"status\":\"ERROR\",\"data\":\"no\",\"code\":\"changed\"}\r\n\r\n";
            stream.write_all(refusal.as_bytes()).unwrap();
        }
        read_request(stream);
        stream.write_all(PONG.as_bytes()).unwrap();
    });
    let mut connection = connect(&server);
    let refused = fetch(&mut connection, &Fetch::whole(name("a"))).unwrap_err();
    assert_eq!(refused.cause(), "refused:changed");
    let store_a = Store { name: name("a"), length: 5, resume: None };
    let refused = store(&mut connection, &store_a, b"hello").unwrap_err();
    assert_eq!(refused.cause(), "refused:changed");
    connection.ping().unwrap();
}

#[test]
fn a_store_sends_what_the_server_does_not_have() {
    let content = testkit::content(3, 1_000_003);
    for offset in [0, 1, 400_000, content.len()] {
        let len = content.len();
        let server = FakeServer::start(1, move |_, stream| {
            let request = read_request(stream);
            let go_ahead = format!("{{\"status\":\"OK\",\"data_offset\":{offset}}}\r\n\r\n");
            stream.write_all(go_ahead.as_bytes()).unwrap();
            let sent = read_exact(stream, len - offset);
            let stored = format!(
                "{{\"status\":\"OK\",\"data_namafile\":\"a b\",\"data_size\":{len},\
                 \"data_digest\":\"blake3:00\"}}\r\n\r\n"
            );
            stream.write_all(stored.as_bytes()).unwrap();
            (request, sent, read_to_close(stream))
        });
        // The head of a STORE ends as it must, whatever other requests end with.
        let options = ConnectionOptions { framing: Framing::None, ..ConnectionOptions::default() };
        let mut connection = Connection::connect(&server.address, options).unwrap();
        let what =
            Store { name: name("a b"), length: len as u64, resume: Some(ID.parse().unwrap()) };
        let stored = store(&mut connection, &what, &content).unwrap();
        assert_eq!((stored.bytes, stored.digest.as_str()), (len as u64, "blake3:00"));
        drop(connection);
        let (request, sent, rest) = server.finish().remove(0);
        assert_eq!(request, format!("STORE \"a b\" length={len} resume={ID}\r\n\r\n"));
        assert!(sent == content[offset..] && rest.is_empty(), "from {offset}");
    }
}

#[test]
fn a_store_is_not_taken_for_done_where_the_server_says_something_else() {
    for (go_ahead, stored, cause) in [
        ("{\"status\":\"OK\",\"data_offset\":6}\r\n\r\n", "", "reply"),
        ("{\"status\":\"OK\"}\r\n\r\n", "", "reply"),
        (GO_AHEAD, "{\"status\":\"OK\",\"data_size\":5}\r\n\r\n", "reply"),
        (GO_AHEAD, "{\"status\":\"OK\",\"data_size\":4,\"data_digest\":\"x\"}\r\n\r\n", "size"),
        (GO_AHEAD, "{\"status\":\"OK\",\"data_namafile\":\"b\"}\r\n\r\n", "other-file"),
        (GO_AHEAD, "", "closed"),
    ] {
        let server = FakeServer::start(1, move |_, stream| {
            read_request(stream);
            stream.write_all(go_ahead.as_bytes()).unwrap();
            if go_ahead == GO_AHEAD {
                read_exact(stream, 5);
            }
            stream.write_all(stored.as_bytes()).unwrap();
        });
        let what = Store { name: name("a"), length: 5, resume: None };
        let failed = store(&mut connect(&server), &what, b"hello").unwrap_err();
        assert_eq!(failed.cause(), cause, "{go_ahead}{stored}");
    }
}

#[test]
fn a_refusal_ends_the_sending_of_a_store_at_once() {
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        stream.write_all(GO_AHEAD.as_bytes()).unwrap();
        read_exact(stream, 1000);
        let refusal = "{\"status\":\"ERROR\",\"data\":\"full\",\"code\":\"no-space\"}\r\n\r\n";
        stream.write_all(refusal.as_bytes()).unwrap();
        while stream.read(&mut [0; 65536]).is_ok_and(|len| len > 0) {}
    });
    struct Zeros;
    impl Read for Zeros {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(0);
            Ok(buffer.len())
        }
    }
    impl io::Seek for Zeros {
        fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }
    let mut connection = connect(&server);
    let what = Store { name: name("a"), length: u64::MAX, resume: None };
    let refused = connection.store(&what, &mut Zeros).unwrap_err();
    assert_eq!(refused.cause(), "refused:no-space");
    assert!(!connection.is_reusable());
}

#[test]
fn a_store_whose_source_ends_early_sends_nothing_in_its_place() {
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        stream.write_all(GO_AHEAD.as_bytes()).unwrap();
        read_to_close(stream)
    });
    let mut connection = connect(&server);
    let what = Store { name: name("a"), length: 6, resume: None };
    let failed = store(&mut connection, &what, b"hello").unwrap_err();
    assert_eq!(failed.cause(), "source");
    drop(connection);
    assert_eq!(server.finish(), [""]);
}
