mod lines;
mod raw;

use super::*;
use crate::request::ECHO_LEN_MAX;

/// A request as the framer gave it: its head, its whole body, how it ended.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Head(String),
    Body(String),
    Raw(String),
    End,
    EndIfPeerStays,
}

/// Feeds `pieces` one after another; neighbouring fragments of content are joined. Every STORE goes ahead.
fn feed(framer: &mut RequestFramer, piece: &[u8], into: &mut Vec<Piece>) -> Result<(), FrameError> {
    let mut rest = piece;
    loop {
        let (fragment, used) = framer.next(rest)?;
        rest = &rest[used..];
        match fragment {
            Some(fragment) => {
                push(into, &fragment);
                if let Fragment::Head(head) = fragment
                    && let Ok(Request::Store(store)) = Request::parse(head)
                {
                    framer.expect_raw(store.length);
                }
            }
            None if rest.is_empty() => return Ok(()),
            None => {}
        }
    }
}

fn push(into: &mut Vec<Piece>, fragment: &Fragment<'_>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match (fragment, into.last_mut()) {
        (Fragment::Head(head), _) => into.push(Piece::Head(text(head))),
        (Fragment::Body(more), Some(Piece::Body(body))) => body.push_str(&text(more)),
        (Fragment::Body(body), _) => into.push(Piece::Body(text(body))),
        (Fragment::LineBreak, Some(Piece::Body(body))) => body.push('\n'),
        (Fragment::LineBreak, _) => into.push(Piece::Body("\n".to_owned())),
        (Fragment::Raw(more), Some(Piece::Raw(content))) => content.push_str(&text(more)),
        (Fragment::Raw(content), _) => into.push(Piece::Raw(text(content))),
        (Fragment::End, _) => into.push(Piece::End),
        (Fragment::EndIfPeerStays, _) => into.push(Piece::EndIfPeerStays),
    }
}

fn pause(framer: &mut RequestFramer, why: Pause) -> Result<Vec<Piece>, FrameError> {
    let mut pieces = Vec::new();
    while let Some(fragment) = framer.end_of_input(why)? {
        push(&mut pieces, &fragment);
    }
    Ok(pieces)
}

fn pieces_of(wire: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    feed(&mut RequestFramer::default(), wire, &mut pieces).unwrap();
    pieces
}

/// The framer after `wire`, which must not have completed anything by itself.
fn stalled_after(wire: &str) -> RequestFramer {
    let mut framer = RequestFramer::default();
    let mut pieces = Vec::new();
    feed(&mut framer, wire.as_bytes(), &mut pieces).unwrap();
    assert!(!pieces.contains(&Piece::End), "{wire} ended by itself");
    framer
}

/// Why no next request can be found in `wire`.
fn error_of(wire: &[u8]) -> FrameError {
    feed(&mut RequestFramer::default(), wire, &mut Vec::new()).unwrap_err()
}

fn head(head: &str) -> Piece {
    Piece::Head(head.to_owned())
}

fn body(body: &str) -> Piece {
    Piece::Body(body.to_owned())
}

const CONVERSATION: &[u8] = b"LIST\r\n\r\nUPLOAD a.txt aGVsbG8=\r\n\r\nget \"my file\"\n\
    UPLOAD 'b c' \"aGVsbG8=\" 5\r\nUPLOAD e  \r\nUPLOAD f \"\"\nUPLOAD g\r\nDELETE it\\'s\r\n";

fn conversation() -> Vec<Piece> {
    let mut pieces = vec![head("LIST"), Piece::End];
    // The carriage return stays with the body: the decoder knows it for the blank it is.
    pieces.extend([head("UPLOAD a.txt "), body("aGVsbG8=\r"), Piece::End]);
    pieces.extend([head("get \"my file\""), Piece::End]);
    pieces.extend([head("UPLOAD 'b c' "), body("aGVsbG8="), Piece::End]);
    pieces.extend([head("UPLOAD e "), Piece::End]);
    pieces.extend([head("UPLOAD f "), Piece::End]);
    pieces.extend([head("UPLOAD g"), Piece::End]);
    pieces.extend([head("DELETE it\\'s"), Piece::End]);
    pieces
}

#[test]
fn pipelined_requests_come_apart() {
    assert_eq!(pieces_of(CONVERSATION), conversation());
}

#[test]
fn framing_does_not_depend_on_how_bytes_arrive() {
    for cut in 0..=CONVERSATION.len() {
        let mut framer = RequestFramer::default();
        let mut pieces = Vec::new();
        let (first, second) = CONVERSATION.split_at(cut);
        feed(&mut framer, first, &mut pieces).unwrap();
        feed(&mut framer, second, &mut pieces).unwrap();
        assert_eq!(pieces, conversation(), "cut at byte {cut}");
    }
}

#[test]
fn framing_takes_one_byte_at_a_time() {
    let mut framer = RequestFramer::default();
    let mut pieces = Vec::new();
    for byte in CONVERSATION {
        feed(&mut framer, &[*byte], &mut pieces).unwrap();
    }
    assert_eq!(pieces, conversation());
}

#[test]
fn blank_lines_are_no_requests() {
    assert_eq!(pieces_of(b"\r\n\n\r\n  \r\nPING\n\n"), [head("PING"), Piece::End]);
}

#[test]
fn carriage_returns_before_the_lines_end_are_no_part_of_the_head() {
    assert_eq!(pieces_of(b"LIST\r\r\n"), [head("LIST"), Piece::End]);
    assert_eq!(pieces_of(b"UPLOAD a\r\r\n\n"), [head("UPLOAD a"), Piece::End]);
}

#[test]
fn a_quiet_head_is_complete() {
    for wire in ["LIST", "GET a.txt", "WHAT", "GET a.txt\r"] {
        let mut framer = stalled_after(wire);
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![head(wire.trim_end()), Piece::End]));
        assert!(framer.is_between_requests());
    }
}

#[test]
fn quoted_content_is_complete_at_its_quote() {
    assert_eq!(
        pieces_of(b"UPLOAD a.txt \"aGVsbG8=\""),
        [head("UPLOAD a.txt "), body("aGVsbG8="), Piece::End]
    );
}

#[test]
fn the_next_request_may_follow_the_quote_at_once() {
    let pieces = pieces_of(b"UPLOAD a \"aGVsbG8=\"LIST\n");
    assert_eq!(pieces[3..], [head("LIST"), Piece::End]);
}

#[test]
fn whatever_else_follows_the_quote_is_skipped_with_its_line() {
    for rest in ["5\r\n", " 5\n", ";\n"] {
        let mut framer = RequestFramer::default();
        let mut pieces = Vec::new();
        feed(&mut framer, b"UPLOAD a \"aGVsbG8=\"", &mut pieces).unwrap();
        // It may come late.
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![]));
        pieces.clear();
        feed(&mut framer, rest.as_bytes(), &mut pieces).unwrap();
        assert_eq!(pieces, [], "{rest}");
        feed(&mut framer, b"LIST\n", &mut pieces).unwrap();
        assert_eq!(pieces, [head("LIST"), Piece::End], "{rest}");
    }
}

#[test]
fn quiet_forgets_the_rest_of_a_quoted_uploads_line() {
    let mut framer = RequestFramer::default();
    let mut pieces = Vec::new();
    feed(&mut framer, b"UPLOAD a \"aGVsbG8=\" 5", &mut pieces).unwrap();
    assert_eq!(framer.quiet(), Some(QUIET));
    assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![]));
    pieces.clear();
    feed(&mut framer, b"LIST\n", &mut pieces).unwrap();
    assert_eq!(pieces, [head("LIST"), Piece::End]);
}

#[test]
fn padding_and_quiet_end_an_upload() {
    for wire in ["UPLOAD a aGVsbG8=", "UPLOAD a aGVsbG8= \r"] {
        let mut framer = stalled_after(wire);
        assert_eq!(framer.quiet(), Some(QUIET));
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![Piece::End]));
    }
}

#[test]
fn quiet_alone_never_ends_an_upload() {
    // Half of the padding is no padding yet.
    assert_eq!(stalled_after("UPLOAD a Zg=").quiet(), None);
    for wire in
        ["UPLOAD", "UPLOAD ", "UPLOAD a.txt", "UPLOAD a ", "UPLOAD a aGVs", "UPLOAD a \"aGVs"]
    {
        let mut framer = stalled_after(wire);
        assert_eq!(framer.quiet(), None, "{wire}");
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![]), "{wire}");
        assert!(!framer.is_between_requests(), "{wire}");
    }
}

#[test]
fn a_closed_half_ends_an_upload_only_for_a_peer_that_stays() {
    for wire in ["UPLOAD a aGVs", "UPLOAD a aGVsbG8", "UPLOAD a "] {
        let mut framer = stalled_after(wire);
        assert_eq!(pause(&mut framer, Pause::Closed), Ok(vec![Piece::EndIfPeerStays]), "{wire}");
    }
    let mut padded = stalled_after("UPLOAD a aGVsbG8=");
    assert_eq!(pause(&mut padded, Pause::Closed), Ok(vec![Piece::End]));
    let mut quoted = stalled_after("UPLOAD a \"aGVs");
    assert_eq!(pause(&mut quoted, Pause::Closed), Err(FrameError::Unended));
}

#[test]
fn a_word_that_takes_no_name_is_complete_sooner() {
    for (wire, quiet) in [
        ("LIST", Some(QUIET_AFTER_WORD)),
        ("stats", Some(QUIET_AFTER_WORD)),
        ("PING\r", Some(QUIET_AFTER_WORD)),
        ("LIS", Some(QUIET)),
        ("LISTS", Some(QUIET)),
        ("LIST all", Some(QUIET)),
        ("ECHO", Some(QUIET)),
        ("ECHO halo ", Some(QUIET)),
        ("GET a.txt", Some(QUIET)),
        ("UPLOAD", None),
        ("UPLOAD a.txt", None),
    ] {
        assert_eq!(stalled_after(wire).quiet(), quiet, "{wire}");
    }
}

#[test]
fn a_head_has_a_longest_length() {
    let longest = [b"GET ".as_slice(), &[b'x'; HEAD_LEN_MAX - 4]].concat();
    for ending in [&b"\n"[..], b"\r\n"] {
        assert_eq!(pieces_of(&[&longest, ending].concat()).len(), 2);
    }
    assert_eq!(b"ECHO ".len() + ECHO_LEN_MAX, HEAD_LEN_MAX);
    for wire in [
        [&longest[..], b"x"].concat(),
        [&longest[..], b"\rx"].concat(),
        [b"UPLOAD ".as_slice(), &[b'x'; HEAD_LEN_MAX]].concat(),
    ] {
        assert_eq!(error_of(&wire), FrameError::HeadTooLong);
    }
}

#[test]
fn a_long_line_that_is_no_request_is_told_so() {
    for (start, reason) in [
        ("IMAGE ", ParseRequestError::LongLine),
        ("iVBORw0KGgo", ParseRequestError::LongLine),
        ("{\"command\": \"UPLOAD\", \"data\": \"", ParseRequestError::Json),
        ("b'UPLOAD a.txt ", ParseRequestError::PythonBytes),
    ] {
        let wire = [start.as_bytes(), &[b'A'; HEAD_LEN_MAX]].concat();
        assert_eq!(error_of(&wire), FrameError::NoRequest(reason));
    }
}

#[test]
fn line_ends_inside_quotes_are_skipped() {
    let pieces = pieces_of(b"UPLOAD a \"\naGVs\r\n\nbG8=\n\"\nPING\n");
    let upload = [head("UPLOAD a "), body("\naGVs\r\n\nbG8=\n"), Piece::End];
    assert_eq!(pieces, [&upload[..], &[head("PING"), Piece::End]].concat());
}

#[test]
fn blanks_before_the_content_count_as_head() {
    let after = |blanks: usize| {
        let mut framer = RequestFramer::default();
        // The first blank ends the name.
        feed(&mut framer, b"UPLOAD a ", &mut Vec::new()).unwrap();
        let blanks = vec![b' '; blanks];
        blanks.chunks(1000).try_for_each(|piece| feed(&mut framer, piece, &mut Vec::new()))
    };
    assert_eq!(after(HEAD_LEN_MAX - b"UPLOAD a ".len()), Ok(()));
    assert_eq!(after(HEAD_LEN_MAX), Err(FrameError::HeadTooLong));
}
