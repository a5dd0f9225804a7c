//! ECHO: the text comes back as it was sent.

use protocol::{Verb, request::ECHO_LEN_MAX};
use testkit::{PATIENCE, eventually};

use crate::{Model, stop_cleanly};

for_every_model_and_store!(
    an_echo_is_the_text_with_its_blanks_and_quotes_in_ascii,
    an_echo_without_an_ending_is_answered,
    a_text_fills_a_head_and_a_longer_one_is_refused,
    a_text_that_is_not_utf8_is_refused_and_the_connection_goes_on,
);

fn an_echo_is_the_text_with_its_blanks_and_quotes_in_ascii(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for (request, text) in [
        ("ECHO halo", "halo"),
        ("echo   \"two\"  'words' ", r#"  \"two\"  'words' "#),
        ("ECHO\th\u{e9}\u{1f980}", r"h\u00e9\ud83e\udd80"),
        ("ECHO", ""),
        ("ECHO ", ""),
    ] {
        let reply = format!(r#"{{"status":"OK","data":"{text}"}}"#);
        assert_eq!(peer.request(request).text(), reply, "{request}");
    }
    drop(peer);
    // The last reply is counted once it is sent, and it can be read before that.
    eventually(PATIENCE, "all five are counted", || server.stats().requests[Verb::Echo].ok == 5);
    stop_cleanly(server);
}

fn an_echo_without_an_ending_is_answered(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send_slowly("ECHO halo ");
    assert_eq!(peer.read_reply()["data"], "halo ");
    peer.send("ECHO LIST");
    assert_eq!(peer.read_reply()["data"], "LIST");
    drop(peer);
    stop_cleanly(server);
}

fn a_text_fills_a_head_and_a_longer_one_is_refused(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    let longest = "\0".repeat(ECHO_LEN_MAX);
    assert_eq!(peer.request(&format!("ECHO {longest}"))["data"], longest);
    assert_eq!(peer.request(&format!("ECHO {longest}x")).outcome(), "head-too-long");
    peer.expect_closed();
}

fn a_text_that_is_not_utf8_is_refused_and_the_connection_goes_on(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send(b"ECHO h\xe9\r\n\r\n");
    assert_eq!(peer.read_reply().outcome(), "bad-request");
    assert_eq!(peer.request("ECHO h\u{e9}")["data"], "h\u{e9}");
    drop(peer);
    stop_cleanly(server);
}
