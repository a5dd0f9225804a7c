//! What must hold for any bytes, cut anywhere.

use proptest::{collection::vec, prelude::*, sample::select};
use protocol::{
    BodyDecoder, BodyEncoder, FileName, Fragment, Pause, ReplyFragment, ReplyReader, Request,
    RequestFramer, body, reply,
};

/// The pieces that `bytes` falls into at `cuts`, taken modulo its length.
fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// What a framer makes of `pieces`, as text that does not show where bodies were cut.
fn framed(pieces: &[&[u8]]) -> String {
    let mut framer = RequestFramer::default();
    let mut seen = String::new();
    let mut in_body = false;
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let (fragment, used) = match framer.next(rest) {
                Ok(framed) => framed,
                Err(err) => return seen + &format!("|{err}"),
            };
            rest = &rest[used..];
            let Some(fragment) = fragment else {
                if rest.is_empty() {
                    break;
                }
                continue;
            };
            let label = match fragment {
                Fragment::Head(head) => format!("|head {}", head.escape_ascii()),
                Fragment::Body(body) if in_body => body.escape_ascii().to_string(),
                Fragment::Body(body) => format!("|body {}", body.escape_ascii()),
                Fragment::End => "|end".to_owned(),
                Fragment::EndIfPeerStays => "|end?".to_owned(),
            };
            in_body = matches!(fragment, Fragment::Body(_));
            seen += &label;
        }
    }
    while let Ok(Some(fragment)) = framer.end_of_input(Pause::Closed) {
        seen += &format!("|{fragment:?}");
    }
    seen
}

fn base64(content: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut encoder = BodyEncoder::default();
    let mut text = vec![0; body::text_len(content.len() as u64) as usize];
    let mut len = 0;
    for piece in cut(content, cuts) {
        len += encoder.encode(piece, &mut text[len..]);
    }
    len += encoder.finish(&mut text[len..]);
    assert_eq!(len, text.len());
    text
}

fn decoded(text: &[u8], cuts: &[usize]) -> Result<Vec<u8>, protocol::DecodeError> {
    let mut decoder = BodyDecoder::default();
    let mut content = Vec::new();
    for piece in cut(text, cuts) {
        let mut plain = vec![0; body::plain_len_max(piece.len())];
        let len = decoder.decode(piece, &mut plain)?;
        content.extend_from_slice(&plain[..len]);
    }
    decoder.finish().map(|()| content)
}

/// Bytes that look enough like requests to reach every state of the framer.
fn requestlike() -> impl Strategy<Value = Vec<u8>> {
    let token = select(vec![
        &b"UPLOAD "[..],
        b"upload",
        b"LIST",
        b"GET a.txt",
        b" ",
        b"\"",
        b"'",
        b"\\",
        b"\r\n",
        b"\n",
        b"aGVsbG8=",
        b"b",
        b"\xff\0",
    ]);
    vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

fn any_name() -> impl Strategy<Value = FileName> {
    "[^/\\\\\\p{C}.][^/\\\\\\p{C}]{0,40}".prop_filter_map("a file name", |name| name.parse().ok())
}

proptest! {
    #[test]
    fn framing_does_not_depend_on_the_cuts(wire in requestlike(), cuts in vec(0usize..9999, 0..12)) {
        prop_assert_eq!(framed(&cut(&wire, &cuts)), framed(&[&wire]));
    }

    #[test]
    fn the_framer_takes_any_bytes(wire in vec(any::<u8>(), 0..6000)) {
        framed(&[&wire]);
    }

    #[test]
    fn decoding_undoes_encoding(
        content in vec(any::<u8>(), 0..2000),
        cuts in vec(0usize..9999, 0..12),
        other_cuts in vec(0usize..9999, 0..12),
    ) {
        let text = base64(&content, &cuts);
        prop_assert_eq!(decoded(&text, &other_cuts), Ok(content));
    }

    #[test]
    fn whether_text_is_base64_does_not_depend_on_the_cuts(
        text in "[A-Za-z0-9+/]{0,40}[= \\r]{0,3}[A-Za-z=]{0,2}",
        cuts in vec(0usize..9999, 0..12),
    ) {
        prop_assert_eq!(decoded(text.as_bytes(), &cuts), decoded(text.as_bytes(), &[]));
    }

    #[test]
    fn an_uploaded_file_comes_back(
        name in any_name(),
        content in vec(any::<u8>(), 0..500),
        cuts in vec(0usize..9999, 0..8),
    ) {
        let text = base64(&content, &[]);
        let mut wire = Request::Upload(name.clone()).to_wire().into_bytes();
        wire.push(b' ');
        wire.extend(&text);
        wire.extend(reply::ENDING);
        let (mut framer, mut heads, mut received) = (RequestFramer::default(), vec![], vec![]);
        for mut piece in cut(&wire, &cuts) {
            while !piece.is_empty() {
                let (fragment, used) = framer.next(piece).unwrap();
                match fragment {
                    Some(Fragment::Head(head)) => heads.push(Request::parse(head)),
                    Some(Fragment::Body(body)) => received.extend_from_slice(body),
                    _ => {}
                }
                piece = &piece[used..];
            }
        }
        prop_assert_eq!(heads, [Ok(Request::Upload(name))]);
        prop_assert_eq!(decoded(&received, &[]), Ok(content));
    }

    #[test]
    fn a_file_reply_is_read_back_whole(
        name in any_name(),
        content in vec(any::<u8>(), 0..500),
        cuts in vec(0usize..9999, 0..8),
    ) {
        let wire =
            [reply::file_prefix(&name), base64(&content, &[]), reply::FILE_SUFFIX.to_vec()].concat();
        let (mut reader, mut text, mut replies) = (ReplyReader::default(), vec![], vec![]);
        for mut piece in cut(&wire, &cuts) {
            while !piece.is_empty() {
                let (fragment, used) = reader.next(piece).unwrap();
                match fragment {
                    Some(ReplyFragment::Body(body)) => text.extend_from_slice(body),
                    Some(ReplyFragment::Reply(reply)) => replies.push(reply),
                    _ => {}
                }
                piece = &piece[used..];
            }
        }
        prop_assert_eq!(replies.len(), 1);
        prop_assert!(replies[0].is_ok() && replies[0].file_name() == Some(name.as_str()));
        prop_assert_eq!(decoded(&text, &[]), Ok(content));
    }

    #[test]
    fn the_reply_reader_takes_any_bytes(wire in "[\\{\\}\\[\\]\":,a\\\\ \\r\\n\u{e9}]{0,200}") {
        let mut reader = ReplyReader::default();
        let mut rest = wire.as_bytes();
        while let Ok((_, used @ 1..)) = reader.next(rest) {
            rest = &rest[used..];
        }
    }
}
