//! The content of an UPLOAD: on one line, on several, or in quotes.

use memchr::{memchr, memchr2};

use super::{
    After, Fragment, FrameError, Framed, HEAD_LEN_MAX, HeadScan, Pause, RequestFramer, State,
    line::{Line, LineEnd, LineStart, is_blank_in_line},
    without_returns,
};

/// Most bytes by which a line shows whether it is content: a verb and the blanks around it.
const LINE_START_LEN_MAX: usize = 128;

impl RequestFramer {
    pub(super) fn first_of_body<'a>(&'a mut self, blanks: usize, input: &'a [u8]) -> Framed<'a> {
        let start = blanks_at_start(input);
        // No content would ever be too large that never begins.
        let blanks = blanks + start;
        if self.head.len() + blanks > HEAD_LEN_MAX {
            return Err(FrameError::HeadTooLong);
        }
        if start == input.len() {
            self.state = State::BodyStart { blanks };
            return Ok((None, start));
        }
        let (fragment, used) = match input[start] {
            quote @ (b'"' | b'\'') => {
                self.state = State::Quoted { quote };
                let (fragment, used) = self.next_of_quoted(quote, &input[start + 1..]);
                (fragment, used + 1)
            }
            _ => self.next_of_line(Line::new(None), &input[start..])?,
        };
        Ok((fragment, start + used))
    }

    /// Finds out whether a line is content or the next request. The byte that decides is left for
    /// whoever it belongs to.
    pub(super) fn start_of_line<'a>(
        &'a mut self,
        after: After,
        blanks: usize,
        input: &'a [u8],
    ) -> Framed<'a> {
        let skipped = if self.line.is_empty() { blanks_at_start(input) } else { 0 };
        let (blanks, rest) = (blanks + skipped, &input[skipped..]);
        if blanks >= LINE_START_LEN_MAX {
            return Err(FrameError::AmbiguousLine);
        }
        let len_max = LINE_START_LEN_MAX - blanks;
        // Most lines are here from their start on, and nothing of them has to be held.
        let start = &rest[..rest.len().min(len_max)];
        if self.line.is_empty()
            && let Some(start) = LineStart::of(start)
        {
            return Ok((Some(self.line_starts(after, start)?), skipped));
        }
        for (position, &byte) in rest.iter().enumerate() {
            self.line.push(byte);
            if let Some(start) = LineStart::of(&self.line) {
                self.line.pop();
                return Ok((Some(self.line_starts(after, start)?), skipped + position));
            }
            if self.line.len() == len_max {
                return Err(FrameError::AmbiguousLine);
            }
        }
        self.state = State::LineStart { after, blanks };
        Ok((None, input.len()))
    }

    /// What comes next where a line starts so.
    fn line_starts(&mut self, after: After, start: LineStart) -> Result<Fragment<'_>, FrameError> {
        let is_held = !self.line.is_empty();
        match (start, after) {
            (LineStart::Either, _) => Err(FrameError::AmbiguousLine),
            (LineStart::Blank | LineStart::Request, After::Name) => Ok(self.end_of_head()),
            (LineStart::Blank | LineStart::Request, After::Content { .. }) => {
                self.start_with_line();
                Ok(Fragment::End)
            }
            (LineStart::Content, After::Name) => {
                self.head.truncate(without_returns(&self.head).len());
                self.head.push(b' ');
                self.state = match is_held {
                    true => State::HeldLine { width: None },
                    false => State::BodyStart { blanks: 0 },
                };
                Ok(Fragment::Head(&self.head))
            }
            (LineStart::Content, After::Content { width, .. }) => {
                self.state = match is_held {
                    true => State::HeldLine { width: Some(width) },
                    false => State::Line(Line::new(Some(width))),
                };
                Ok(Fragment::LineBreak)
            }
        }
    }

    pub(super) fn held_line(&mut self, width: Option<u64>) -> Result<Fragment<'_>, FrameError> {
        let mut line = Line::new(width);
        line.take(&self.line)?;
        self.state = State::Line(line);
        Ok(Fragment::Body(&self.line))
    }

    /// The line comes to no other end.
    pub(super) fn end_at_line_start(
        &mut self,
        after: After,
        why: Pause,
    ) -> Result<Option<Fragment<'_>>, FrameError> {
        self.line.push(b'\n');
        let start = LineStart::of(&self.line).unwrap_or(LineStart::Content);
        self.line.pop();
        Ok(Some(match self.line_starts(after, start)? {
            Fragment::End if why == Pause::Closed => Fragment::EndIfPeerStays,
            fragment => fragment,
        }))
    }

    pub(super) fn next_of_line<'a>(&mut self, mut line: Line, input: &'a [u8]) -> Framed<'a> {
        let body = match memchr(b'\n', input) {
            Some(0) => return Ok((self.end_of_line(line)?, 1)),
            Some(end) => &input[..end],
            None if input.is_empty() => return Ok((None, 0)),
            None => input,
        };
        line.take(body)?;
        self.state = State::Line(line);
        Ok((Some(Fragment::Body(body)), body.len()))
    }

    fn end_of_line(&mut self, line: Line) -> Result<Option<Fragment<'static>>, FrameError> {
        let LineEnd::MayGoOn { width } = line.end()? else { return Ok(Some(self.end())) };
        self.line.clear();
        let after = After::Content { width, is_first: line.is_first() };
        self.state = State::LineStart { after, blanks: 0 };
        Ok(None)
    }

    pub(super) fn next_of_quoted<'a>(
        &mut self,
        quote: u8,
        input: &'a [u8],
    ) -> (Option<Fragment<'a>>, usize) {
        match memchr2(quote, b'\n', input) {
            Some(0) if input[0] == quote => {
                self.state = State::AfterQuote;
                (Some(Fragment::End), 1)
            }
            Some(0) => (Some(Fragment::LineBreak), 1),
            Some(end) => (Some(Fragment::Body(&input[..end])), end),
            None if input.is_empty() => (None, 0),
            None => (Some(Fragment::Body(input)), input.len()),
        }
    }

    /// Clients that send no line endings start their next request right behind the quote, and every
    /// verb starts with a letter. Whatever else follows is the rest of the line.
    pub(super) fn after_quote<'a>(&'a mut self, input: &'a [u8]) -> Framed<'a> {
        match input.first() {
            None => Ok((None, 0)),
            Some(byte) if byte.is_ascii_alphabetic() || matches!(byte, b'\r' | b'\n') => {
                self.start_over();
                self.next_of_head(HeadScan::Verb, input)
            }
            Some(_) => {
                self.state = State::RestOfLine;
                Ok(self.skip_rest_of_line(input))
            }
        }
    }

    pub(super) fn skip_rest_of_line(&mut self, input: &[u8]) -> (Option<Fragment<'static>>, usize) {
        let Some(end) = memchr(b'\n', input) else { return (None, input.len()) };
        self.start_over();
        (None, end + 1)
    }
}

fn blanks_at_start(text: &[u8]) -> usize {
    text.iter().position(|byte| !is_blank_in_line(*byte)).unwrap_or(text.len())
}
