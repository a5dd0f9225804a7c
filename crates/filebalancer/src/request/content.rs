//! The content of an UPLOAD as it is forwarded: on one line, however its client has cut it.

use protocol::{ContentLength, Fragment, reply::ENDING};

/// Where a piece of content ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ContentEnd {
    Whole,
    /// Whole if the client is still there to read the reply.
    WholeIfPeerStays,
}

/// Goes in front of text that came in quotes and is no base64 by its first character, but could be content
/// without them: behind blanks, or in quotes of its own. Like all of that text, it is no base64.
const NO_BASE64: u8 = b'.';

/// What has been taken of the content of one UPLOAD.
#[derive(Debug, Default)]
pub(super) struct Content {
    has_begun: bool,
    /// Blanks came that end the line, or make the text wrong.
    has_blanks: bool,
    length: ContentLength,
}

impl Content {
    /// Appends to `line` what `fragment` is forwarded as; says whether it is the last.
    pub(super) fn take(
        &mut self,
        fragment: Fragment<'_>,
        line: &mut Vec<u8>,
    ) -> Option<ContentEnd> {
        match fragment {
            Fragment::Body(text) => self.take_text(text, line),
            Fragment::LineBreak => self.has_blanks = false,
            Fragment::End => return Some(ContentEnd::Whole),
            Fragment::EndIfPeerStays => return Some(ContentEnd::WholeIfPeerStays),
            // It was taken before.
            Fragment::Head(_) | Fragment::Raw(_) => {}
        }
        None
    }

    /// Appends what ends the request.
    pub(super) fn end(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(ENDING);
    }

    /// How long the content of all text so far is.
    pub(super) fn bytes(&self) -> u64 {
        self.length.bytes()
    }

    fn take_text(&mut self, text: &[u8], line: &mut Vec<u8>) {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        let blanks = text.iter().rev().take_while(|byte| is_blank(byte)).count();
        let text = &text[..text.len() - blanks];
        if let Some(&first) = text.first() {
            let is_blank_or_quote = is_blank(&first) || matches!(first, b'"' | b'\'');
            if !self.has_begun && (self.has_blanks || is_blank_or_quote) {
                line.push(NO_BASE64);
            } else if self.has_blanks {
                // Text goes on after a blank, which no base64 does: the backend is to see that.
                line.push(b' ');
            }
            (self.has_begun, self.has_blanks) = (true, false);
            self.length.take(text);
            line.extend_from_slice(text);
        }
        self.has_blanks |= blanks > 0;
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Pause, RequestFramer};

    use super::*;

    /// What is forwarded of an upload that comes in these pieces, from behind its head; and its end.
    fn forwarded(pieces: &[&[u8]]) -> (String, Option<ContentEnd>, u64) {
        let (mut framer, mut content, mut line) =
            (RequestFramer::default(), Content::default(), Vec::new());
        let mut end = None;
        let mut take = |fragment: Fragment<'_>| {
            let taken = content.take(fragment, &mut line);
            end = end.or(taken);
        };
        for piece in pieces {
            let mut piece = *piece;
            loop {
                let (fragment, used) = framer.next(piece).unwrap();
                piece = &piece[used..];
                match fragment {
                    Some(fragment) => take(fragment),
                    None if piece.is_empty() => break,
                    None => {}
                }
            }
        }
        while let Some(fragment) = framer.end_of_input(Pause::Closed).unwrap() {
            take(fragment);
        }
        content.end(&mut line);
        (String::from_utf8(line).unwrap(), end, content.bytes())
    }

    #[test]
    fn content_is_forwarded_on_one_line_however_it_came() {
        let line = "A".repeat(64);
        let wrapped = format!("UPLOAD a {line}\r\n{line} \r\nAAA=\r\n\r\n");
        let in_quotes = format!("UPLOAD a \"{line} \n{line}AAA=\"");
        for wire in [wrapped.as_str(), in_quotes.as_str()] {
            let expected = (format!("{line}{line}AAA=\r\n\r\n"), Some(ContentEnd::Whole), 98);
            for cut in 0..wire.len() {
                let (first, second) = wire.as_bytes().split_at(cut);
                assert_eq!(forwarded(&[first, second]), expected, "{wire} cut at {cut}");
            }
        }
    }

    #[test]
    fn empty_content_is_nothing_but_the_ending() {
        for wire in [&b"UPLOAD a \"\""[..], b"UPLOAD a \r\n"] {
            assert_eq!(forwarded(&[wire]), ("\r\n\r\n".to_owned(), Some(ContentEnd::Whole), 0));
        }
    }

    #[test]
    fn text_that_is_no_base64_stays_so() {
        let of = |wire: &[u8]| forwarded(&[wire]).0;
        assert_eq!(of(b"UPLOAD a Zm9v Zm9v\r\n"), "Zm9v Zm9v\r\n\r\n");
        assert_eq!(of(b"UPLOAD a \"Zm9v' \""), "Zm9v'\r\n\r\n");
    }

    #[test]
    fn text_in_quotes_that_begins_with_a_blank_or_a_quote_is_no_base64_without_them() {
        for text in [
            "\"'Zm9v'LIST\"",
            "'\"Zm9v\"LIST'",
            "\" \t'Zm9v'LIST\"",
            "\"\n\r 'Zm9v'LIST\"",
            "\" Zm9v\"",
        ] {
            let wire = format!("UPLOAD a {text}");
            for cut in 0..wire.len() {
                let (first, second) = wire.as_bytes().split_at(cut);
                let (line, ..) = forwarded(&[first, second]);
                assert!(line.starts_with('.'), "{wire} cut at {cut}: {line}");
            }
        }
        assert_eq!(forwarded(&[b"UPLOAD a \" \nZm9v\""]).0, "Zm9v\r\n\r\n");
    }

    #[test]
    fn an_upload_that_its_client_cuts_off_may_be_none() {
        assert_eq!(forwarded(&[b"UPLOAD a Zm9v"]).1, Some(ContentEnd::WholeIfPeerStays));
    }
}
