//! What a server says that cannot begin.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use testkit::{
    Certificates, ServerBuilder,
    fake_server::FakeServer,
    s3::{KEY_ID, S3Server, SECRET},
};

use crate::{builder, with_environment};

/// The whole of what it says, after `fileserver: `.
fn complaint(builder: ServerBuilder) -> String {
    let stopped = builder.run_to_end();
    assert_eq!(stopped.exit_code, Some(2), "{}", stopped.stderr);
    assert!(!stopped.stderr.contains(KEY_ID) && !stopped.stderr.contains(SECRET));
    stopped.stderr.lines().find_map(|line| line.strip_prefix("fileserver: ")).unwrap().to_owned()
}

fn at(s3: &S3Server, dir: &str) -> ServerBuilder {
    let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")).without_defaults();
    with_environment(builder, &s3.environment()).args(["--port", "0", "--dir", dir])
}

#[test]
fn a_bucket_that_is_not_there_or_not_ours_is_not_served() {
    let s3 = S3Server::start();
    let missing = complaint(at(&s3, "s3://nobody"));
    assert_eq!(
        missing,
        "there is no bucket s3://nobody/; make it first, or name another with --dir"
    );
    let wrong = complaint(at(&s3, "s3://kolam").env("AWS_SECRET_ACCESS_KEY", "wrong"));
    assert!(wrong.starts_with("s3://kolam/ does not let this server list its files"), "{wrong}");
    let none = complaint(at(&s3, "s3://kolam").env("AWS_SECRET_ACCESS_KEY", ""));
    assert!(none.ends_with("AWS_SECRET_ACCESS_KEY is missing"), "{none}");
    let plain = complaint(at(&s3, "s3://kolam").env("AWS_ALLOW_HTTP", "false"));
    assert!(plain.contains("http:// needs AWS_ALLOW_HTTP=true"), "{plain}");
    let malformed = complaint(at(&s3, "s3://Kolam"));
    assert!(malformed.starts_with("s3://Kolam is no bucket"), "{malformed}");
}

/// Which is looked up with each connection, also by a server that has confined itself.
#[test]
fn a_bucket_is_found_by_the_name_of_its_machine() {
    let s3 = S3Server::start();
    for mode in ["thread", "process"] {
        let endpoint = s3.endpoint().replace("127.0.0.1", "localhost");
        let server = builder(&s3, mode).env("AWS_ENDPOINT", endpoint).start();
        assert_eq!(server.connect().store("a", b"hello").outcome(), "OK", "{mode}");
    }
}

#[test]
fn a_bucket_that_nobody_vouches_for_is_asked_for_nothing() {
    let (s3, certificates) = (S3Server::start(), Certificates::make());
    let was_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&was_asked);
    let impostor = FakeServer::start_tls(usize::MAX, &certificates, move |_, stream| {
        asked.fetch_or(stream.read(&mut [0]).is_ok_and(|len| len > 0), SeqCst);
    });
    let endpoint = format!("https://{}", impostor.address);
    let server = builder(&s3, "thread").env("AWS_ENDPOINT", endpoint).start();
    assert_eq!(server.connect().store("a", b"hello").outcome(), "unavailable");
    assert!(!was_asked.load(SeqCst));
}

#[test]
fn options_about_directories_are_refused() {
    let s3 = S3Server::start();
    for [option, value] in [
        ["--quota", "1GiB"],
        ["--max-files", "7"],
        ["--durability", "full"],
        ["--keep-parts", "1h"],
    ] {
        let said = complaint(builder(&s3, "thread").args([option, value]));
        let expected = format!(
            "{option} is about a directory, and a bucket has nothing of the kind; leave it out"
        );
        assert_eq!(said, expected);
    }
}

#[test]
fn no_replace_needs_a_bucket_that_keeps_to_it() {
    let s3 = S3Server::start();
    s3.pass_over_conditions();
    let said = complaint(builder(&s3, "thread").args(["--no-replace"]));
    assert!(said.contains("so --no-replace cannot be kept"), "{said}");
    // What was tried is gone, and who stores nothing need not try.
    assert_eq!(s3.objects(), 0);
    builder(&s3, "thread").args(["--no-replace", "--read-only"]).start();
    s3.set_away(true);
    let said = complaint(builder(&s3, "thread").args(["--no-replace"]));
    assert!(said.contains("is not known, because it does not answer"), "{said}");
}
