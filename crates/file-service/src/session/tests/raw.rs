//! FETCH and STORE: content as it is.

use std::{fs::File, os::unix::fs::FileExt};

use super::*;

/// Longer than what goes with the head.
const LONG: usize = 600_000;

impl Bench {
    /// Does for the session what the kernel does for a driver.
    pub(super) fn send_file(&mut self) {
        let range = self.session.file().expect("the step is about a file");
        let file = File::from(range.file.try_clone_to_owned().unwrap());
        let mut bytes = vec![0; range.len];
        let sent = file.read_at(&mut bytes, range.offset).inspect(|len| bytes.truncate(*len));
        self.sent.extend(bytes);
        if let Err(err) = self.session.file_sent(sent) {
            self.session.failure = Some(err);
        }
    }

    /// The head of what was sent, and the bytes behind it.
    fn fetched(&mut self) -> (String, Vec<u8>) {
        let sent = mem::take(&mut self.sent);
        let head_len = sent.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let (head, content) = sent.split_at(head_len);
        (String::from_utf8(head.to_vec()).unwrap(), content.to_vec())
    }
}

#[test]
fn a_fetch_goes_past_the_output_but_for_its_head() {
    let mut bench = Bench::new();
    let long = content(1, LONG);
    bench.place("a.bin", &long);
    bench.receive("FETCH a.bin offset=1 length=500000\r\n\r\nPING\r\n");
    let (head, sent) = bench.fetched();
    assert!(head.contains(r#""data_size":600000,"data_offset":1,"data_length":500000"#), "{head}");
    let pong = b"{\"status\":\"OK\",\"data\":\"pong\"";
    assert!(sent[..500_000] == long[1..=500_000] && sent[500_000..].starts_with(pong));
    assert!(bench.longest_output < 1000, "{} bytes of output", bench.longest_output);
    let counts = bench.counts();
    assert_eq!(counts.requests(Verb::Fetch.label()).ok, 1);
    assert_eq!(counts.bytes_out, 500_000);
}

#[test]
fn what_the_kernel_does_not_send_is_read_and_written() {
    let mut bench = Bench::new();
    let long = content(1, LONG);
    bench.place("a.bin", &long);
    while !matches!(bench.step(), Ok(Step::Receive(_))) {}
    bench.receive_piece(b"FETCH a.bin\r\n\r\n");
    loop {
        match bench.step().unwrap() {
            Step::Send(_) => {
                let output = bench.session.output().to_vec();
                bench.send(output.len());
                bench.sent.extend(output);
            }
            Step::SendFile(_) => {
                let refused = Err(io::ErrorKind::InvalidInput.into());
                bench.session.file_sent(refused).unwrap();
            }
            _ => break,
        }
    }
    assert!(bench.fetched().1 == long);
}

#[test]
fn a_file_that_ends_early_ends_the_connection() {
    let mut bench = Bench::new();
    bench.place("a.bin", &content(1, LONG));
    while !matches!(bench.step(), Ok(Step::Receive(_))) {}
    bench.receive_piece(b"FETCH a.bin\r\n\r\n");
    assert!(matches!(bench.step(), Ok(Step::Send(_))));
    let head_len = bench.session.output().len();
    bench.send(head_len);
    assert!(matches!(bench.step(), Ok(Step::SendFile(_))));
    let failed = bench.session.file_sent(Ok(0));
    assert!(matches!(failed, Err(ConnectionError::Disk(_))), "{failed:?}");
}

#[test]
fn an_error_while_a_file_is_sent_is_the_peers_or_the_disks() {
    for (kind, is_peers) in
        [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::ConnectionReset, true)]
            .into_iter()
            .chain([(io::ErrorKind::Other, false)])
    {
        let mut bench = Bench::new();
        bench.place("a.bin", &content(1, LONG));
        while !matches!(bench.step(), Ok(Step::Receive(_))) {}
        bench.receive_piece(b"FETCH a.bin\r\n\r\n");
        assert!(matches!(bench.step(), Ok(Step::Send(_))));
        let failed = bench.session.file_sent(Err(kind.into()));
        match failed {
            Err(ConnectionError::Peer(_)) => assert!(is_peers, "{kind}"),
            Err(ConnectionError::Disk(_)) => assert!(!is_peers, "{kind}"),
            other => panic!("{kind}: {other:?}"),
        }
    }
}

#[test]
fn neither_quiet_nor_the_end_of_sending_completes_a_head() {
    let mut bench = Bench::new();
    bench.place("a.bin", b"hello");
    bench.receive("FETCH a.bin\r\n");
    bench.pass(HEAD_TIMEOUT - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply("did not come whole within 10 s");
    let mut bench = Bench::new();
    bench.receive("FETCH a.bin");
    bench.half_close();
    bench.expect_reply("\"code\":\"unended\"");
}

#[test]
fn a_wrong_byte_that_a_test_asks_for_is_fetched() {
    let faults = crate::faults::Faults::of(&["flip-byte".parse().unwrap()]);
    let mut bench = Bench::with(|service| service.faults = faults);
    let long = content(1, LONG);
    bench.place("a.bin", &long);
    bench.receive("FETCH a.bin offset=5\r\n\r\n");
    let (_, sent) = bench.fetched();
    assert!(sent[0] == long[5] ^ 1 && sent[1..] == long[6..]);
}

const ID: &str = "00112233445566778899aabbccddeeff";

fn digest(content: &[u8]) -> String {
    let mut hasher = storage::ContentHasher::default();
    hasher.update(content);
    hasher.finish()
}

#[test]
fn content_is_taken_after_the_go_ahead_and_its_digest_told() {
    let mut bench = Bench::new();
    bench.receive("STORE a.txt length=5\r\n\r\n");
    assert_eq!(bench.replies(), "{\"status\":\"OK\",\"data_offset\":0}\r\n\r\n");
    bench.receive("he");
    bench.expect_silence();
    bench.receive("lloPING\n");
    let replies = bench.replies();
    let stored = format!(
        r#"{{"status":"OK","data":"a.txt stored, 5 bytes","data_namafile":"a.txt","data_size":5,"data_digest":"{}"}}"#,
        digest(b"hello")
    );
    assert!(replies.starts_with(&stored) && replies.contains("pong"), "{replies}");
    assert_eq!((bench.stored("a.txt"), bench.entries()), (b"hello".to_vec(), 1));
    assert_eq!(bench.counts().requests(Verb::Store.label()).ok, 1);
    assert_eq!(bench.counts().bytes_in, 5);
}

#[test]
fn content_may_look_like_anything_and_be_nothing() {
    let mut bench = Bench::new();
    bench.receive("STORE a.txt length=8\r\n\r\n\r\n\r\nLIST");
    assert!(bench.replies().contains(&digest(b"\r\n\r\nLIST")));
    bench.receive("STORE b.txt length=0\r\n\r\n");
    assert!(bench.replies().contains(&digest(b"")));
    assert_eq!((bench.stored("b.txt"), bench.entries()), (vec![], 2));
}

#[test]
fn content_that_stops_leaves_nothing_or_a_part_that_is_gone_on_with() {
    let mut bench = Bench::new();
    bench.receive("STORE a.txt length=5\r\n\r\nhel");
    bench.half_close();
    let replies = bench.replies();
    assert!(replies.contains("2 bytes before its end") && replies.contains("unended"), "{replies}");
    let service = Arc::clone(&bench.service);
    assert_eq!(bench.entries(), 0);
    let head = format!("STORE a.txt length=5 resume={ID}\r\n\r\n");
    bench = Bench::of(service, bench.dir);
    bench.receive(format!("{head}hel"));
    assert!(bench.replies().contains(r#""data_offset":0"#));
    bench.pass(IDLE_TIMEOUT);
    bench.expect_reply("the content did not come whole: nothing moved for 60 s");
    assert_eq!(bench.entries(), 1);
    bench = Bench::of(Arc::clone(&bench.service), bench.dir);
    bench.receive(&head);
    assert!(bench.replies().contains(r#""data_offset":3"#));
    bench.receive("lo");
    assert!(bench.replies().contains(&digest(b"hello")));
    assert_eq!((bench.stored("a.txt"), bench.entries()), (b"hello".to_vec(), 1));
}

#[test]
fn a_refused_store_takes_no_content() {
    let mut bench = Bench::with(|service| service.limits.upload_len_max = 5);
    for (fields, code) in
        [("length=6", "too-large"), ("length=5 resume=0", "bad-request"), ("", "bad-request")]
    {
        bench.receive(format!("STORE a.txt {fields}\r\n\r\n"));
        bench.expect_reply(code);
    }
    bench.receive("PING\n");
    bench.expect_reply("pong");
    assert_eq!(bench.entries(), 0);
}
