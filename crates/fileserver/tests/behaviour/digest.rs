//! DIGEST: what the stored file hashes to.

use storage::ContentHasher;
use testkit::{content, upload_request};

use crate::Model;

for_every_model_and_store!(a_digest_is_the_blake3_of_the_stored_content);

/// The first two are BLAKE3's own test vectors: of nothing, and of `abc`.
const EMPTY: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
const ABC: &str = "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";

fn a_digest_is_the_blake3_of_the_stored_content(model: Model) {
    let server = model.start();
    server.place("empty", b"");
    server.place("abc", b"abc");
    let mut peer = server.connect();
    assert_eq!(
        peer.request("DIGEST abc").text(),
        format!(r#"{{"status":"OK","data_namafile":"abc","data_size":3,"data_digest":"{ABC}"}}"#)
    );
    assert_eq!(peer.request("DIGEST empty")["data_digest"], EMPTY);
    let content = content(1, 1_000_000);
    peer.send(upload_request("long", &content));
    assert_eq!(peer.read_reply().outcome(), "OK");
    let mut digest = ContentHasher::default();
    digest.update(&content);
    let reply = peer.request("DIGEST long");
    assert_eq!(reply["data_digest"], digest.finish());
    assert_eq!(reply["data_size"], content.len());
}
