//! Content is stored whole or not at all, whichever way it is sent and wherever it breaks off.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{BodyDecoder, Fragment, FrameError, Pause, RequestFramer, body};

use super::{arrivals, cut};

const WIDTHS: [usize; 4] = [60, 64, 72, 76];

/// Lines that are content and requests at once.
const EITHER: [&str; 4] = ["LIST", "PING", "ECHO", "AUTH"];

/// Between the name and the content of an upload, and behind that.
const AROUND: [(&str, &str); 7] = [
    (" ", "\r\n\r\n"),
    ("\r\n", "\r\n\r\n"),
    ("\n", "\n\n"),
    (" ", "\nGET b\n"),
    (" \"", "\""),
    (" '\r\n", "\r\n' 5\r\n"),
    ("\n\"", "\"LIST"),
];

/// More takes longer and shows nothing else: these are five lines.
const CONTENT_LEN_MAX: usize = 285;

pub(crate) fn hold(content: &[u8]) {
    let content = &content[..content.len().min(CONTENT_LEN_MAX)];
    let text = STANDARD.encode(content);
    for (start, end) in AROUND {
        let is_quoted = end.contains(['"', '\'']);
        if text.is_empty() && !is_quoted {
            continue;
        }
        is_stored_whole(&format!("UPLOAD a{start}{text}{end}"), content);
        let line_end: &[u8] = if end.contains('\r') { b"\r\n" } else { b"\n" };
        for width in WIDTHS {
            let lines: Vec<&[u8]> = text.as_bytes().chunks(width).collect();
            let lines = String::from_utf8(lines.join(line_end)).expect("base64 is ASCII");
            let wire = format!("UPLOAD a{start}{lines}{end}");
            is_stored_whole(&wire, content);
            never_in_part(&wire, content);
        }
    }
}

/// Unless a line may be content as well as a request.
fn is_stored_whole(wire: &str, content: &[u8]) {
    let is_quoted = wire.contains(['"', '\'']);
    let is_either = |line: &str| EITHER.iter().any(|verb| verb.eq_ignore_ascii_case(line.trim()));
    for pieces in arrivals(wire.as_bytes()) {
        let mut server = Server::default();
        let outcome = pieces.iter().try_for_each(|piece| server.feed(piece));
        if !is_quoted && wire.lines().skip(1).any(is_either) {
            assert_eq!((outcome, server.stored), (Err(FrameError::AmbiguousLine), vec![]));
        } else {
            assert_eq!((outcome, server.stored), (Ok(()), vec![content.to_vec()]), "{wire}");
        }
    }
}

/// Whatever the wire breaks off at, and whatever is made of the silence after it.
fn never_in_part(wire: &str, content: &[u8]) {
    let places: Vec<usize> = (1..8).map(|part| wire.len() * part / 8).collect();
    let line_ends = wire.match_indices('\n').map(|(place, _)| place + 1).take(4);
    for place in places.into_iter().chain(line_ends) {
        let mut server = Server::default();
        let begun = cut(wire.as_bytes(), &[place])[0];
        if server.feed(begun).is_ok() && !server.is_after_first_line(begun) {
            let _ = server.pause(Pause::Quiet);
        }
        // A closed half alone ends nothing: it takes a peer that stays.
        let _ = server.pause(Pause::Closed);
        assert!(
            server.stored.iter().all(|stored| stored == content),
            "{} stored a part",
            begun.escape_ascii()
        );
    }
}

/// What a server makes of the wire.
#[derive(Default)]
struct Server {
    framer: RequestFramer,
    decoder: BodyDecoder,
    is_upload: bool,
    received: Vec<u8>,
    is_broken: bool,
    stored: Vec<Vec<u8>>,
}

impl Server {
    fn feed(&mut self, mut piece: &[u8]) -> Result<(), FrameError> {
        loop {
            let (fragment, used) = self.framer.next(piece)?;
            let is_over = fragment.is_none() && used == piece.len();
            match fragment {
                Some(Fragment::Head(head)) => self.is_upload = head.starts_with(b"UPLOAD a "),
                Some(Fragment::Body(text)) => {
                    let mut plain = vec![0; body::plain_len_max(text.len())];
                    match self.decoder.decode(text, &mut plain) {
                        Ok(len) => self.received.extend_from_slice(&plain[..len]),
                        Err(_) => self.is_broken = true,
                    }
                }
                Some(Fragment::LineBreak) => self.decoder.line_break(),
                Some(Fragment::Raw(_)) => unreachable!("no STORE goes ahead"),
                Some(Fragment::End) => self.end(),
                Some(Fragment::EndIfPeerStays) => unreachable!("nothing was closed"),
                None => {}
            }
            if is_over {
                return Ok(());
            }
            piece = &piece[used..];
        }
    }

    fn pause(&mut self, why: Pause) -> Result<(), FrameError> {
        loop {
            match self.framer.end_of_input(why)? {
                Some(Fragment::End) => {}
                // The peer is gone, or has more to send than this.
                Some(_) => {
                    self.is_upload = false;
                    continue;
                }
                None => return Ok(()),
            }
            self.end();
        }
    }

    fn end(&mut self) {
        let is_whole = self.decoder.finish().is_ok() && !self.is_broken;
        let received = std::mem::take(&mut self.received);
        if std::mem::take(&mut self.is_upload) && is_whole {
            self.stored.push(received);
        }
        self.is_broken = false;
    }

    /// Whether the one place is reached where quiet is taken for the end.
    fn is_after_first_line(&self, begun: &[u8]) -> bool {
        let ends = begun.iter().filter(|byte| **byte == b'\n').count();
        let is_own_line = begun.starts_with(b"UPLOAD a\r") || begun.starts_with(b"UPLOAD a\n");
        begun.trim_ascii_end().len() > b"UPLOAD a".len()
            && ends == 1 + usize::from(is_own_line)
            && self.framer.quiet().is_some()
    }
}
