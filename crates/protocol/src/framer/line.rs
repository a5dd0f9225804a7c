//! Content on lines: what a line may be, by its first bytes, and whether it is the last.
//!
//! Encoders that wrap break their text into lines of one width. So a first line of such a width does
//! not end the content, and each line after it is held against it.

use super::error::FrameError;
use crate::{Verb, body::TEXT_GROUP, quoting::is_blank};

/// Where encoders break lines: 60 as uuencode does, 64 as PEM, 72, and 76 as MIME.
const WIDTHS: [u64; 4] = [60, 64, 72, 76];
const WIDTH_MAX: u64 = 76;

/// Characters that a last group may lack.
const PADS_MAX: u64 = 2;

/// What a line is that may be content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineStart {
    /// Nothing stands on it.
    Blank,
    /// A verb, and no base64.
    Request,
    /// No verb; whether it is base64 shows later.
    Content,
    /// A verb alone, of as many letters as a group of base64.
    Either,
}

impl LineStart {
    /// What a line is that begins with `start`, which has no blanks in front. `None`: what follows
    /// decides. Each byte that comes is the last that is needed, or changes nothing.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        let is_letter = |byte: &&u8| byte.is_ascii_alphabetic();
        let word_len = start.iter().take(Verb::LEN_MAX + 1).take_while(is_letter).count();
        let (word, rest) = start.split_at(word_len);
        let Some(&next) = rest.first() else {
            return (word_len > Verb::LEN_MAX).then_some(Self::Content);
        };
        let is_group = word_len.is_multiple_of(TEXT_GROUP);
        match (next, rest.iter().find(|byte| !is_blank_in_line(**byte))) {
            (b'\n', _) if word.is_empty() => Some(Self::Blank),
            (b' ' | b'\t' | b'\r' | b'\n', _) if Verb::of(word).is_none() => Some(Self::Content),
            (_, Some(b'\n')) if is_group => Some(Self::Either),
            (_, Some(b'\n')) => Some(Self::Request),
            (b' ' | b'\t', Some(_)) => Some(Self::Request),
            (b' ' | b'\t', None) if !is_group => Some(Self::Request),
            (b' ' | b'\t' | b'\r', None) => None,
            _ => Some(Self::Content),
        }
    }
}

/// What may stand before or behind the text of a line.
pub(super) fn is_blank_in_line(byte: u8) -> bool {
    is_blank(byte) || byte == b'\r'
}

/// A line of content, as far as it has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Of the first line, where this is a later one.
    width: Option<u64>,
    /// All of it, and without the blanks at its end.
    len: u64,
    text_len: u64,
    /// Characters of padding at the end of a text that is base64 and no longer than lines are.
    pads: u64,
    is_base64: bool,
    ends_in_pad: bool,
}

/// What the end of a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineEnd {
    /// The content may go on, on lines no longer than this.
    MayGoOn { width: u64 },
    /// The end of the content.
    Last,
}

impl Line {
    /// The first line of content, or one after a first of `width`.
    pub(super) fn new(width: Option<u64>) -> Self {
        Self { width, len: 0, text_len: 0, pads: 0, is_base64: true, ends_in_pad: false }
    }

    /// Goes on with `piece`, which holds no line end.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), FrameError> {
        let blanks = piece.iter().rev().take_while(|byte| is_blank_in_line(**byte)).count();
        let text = &piece[..piece.len() - blanks];
        if let Some(last) = text.last() {
            // Blanks between pieces count, so that text with such an error ends in the same way
            // wherever it was cut.
            let has_gap = self.text_len < self.len;
            self.text_len = self.len + text.len() as u64;
            self.ends_in_pad = *last == b'=';
            self.is_base64 &= !has_gap && self.text_len <= WIDTH_MAX && self.goes_on_with(text);
        }
        self.len += piece.len() as u64;
        match self.width {
            Some(width) if !self.is_base64 || self.text_len > width => Err(FrameError::StrayLine),
            _ => Ok(()),
        }
    }

    fn goes_on_with(&mut self, text: &[u8]) -> bool {
        text.iter().all(|byte| match byte {
            b'=' => {
                self.pads += 1;
                self.pads <= PADS_MAX
            }
            b'+' | b'/' => self.pads == 0,
            byte => self.pads == 0 && byte.is_ascii_alphanumeric(),
        })
    }

    /// Its last group ends in padding, so nothing can follow.
    pub(super) fn is_padded(&self) -> bool {
        self.ends_in_pad && self.text_len.is_multiple_of(TEXT_GROUP as u64)
    }

    pub(super) fn end(&self) -> Result<LineEnd, FrameError> {
        let is_full = match self.width {
            Some(_) if !self.text_len.is_multiple_of(TEXT_GROUP as u64) => {
                return Err(FrameError::StrayLine);
            }
            Some(width) => self.text_len == width,
            None => self.is_base64 && WIDTHS.contains(&self.text_len),
        };
        let width = self.text_len;
        Ok(if is_full && self.pads == 0 { LineEnd::MayGoOn { width } } else { LineEnd::Last })
    }

    /// No line came before it.
    pub(super) fn is_first(&self) -> bool {
        self.width.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_its_first_bytes() {
        use LineStart::*;
        for (start, line) in [
            (&b"\n"[..], Some(Blank)),
            (b"", None),
            (b"LIST", None),
            (b"LIST \r", None),
            (b"LIST\n", Some(Either)),
            (b"ping \r\n", Some(Either)),
            (b"AUTH\r\n", Some(Either)),
            (b"Echo \n", Some(Either)),
            (b"LIST all", Some(Request)),
            (b"STATS\r", None),
            (b"STATS\r\n", Some(Request)),
            (b"GET\n", Some(Request)),
            (b"UPLOAD", None),
            (b"UPLOAD ", Some(Request)),
            (b"auth kolam", Some(Request)),
            (b"ECHO  halo", Some(Request)),
            (b"LIST\rx", Some(Content)),
            (b"LISTS", None),
            (b"LISTS ", Some(Content)),
            (b"Zm9v\n", Some(Content)),
            (b"Zg=", Some(Content)),
            (b"0", Some(Content)),
            (b"\"", Some(Content)),
            (b"UPLOADS", Some(Content)),
        ] {
            assert_eq!(LineStart::of(start), line, "{}", start.escape_ascii());
        }
    }

    fn first(text: &str) -> Line {
        let mut line = Line::new(None);
        line.take(text.as_bytes()).unwrap();
        line
    }

    #[test]
    fn a_first_line_may_go_on_where_encoders_break_lines() {
        for width in 1..200 {
            let goes_on = first(&"A".repeat(width)).end() != Ok(LineEnd::Last);
            assert_eq!(goes_on, [60, 64, 72, 76].contains(&width), "{width}");
        }
        for whole in ["=", "-", " A"] {
            let text = format!("{}{whole}", "A".repeat(64 - whole.len()));
            assert_eq!(first(&text).end(), Ok(LineEnd::Last), "{whole}");
        }
        assert_eq!(first(&format!("{} \r", "A".repeat(64))).end(), {
            Ok(LineEnd::MayGoOn { width: 64 })
        });
    }

    #[test]
    fn a_later_line_is_base64_and_no_longer_than_the_first() {
        let later = |text: &str| {
            let mut line = Line::new(Some(64));
            text.as_bytes().chunks(7).try_for_each(|piece| line.take(piece))?;
            line.end()
        };
        assert_eq!(later(&"A".repeat(64)), Ok(LineEnd::MayGoOn { width: 64 }));
        for last in ["AAAA", "AA==", "AAA=\r", &format!("{}==", "A".repeat(62))] {
            assert_eq!(later(last), Ok(LineEnd::Last), "{last}");
        }
        for stray in ["AAA", "AA AA", "A===", "AA==AAAA", "hello!!!", &"A".repeat(68)] {
            assert_eq!(later(stray), Err(FrameError::StrayLine), "{stray}");
        }
    }
}
