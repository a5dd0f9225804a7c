//! Finds where a reply ends while it passes through, and what it says of itself.

use memchr::memchr3;

use super::{REPLY_LEN_MAX, ReplyError, not_json};
use crate::{ContentLength, reply::ENDING};

/// Names and values that are longer are none that matter here.
const WORD_LEN_MAX: usize = 32;

/// Finds the end of one reply in a byte stream. Holds none of it but a few short words, and looks at each
/// byte once.
///
/// It takes more than JSON for a reply: nothing is checked but what its end depends on, for whoever looks
/// for the closing brace and for whoever looks for CRLF CRLF.
#[derive(Debug, Default)]
pub struct ReplyScanner {
    depth: usize,
    /// The next string in the outermost object is a member's name.
    expects_key: bool,
    member: Member,
    /// The string under way, where it matters.
    word: Vec<u8>,
    is_ok: Option<bool>,
    code: Option<String>,
    content: ContentLength,
    /// Bytes besides the file's text.
    other_len: usize,
    /// Bytes of CRLF CRLF that came last, outside of texts.
    ending_len: usize,
    state: State,
}

/// The member of the outermost object whose value comes next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Member {
    #[default]
    Other,
    Status,
    Code,
    File,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Before the opening brace.
    #[default]
    Start,
    Between,
    String {
        text: Text,
        is_escaped: bool,
    },
    /// After the closing brace.
    Ending,
    /// Whatever comes is no part of the reply.
    Over,
}

/// What a string is.
#[derive(Clone, Copy, Debug)]
enum Text {
    Key,
    Value(Member),
    /// Deeper inside.
    Inner,
}

impl ReplyScanner {
    /// Looks at what came next; returns how much of it belongs to the reply and its ending. What follows
    /// belongs to nothing that was asked for.
    pub fn scan(&mut self, input: &[u8]) -> Result<usize, ReplyError> {
        let mut used = 0;
        while used < input.len() && !self.is_over() {
            let rest = &input[used..];
            let len = match self.state {
                State::String { text, is_escaped: false } => self.string(text, rest)?,
                State::String { text, is_escaped: true } => self.escaped(text, rest[0]),
                State::Ending => self.ending(rest[0]),
                State::Start | State::Between | State::Over => self.token(rest[0], rest)?,
            };
            if self.other_len > REPLY_LEN_MAX {
                return Err(ReplyError::TooLong);
            }
            used += len;
        }
        Ok(used)
    }

    /// Its closing brace has come.
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Ending | State::Over)
    }

    /// Its ending has come too, or something that is none.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// What has not come of the ending of a whole reply.
    pub fn missing_ending(&self) -> &'static [u8] {
        if self.is_whole() { &ENDING[self.ending_len..] } else { &[] }
    }

    /// Whether its status is a good one, as far as it has come.
    pub fn is_ok(&self) -> Option<bool> {
        self.is_ok
    }

    /// The code of the error, as far as it has come.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// How much of a file's content has come.
    pub fn content_len(&self) -> u64 {
        self.content.bytes()
    }

    fn token(&mut self, byte: u8, rest: &[u8]) -> Result<usize, ReplyError> {
        self.other_len += 1;
        self.expect_no_ending(byte)?;
        match (self.state, byte) {
            (State::Start, b'{') => {
                (self.state, self.depth, self.expects_key) = (State::Between, 1, true);
            }
            (State::Start, _) if byte.is_ascii_whitespace() => {}
            (State::Start, _) => return Err(not_json(rest)),
            (_, b'{' | b'[') => self.depth += 1,
            (_, b'}' | b']') => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = State::Ending;
                }
            }
            (_, b',') if self.depth == 1 => (self.expects_key, self.member) = (true, Member::Other),
            (_, b'"') => self.begin_string(),
            (_, b',' | b':' | b'+' | b'-' | b'.') => {}
            _ if byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() => {}
            _ => {
                let byte = byte.escape_ascii();
                return Err(ReplyError::Malformed(format!("{byte} stands outside of all texts")));
            }
        }
        Ok(1)
    }

    /// Some clients would take what follows for the reply to their next request.
    fn expect_no_ending(&mut self, byte: u8) -> Result<(), ReplyError> {
        let ending_len = match byte == ENDING[self.ending_len] {
            true => self.ending_len + 1,
            false => usize::from(byte == ENDING[0]),
        };
        if ending_len == ENDING.len() {
            return Err(ReplyError::Malformed("CRLF CRLF stands before its end".to_owned()));
        }
        self.ending_len = ending_len;
        Ok(())
    }

    fn begin_string(&mut self) {
        self.word.clear();
        let text = match self.depth {
            1 if self.expects_key => Text::Key,
            1 => Text::Value(self.member),
            _ => Text::Inner,
        };
        self.state = State::String { text, is_escaped: false };
    }

    fn string(&mut self, text: Text, input: &[u8]) -> Result<usize, ReplyError> {
        let end = memchr3(b'"', b'\\', b'\n', input);
        self.take(text, &input[..end.unwrap_or(input.len())]);
        let Some(end) = end else { return Ok(input.len()) };
        self.other_len += 1;
        match input[end] {
            b'\\' => self.state = State::String { text, is_escaped: true },
            b'\n' => return Err(ReplyError::Malformed("a line ends within a text".to_owned())),
            _ => self.end_string(text),
        }
        Ok(end + 1)
    }

    /// Other servers may escape the slash, or break lines as MIME does.
    fn escaped(&mut self, text: Text, byte: u8) -> usize {
        match byte {
            b'n' | b'r' => self.other_len += 1,
            _ => self.take(text, &[byte]),
        }
        self.state = State::String { text, is_escaped: false };
        1
    }

    fn take(&mut self, text: Text, piece: &[u8]) {
        if let Text::Value(Member::File) = text {
            return self.content.take(piece);
        }
        self.other_len += piece.len();
        if matches!(text, Text::Key | Text::Value(Member::Status | Member::Code)) {
            let room = WORD_LEN_MAX - self.word.len();
            self.word.extend_from_slice(&piece[..piece.len().min(room)]);
        }
    }

    fn end_string(&mut self, text: Text) {
        self.state = State::Between;
        match text {
            Text::Key => {
                self.expects_key = false;
                self.member = match self.word.as_slice() {
                    b"status" => Member::Status,
                    b"code" => Member::Code,
                    b"data_file" => Member::File,
                    _ => Member::Other,
                };
            }
            Text::Value(Member::Status) => {
                let is = |word: &[u8]| self.word.eq_ignore_ascii_case(word);
                self.is_ok = Some(is(b"ok") || is(b"success"));
            }
            Text::Value(Member::Code) => {
                self.code = Some(String::from_utf8_lossy(&self.word).into_owned());
            }
            Text::Value(Member::File | Member::Other) | Text::Inner => {}
        }
    }

    fn ending(&mut self, byte: u8) -> usize {
        let is_next = byte == ENDING[self.ending_len];
        self.ending_len += usize::from(is_next);
        if !is_next || self.ending_len == ENDING.len() {
            self.state = State::Over;
        }
        usize::from(is_next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(pieces: &[&[u8]]) -> (ReplyScanner, usize) {
        let mut scanner = ReplyScanner::default();
        let used = pieces.iter().map(|piece| scanner.scan(piece).unwrap()).sum();
        (scanner, used)
    }

    #[test]
    fn a_reply_ends_with_its_ending_wherever_it_is_cut() {
        let wire = b"{\"status\":\"OK\",\"data\":[\"}\",{\"code\":\"no\"}],\"x\":\"\\\"\",\"data_file\":\"aGVsbG8=\"}\r\n\r\nPING";
        let len = wire.len() - b"PING".len();
        for cut in 0..wire.len() {
            let (scanner, used) = scanned(&[&wire[..cut], &wire[cut..]]);
            assert_eq!((used, scanner.is_over()), (len, true), "cut at {cut}");
            assert_eq!((scanner.is_ok(), scanner.code()), (Some(true), None), "cut at {cut}");
            assert_eq!(scanner.content_len(), 5, "cut at {cut}");
        }
    }

    #[test]
    fn an_error_is_known_before_its_end() {
        let (scanner, _) = scanned(&[b"{\"status\": \"ERROR\", \"data\""]);
        assert_eq!((scanner.is_ok(), scanner.is_whole()), (Some(false), false));
        let (scanner, _) = scanned(&[b"{\"code\":\"busy\",\"status\":\"ERROR\"}"]);
        assert_eq!((scanner.is_ok(), scanner.code()), (Some(false), Some("busy")));
        assert_eq!((scanner.is_whole(), scanner.missing_ending()), (true, ENDING));
    }

    #[test]
    fn a_reply_without_an_ending_is_over_where_something_else_comes() {
        let (scanner, used) = scanned(&[b"{}\r\n{}"]);
        assert_eq!((used, scanner.is_over(), scanner.missing_ending()), (4, true, &b"\r\n"[..]));
        let (scanner, _) = scanned(&[b"{}\r\n"]);
        assert_eq!((scanner.is_over(), scanner.missing_ending()), (false, &b"\r\n"[..]));
    }

    #[test]
    fn a_reply_that_some_would_take_for_two_is_none() {
        for ended in [
            &b"\r\n\r\n{}"[..],
            b"{\r\r\n\r\n}",
            b"{\"a\":1,\r\n\r\n\"b\":2}",
            b"{\"a\":\"b\r\n\r\nc\"}",
            b"{\"data_file\":\"aGVs\nbG8=\"}",
        ] {
            for cut in 0..ended.len() {
                let mut scanner = ReplyScanner::default();
                let scanned = scanner.scan(&ended[..cut]).and_then(|_| scanner.scan(&ended[cut..]));
                assert!(scanned.is_err(), "{} cut at {cut}", ended.escape_ascii());
            }
        }
        let (scanner, _) = scanned(&[b"\r\n{\r\n \r\n\"a\":\r\n1\r\n}\r\n\r\n"]);
        assert!(scanner.is_over() && scanner.missing_ending().is_empty());
    }

    #[test]
    fn nonsense_is_no_reply() {
        for nonsense in [&b"HTTP/1.1 400"[..], b"\x16\x03", b"[1]", b"{\"a\":<b>", b"{\0"] {
            assert!(ReplyScanner::default().scan(nonsense).is_err(), "{}", nonsense.escape_ascii());
        }
        let long = [b"{\"data\":\"".to_vec(), vec![b'a'; REPLY_LEN_MAX]].concat();
        assert_eq!(ReplyScanner::default().scan(&long), Err(ReplyError::TooLong));
    }
}
