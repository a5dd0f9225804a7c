//! Finds where each request ends, whatever pieces its bytes arrive in.

use std::time::Duration;

use memchr::{memchr, memchr2};

use crate::{
    Request,
    body::TEXT_GROUP,
    quoting::{Lexed, WordLexer, is_blank},
};

/// Most bytes before the content of a request: the verb, the name and the blanks between.
pub const HEAD_LEN_MAX: usize = 4096;

/// How long a request that could be complete is left open for more. Clients that send no line ending
/// wait for it, and clients that send the blank line late (up to 40 ms) must not run into it.
pub const QUIET: Duration = Duration::from_millis(250);

/// The same for verbs that take no name: nothing could follow but the line's end.
const QUIET_AFTER_WORD: Duration = Duration::from_millis(30);

/// Splits a byte stream into the parts of requests. A request is a line; blank lines are skipped.
///
/// Holds one head between calls, never a body. Looks at each byte once.
#[derive(Debug, Default)]
pub struct RequestFramer {
    head: Vec<u8>,
    state: State,
}

#[derive(Debug, Eq, PartialEq)]
pub enum Fragment<'a> {
    /// A verb and perhaps a name; the first fragment of every request. The head of an UPLOAD with
    /// content ends with the blank before the content.
    Head(&'a [u8]),
    /// The next piece of base64 text, never empty. Its end may hold the blanks before the line's
    /// end.
    Body(&'a [u8]),
    /// The request is complete.
    End,
    /// The peer stopped sending where the request may be complete or cut off: it is complete only
    /// if the peer is still there to read the reply.
    EndIfPeerStays,
}

/// Why the start of the next request can no longer be found. Its text is sent to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    #[error("the request's verb and file name take more than {HEAD_LEN_MAX} bytes")]
    HeadTooLong,
    #[error("the line ends inside the quoted content")]
    UnclosedQuote,
    #[error("the upload stopped before its closing quote; nothing was stored")]
    Unended,
}

/// What the peer does instead of sending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pause {
    /// Nothing came for as long as [`RequestFramer::quiet`] says.
    Quiet,
    /// Nothing will come any more.
    Closed,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    /// The head was given out and was all of the request.
    EndOfHead,
    /// After the blank that follows the name of an UPLOAD, and so many more.
    BodyStart {
        blanks: usize,
    },
    /// Content that ends with its line. `len`: all of it so far. `padded`: its last group ends in
    /// base64 padding, so nothing can follow.
    Line {
        len: u64,
        padded: bool,
    },
    /// Content that ends with its closing quote.
    Quoted {
        quote: u8,
    },
    AfterQuote,
    /// Something followed the closing quote: whatever the line still holds is no request.
    RestOfLine,
}

/// Where in a head the next byte is.
#[derive(Clone, Copy, Debug)]
enum HeadScan {
    Verb,
    /// Between UPLOAD and its name.
    Gap,
    /// In the name of an UPLOAD, whose end is where the content starts.
    Name(WordLexer),
    /// After any other verb: the line's end is the head's.
    Line,
}

impl Default for State {
    fn default() -> Self {
        Self::Head(HeadScan::Verb)
    }
}

type Framed<'a> = Result<(Option<Fragment<'a>>, usize), FrameError>;

impl RequestFramer {
    /// The next fragment at the front of `input`, and how much of it was used up.
    ///
    /// `None` asks for more bytes. An error is final: the start of the next request can no longer
    /// be found.
    pub fn next<'a>(&'a mut self, input: &'a [u8]) -> Framed<'a> {
        match self.state {
            State::Head(scan) => self.next_of_head(scan, input),
            State::EndOfHead => {
                self.start_over();
                Ok((Some(Fragment::End), 0))
            }
            State::BodyStart { blanks } => self.first_of_body(blanks, input),
            State::Line { len, padded } => Ok(self.next_of_line(len, padded, input)),
            State::Quoted { quote } => self.next_of_quoted(quote, input),
            State::AfterQuote => self.after_quote(input),
            State::RestOfLine => Ok(self.skip_rest_of_line(input)),
        }
    }

    /// The peer has been quiet, or has closed its half: what a request without an ending amounts to.
    ///
    /// Every byte that came before must have been given to [`next`](Self::next), which also takes
    /// over again afterwards.
    pub fn end_of_input(&mut self, why: Pause) -> Result<Option<Fragment<'_>>, FrameError> {
        if why == Pause::Quiet && self.quiet().is_none() {
            return Ok(None);
        }
        match self.state {
            State::Head(_) if self.head.is_empty() => Ok(None),
            State::Head(_) => Ok(Some(self.end_of_head())),
            State::EndOfHead | State::Line { padded: true, .. } => {
                self.start_over();
                Ok(Some(Fragment::End))
            }
            State::BodyStart { .. } | State::Line { .. } => {
                self.start_over();
                Ok(Some(Fragment::EndIfPeerStays))
            }
            State::Quoted { .. } => Err(FrameError::Unended),
            State::RestOfLine => {
                self.start_over();
                Ok(None)
            }
            State::AfterQuote => Ok(None),
        }
    }

    /// No request has begun: whatever comes next starts one.
    pub fn is_between_requests(&self) -> bool {
        match self.state {
            State::Head(_) => self.head.is_empty(),
            State::AfterQuote | State::RestOfLine => true,
            _ => false,
        }
    }

    /// A request has begun, and its head is not complete.
    pub fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head(_)) && !self.head.is_empty()
    }

    /// How long the peer must be quiet for [`Pause::Quiet`] to complete something; `None` where it
    /// never does.
    pub fn quiet(&self) -> Option<Duration> {
        match self.state {
            State::Head(HeadScan::Verb) if self.head.is_empty() || is_upload(&self.head) => None,
            State::Head(HeadScan::Verb) if takes_no_name(&self.head) => Some(QUIET_AFTER_WORD),
            State::Head(HeadScan::Verb | HeadScan::Line) => Some(QUIET),
            State::Line { padded, .. } => padded.then_some(QUIET),
            State::EndOfHead | State::RestOfLine => Some(QUIET),
            State::Head(HeadScan::Gap | HeadScan::Name(_))
            | State::BodyStart { .. }
            | State::Quoted { .. }
            | State::AfterQuote => None,
        }
    }

    fn start_over(&mut self) {
        self.head.clear();
        self.state = State::default();
    }

    fn next_of_head<'a>(&'a mut self, mut scan: HeadScan, input: &'a [u8]) -> Framed<'a> {
        for (position, &byte) in input.iter().enumerate() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' if self.head.is_empty() => continue,
                b'\n' => return Ok((Some(self.end_of_head()), position + 1)),
                // The carriage return of the line's end is no part of the head.
                b'\r' if self.head.len() == HEAD_LEN_MAX => {}
                _ if self.head.len() >= HEAD_LEN_MAX => return Err(FrameError::HeadTooLong),
                _ => {}
            }
            let Some(next) = scan.after(&self.head, byte) else {
                self.head.push(byte);
                self.state = State::BodyStart { blanks: 0 };
                return Ok((Some(Fragment::Head(&self.head)), position + 1));
            };
            self.head.push(byte);
            scan = next;
        }
        self.state = State::Head(scan);
        Ok((None, input.len()))
    }

    fn end_of_head(&mut self) -> Fragment<'_> {
        self.state = State::EndOfHead;
        Fragment::Head(without_returns(&self.head))
    }

    fn first_of_body<'a>(&'a mut self, blanks: usize, input: &'a [u8]) -> Framed<'a> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        let start = input.iter().position(|byte| !blank(byte)).unwrap_or(input.len());
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
                let (fragment, used) = self.next_of_quoted(quote, &input[start + 1..])?;
                (fragment, used + 1)
            }
            _ => {
                self.state = State::Line { len: 0, padded: false };
                self.next_of_line(0, false, &input[start..])
            }
        };
        Ok((fragment, start + used))
    }

    fn next_of_line<'a>(
        &mut self,
        len: u64,
        padded: bool,
        input: &'a [u8],
    ) -> (Option<Fragment<'a>>, usize) {
        let body = match memchr(b'\n', input) {
            Some(0) => {
                self.start_over();
                return (Some(Fragment::End), 1);
            }
            Some(end) => &input[..end],
            None if input.is_empty() => return (None, 0),
            None => input,
        };
        // Blanks may follow the padding. Those between pieces count, so that text with such an error
        // ends in the same way wherever it was cut.
        let text = body.trim_ascii_end();
        let padded = text.last().map_or(padded, |last| {
            *last == b'=' && (len + text.len() as u64).is_multiple_of(TEXT_GROUP as u64)
        });
        self.state = State::Line { len: len + body.len() as u64, padded };
        (Some(Fragment::Body(body)), body.len())
    }

    fn next_of_quoted<'a>(&mut self, quote: u8, input: &'a [u8]) -> Framed<'a> {
        match memchr2(quote, b'\n', input) {
            Some(0) if input[0] == quote => {
                self.state = State::AfterQuote;
                Ok((Some(Fragment::End), 1))
            }
            Some(0) => Err(FrameError::UnclosedQuote),
            Some(end) => Ok((Some(Fragment::Body(&input[..end])), end)),
            None if input.is_empty() => Ok((None, 0)),
            None => Ok((Some(Fragment::Body(input)), input.len())),
        }
    }

    /// Clients that send no line endings start their next request right behind the quote, and every
    /// verb starts with a letter. Whatever else follows is the rest of the line.
    fn after_quote<'a>(&'a mut self, input: &'a [u8]) -> Framed<'a> {
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

    fn skip_rest_of_line(&mut self, input: &[u8]) -> (Option<Fragment<'static>>, usize) {
        let Some(end) = memchr(b'\n', input) else { return (None, input.len()) };
        self.start_over();
        (None, end + 1)
    }
}

/// A client that writes its line through a text stream may send two carriage returns.
fn without_returns(head: &[u8]) -> &[u8] {
    let len = head.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    &head[..len]
}

fn is_upload(verb: &[u8]) -> bool {
    verb.eq_ignore_ascii_case(b"UPLOAD")
}

fn takes_no_name(head: &[u8]) -> bool {
    let request = Request::parse(without_returns(head));
    matches!(request, Ok(Request::List | Request::Stats | Request::Ping))
}

impl HeadScan {
    /// Where `byte` leads, coming after `head`; `None` when it is the blank before the content.
    fn after(self, head: &[u8], byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Verb, _) if is_blank(byte) && is_upload(head) => Some(Self::Gap),
            (Self::Verb, _) if is_blank(byte) => Some(Self::Line),
            (Self::Gap, _) if is_blank(byte) => Some(Self::Gap),
            (Self::Gap, _) => Self::in_name(WordLexer::default(), byte),
            (Self::Name(lexer), _) => Self::in_name(lexer, byte),
            (Self::Verb | Self::Line, _) => Some(self),
        }
    }

    fn in_name(mut lexer: WordLexer, byte: u8) -> Option<Self> {
        match lexer.next(byte) {
            Lexed::End => None,
            Lexed::Syntax | Lexed::Literal(_) | Lexed::LiteralAfterBackslash(_) => {
                Some(Self::Name(lexer))
            }
        }
    }
}

#[cfg(test)]
mod tests;
