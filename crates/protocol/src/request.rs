//! Requests: what a client can ask for.

mod conduct;
mod echo_text;
mod fields;
mod subject;
mod transfer;
mod version;

use crate::{
    ErrorCode, FileName, FileNameError, Token, TokenError, Verb,
    quoting::{self, is_blank},
};

pub use conduct::Conduct;
pub use echo_text::{ECHO_LEN_MAX, EchoText, EchoTextError};
pub use fields::FieldError;
pub use subject::subject;
pub use transfer::{Fetch, PartId, Store};
pub use version::Version;

/// What a client can ask for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    List,
    /// `LIST -l`: the names with the sizes.
    ListSizes,
    Get(FileName),
    /// The bytes of the file follow as the body of the frame.
    Upload(FileName),
    Delete(FileName),
    Echo(EchoText),
    /// The bytes that are asked for follow the reply.
    Fetch(Fetch),
    /// The bytes of the file follow once a go-ahead has come.
    Store(Store),
    Stats,
    Ping,
    Digest(FileName),
    /// Who is asking; comes before any other request where the server wants to know.
    Auth(Token),
}

/// Why a head is not a request. Its text is sent to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseRequestError {
    /// The original server's words: clients compare them.
    #[error("request tidak dikenali")]
    UnknownVerb,
    // What follows no client of the original sends, so that more than its words can be said.
    #[error("request tidak dikenali: requests are text here, for example GET name")]
    Json,
    #[error("request tidak dikenali: this is how Python shows bytes; send the bytes themselves")]
    PythonBytes,
    /// Of more bytes than a head may have.
    #[error("request tidak dikenali: a request starts with LIST, GET, UPLOAD or DELETE")]
    LongLine,
    #[error("{0} takes no file name")]
    UnexpectedName(Verb),
    #[error("{0} takes one file name; a name with spaces goes in quotes")]
    ExtraWords(Verb),
    #[error("a quote in the file name is not closed")]
    UnclosedQuote,
    #[error(
        "UPLOAD needs a blank after the file name and then the content; \
         \"\" stands for an empty file"
    )]
    MissingContent,
    #[error(transparent)]
    FileName(#[from] FileNameError),
    #[error(transparent)]
    EchoText(#[from] EchoTextError),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl ParseRequestError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownVerb | Self::Json | Self::PythonBytes | Self::LongLine => {
                ErrorCode::UnknownRequest
            }
            Self::UnexpectedName(_)
            | Self::ExtraWords(_)
            | Self::MissingContent
            | Self::EchoText(_)
            | Self::Field(_)
            | Self::Token(_) => ErrorCode::BadRequest,
            Self::UnclosedQuote | Self::FileName(_) => ErrorCode::BadName,
        }
    }
}

impl Request {
    /// Reads a head: a verb in any case, then at most one name, and behind that of a FETCH or STORE its
    /// fields; or the text of an ECHO as it stands.
    ///
    /// The head of an UPLOAD ends with the blank that separates the name from the content; without
    /// it there is no content.
    pub fn parse(head: &[u8]) -> Result<Self, ParseRequestError> {
        let (word, behind) = split_verb(head);
        let Some(verb) = Verb::of(word) else { return Err(no_verb(word)) };
        let rest = without_blanks(behind);
        match verb {
            Verb::List if rest.trim_ascii_end() == b"-l" => Ok(Self::ListSizes),
            Verb::List => no_name(verb, rest, Self::List),
            Verb::Stats => no_name(verb, rest, Self::Stats),
            Verb::Ping => no_name(verb, rest, Self::Ping),
            Verb::Get => Ok(Self::Get(one_name(verb, rest)?)),
            Verb::Delete => Ok(Self::Delete(one_name(verb, rest)?)),
            Verb::Digest => Ok(Self::Digest(one_name(verb, rest)?)),
            Verb::Echo => Ok(Self::Echo(EchoText::from_bytes(without_first_blank(behind))?)),
            Verb::Fetch => {
                let (name, fields) = name_and_rest(rest)?;
                Ok(Self::Fetch(Fetch::parse(name, fields)?))
            }
            Verb::Store => {
                let (name, fields) = name_and_rest(rest)?;
                Ok(Self::Store(Store::parse(name, fields)?))
            }
            Verb::Auth => Ok(Self::Auth(Token::from_bytes(rest.trim_ascii_end())?)),
            Verb::Upload => Ok(Self::Upload(name_before_content(rest)?)),
        }
    }

    pub fn verb(&self) -> Verb {
        match self {
            Self::List | Self::ListSizes => Verb::List,
            Self::Get(_) => Verb::Get,
            Self::Upload(_) => Verb::Upload,
            Self::Delete(_) => Verb::Delete,
            Self::Echo(_) => Verb::Echo,
            Self::Fetch(_) => Verb::Fetch,
            Self::Store(_) => Verb::Store,
            Self::Stats => Verb::Stats,
            Self::Ping => Verb::Ping,
            Self::Digest(_) => Verb::Digest,
            Self::Auth(_) => Verb::Auth,
        }
    }

    /// The file that it is about.
    pub fn file_name(&self) -> Option<&FileName> {
        match self {
            Self::Get(name) | Self::Upload(name) | Self::Delete(name) | Self::Digest(name) => {
                Some(name)
            }
            Self::Fetch(fetch) => Some(&fetch.name),
            Self::Store(store) => Some(&store.name),
            Self::List
            | Self::ListSizes
            | Self::Echo(_)
            | Self::Stats
            | Self::Ping
            | Self::Auth(_) => None,
        }
    }

    /// The head as a client sends it, without the line ending, which is CR LF CR LF after a FETCH or
    /// STORE. After an UPLOAD follow a space and the content.
    pub fn to_wire(&self) -> String {
        let verb = self.verb();
        match self {
            Self::List | Self::Stats | Self::Ping => verb.to_string(),
            Self::ListSizes => format!("{verb} -l"),
            Self::Get(name) | Self::Upload(name) | Self::Delete(name) | Self::Digest(name) => {
                format!("{verb} {}", name.quoted())
            }
            Self::Echo(text) => format!("{verb} {text}"),
            Self::Fetch(fetch) => format!("{verb} {fetch}"),
            Self::Store(store) => format!("{verb} {store}"),
            Self::Auth(token) => format!("{verb} {}", token.reveal()),
        }
    }
}

/// What a head is that begins with no verb.
fn no_verb(word: &[u8]) -> ParseRequestError {
    match word {
        [b'{' | b'[', ..] => ParseRequestError::Json,
        [b'B' | b'b', b'\'' | b'"', ..] => ParseRequestError::PythonBytes,
        _ => ParseRequestError::UnknownVerb,
    }
}

/// The first word of a head and what follows it, whether that is a request or not.
pub fn verb_and_rest(head: &[u8]) -> (&[u8], &[u8]) {
    let (verb, behind) = split_verb(head);
    (verb, without_blanks(behind))
}

/// The same with all blanks that stand between the two, at the start of the second.
fn split_verb(head: &[u8]) -> (&[u8], &[u8]) {
    let head = without_blanks(head);
    let verb_len = head.iter().position(|byte| is_blank(*byte)).unwrap_or(head.len());
    head.split_at(verb_len)
}

/// `text` from its first word on.
fn without_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    &text[start..]
}

/// What stands behind a verb, whose blanks but the first belong to it.
fn without_first_blank(behind: &[u8]) -> &[u8] {
    behind.get(1..).unwrap_or_default()
}

fn no_name(verb: Verb, rest: &[u8], request: Request) -> Result<Request, ParseRequestError> {
    if rest.is_empty() { Ok(request) } else { Err(ParseRequestError::UnexpectedName(verb)) }
}

fn one_name(verb: Verb, rest: &[u8]) -> Result<FileName, ParseRequestError> {
    let (name, after) = quoting::unquote_word(rest).ok_or(ParseRequestError::UnclosedQuote)?;
    if after.is_some_and(|after| !after.trim_ascii().is_empty()) {
        return Err(ParseRequestError::ExtraWords(verb));
    }
    Ok(FileName::from_bytes(&name)?)
}

/// The name, and what stands behind the blank after it.
fn name_and_rest(rest: &[u8]) -> Result<(FileName, &[u8]), ParseRequestError> {
    let (name, after) = quoting::unquote_word(rest).ok_or(ParseRequestError::UnclosedQuote)?;
    Ok((FileName::from_bytes(&name)?, after.unwrap_or_default()))
}

fn name_before_content(rest: &[u8]) -> Result<FileName, ParseRequestError> {
    let (name, content) = quoting::unquote_word(rest).ok_or(ParseRequestError::UnclosedQuote)?;
    if content.is_none() && !name.is_empty() {
        return Err(ParseRequestError::MissingContent);
    }
    Ok(FileName::from_bytes(&name)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HEAD_LEN_MAX;

    fn name(name: &str) -> FileName {
        name.parse().unwrap()
    }

    #[test]
    fn verbs_match_in_any_case_and_names_keep_theirs() {
        assert_eq!(Request::parse(b"list"), Ok(Request::List));
        assert_eq!(Request::parse(b"list  -l "), Ok(Request::ListSizes));
        assert_eq!(Request::parse(b"Get A.txt"), Ok(Request::Get(name("A.txt"))));
        assert_eq!(Request::parse(b"delete  b "), Ok(Request::Delete(name("b"))));
        assert_eq!(Request::parse(b"UPLOAD 'a b' "), Ok(Request::Upload(name("a b"))));
    }

    #[test]
    fn the_text_of_an_echo_is_all_that_follows_one_blank() {
        let longest = format!("ECHO {}", "x".repeat(ECHO_LEN_MAX));
        assert_eq!(longest.len(), HEAD_LEN_MAX);
        for (head, text) in [
            ("ECHO halo", "halo"),
            ("echo\t\"two  words\" ", "\"two  words\" "),
            (" Echo   it's", "  it's"),
            ("ECHO h\u{e9}\rllo \0", "h\u{e9}\rllo \0"),
            ("ECHO ", ""),
            ("ECHO", ""),
            (&longest, &longest[5..]),
        ] {
            let Ok(Request::Echo(echo)) = Request::parse(head.as_bytes()) else {
                panic!("{head} is no ECHO")
            };
            assert_eq!(echo.as_str(), text, "{head}");
        }
    }

    #[test]
    fn each_malformed_head_has_its_reason() {
        use ParseRequestError::*;
        let cases: [(&[u8], ParseRequestError); 15] = [
            (b"HELLO", UnknownVerb),
            // What is no blank to the framer is none here: this line has no content.
            (b"UPLOAD\x0ca.txt aGVsbG8=", UnknownVerb),
            (b"\x0cUPLOAD a.txt aGVsbG8=", UnknownVerb),
            (b"\xff\xfe", UnknownVerb),
            (b"LIST a", UnexpectedName(Verb::List)),
            (b"LIST -l a", UnexpectedName(Verb::List)),
            (b"GET", FileName(FileNameError::Empty)),
            (b"GET \"\"", FileName(FileNameError::Empty)),
            (b"GET my file", ExtraWords(Verb::Get)),
            (b"GET \"a", UnclosedQuote),
            (b"UPLOAD a.txt", MissingContent),
            (b"ECHO \xff", EchoText(EchoTextError::NotUtf8)),
            (b"AUTH", Token(TokenError::Empty)),
            (b"AUTH one two", Token(TokenError::ForbiddenCharacter)),
            (b"GET ../x", FileName(FileNameError::ForbiddenCharacter('/'))),
        ];
        for (head, reason) in cases {
            assert_eq!(Request::parse(head), Err(reason), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_a_client_writes_is_what_the_server_reads() {
        for request in [
            Request::List,
            Request::ListSizes,
            Request::Stats,
            Request::Ping,
            Request::Get(name("my file")),
            Request::Delete(name("it's \"x\"")),
            Request::Digest(name("a.bin")),
            Request::Echo(" \"quoted\"  and blank ".parse().unwrap()),
            Request::Echo("".parse().unwrap()),
            Request::Auth("s3cret-\"x\"".parse().unwrap()),
        ] {
            assert_eq!(Request::parse(request.to_wire().as_bytes()), Ok(request));
        }
        let upload = Request::Upload(name("a b"));
        assert_eq!(Request::parse(format!("{} ", upload.to_wire()).as_bytes()), Ok(upload));
    }
}
