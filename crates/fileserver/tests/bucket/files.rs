//! What a directory does, a bucket does too.

use std::fs;

use storage::ContentHasher;
use testkit::{content, upload_request};

use crate::{in_every_mode, in_every_mode_of_any_bucket};

fn digest(content: &[u8]) -> String {
    let mut hasher = ContentHasher::default();
    hasher.update(content);
    hasher.finish()
}

#[test]
fn files_are_stored_listed_hashed_read_and_removed() {
    in_every_mode_of_any_bucket(|server| {
        let mut peer = server.connect();
        assert_eq!(peer.request("LIST")["data"].as_array().unwrap().len(), 0);
        // None, one piece, several pieces.
        for (name, len) in [("empty", 0), ("a.txt", 5), ("b.bin", 1_500_000)] {
            let content = content(7, len);
            peer.send(format!("{}\r\n\r\n", upload_request(name, &content)));
            assert_eq!(peer.read_reply().outcome(), "OK", "{name}");
            peer.send(format!("GET {name}\r\n\r\n"));
            assert_eq!(peer.read_long_reply().content(), content, "{name}");
            assert_eq!(peer.request(&format!("DIGEST {name}"))["data_digest"], digest(&content));
        }
        let names = peer.request("LIST");
        assert_eq!(names["data"], serde_json::json!(["a.txt", "b.bin", "empty"]));
        assert!(peer.request("LIST -l").text().contains("1500000"));
        assert_eq!(peer.request("DELETE a.txt").outcome(), "OK");
        for request in ["GET a.txt", "DIGEST a.txt", "DELETE a.txt", "FETCH a.txt"] {
            assert_eq!(peer.request(request).outcome(), "not-found", "{request}");
        }
    });
}

#[test]
fn a_file_is_replaced_at_once() {
    in_every_mode_of_any_bucket(|server| {
        for content in [&b"old"[..], b"and new"] {
            assert_eq!(server.ask(&upload_request("a", content)).outcome(), "OK");
            assert_eq!(server.ask("GET a").content(), content);
        }
    });
}

#[test]
fn names_are_kept_as_they_are_and_bad_ones_are_refused() {
    in_every_mode_of_any_bucket(|server| {
        let mut peer = server.connect();
        let names = ["two words.txt", "100%25 #1?+&=.txt", "übergröße.txt", "{a}[b]~^.txt"];
        for name in names {
            let request = format!("UPLOAD \"{name}\" aGVsbG8=");
            assert_eq!(peer.request(&request).outcome(), "OK", "{name}");
            assert_eq!(peer.request(&format!("GET \"{name}\"")).content(), b"hello", "{name}");
        }
        let mut sorted = names;
        sorted.sort_unstable();
        assert_eq!(peer.request("LIST")["data"], serde_json::json!(sorted));
        for name in ["../files/a", ".hidden", "a/b", ".upload-1"] {
            assert_eq!(peer.request(&format!("GET {name}")).outcome(), "bad-name", "{name}");
        }
    });
}

#[test]
fn what_lies_beside_or_deeper_is_not_served() {
    in_every_mode(|s3, server| {
        for path in ["outside.txt", "files/deeper/b.txt", "files/.hidden", "files/a.txt"] {
            let path = s3.bucket().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "hello").unwrap();
        }
        assert_eq!(server.ask("LIST")["data"], serde_json::json!(["a.txt"]));
        assert_eq!(server.ask("GET outside.txt").outcome(), "not-found");
    });
}

#[test]
fn ranges_are_fetched_and_a_version_is_one_content() {
    in_every_mode_of_any_bucket(|server| {
        let content = content(3, 1_500_000);
        assert_eq!(server.connect().store("a", &content).outcome(), "OK");
        let mut peer = server.connect();
        let (whole, bytes) = peer.fetch("a");
        assert_eq!((whole["data_size"].as_u64(), &bytes), (Some(1_500_000), &content));
        for (offset, len) in
            [(0, 1), (262_143, 2), (262_144, 700_000), (1_499_999, 1), (1, 1_499_999)]
        {
            let (_, bytes) = peer.fetch(&format!("a offset={offset} length={len}"));
            assert!(bytes == content[offset..offset + len], "{len} bytes from {offset} on");
        }
        let (end, bytes) = peer.fetch("a offset=1500000");
        assert_eq!((end.outcome(), bytes.len()), ("OK", 0));
        assert_eq!(peer.fetch("a offset=1400000 length=999999").1, content[1_400_000..]);
        assert_eq!(peer.request("FETCH a offset=1500001").outcome(), "bad-range");

        let version = whole["data_version"].as_str().unwrap();
        assert_eq!(peer.fetch(&format!("a version={version}")).1, content);
        assert_eq!(server.connect().store("a", b"other").outcome(), "OK");
        assert_eq!(peer.request(&format!("FETCH a version={version}")).outcome(), "changed");
    });
}

#[test]
fn a_file_of_many_parts_is_whole() {
    in_every_mode_of_any_bucket(|server| {
        // Two parts and a bit; exactly two.
        for len in [10 * 1024 * 1024 + 1, 10 * 1024 * 1024] {
            let content = content(len as u64, len);
            assert_eq!(server.connect().store("a", &content)["data_digest"], digest(&content));
            assert!(server.connect().fetch("a").1 == content, "{len} bytes");
        }
    });
}
