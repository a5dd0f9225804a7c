use super::*;
use crate::{ErrorCode, FileName, Reply};

/// Reads `pieces`: the file text and the reply of each, and how many endings were seen.
fn read(pieces: &[&[u8]]) -> Result<(Vec<(String, ReceivedReply)>, usize), ReplyError> {
    let mut reader = ReplyReader::default();
    let (mut replies, mut endings, mut text) = (Vec::new(), 0, String::new());
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let (fragment, used) = reader.next(rest)?;
            rest = &rest[used..];
            match fragment {
                Some(ReplyFragment::Body(body)) => {
                    text.push_str(std::str::from_utf8(body).unwrap())
                }
                Some(ReplyFragment::Reply(reply)) => {
                    replies.push((mem::take(&mut text), *reply));
                }
                Some(ReplyFragment::Ending) => endings += 1,
                None if rest.is_empty() => break,
                None => {}
            }
        }
    }
    Ok((replies, endings))
}

fn one(wire: &str) -> (String, ReceivedReply) {
    let (mut replies, _) = read(&[wire.as_bytes()]).unwrap();
    assert_eq!(replies.len(), 1, "{wire}");
    replies.remove(0)
}

#[test]
fn our_own_replies_are_read() {
    let name: FileName = "a \"é\".txt".parse().unwrap();
    let wire = |reply: Reply| String::from_utf8(reply.to_wire()).unwrap();
    let (_, list) = one(&wire(Reply::List(vec![name.clone()])));
    assert!(list.is_ok());
    assert_eq!(list.names().unwrap(), [name.as_str()]);
    let (_, uploaded) = one(&wire(Reply::Uploaded { name: name.clone(), size: 7 }));
    assert!(uploaded.is_ok() && uploaded.is_about(&name) && uploaded.data_size == Some(7));
    let (_, error) = one(&wire(Reply::error(ErrorCode::NotFound, "no \"x\"")));
    assert!(!error.is_ok());
    assert_eq!((error.code.as_deref(), error.sentence()), (Some("not-found"), "no \"x\"".into()));
}

#[test]
fn a_file_is_given_out_and_not_held() {
    let (text, reply) =
        one("{\"status\":\"OK\",\"data_namafile\":\"a\",\"data_file\":\"aGVsbG8=\"}\r\n\r\n");
    assert_eq!(text, "aGVsbG8=");
    assert!(reply.has_file());
    assert_eq!(reply.file_name(), Some("a"));
}

#[test]
fn the_size_of_a_file_is_known_before_its_text() {
    for (wire, announced) in [
        (&b"{\"status\": \"OK\", \"data_size\": 5, \"data_file\" : \"aGVs"[..], Some(5)),
        (b"{\"data_size\":\"5\",\"data_file\":\"aGVs", None),
        (b"{\"data_file\":\"aGVs", None),
    ] {
        let mut reader = ReplyReader::default();
        reader.next(wire).unwrap();
        assert_eq!(reader.announced_size(), announced, "{}", wire.escape_ascii());
    }
}

#[test]
fn the_text_of_a_file_is_not_held() {
    let (mut reader, piece) = (ReplyReader::default(), [b'A'; 64 * 1024]);
    reader.next(b"{\"data_file\":\"").unwrap();
    for _ in 0..100 {
        assert_eq!(reader.next(&piece), Ok((Some(ReplyFragment::Body(&piece)), piece.len())));
        assert!(reader.json.capacity() < 1024);
    }
}

#[test]
fn a_reply_has_a_longest_length() {
    // The file's quotes cross the limit.
    for len in [REPLY_LEN_MAX - 1, REPLY_LEN_MAX] {
        let mut reader = ReplyReader { json: vec![b' '; len], ..ReplyReader::default() };
        reader.json[0] = b'{';
        (reader.depth, reader.state) = (1, State::Between);
        let outcome = reader.next(b",\"data_file\":\"aGVs\",\"x\":1}");
        assert_eq!(outcome, Err(ReplyError::TooLong), "{len} bytes");
    }
}

#[test]
fn a_reply_holds_one_file_under_its_plain_name() {
    for wire in
        [&b"{\"data_file\":\"aGVs\",\"data_file\":\"bG8=\"}"[..], b"{\"data_\\u0066ile\":\"aGVs\"}"]
    {
        assert!(matches!(read(&[wire]), Err(ReplyError::Malformed(_))), "{}", wire.escape_ascii());
    }
}

#[test]
fn pythons_replies_are_read() {
    let (text, reply) =
        one("{\"data_file\": \"aGVs\\/bG8=\\n\", \"x\": {\"data_file\": [\"}\", 1]}, \
         \"status\": \"OK\"}");
    assert_eq!(text, "aGVs/bG8=");
    assert!(reply.is_ok() && reply.has_file() && reply.file_name().is_none());
    let (_, reply) = one("{\"status\": \"OK\", \"message\": \"berhasil dihapus ✓\"}\r\n\r\n");
    assert_eq!(reply.sentence(), "berhasil dihapus ✓");
    for list in [
        r#"{"status":"OK","files":[{"filename":"a","size":1},{"filename":"b","size":2}]}"#,
        r#"{"status":"OK","data":{"files":["a","b"]}}"#,
        r#"{"status":"OK","data":[{"name":"a"},{"name":"b"}]}"#,
    ] {
        assert_eq!(one(list).1.names().unwrap(), ["a", "b"]);
    }
}

#[test]
fn members_of_other_types_count_as_absent() {
    let (_, reply) = one(r#"{"status":"ERROR","data":"gone","code":404,"data_size":"5"}"#);
    assert_eq!((reply.sentence().as_str(), reply.code, reply.data_size), ("gone", None, None));
    let (_, reply) = one(r#"{"status":200}"#);
    assert!(!reply.is_ok());
}

#[test]
fn a_name_may_come_with_its_path() {
    let (_, reply) = one(r#"{"status":"OK","data_namafile":"files/a.txt"}"#);
    assert!(reply.is_about(&"a.txt".parse().unwrap()));
    assert!(!reply.is_about(&"b.txt".parse().unwrap()));
}

#[test]
fn a_file_under_data_is_found_where_it_can_be_nothing_else() {
    let name: FileName = "a.txt".parse().unwrap();
    let found = |wire: &str| one(wire).1.file_under_data(&name);
    let long = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2Nzg5YWJjZGVmZ2hpamts";
    for (wire, text) in [
        (r#"{"status": "OK", "data": "aGVsbG8="}"#, "aGVsbG8="),
        (r#"{"status": "OK", "data": "aGVs\nbG8=\n"}"#, "aGVsbG8="),
        (r#"{"status": "OK", "filename": "a.txt", "data": "YWJj"}"#, "YWJj"),
        (r#"{"status": "OK", "data_namafile": "files/a.txt", "data": "YWJj"}"#, "YWJj"),
        (r#"{"status": "OK", "filename": "a.txt", "data": ""}"#, ""),
        (&format!(r#"{{"status": "OK", "data": "{long}"}}"#), long),
    ] {
        assert_eq!(found(wire).as_deref(), Some(text), "{wire}");
    }
    for wire in [
        r#"{"status": "ERROR", "data": "aGVsbG8="}"#,
        r#"{"status": "OK", "data": "file not found"}"#,
        r#"{"status": "OK", "data": "not there."}"#,
        r#"{"status": "OK", "data": "NotFound"}"#,
        r#"{"status": "OK", "data": "ada/di/server"}"#,
        r#"{"status": "OK", "data": ""}"#,
        r#"{"status": "OK", "data": ["aGVsbG8="]}"#,
        r#"{"status": "OK", "filename": "b.txt", "data": "aGVsbG8="}"#,
        r#"{"status": "OK", "data": "aGVsbG8=", "iv": "AAAA"}"#,
        r#"{"status": "OK", "data": "aGVsbG8"}"#,
        r#"{"status": "OK", "data": "aGVsb==="}"#,
    ] {
        assert_eq!(found(wire), None, "{wire}");
    }
}

#[test]
fn reading_does_not_depend_on_how_bytes_arrive() {
    let wire =
        "{ \"status\": \"OK\", \"data\": \"a\\\"}{\", \"data_file\" : \"aGVs\\/G8=\" }\r\n\r\n\
         {\"status\":\"ERROR\",\"data\":\"é\",\"code\":\"busy\"}\r\n\r\n"
            .as_bytes();
    let whole = read(&[wire]).unwrap();
    assert_eq!((whole.0.len(), whole.1), (2, 2));
    for cut in 0..=wire.len() {
        let (first, second) = wire.split_at(cut);
        assert_eq!(read(&[first, second]).unwrap(), whole, "cut at byte {cut}");
    }
    let bytes: Vec<&[u8]> = wire.chunks(1).collect();
    assert_eq!(read(&bytes).unwrap(), whole);
}

#[test]
fn a_reply_needs_no_ending() {
    let (replies, endings) = read(&[b"{\"status\":\"OK\"}{\"status\":\"OK\"}\r\n"]).unwrap();
    assert_eq!((replies.len(), endings), (2, 1));
}

#[test]
fn what_is_no_reply_is_an_error() {
    assert_eq!(
        read(&[b"\r\nHTTP/1.1 400 Bad Request"]),
        Err(ReplyError::NotJson("HTTP/1.1 400 Bad Request".to_owned()))
    );
    assert!(matches!(read(&[b"{\"a\" 1}"]), Err(ReplyError::Malformed(_))));
    assert!(matches!(read(&[b"{]"]), Err(ReplyError::Malformed(_))));
    assert!(matches!(read(&[b"{\"data_file\":\"a\\u0041\"}"]), Err(ReplyError::Malformed(_))));
}
