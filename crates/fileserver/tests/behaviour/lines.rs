//! Content on lines of its own, broken where encoders break it: stored whole or not at all.

use testkit::{PATIENCE, Peer, base64, content, eventually, wrapped_base64};

use crate::{Model, await_failed_connections, await_temporary_files, stop_cleanly};

for_every_model_and_store!(
    wrapped_content_is_stored_whole,
    content_on_the_line_after_the_name_is_stored,
    wrapped_content_that_comes_line_by_line_is_stored_whole,
    a_stray_line_in_wrapped_content_stores_nothing_and_ends_the_connection,
    one_full_line_without_a_blank_one_is_stored_after_a_quiet_while,
    an_upload_without_content_is_told_so,
    other_dialects_are_told_once_what_is_wrong;
    in_a_directory:
    wrapped_content_that_breaks_off_is_never_stored,
);

/// As `base64.encodebytes` and `base64(1)` break lines, MIME, PEM, and others.
const FORMS: [(usize, &str); 5] = [(76, "\n"), (76, "\r\n"), (64, "\n"), (72, "\r\n"), (60, "\n")];

fn wrapped_content_is_stored_whole(model: Model) {
    let server = model.start();
    server.place("a.bin", b"old");
    let mut peer = server.connect();
    for len in [45, 48, 54, 57, 58, 114, 100_000, 1 << 20] {
        let content = content(len as u64, len);
        for (width, line_end) in FORMS {
            let text = wrapped_base64(&content, width, line_end);
            for form in [
                format!("UPLOAD a.bin {text}\r\n\r\n"),
                format!("UPLOAD a.bin {text}\n\n"),
                format!("UPLOAD a.bin\r\n{text}\r\n\r\n"),
                format!("UPLOAD a.bin \"{text}{line_end}\""),
            ] {
                peer.send(form);
                assert_eq!(peer.read_reply()["data_size"], len, "{len} bytes at {width}");
                assert!(server.stored("a.bin").unwrap() == content, "{len} bytes at {width}");
            }
            // The next request ends it as well.
            peer.send(format!("UPLOAD a.bin {text}{line_end}GET a.bin\r\n"));
            assert_eq!(peer.read_reply()["data_size"], len);
            assert!(peer.read_long_reply().content() == content);
        }
    }
    let mut closing = server.connect();
    let content = content(1, 300);
    closing.send(format!("UPLOAD b.bin {}\n", wrapped_base64(&content, 60, "\n")));
    closing.half_close();
    assert_eq!(closing.read_reply()["data_size"], 300);
    assert!(server.stored("b.bin").unwrap() == content);
    drop((peer, closing));
    stop_cleanly(server);
}

fn content_on_the_line_after_the_name_is_stored(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for (len, ending) in [(5, "\r\n"), (5, "\r\n\r\n"), (5, ""), (300_000, "\r\n\r\n")] {
        let content = content(1, len);
        // The lines may come on their own.
        peer.send("UPLOAD a.txt\r\n");
        peer.send(format!("{}{ending}", base64(&content)));
        assert_eq!(peer.read_reply()["data_size"], len);
        assert!(server.stored("a.txt").unwrap() == content);
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
}

fn wrapped_content_that_comes_line_by_line_is_stored_whole(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    let content = content(1, 2000);
    for (width, line_end) in FORMS {
        peer.send("UPLOAD a.bin\r\n");
        let text = wrapped_base64(&content, width, line_end);
        for line in text.split_inclusive('\n') {
            peer.send(line);
        }
        peer.send("\r\n\r\n");
        assert_eq!(peer.read_reply()["data_size"], 2000);
        peer.send_slowly(format!("UPLOAD b.bin {text}\r\n\r\n"));
        assert_eq!(peer.read_reply()["data_size"], 2000);
        assert!(server.stored("a.bin").unwrap() == content);
        assert!(server.stored("b.bin").unwrap() == content);
    }
}

fn wrapped_content_that_breaks_off_is_never_stored(model: Model) {
    let server = model.server().args(["--idle-timeout", "1"]).start();
    server.place("a.bin", b"old");
    let full = base64(&content(1, 57));
    let broken_off = [
        format!("UPLOAD a.bin {full}\n{full}\n"),
        format!("UPLOAD a.bin\r\n{full}\r\n{full}\r\n{}", &full[..40]),
        format!("UPLOAD a.bin {full}\nSTATS"),
    ];
    let mut stalled: Vec<_> = broken_off.iter().map(|_| server.connect()).collect();
    for (peer, sent) in stalled.iter_mut().zip(&broken_off) {
        peer.send(sent);
    }
    for mut peer in stalled {
        assert_eq!(peer.read_reply().outcome(), "unended");
        peer.expect_closed();
    }
    await_failed_connections(&server, 3);
    for vanish in [drop, Peer::reset] {
        for sent in [&broken_off[0], &broken_off[1], &format!("UPLOAD a.bin {full}\n")] {
            let mut peer = server.connect();
            peer.send(sent);
            await_temporary_files(&server, 1);
            vanish(peer);
            eventually(PATIENCE, "the upload is gone", || server.temporary_files() == 0);
        }
    }
    assert_eq!(server.stored("a.bin").unwrap(), b"old");
    stop_cleanly(server);
}

fn a_stray_line_in_wrapped_content_stores_nothing_and_ends_the_connection(model: Model) {
    let server = model.start();
    server.place("a.bin", b"old");
    let text = wrapped_base64(&content(1, 300_000), 64, "\n");
    for stray in ["LIST", "hello, world", "Zm9v!", &"A".repeat(68)] {
        let mut peer = server.connect();
        // It is closed, and may be before all of this is sent.
        let _ =
            peer.try_send(format!("UPLOAD a.bin {}\n{stray}\n{text}\n\n", &text[..65 * 99 - 1]));
        assert_eq!(peer.read_reply().outcome(), "bad-base64", "{stray}");
        peer.expect_closed();
        assert_eq!(server.stored("a.bin").unwrap(), b"old");
    }
    stop_cleanly(server);
}

fn one_full_line_without_a_blank_one_is_stored_after_a_quiet_while(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for len in [45, 48, 54, 57] {
        let content = content(1, len);
        peer.send(format!("UPLOAD a.bin {}\r\n", base64(&content)));
        assert_eq!(peer.read_reply()["data_size"], len);
        assert!(server.stored("a.bin").unwrap() == content);
    }
}

fn an_upload_without_content_is_told_so(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for ending in ["\r\n\r\n", "\n \n", "\r\n", "\nPING me\n"] {
        peer.send(format!("UPLOAD a.txt{ending}"));
        assert_eq!(peer.read_reply().outcome(), "bad-request", "{ending:?}");
    }
    assert_eq!(peer.read_reply()["data"], "PING takes no file name");
    peer.send("UPLOAD a.txt\r\n");
    peer.half_close();
    assert_eq!(peer.read_reply().outcome(), "bad-request");
    peer.expect_closed();
    assert_eq!(server.stored("a.txt"), None);
}

fn other_dialects_are_told_once_what_is_wrong(model: Model) {
    let server = model.start();
    let long = base64(&content(1, 1 << 20));
    for (sent, code) in [
        ("{\"command\": \"LIST\"}".to_owned(), "unknown-request"),
        ("{\n  \"command\": \"LIST\",\n  \"name\": null\n}".to_owned(), "unknown-request"),
        (format!("{{\"upload\": \"{long}\"}}"), "unknown-request"),
        ("UPLOAD a.txt||aGVsbG8=".to_owned(), "bad-request"),
        ("UPLOAD a.txt 5 aGVsbG8=".to_owned(), "bad-base64"),
        ("UPLOAD a.txt b'aGVsbG8='\r\n\r\n".to_owned(), "bad-base64"),
        ("POST a.txt\r\n\r\n".to_owned(), "unknown-request"),
        (format!("IMAGE {long}\r\n\r\n"), "unknown-request"),
    ] {
        let mut peer = server.connect();
        peer.send(&sent);
        let reply = peer.read_reply();
        assert_eq!(reply.outcome(), code, "{sent:.40}");
        assert!(!reply.text().contains("4096"), "{}", reply.text());
        peer.half_close();
        peer.expect_closed();
    }
    assert_eq!(server.ask("LIST").text(), r#"{"status":"OK","data":[]}"#);
}
