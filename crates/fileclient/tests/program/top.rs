//! `fileclient top` where there is no terminal.

use super::*;

#[test]
fn top_prints_once_where_there_is_no_terminal() {
    for args in [&["top", "--interval", "0.1"][..], &["top", "--once", "--interval", "0.1"]] {
        let server = FakeServer::start(2, |index, stream| {
            let request = read_request(stream);
            let reply = stats_reply(10.0 + index as f64 / 10.0, index as u64 * 1048576);
            stream.write_all(reply.as_bytes()).unwrap();
            // The connection is not kept: it would keep a worker.
            assert_eq!(read_to_close(stream), "");
            request
        });
        let directory = tempfile::tempdir().unwrap();
        let (code, out, err) = run(&server.address, directory.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert_eq!(server.finish(), ["STATS\r\n\r\n"; 2]);
        assert!(out.contains("thread, 1 worker, up 10 s\n"), "{out}");
        assert!(out.contains("10.0 MiB/s, 1.00 MiB in all\n"), "{out}");
        assert!(!out.contains('\x1b'), "{out}");
    }
}

#[test]
fn a_top_that_cannot_look_is_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    for (reply, sentence) in [
        (
            "{\"status\":\"OK\",\"data\":{\"clients\":3}}",
            "error: this server's counts are its own; only 'stats' can show them\n",
        ),
        (
            "{\"status\":\"ERROR\",\"data\":\"no\\u001b[2J\",\"code\":\"auth-required\"}\r\n\r\n",
            "error: no\\u{1b}[2J; give a token that the server knows, with --token-file FILE\n",
        ),
    ] {
        let server = answering(reply);
        let (code, out, err) = run(&server.address, directory.path(), &["top", "--once"]);
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", sentence));
    }
    for wrong in [&["top", "--interval", "0"][..], &["top", "--sort", "size"]] {
        assert_eq!(run("127.0.0.1:1", directory.path(), wrong).0, 2, "{wrong:?}");
    }
}
