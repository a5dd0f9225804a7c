//! Reads a server's replies, ours and others', without holding the file they carry.

mod scanner;

use std::mem;

use memchr::memchr2;
use serde_json::{Map, Value};

use crate::{ReceivedReply, reply::ENDING};

pub use scanner::ReplyScanner;

/// Most bytes of a reply besides the file content: names for a million files.
const REPLY_LEN_MAX: usize = 64 << 20;

/// The member whose value is a file's base64 text.
const FILE_KEY: &[u8] = b"\"data_file\"";

/// Splits a byte stream into replies, and the file content out of them.
///
/// Takes any order of members, blanks between tokens and raw UTF-8. A reply is complete with its
/// closing brace: some servers send no CRLF CRLF and close, others send nothing more and wait.
#[derive(Debug, Default)]
pub struct ReplyReader {
    /// The JSON so far, with the file's text left out of its string.
    json: Vec<u8>,
    depth: usize,
    /// The next string in the outermost object is a member's name.
    expects_key: bool,
    /// Where the last member name of the outermost object starts in `json`.
    key_start: usize,
    /// The file's text has begun.
    has_file: bool,
    state: State,
}

#[derive(Debug, PartialEq)]
pub enum ReplyFragment<'a> {
    /// The next piece of the file's base64 text, never empty.
    Body(&'a [u8]),
    /// The reply is complete, up to its closing brace.
    Reply(Box<ReceivedReply>),
    /// CRLF CRLF, or something that is no part of it, follows the reply.
    Ending,
}

/// Why what came is not a reply.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReplyError {
    #[error("the server's reply is not a JSON object: it starts with {0:?}")]
    NotJson(String),
    #[error("the server's reply is malformed: {0}")]
    Malformed(String),
    #[error("the server's reply is longer than {REPLY_LEN_MAX} bytes besides the file")]
    TooLong,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Before the opening brace.
    #[default]
    Start,
    Between,
    String {
        escaped: bool,
    },
    /// In the file's base64 text.
    File {
        escaped: bool,
    },
    /// After the closing brace, so many bytes into CRLF CRLF.
    Ending(usize),
}

type Read<'a> = Result<(Option<ReplyFragment<'a>>, usize), ReplyError>;

impl ReplyReader {
    /// The next fragment at the front of `input`, and how much of it was used up.
    ///
    /// `None` asks for more bytes. An error is final.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> Read<'a> {
        let mut used = 0;
        while let Some(&byte) = input.get(used) {
            match self.state {
                State::File { escaped: false } => {
                    let (body, body_len) = self.file_text(&input[used..]);
                    used += body_len;
                    if !body.is_empty() {
                        return Ok((Some(ReplyFragment::Body(body)), used));
                    }
                }
                State::File { escaped: true } => {
                    used += 1;
                    if let Some(body) = self.escaped_file_text(&input[used - 1..used])? {
                        return Ok((Some(ReplyFragment::Body(body)), used));
                    }
                }
                State::Ending(seen) => {
                    if let Some(len) = self.ending(seen, byte) {
                        return Ok((Some(ReplyFragment::Ending), used + len));
                    }
                    used += 1;
                }
                State::Start | State::Between | State::String { .. } => {
                    used += 1;
                    if self.json_byte(byte, input)? {
                        return Ok((Some(self.complete()?), used));
                    }
                }
            }
        }
        Ok((None, used))
    }

    /// How long the file is whose text has begun, where the reply said so before.
    pub fn announced_size(&self) -> Option<u64> {
        // What has come so far is whole members and, after a file's text has begun, its name and quotes.
        let whole = [self.json.as_slice(), b"}"].concat();
        let members: Map<String, Value> = serde_json::from_slice(&whole).ok()?;
        members.get("data_size")?.as_u64()
    }

    /// Nothing of a reply has come, or only stray blanks.
    pub fn is_between_replies(&self) -> bool {
        matches!(self.state, State::Start | State::Ending(_))
    }

    /// Takes a byte outside the file's text; true with the reply's last.
    fn json_byte(&mut self, byte: u8, input: &[u8]) -> Result<bool, ReplyError> {
        if self.json.len() >= REPLY_LEN_MAX {
            return Err(ReplyError::TooLong);
        }
        match self.state {
            State::Start if byte.is_ascii_whitespace() => return Ok(false),
            State::Start if byte != b'{' => return Err(not_json(input)),
            State::String { escaped: true } => self.state = State::String { escaped: false },
            State::String { escaped: false } if byte == b'\\' => {
                self.state = State::String { escaped: true };
            }
            State::String { escaped: false } if byte == b'"' => self.state = State::Between,
            State::String { escaped: false } => {}
            _ => self.token(byte),
        }
        self.json.push(byte);
        if matches!(self.state, State::File { .. }) {
            self.begin_file()?;
        }
        Ok(self.depth == 0)
    }

    fn token(&mut self, byte: u8) {
        self.state = State::Between;
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.expects_key |= self.depth == 1;
            }
            b'}' | b']' => self.depth -= 1,
            b',' if self.depth == 1 => self.expects_key = true,
            b'"' if self.depth == 1 && !self.expects_key && self.key_is_file() => {
                self.state = State::File { escaped: false };
            }
            b'"' => {
                if self.depth == 1 && self.expects_key {
                    self.key_start = self.json.len();
                    self.expects_key = false;
                }
                self.state = State::String { escaped: false };
            }
            _ => {}
        }
    }

    fn begin_file(&mut self) -> Result<(), ReplyError> {
        // Whoever took both texts for one would have a file that nobody sent.
        if mem::replace(&mut self.has_file, true) {
            return Err(ReplyError::Malformed("it holds two files".to_owned()));
        }
        self.json.push(b'"');
        Ok(())
    }

    fn key_is_file(&self) -> bool {
        self.json[self.key_start..].starts_with(FILE_KEY)
    }

    /// The text before the next quote or backslash, and how far to go on.
    fn file_text<'a>(&mut self, input: &'a [u8]) -> (&'a [u8], usize) {
        match memchr2(b'"', b'\\', input) {
            None => (input, input.len()),
            Some(end) => {
                self.state =
                    if input[end] == b'"' { State::Between } else { State::File { escaped: true } };
                (&input[..end], end + 1)
            }
        }
    }

    /// Other servers may escape the slash, or break lines as MIME does.
    fn escaped_file_text<'a>(&mut self, byte: &'a [u8]) -> Result<Option<&'a [u8]>, ReplyError> {
        self.state = State::File { escaped: false };
        match byte {
            b"/" => Ok(Some(byte)),
            b"n" | b"r" => Ok(None),
            _ => Err(ReplyError::Malformed("an escape inside the file content".to_owned())),
        }
    }

    /// `Some` when the ending is over, with how many bytes of it are used now.
    fn ending(&mut self, seen: usize, byte: u8) -> Option<usize> {
        if byte != ENDING[seen] {
            self.state = State::Start;
            return Some(0);
        }
        if seen + 1 < ENDING.len() {
            self.state = State::Ending(seen + 1);
            return None;
        }
        self.state = State::Start;
        Some(1)
    }

    fn complete(&mut self) -> Result<ReplyFragment<'static>, ReplyError> {
        let members: Map<String, Value> = serde_json::from_slice(&self.json)
            .map_err(|source| ReplyError::Malformed(source.to_string()))?;
        // Text that is still here was not given out: its key was spelled with escapes.
        if members.get("data_file").and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
            return Err(ReplyError::Malformed("the key of its file is escaped".to_owned()));
        }
        *self = Self { state: State::Ending(0), ..Self::default() };
        Ok(ReplyFragment::Reply(Box::new(ReceivedReply::new(members))))
    }
}

fn not_json(input: &[u8]) -> ReplyError {
    let start = input.trim_ascii_start();
    ReplyError::NotJson(String::from_utf8_lossy(&start[..start.len().min(40)]).into_owned())
}

#[cfg(test)]
mod tests;
