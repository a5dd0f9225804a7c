//! Framing does not depend on how bytes arrive, and agrees with the parser.

use protocol::{
    Fragment, FrameError, HEAD_LEN_MAX, ParseRequestError, Pause, Request, RequestFramer, Verb,
};

use super::arrivals;

pub(crate) fn holds(wire: &[u8]) {
    let whole = framed(&[wire]);
    for pieces in arrivals(wire) {
        assert_eq!(framed(&pieces), whole, "in {} pieces", pieces.len());
        with_pauses(&pieces);
    }
}

/// A part of a conversation, which does not show where bodies were cut; those that an error ends are
/// left out, since nothing comes of them.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Head(Vec<u8>),
    Body(Vec<u8>),
    Raw(Vec<u8>),
    End,
    EndIfPeerStays,
    Error(FrameError),
}

/// What a framer makes of `pieces` and the close after them.
pub(crate) fn framed(pieces: &[&[u8]]) -> Vec<Part> {
    let (mut framer, mut requests) = (RequestFramer::default(), Requests::default());
    let fed = pieces.iter().try_for_each(|piece| requests.feed(&mut framer, piece));
    match fed.and_then(|()| requests.pause(&mut framer, Pause::Closed)) {
        Ok(()) => assert!(!requests.is_open, "a request is open behind the last byte"),
        Err(err) => {
            requests.parts.pop_if(|last| matches!(last, Part::Body(_) | Part::Raw(_)));
            requests.parts.push(Part::Error(err));
        }
    }
    requests.parts
}

/// Quiet between the pieces completes what the framer says it would, and nothing else.
fn with_pauses(pieces: &[&[u8]]) {
    let (mut framer, mut requests) = (RequestFramer::default(), Requests::default());
    for piece in pieces {
        if requests.feed(&mut framer, piece).is_err() {
            return;
        }
        let was_between = framer.is_between_requests();
        let ends = framer.quiet().is_some();
        let parts_len = requests.parts.len();
        requests.pause(&mut framer, Pause::Quiet).expect("quiet is no error");
        if ends {
            assert!(framer.is_between_requests() && !requests.is_open);
        } else {
            assert_eq!(requests.parts.len(), parts_len, "quiet completes what it should not");
            assert_eq!(framer.is_between_requests(), was_between);
        }
    }
}

/// Takes fragments and checks that they are requests: a head, its body, an end.
#[derive(Default)]
struct Requests {
    parts: Vec<Part>,
    /// A request has begun and not ended.
    is_open: bool,
}

impl Requests {
    fn feed(&mut self, framer: &mut RequestFramer, mut piece: &[u8]) -> Result<(), FrameError> {
        loop {
            let (fragment, used) = framer.next(piece)?;
            let is_stuck = fragment.is_none() && used == 0 && !piece.is_empty();
            assert!(!is_stuck, "the framer neither takes nor gives anything");
            let is_over = fragment.is_none() && used == piece.len();
            if let Some(fragment) = fragment {
                self.take(&fragment, None);
                if let Some(len) = content_len(&fragment) {
                    framer.expect_raw(len);
                }
            }
            if is_over {
                return Ok(());
            }
            piece = &piece[used..];
        }
    }

    fn pause(&mut self, framer: &mut RequestFramer, why: Pause) -> Result<(), FrameError> {
        while let Some(fragment) = framer.end_of_input(why)? {
            self.take(&fragment, Some(why));
        }
        Ok(())
    }

    fn take(&mut self, fragment: &Fragment<'_>, pause: Option<Pause>) {
        let begins = matches!(fragment, Fragment::Head(_));
        assert_ne!(self.is_open, begins, "{fragment:?} is out of place");
        let is_content =
            matches!(fragment, Fragment::Body(_) | Fragment::LineBreak | Fragment::Raw(_));
        self.is_open = begins || is_content;
        match (fragment, self.parts.last_mut()) {
            (Fragment::Head(head), _) => {
                is_a_head(head);
                self.parts.push(Part::Head(head.to_vec()));
            }
            (Fragment::Body(more), Some(Part::Body(text))) => {
                assert!(!more.is_empty());
                text.extend_from_slice(more);
            }
            (Fragment::LineBreak, Some(Part::Body(text))) => text.push(b'\n'),
            (Fragment::Body(_) | Fragment::LineBreak, Some(Part::Head(head))) => {
                has_content(head);
                self.parts.push(Part::Body(match fragment {
                    Fragment::Body(text) => text.to_vec(),
                    _ => b"\n".to_vec(),
                }));
            }
            (Fragment::Raw(more), Some(Part::Raw(content))) => content.extend_from_slice(more),
            (Fragment::Raw(content), Some(Part::Head(head))) => {
                assert!(matches!(Request::parse(head), Ok(Request::Store(_))));
                self.parts.push(Part::Raw(content.to_vec()));
            }
            (Fragment::Body(_) | Fragment::LineBreak | Fragment::Raw(_), _) => {
                panic!("a body without a head")
            }
            (Fragment::End, Some(Part::Body(text))) if pause == Some(Pause::Quiet) => {
                let text = text.trim_ascii_end();
                let is_one_line = [60, 64, 72, 76].contains(&text.len()) && !text.contains(&b'\n');
                assert!(text.ends_with(b"=") || is_one_line, "quiet alone ended an upload");
                self.parts.push(Part::End);
            }
            (Fragment::End, _) => {
                self.expect_all_came();
                self.parts.push(Part::End);
            }
            (Fragment::EndIfPeerStays, _) => {
                assert_eq!(pause, Some(Pause::Closed));
                self.parts.push(Part::EndIfPeerStays);
            }
        }
    }

    /// The content of a STORE is as long as its head says.
    fn expect_all_came(&self) {
        let len = match self.parts.as_slice() {
            [.., Part::Head(head), Part::Raw(content)] => (head, content.len()),
            [.., Part::Head(head)] => (head, 0),
            _ => return,
        };
        if let Some(expected) = content_len(&Fragment::Head(len.0)) {
            assert_eq!(len.1 as u64, expected);
        }
    }
}

/// The content that follows a head where a STORE goes ahead.
fn content_len(fragment: &Fragment<'_>) -> Option<u64> {
    let Fragment::Head(head) = fragment else { return None };
    match Request::parse(head) {
        Ok(Request::Store(store)) => Some(store.length),
        _ => None,
    }
}

/// An upload without its content would be stored as an empty file: what the parser takes for one
/// must be a head that the framer ended before the content. A line end is in no head but one that ends
/// with CR LF CR LF.
fn is_a_head(head: &[u8]) {
    assert!(!head.is_empty() && head.len() <= HEAD_LEN_MAX);
    let verb = head.split(|byte| b" \t\r\n".contains(byte)).next().and_then(Verb::of);
    let is_raw = verb.is_some_and(Verb::is_raw);
    assert!(!head.contains(&b'\n') || is_raw && Request::parse(head).is_err());
    if let Ok(Request::Upload(_)) = Request::parse(head) {
        let without_blank = &head[..head.len() - 1];
        assert_eq!(Request::parse(without_blank), Err(ParseRequestError::MissingContent));
    }
}

fn has_content(head: &[u8]) {
    let parsed = Request::parse(head);
    let is_upload = matches!(parsed, Ok(Request::Upload(_)) | Err(ParseRequestError::FileName(_)));
    assert!(is_upload, "content follows {}: {parsed:?}", head.escape_ascii());
}
