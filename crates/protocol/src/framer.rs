//! Finds where each request ends, whatever pieces its bytes arrive in.

mod content;
mod error;
mod line;
mod raw;

use std::{mem, time::Duration};

use crate::{
    ErrorCode, ParseRequestError, Request, Verb,
    quoting::{Lexed, WordLexer, is_blank},
};
use line::Line;

pub use error::{FrameError, HEAD_LEN_MAX};

/// How long a request that could be complete is left open for more. Clients that send no line ending
/// wait for it, and clients that send the blank line late (up to 40 ms) must not run into it.
pub const QUIET: Duration = Duration::from_millis(250);

/// The same for verbs that take no name: nothing could follow but the line's end.
const QUIET_AFTER_WORD: Duration = Duration::from_millis(30);

/// The same where content may follow on the next line.
const QUIET_AFTER_NAME: Duration = Duration::from_secs(1);

/// The same after a line of content that encoders may have broken off: long, since whoever stalls for
/// this long is taken to have sent all.
const QUIET_AFTER_FIRST_LINE: Duration = Duration::from_secs(2);

/// Splits a byte stream into the parts of requests. A request is a line; blank lines are skipped. The
/// content of an UPLOAD may be on lines of its own, which docs/PROTOCOL.md has the rule for. The head of a
/// FETCH or STORE is all up to CR LF CR LF instead, and the content of a STORE is counted.
///
/// Holds one head and the start of a line between calls, never a body. Looks at each byte once, at
/// those that start a line of content twice.
#[derive(Debug, Default)]
pub struct RequestFramer {
    head: Vec<u8>,
    /// The start of a line that may be content, or the next request.
    line: Vec<u8>,
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
    /// The content goes on on the next line.
    LineBreak,
    /// The next bytes of the content of a STORE, never none.
    Raw(&'a [u8]),
    /// The request is complete.
    End,
    /// The peer stopped sending where the request may be complete or cut off: it is complete only
    /// if the peer is still there to read the reply.
    EndIfPeerStays,
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
    /// At the start of a line that is content or the next request; after so many blanks.
    LineStart {
        after: After,
        blanks: usize,
    },
    /// `line` is the start of content, of lines of this width where it is not the first.
    HeldLine {
        width: Option<u64>,
    },
    /// Content without quotes, on one line or one of several.
    Line(Line),
    /// Content that ends with its closing quote.
    Quoted {
        quote: u8,
    },
    AfterQuote,
    /// Something followed the closing quote: whatever the line still holds is no request.
    RestOfLine,
    /// In content of which so many bytes are to come.
    Raw {
        left: u64,
    },
}

/// What stands before a line that is content or the next request.
#[derive(Clone, Copy, Debug)]
enum After {
    /// The head of an UPLOAD, not given out yet: if no content follows, it is no request.
    Name,
    /// Lines of content.
    Content { width: u64, is_first: bool },
}

/// Where in a head the next byte is.
#[derive(Clone, Copy, Debug)]
enum HeadScan {
    Verb,
    /// Between UPLOAD and its name.
    Gap,
    /// In the name of an UPLOAD, whose end is where the content starts.
    Name(WordLexer),
    /// After FETCH or STORE: CR LF CR LF is the head's end, and nothing else.
    Raw,
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
            State::Head(HeadScan::Raw) => self.next_of_raw_head(input),
            State::Head(scan) => self.next_of_head(scan, input),
            State::EndOfHead => {
                self.start_with_line();
                Ok((Some(Fragment::End), 0))
            }
            State::BodyStart { blanks } => self.first_of_body(blanks, input),
            State::LineStart { after, blanks } => self.start_of_line(after, blanks, input),
            State::HeldLine { width } => Ok((Some(self.held_line(width)?), 0)),
            State::Line(line) => self.next_of_line(line, input),
            State::Quoted { quote } => Ok(self.next_of_quoted(quote, input)),
            State::AfterQuote => self.after_quote(input),
            State::RestOfLine => Ok(self.skip_rest_of_line(input)),
            State::Raw { left } => Ok(self.next_of_raw(left, input)),
        }
    }

    /// The head that was given out last is that of a STORE which goes ahead: its next `len` bytes are
    /// content. Otherwise they are the next request.
    pub fn expect_raw(&mut self, len: u64) {
        debug_assert!(matches!(self.state, State::EndOfHead), "content follows a head");
        self.start_over();
        self.state = State::Raw { left: len };
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
            State::Head(HeadScan::Raw) => Err(FrameError::HeadUnended),
            State::Head(_) if is_raw(&self.head) => Err(FrameError::HeadUnended),
            State::Head(_) => Ok(Some(self.end_of_head())),
            State::LineStart { after, .. } => self.end_at_line_start(after, why),
            State::HeldLine { width } => self.held_line(width).map(Some),
            State::Line(line) if !line.is_padded() => Ok(Some(self.end_if_peer_stays())),
            State::BodyStart { .. } => Ok(Some(self.end_if_peer_stays())),
            State::EndOfHead => {
                self.start_with_line();
                Ok(Some(Fragment::End))
            }
            State::Line(_) => Ok(Some(self.end())),
            State::Quoted { .. } => Err(FrameError::Unended),
            State::RestOfLine => {
                self.start_over();
                Ok(None)
            }
            State::AfterQuote => Ok(None),
            State::Raw { left: 0 } => Ok(Some(self.end())),
            State::Raw { left } => Err(FrameError::ContentCut { missing: left }),
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
        match self.state {
            State::Head(_) => !self.head.is_empty(),
            State::LineStart { after: After::Name, .. } => true,
            _ => false,
        }
    }

    /// How long the peer must be quiet for [`Pause::Quiet`] to complete something; `None` where it
    /// never does.
    pub fn quiet(&self) -> Option<Duration> {
        match self.state {
            State::Head(HeadScan::Verb) if self.head.is_empty() || is_upload(&self.head) => None,
            State::Head(HeadScan::Verb) if is_raw(&self.head) => None,
            State::Head(HeadScan::Verb) if takes_no_name(&self.head) => Some(QUIET_AFTER_WORD),
            State::Head(HeadScan::Verb | HeadScan::Line) => Some(QUIET),
            State::Head(HeadScan::Name(_)) => has_bars(&self.head).then_some(QUIET),
            State::LineStart { .. } if !self.line.is_empty() => None,
            State::LineStart { after: After::Name, .. } => Some(QUIET_AFTER_NAME),
            State::LineStart { after: After::Content { is_first: true, .. }, .. } => {
                Some(QUIET_AFTER_FIRST_LINE)
            }
            State::Line(line) => line.is_padded().then_some(QUIET),
            State::EndOfHead | State::RestOfLine => Some(QUIET),
            State::Head(HeadScan::Gap | HeadScan::Raw)
            | State::Raw { .. }
            | State::BodyStart { .. }
            | State::LineStart { .. }
            | State::HeldLine { .. }
            | State::Quoted { .. }
            | State::AfterQuote => None,
        }
    }

    fn start_over(&mut self) {
        self.head.clear();
        self.line.clear();
        self.state = State::default();
    }

    /// The next request begins with `line`, a verb or nothing. What follows is scanned as after a
    /// verb that has not ended, which is right for every one: UPLOAD is held without a blank.
    fn start_with_line(&mut self) {
        mem::swap(&mut self.head, &mut self.line);
        self.line.clear();
        self.state = State::default();
    }

    fn end(&mut self) -> Fragment<'static> {
        self.start_over();
        Fragment::End
    }

    fn end_if_peer_stays(&mut self) -> Fragment<'static> {
        self.start_over();
        Fragment::EndIfPeerStays
    }

    fn next_of_head(&mut self, mut scan: HeadScan, input: &[u8]) -> Framed<'_> {
        for (position, &byte) in input.iter().enumerate() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' if self.head.is_empty() => continue,
                b' ' | b'\t' | b'\r' | b'\n'
                    if matches!(scan, HeadScan::Verb) && is_raw(&self.head) =>
                {
                    let (fragment, used) = self.next_of_raw_head(&input[position..])?;
                    return Ok((fragment, position + used));
                }
                b'\n' if self.content_may_follow(scan) => {
                    self.state = State::LineStart { after: After::Name, blanks: 0 };
                    return Ok((None, position + 1));
                }
                b'\n' => return Ok((Some(self.end_of_head()), position + 1)),
                // The carriage return of the line's end is no part of the head.
                b'\r' if self.head.len() == HEAD_LEN_MAX => {}
                _ if self.head.len() >= HEAD_LEN_MAX => return Err(self.too_long()),
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

    /// The head is that of an UPLOAD that lacks nothing but content, which its next line may have.
    fn content_may_follow(&self, scan: HeadScan) -> bool {
        let head = without_returns(&self.head);
        matches!(scan, HeadScan::Name(_))
            && head.len() < HEAD_LEN_MAX
            // Behind it the blank would belong to the name.
            && !head.ends_with(b"\\")
            && !has_bars(head)
            && Request::parse(head) == Err(ParseRequestError::MissingContent)
    }

    fn too_long(&self) -> FrameError {
        match Request::parse(&self.head) {
            Err(ParseRequestError::UnknownVerb) => {
                FrameError::NoRequest(ParseRequestError::LongLine)
            }
            Err(err) if err.code() == ErrorCode::UnknownRequest => FrameError::NoRequest(err),
            _ => FrameError::HeadTooLong,
        }
    }
}

/// A client that writes its line through a text stream may send two carriage returns.
fn without_returns(head: &[u8]) -> &[u8] {
    let len = head.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    &head[..len]
}

fn is_upload(word: &[u8]) -> bool {
    Verb::of(word) == Some(Verb::Upload)
}

fn is_raw(head: &[u8]) -> bool {
    Verb::of(without_returns(head)).is_some_and(Verb::is_raw)
}

/// A dialect has bars in place of blanks: the content that would follow is here. A name may have them too,
/// with what is no base64 behind them.
fn has_bars(head: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let bars = head.windows(2).position(|pair| pair == b"||");
    bars.is_some_and(|at| head[at + 2..].iter().all(is_text))
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
            (Self::Verb | Self::Raw | Self::Line, _) => Some(self),
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
