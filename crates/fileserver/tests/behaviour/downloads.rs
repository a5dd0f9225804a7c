//! Reading: a file is sent as it was when its GET began.

use std::fs::File;

use protocol::Verb;
use testkit::{content, upload_request};

use crate::{Model, await_failed_connections, stop_cleanly};

for_every_model_and_store!(
    a_file_that_shrinks_under_its_reader_is_not_sent_as_a_whole_one;
    in_a_directory:
    a_reader_during_a_replacement_gets_the_old_content_whole,
    a_reader_during_a_deletion_gets_the_old_content_whole,
    a_file_that_grows_under_its_reader_is_sent_as_long_as_it_was,
);

/// More than the sockets of both ends hold: part of it has not been read from the file yet.
const LONG: usize = 20 << 20;

fn a_reader_during_a_replacement_gets_the_old_content_whole(model: Model) {
    let server = model.start();
    let old = content(1, LONG);
    server.place("a.bin", &old);
    let mut reader = server.connect();
    reader.send("GET a.bin\r\n\r\n");
    reader.await_bytes(1000);
    let mut writer = server.connect();
    writer.send(upload_request("a.bin", b"new"));
    assert_eq!(writer.read_reply().outcome(), "OK");
    assert_eq!(writer.request("GET a.bin").content(), b"new");
    assert!(reader.read_long_reply().content() == old);
    assert_eq!(reader.request("GET a.bin").content(), b"new");
    drop((reader, writer));
    stop_cleanly(server);
}

fn a_reader_during_a_deletion_gets_the_old_content_whole(model: Model) {
    let server = model.start();
    let old = content(1, LONG);
    server.place("a.bin", &old);
    let mut reader = server.connect();
    reader.send("GET a.bin\r\n\r\n");
    reader.await_bytes(1000);
    assert_eq!(server.ask("DELETE a.bin").outcome(), "OK");
    assert_eq!(server.ask("GET a.bin").outcome(), "not-found");
    assert!(reader.read_long_reply().content() == old);
    assert_eq!(reader.request("GET a.bin").outcome(), "not-found");
}

fn a_file_that_shrinks_under_its_reader_is_not_sent_as_a_whole_one(model: Model) {
    let server = model.start();
    server.place("a.bin", &content(1, LONG));
    let mut reader = server.connect();
    reader.send("GET a.bin\r\n\r\n");
    reader.await_bytes(1000);
    let file = File::options().write(true).open(server.dir().join("a.bin")).unwrap();
    file.set_len(1000).unwrap();
    let received = reader.read_to_end();
    assert!(!received.ends_with(b"}\r\n\r\n"));
    await_failed_connections(&server, 1);
    assert_eq!(server.stats().requests[Verb::Get].failed, 1);
}

fn a_file_that_grows_under_its_reader_is_sent_as_long_as_it_was(model: Model) {
    let server = model.start();
    let old = content(1, LONG);
    server.place("a.bin", &old);
    let mut reader = server.connect();
    reader.send("GET a.bin\r\n\r\n");
    reader.await_bytes(1000);
    let file = File::options().write(true).open(server.dir().join("a.bin")).unwrap();
    file.set_len(LONG as u64 + 5).unwrap();
    assert!(reader.read_long_reply().content() == old);
    assert_eq!(reader.request("DIGEST a.bin")["data_size"], LONG + 5);
}
