//! Replies are read the same however their bytes arrive, and as any JSON reader reads them.

use protocol::{
    ErrorCode, FileName, ListedFile, ReceivedReply, Reply, ReplyError, ReplyFragment, ReplyReader,
    ReplyScanner,
    reply::{self, ENDING},
};
use serde_json::Value;

use super::{arrivals, bodies};

pub(crate) fn hold(bytes: &[u8]) {
    is_read_the_same_however_cut(bytes);
    agrees_with_json(bytes);
    our_own_replies_are_read(bytes);
    a_scanner_finds_the_same_end(bytes);
}

/// What a reader made of a stream.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Conversation {
    /// The text of the file, and the reply that carried it.
    pub(crate) replies: Vec<(Vec<u8>, ReceivedReply)>,
    pub(crate) endings: usize,
    /// File text behind the last whole reply.
    pub(crate) open_text: Vec<u8>,
    pub(crate) error: Option<ReplyError>,
}

pub(crate) fn read(pieces: &[&[u8]]) -> Conversation {
    let (mut reader, mut conversation) = (ReplyReader::default(), Conversation::default());
    for piece in pieces {
        if let Err(err) = conversation.feed(&mut reader, piece) {
            // It quotes as much of the reply as had come.
            let is_foreign = matches!(err, ReplyError::NotJson(_));
            conversation.error =
                Some(if is_foreign { ReplyError::NotJson(String::new()) } else { err });
            break;
        }
    }
    conversation
}

impl Conversation {
    fn feed(&mut self, reader: &mut ReplyReader, mut piece: &[u8]) -> Result<(), ReplyError> {
        loop {
            let (fragment, used) = reader.next(piece)?;
            let is_over = fragment.is_none() && used == piece.len();
            match fragment {
                Some(ReplyFragment::Body(text)) => {
                    assert!(!text.is_empty());
                    self.open_text.extend_from_slice(text);
                }
                Some(ReplyFragment::Reply(reply)) => {
                    assert!(reader.is_between_replies());
                    self.replies.push((std::mem::take(&mut self.open_text), *reply));
                }
                Some(ReplyFragment::Ending) => self.endings += 1,
                None => assert!(is_over, "the reader asks for more and leaves some"),
            }
            if is_over {
                return Ok(());
            }
            piece = &piece[used..];
        }
    }
}

fn is_read_the_same_however_cut(bytes: &[u8]) -> Conversation {
    let whole = read(&[bytes]);
    for pieces in arrivals(bytes) {
        assert_eq!(read(&pieces), whole, "in {} pieces", pieces.len());
    }
    whole
}

/// Whoever passes replies on takes the same bytes for one as whoever reads them, and knows how it went.
fn a_scanner_finds_the_same_end(bytes: &[u8]) {
    let (mut reader, mut scanner) = (ReplyReader::default(), ReplyScanner::default());
    let (mut read, mut text_len) = (0, 0);
    let reply = loop {
        let Ok((fragment, used)) = reader.next(&bytes[read..]) else { return };
        read += used;
        match fragment {
            Some(ReplyFragment::Body(text)) => text_len += text.len() as u64,
            Some(ReplyFragment::Reply(reply)) => break reply,
            Some(ReplyFragment::Ending) => {}
            None => return,
        }
    };
    match scanner.scan(&bytes[..read]) {
        Err(ReplyError::Malformed(_)) if some_take_another_end(&bytes[..read]) => return,
        scanned => assert_eq!(scanned, Ok(read)),
    }
    assert!(scanner.is_whole() && scanner.missing_ending() == ENDING);
    // A member whose name or value is spelled with escapes is read and not scanned; of two, each takes one.
    let members = |name: &[u8]| bytes[..read].windows(name.len()).filter(|it| *it == name).count();
    if bytes.contains(&b'\\') || members(b"status") > 1 || members(b"code") > 1 {
        return;
    }
    assert!(scanner.content_len() <= text_len);
    if scanner.is_ok().is_some() {
        assert_eq!(scanner.is_ok(), Some(reply.is_ok()));
    }
    if let (Some(scanned), Some(read)) = (scanner.code(), &reply.code)
        && read.is_ascii()
    {
        assert!(read.starts_with(scanned));
    }
}

/// Whoever looks for CRLF CRLF or for lines may take something before the end of the reply for its end.
fn some_take_another_end(reply: &[u8]) -> bool {
    let (mut in_text, mut is_escaped) = (false, false);
    let ends_a_line_in_a_text = reply.iter().any(|byte| {
        in_text ^= *byte == b'"' && !is_escaped;
        is_escaped = in_text && *byte == b'\\' && !is_escaped;
        in_text && *byte == b'\n'
    });
    ends_a_line_in_a_text || reply.windows(ENDING.len()).any(|found| found == ENDING)
}

/// A JSON object is a reply, and its file's text is what a JSON reader says it is.
fn agrees_with_json(bytes: &[u8]) {
    let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else { return };
    let has = |part: &[u8]| bytes.windows(part.len()).any(|found| found == part);
    // A member whose name is spelled with escapes, or comes twice, is read or refused.
    if has(b"\\u00") {
        return;
    }
    let conversation = read(&[bytes]);
    if let Some(err) = conversation.error {
        assert!(matches!(err, ReplyError::Malformed(_)) && has(b"data_file"), "{err}");
        return;
    }
    let [(text, reply)] = conversation.replies.as_slice() else {
        panic!("{} replies in one object", conversation.replies.len())
    };
    let file = members.get("data_file").and_then(Value::as_str);
    assert_eq!(reply.has_file(), file.is_some());
    if let Some(file) = file {
        assert_eq!(str::from_utf8(text), Ok(file.replace(['\r', '\n'], "").as_str()));
    }
    assert_eq!(reply.code.as_deref(), members.get("code").and_then(Value::as_str));
    assert_eq!(reply.data(), members.get("data").unwrap_or(&Value::Null));
}

/// `bytes` as a sentence, as names and as the content of a file, in the replies that carry them.
fn our_own_replies_are_read(bytes: &[u8]) {
    let sentence = String::from_utf8_lossy(bytes).into_owned();
    let error = only(&Reply::error(ErrorCode::NotFound, &sentence).to_wire()).1;
    assert!(!error.is_ok());
    assert_eq!((error.code.as_deref(), error.sentence()), (Some("not-found"), sentence.clone()));
    let welcome = only(&Reply::Authenticated { sentence: sentence.clone() }.to_wire()).1;
    assert!(welcome.is_ok() && welcome.sentence() == sentence);

    let names = bytes.split(|byte| *byte == b'\n').map(FileName::from_bytes);
    let names: Vec<FileName> = names.filter_map(Result::ok).collect();
    let strings: Vec<String> = names.iter().map(FileName::to_string).collect();
    let list = Reply::List(names.clone());
    assert_eq!(only(&list.to_wire()).1.names(), Some(strings.clone()));
    let partial = Reply::Partial { list: Box::new(list), missing: vec![sentence.clone()] };
    let partial = only(&partial.to_wire()).1;
    assert_eq!((partial.names(), &partial.missing), (Some(strings), &vec![sentence.clone()]));

    let sizes = names.iter().map(|name| ListedFile { name: name.clone(), size: u64::MAX });
    let files = names.iter().map(|name| (name.to_string(), Some(u64::MAX))).collect();
    assert_eq!(only(&Reply::Sizes(sizes.collect()).to_wire()).1.files(), Some(files));

    for name in names.into_iter().take(1) {
        let size = bytes.len() as u64;
        let stored = only(&Reply::Uploaded { name: name.clone(), size }.to_wire()).1;
        assert!(stored.is_ok() && stored.is_about(&name) && stored.data_size == Some(size));
        let content = bodies::encoded(bytes, &[]);
        let wire = [reply::file_prefix(&name, size), content.clone(), reply::FILE_SUFFIX.to_vec()];
        let (text, file) = only(&wire.concat());
        assert!(file.is_ok() && file.has_file() && file.file_name() == Some(name.as_str()));
        assert_eq!(file.data_size, Some(size));
        assert_eq!(text, content);
    }
}

/// The one reply in what our server sends.
fn only(wire: &[u8]) -> (Vec<u8>, ReceivedReply) {
    assert!(wire.is_ascii() && wire.ends_with(ENDING), "{}", wire.escape_ascii());
    let mut conversation = is_read_the_same_however_cut(wire);
    assert_eq!((conversation.replies.len(), conversation.endings), (1, 1));
    assert_eq!(conversation.error, None);
    conversation.replies.remove(0)
}
