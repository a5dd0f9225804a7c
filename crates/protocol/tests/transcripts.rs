//! Conversations in `sessions/`: every line is parsed, encoded, and parsed again to the same. Where a
//! request has line ends, ⏎ stands for them.

use std::{fs, path::Path};

use protocol::{
    BodyDecoder, BodyEncoder, Fragment, Pause, ReceivedReply, ReplyFragment, ReplyReader, Request,
    RequestFramer, body,
};

/// The request in `wire`, and the content that came with it.
fn read_request(wire: &[u8]) -> (Request, Option<Vec<u8>>) {
    let (mut framer, mut decoder) = (RequestFramer::default(), BodyDecoder::default());
    let (mut request, mut content, mut rest) = (None, Vec::new(), wire);
    loop {
        let (fragment, used) = framer.next(rest).expect("the frame is well formed");
        rest = &rest[used..];
        let fragment = match fragment {
            None if rest.is_empty() => framer.end_of_input(Pause::Quiet).expect("it can end here"),
            fragment => fragment,
        };
        match fragment {
            Some(Fragment::Head(head)) => request = Some(Request::parse(head)),
            Some(Fragment::Body(text)) => {
                let mut plain = vec![0; body::plain_len_max(text.len())];
                let len = decoder.decode(text, &mut plain).expect("the content is base64");
                content.extend_from_slice(&plain[..len]);
            }
            Some(Fragment::LineBreak) => decoder.line_break(),
            Some(Fragment::Raw(_)) => unreachable!("no STORE goes ahead"),
            Some(Fragment::End) => break,
            Some(Fragment::EndIfPeerStays) => unreachable!("nothing was closed"),
            None => assert!(!rest.is_empty(), "{} does not end", wire.escape_ascii()),
        }
    }
    decoder.finish().expect("the content is whole");
    let request = request.expect("a request has a head").expect("the head is a request");
    let has_content = matches!(request, Request::Upload(_));
    (request, has_content.then_some(content))
}

fn write_request(request: &Request, content: Option<&[u8]>) -> Vec<u8> {
    let mut wire = request.to_wire().into_bytes();
    if let Some(content) = content {
        let mut text = vec![0; body::text_len(content.len() as u64) as usize];
        let mut encoder = BodyEncoder::default();
        let groups_len = encoder.encode(content, &mut text);
        encoder.finish(&mut text[groups_len..]);
        wire.push(b' ');
        wire.extend(text);
    }
    wire.extend(b"\r\n\r\n");
    wire
}

/// The reply in `wire`, and the text of the file that came with it.
fn read_reply(wire: &[u8]) -> (ReceivedReply, Vec<u8>) {
    let (mut reader, mut text, mut rest) = (ReplyReader::default(), Vec::new(), wire);
    loop {
        let (fragment, used) = reader.next(rest).expect("the reply is well formed");
        rest = &rest[used..];
        match fragment {
            Some(ReplyFragment::Body(body)) => text.extend_from_slice(body),
            Some(ReplyFragment::Reply(reply)) => return (*reply, text),
            Some(ReplyFragment::Ending) => {}
            None => assert!(!rest.is_empty(), "{} does not end", wire.escape_ascii()),
        }
    }
}

fn transcripts() -> impl Iterator<Item = (String, char)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions");
    let files = fs::read_dir(dir).expect("the transcripts are there");
    files.flat_map(|file| {
        let text = fs::read_to_string(file.expect("a transcript").path()).expect("it is text");
        let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (side, line) = line.split_once(": ").expect("a line starts with C: or S:");
            (line.replace('⏎', "\r\n"), side.chars().next().expect("a side is named"))
        });
        lines.collect::<Vec<_>>()
    })
}

#[test]
fn every_request_is_read_written_and_read_again() {
    let requests: Vec<String> =
        transcripts().filter(|(_, side)| *side == 'C').map(|(line, _)| line).collect();
    assert!(requests.len() >= 12);
    for line in requests {
        let (request, content) = read_request(line.as_bytes());
        let written = write_request(&request, content.as_deref());
        assert_eq!(read_request(&written), (request, content), "{line}");
    }
}

#[test]
fn every_reply_is_read_written_and_read_again() {
    let replies: Vec<String> =
        transcripts().filter(|(_, side)| *side == 'S').map(|(line, _)| line).collect();
    assert!(replies.len() >= 12);
    for line in replies {
        let (reply, text) = read_reply(line.as_bytes());
        let json: serde_json::Value = serde_json::from_str(&line).expect("a reply is JSON");
        assert_eq!(reply.is_ok(), json["status"] == "OK", "{line}");
        assert_eq!(text, json["data_file"].as_str().unwrap_or_default().as_bytes(), "{line}");
        let written = format!("{json}\r\n\r\n");
        assert_eq!(read_reply(written.as_bytes()), (reply, text), "{line}");
    }
}
