//! Every request and its reply, and every way of not being a request.

use testkit::base64;

use crate::{Model, PONG, stop_cleanly};

for_every_model_and_store!(
    each_request_has_the_reply_of_the_protocol,
    verbs_match_in_any_case_and_names_keep_theirs,
    names_with_spaces_go_in_quotes,
    replies_are_ascii_and_names_are_not_changed,
    list_shows_files_sorted_and_nothing_else,
    what_is_no_request_answers_why_and_the_connection_goes_on,
    pipelined_requests_are_answered_in_order,
    a_head_of_4_kib_is_read_and_a_longer_one_is_refused,
    blank_lines_between_requests_are_skipped,
);

fn each_request_has_the_reply_of_the_protocol(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for (request, reply) in [
        ("LIST", r#"{"status":"OK","data":[]}"#),
        (
            "UPLOAD a.txt aGVsbG8=",
            r#"{"status":"OK","data":"a.txt stored, 5 bytes","data_namafile":"a.txt","data_size":5}"#,
        ),
        ("LIST", r#"{"status":"OK","data":["a.txt"]}"#),
        ("LIST -l", r#"{"status":"OK","files":[{"filename":"a.txt","size":5}]}"#),
        (
            "GET a.txt",
            r#"{"status":"OK","data_namafile":"a.txt","data_size":5,"data_file":"aGVsbG8="}"#,
        ),
        ("DELETE a.txt", r#"{"status":"OK","data":"a.txt deleted","data_namafile":"a.txt"}"#),
        ("PING", PONG),
        (
            "GET a.txt",
            r#"{"status":"ERROR","data":"there is no file named a.txt","code":"not-found"}"#,
        ),
        (
            "DELETE a.txt",
            r#"{"status":"ERROR","data":"there is no file named a.txt","code":"not-found"}"#,
        ),
        (
            "DIGEST a.txt",
            r#"{"status":"ERROR","data":"there is no file named a.txt","code":"not-found"}"#,
        ),
        ("HALLO", r#"{"status":"ERROR","data":"request tidak dikenali","code":"unknown-request"}"#),
    ] {
        assert_eq!(peer.request(request).text(), reply, "{request}");
    }
    assert_eq!(peer.request("STATS").outcome(), "OK");
    drop(peer);
    stop_cleanly(server);
}

fn verbs_match_in_any_case_and_names_keep_theirs(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    assert_eq!(peer.request("upload A.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(peer.request("Get A.txt").content(), b"hello");
    assert_eq!(peer.request("get a.txt").outcome(), "not-found");
    assert_eq!(peer.request("lIsT")["data"][0], "A.txt");
    assert_eq!(peer.request("ping")["data"], "pong");
    assert_eq!(peer.request("digest A.txt")["data_size"], 5);
    assert_eq!(peer.request("delete A.txt").outcome(), "OK");
}

fn names_with_spaces_go_in_quotes(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    assert_eq!(peer.request("UPLOAD \"my file.txt\" aGVsbG8=").outcome(), "OK");
    assert_eq!(peer.request("UPLOAD 'it is' \"aGVsbG8=\"").outcome(), "OK");
    assert_eq!(server.stored("my file.txt").unwrap(), b"hello");
    assert_eq!(peer.request("GET 'my file.txt'").content(), b"hello");
    assert_eq!(peer.request("GET \"it is\"")["data_namafile"], "it is");
    assert_eq!(peer.request("GET my file.txt").outcome(), "bad-request");
    assert_eq!(peer.request("GET \"my file.txt").outcome(), "bad-name");
    assert_eq!(peer.request("DELETE \"my file.txt\"").outcome(), "OK");
    assert_eq!(server.stored("my file.txt"), None);
}

fn replies_are_ascii_and_names_are_not_changed(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    let name = "ünï—🦀.txt";
    let stored = peer.request(&format!("UPLOAD {name} aGVsbG8="));
    assert!(stored.text().contains(r"\u00fcn\u00ef\u2014\ud83e\udd80.txt"), "{}", stored.text());
    assert_eq!(stored["data_namafile"], name);
    assert_eq!(peer.request("LIST")["data"][0], name);
    assert_eq!(peer.request(&format!("GET {name}"))["data_namafile"], name);
    assert_eq!(server.stored(name).unwrap(), b"hello");
}

fn list_shows_files_sorted_and_nothing_else(model: Model) {
    let server = model.start();
    for name in ["b.txt", "a.txt", "C.txt", ".hidden", "back\\slash"] {
        server.place(name, b"x");
    }
    std::fs::create_dir(server.dir().join("folder")).unwrap();
    assert_eq!(server.ask("LIST").text(), r#"{"status":"OK","data":["C.txt","a.txt","b.txt"]}"#);
}

fn what_is_no_request_answers_why_and_the_connection_goes_on(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for (request, code) in [
        ("HALLO", "unknown-request"),
        ("GET", "bad-name"),
        ("LIST all", "bad-request"),
        ("PING me", "bad-request"),
        ("STATS now", "bad-request"),
        ("GET a.txt b.txt", "bad-request"),
        ("UPLOAD", "bad-name"),
        ("UPLOAD a.txt", "bad-request"),
        ("UPLOAD a.txt not!base64", "bad-base64"),
        ("UPLOAD a.txt aGVsbG8", "bad-base64"),
        ("UPLOAD a.txt aGVs bG8=", "bad-base64"),
        ("UPLOAD a.txt \"aGV=bG8=\"", "bad-base64"),
        ("{\"json\": true}", "unknown-request"),
        ("\u{1}\u{2}\u{3}", "unknown-request"),
    ] {
        assert_eq!(peer.request(request).outcome(), code, "{request}");
        assert_eq!(peer.request("PING").outcome(), "OK", "after {request}");
    }
    assert_eq!(server.stored("a.txt"), None);
    drop(peer);
    stop_cleanly(server);
}

fn pipelined_requests_are_answered_in_order(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    let content = testkit::content(1, 300 * 1024);
    peer.send(format!(
        "PING\r\nUPLOAD a.txt {}\nGET a.txt\r\n\r\nGET b.txt\nUPLOAD b.txt \"aGVsbG8=\"\r\n\
         LIST\r\n\r\nDELETE a.txt\r\nLIST\r\n",
        base64(&content)
    ));
    assert_eq!(peer.read_reply()["data"], "pong");
    assert_eq!(peer.read_reply()["data_size"], content.len());
    assert!(peer.read_reply().content() == content);
    assert_eq!(peer.read_reply().outcome(), "not-found");
    assert_eq!(peer.read_reply()["data_size"], 5);
    assert_eq!(peer.read_reply().text(), r#"{"status":"OK","data":["a.txt","b.txt"]}"#);
    assert_eq!(peer.read_reply()["data_namafile"], "a.txt");
    assert_eq!(peer.read_reply().text(), r#"{"status":"OK","data":["b.txt"]}"#);
    drop(peer);
    stop_cleanly(server);
}

fn a_head_of_4_kib_is_read_and_a_longer_one_is_refused(model: Model) {
    let server = model.start();
    let name = |len: usize| "x".repeat(len - "GET ".len());
    let mut peer = server.connect();
    // A name so long is refused, but where the request ends is known.
    assert_eq!(peer.request(&format!("GET {}", name(4096))).outcome(), "bad-name");
    assert_eq!(peer.request(&format!("GET {}", name(4097))).outcome(), "head-too-long");
    peer.expect_closed();
    // It is refused at once: the rest of the line is not waited for.
    let mut peer = server.connect();
    peer.send(format!("GET {}", name(4097)));
    assert_eq!(peer.read_reply().outcome(), "head-too-long");
    assert_eq!(server.ask("PING").outcome(), "OK");
}

fn blank_lines_between_requests_are_skipped(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send("\r\n\n\r\n  \r\nPING\r\n\r\n\r\n\r\n\n\nLIST\n\n\n");
    assert_eq!(peer.read_reply()["data"], "pong");
    assert_eq!(peer.read_reply().text(), r#"{"status":"OK","data":[]}"#);
    peer.half_close();
    peer.expect_closed();
}
