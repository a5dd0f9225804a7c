//! Replies: one JSON object, then CRLF CRLF, then nothing.

mod feature;

use std::fmt::Display;

use serde::{
    Deserialize, Serialize, Serializer,
    de::value::{self, StrDeserializer},
};

use crate::{EchoText, FileName, Stats, json, request::Version};

pub use feature::Feature;

/// What ends every reply.
pub const ENDING: &[u8] = b"\r\n\r\n";

/// What follows the base64 text of a file, after [`file_prefix`].
pub const FILE_SUFFIX: &[u8] = b"\"}\r\n\r\n";

/// What a server answers; the reply to a GET is [`file_prefix`], the content, [`FILE_SUFFIX`]; behind
/// that to a FETCH come its bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    List(Vec<FileName>),
    Sizes(Vec<ListedFile>),
    Uploaded {
        name: FileName,
        size: u64,
    },
    Deleted {
        name: FileName,
    },
    Echo(EchoText),
    /// Followed by `length` bytes of the file, from `offset` on.
    Fetched {
        name: FileName,
        /// Of the whole file.
        size: u64,
        offset: u64,
        length: u64,
        version: Version,
    },
    /// The content of a STORE may come, from `offset` on.
    GoAhead {
        offset: u64,
    },
    Stored {
        name: FileName,
        size: u64,
        digest: String,
    },
    Stats(Box<Stats>),
    /// With what a client may ask for besides the verbs that every server knows.
    Pong(Vec<Feature>),
    Digest {
        name: FileName,
        size: u64,
        digest: String,
    },
    /// The token was accepted; the sentence says whose it is and what it allows.
    Authenticated {
        sentence: String,
    },
    /// A list that a balancer made of the lists of several servers, without those of the ones that are named.
    Partial {
        list: Box<Self>,
        missing: Vec<String>,
    },
    Error {
        code: ErrorCode,
        sentence: String,
    },
}

/// A stored file in the list with sizes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ListedFile {
    #[serde(rename = "filename")]
    pub name: FileName,
    pub size: u64,
}

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    UnknownRequest,
    BadRequest,
    BadName,
    NotFound,
    Exists,
    BadBase64,
    HeadTooLong,
    /// The file ends before the place that was asked for.
    BadRange,
    /// The file is no longer the version that was asked for.
    Changed,
    TooLarge,
    NoSpace,
    ReadOnly,
    /// As many connections as the server takes are open.
    Busy,
    /// The client was silent for too long.
    Timeout,
    /// An upload stopped before its end.
    Unended,
    /// Behind a balancer: no server that has the answer can be reached.
    Unavailable,
    /// The server wants a token first.
    AuthRequired,
    /// The server knows no such token.
    AuthFailed,
    /// The token does not allow this.
    Forbidden,
    /// The connection has made as many requests as one may.
    TooManyRequests,
    Internal,
}

impl ErrorCode {
    /// What is meant by a code as it is sent; `None` for those of other servers.
    pub fn of(code: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<value::Error>::new(code)).ok()
    }

    /// As it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownRequest => "unknown-request",
            Self::BadRequest => "bad-request",
            Self::BadName => "bad-name",
            Self::NotFound => "not-found",
            Self::Exists => "exists",
            Self::BadBase64 => "bad-base64",
            Self::HeadTooLong => "head-too-long",
            Self::BadRange => "bad-range",
            Self::Changed => "changed",
            Self::TooLarge => "too-large",
            Self::NoSpace => "no-space",
            Self::ReadOnly => "read-only",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Unended => "unended",
            Self::Unavailable => "unavailable",
            Self::AuthRequired => "auth-required",
            Self::AuthFailed => "auth-failed",
            Self::Forbidden => "forbidden",
            Self::TooManyRequests => "too-many-requests",
            Self::Internal => "internal",
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Reply {
    pub fn error(code: ErrorCode, sentence: impl ToString) -> Self {
        Self::Error { code, sentence: sentence.to_string() }
    }

    /// To an upload whose content stopped coming before its end.
    pub fn unended(why: impl Display) -> Self {
        let sentence = format!(
            "the upload did not end: {why}; nothing was stored; a line ending and a blank line end it, \
             or a closing quote where the content is quoted"
        );
        Self::Error { code: ErrorCode::Unended, sentence }
    }

    /// To an upload whose content came too slowly.
    pub fn too_slow(why: impl Display) -> Self {
        Self::error(
            ErrorCode::Timeout,
            format!("the upload was too slow: {why}; nothing was stored"),
        )
    }

    /// The whole reply, its ending included. Its size follows the number of files or workers it
    /// names.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut wire = json::to_ascii(&Fields::from(self));
        wire.extend_from_slice(ENDING);
        wire
    }
}

/// The start of the reply to a GET of `size` bytes, up to the quote before the base64 text.
pub fn file_prefix(name: &FileName, size: u64) -> Vec<u8> {
    let mut prefix = br#"{"status":"OK","data_namafile":"#.to_vec();
    prefix.extend_from_slice(&json::to_ascii(&name));
    prefix.extend_from_slice(format!(r#","data_size":{size},"data_file":""#).as_bytes());
    prefix
}

/// A reply's members in the order of the wire.
#[derive(Serialize)]
struct Fields<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a [ListedFile]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_namafile: Option<&'a FileName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_version: Option<&'a Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_features: Option<&'a [Feature]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_digest: Option<&'a str>,
    /// Whose files a list lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Text(&'a str),
    Sentence(String),
    Names(&'a [FileName]),
    Stats(&'a Stats),
}

impl<'a> From<&'a Reply> for Fields<'a> {
    fn from(reply: &'a Reply) -> Self {
        let ok = |data| Fields {
            status: "OK",
            data,
            files: None,
            data_namafile: None,
            data_size: None,
            data_offset: None,
            data_length: None,
            data_version: None,
            data_features: None,
            data_digest: None,
            missing: None,
            code: None,
        };
        match reply {
            Reply::List(names) => ok(Some(Data::Names(names))),
            Reply::Sizes(files) => Self { files: Some(files), ..ok(None) },
            Reply::Stats(stats) => ok(Some(Data::Stats(stats))),
            Reply::Echo(text) => ok(Some(Data::Text(text.as_str()))),
            Reply::Pong(features) => Self {
                data_features: (!features.is_empty()).then_some(features),
                ..ok(Some(Data::Text("pong")))
            },
            Reply::Fetched { name, size, offset, length, version } => Self {
                data_namafile: Some(name),
                data_size: Some(*size),
                data_offset: Some(*offset),
                data_length: Some(*length),
                data_version: Some(version),
                ..ok(None)
            },
            Reply::GoAhead { offset } => Self { data_offset: Some(*offset), ..ok(None) },
            Reply::Stored { name, size, digest } => Self {
                data_namafile: Some(name),
                data_size: Some(*size),
                data_digest: Some(digest),
                ..ok(Some(Data::Sentence(format!("{name} stored, {size} bytes"))))
            },
            Reply::Authenticated { sentence } => ok(Some(Data::Text(sentence))),
            Reply::Uploaded { name, size } => Self {
                data_namafile: Some(name),
                data_size: Some(*size),
                ..ok(Some(Data::Sentence(format!("{name} stored, {size} bytes"))))
            },
            Reply::Deleted { name } => Self {
                data_namafile: Some(name),
                ..ok(Some(Data::Sentence(format!("{name} deleted"))))
            },
            Reply::Digest { name, size, digest } => Self {
                data_namafile: Some(name),
                data_size: Some(*size),
                data_digest: Some(digest),
                ..ok(None)
            },
            Reply::Partial { list, missing } => {
                Self { missing: Some(missing), ..Self::from(&**list) }
            }
            Reply::Error { code, sentence } => {
                Self { status: "ERROR", code: Some(*code), ..ok(Some(Data::Text(sentence))) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(reply: &Reply) -> String {
        String::from_utf8(reply.to_wire()).unwrap()
    }

    #[test]
    fn replies_have_the_members_and_the_order_of_the_protocol() {
        let name: FileName = "a.txt".parse().unwrap();
        let names = vec![name.clone(), "é".parse().unwrap()];
        let digest = "blake3:00".to_owned();
        for (reply, expected) in [
            (Reply::List(names), r#"{"status":"OK","data":["a.txt","\u00e9"]}"#),
            (
                Reply::Sizes(vec![ListedFile { name: name.clone(), size: 5 }]),
                r#"{"status":"OK","files":[{"filename":"a.txt","size":5}]}"#,
            ),
            (
                Reply::Uploaded { name: name.clone(), size: 5 },
                r#"{"status":"OK","data":"a.txt stored, 5 bytes","data_namafile":"a.txt","data_size":5}"#,
            ),
            (
                Reply::Deleted { name: name.clone() },
                r#"{"status":"OK","data":"a.txt deleted","data_namafile":"a.txt"}"#,
            ),
            (Reply::Echo("é \"a\" ".parse().unwrap()), r#"{"status":"OK","data":"\u00e9 \"a\" "}"#),
            (Reply::Pong(vec![]), r#"{"status":"OK","data":"pong"}"#),
            (
                Reply::Pong(Feature::ALL.to_vec()),
                r#"{"status":"OK","data":"pong","data_features":["fetch","store"]}"#,
            ),
            (
                Reply::Fetched {
                    name: name.clone(),
                    size: 5,
                    offset: 2,
                    length: 3,
                    version: "v-1".parse().unwrap(),
                },
                r#"{"status":"OK","data_namafile":"a.txt","data_size":5,"data_offset":2,"data_length":3,"data_version":"v-1"}"#,
            ),
            (Reply::GoAhead { offset: 0 }, r#"{"status":"OK","data_offset":0}"#),
            (
                Reply::Stored { name: name.clone(), size: 5, digest: digest.clone() },
                r#"{"status":"OK","data":"a.txt stored, 5 bytes","data_namafile":"a.txt","data_size":5,"data_digest":"blake3:00"}"#,
            ),
            (
                Reply::Digest { name, size: 5, digest },
                r#"{"status":"OK","data_namafile":"a.txt","data_size":5,"data_digest":"blake3:00"}"#,
            ),
            (
                Reply::Authenticated { sentence: "welcome".to_owned() },
                r#"{"status":"OK","data":"welcome"}"#,
            ),
            (
                Reply::Partial {
                    list: Box::new(Reply::List(vec!["a.txt".parse().unwrap()])),
                    missing: vec!["b".to_owned()],
                },
                r#"{"status":"OK","data":["a.txt"],"missing":["b"]}"#,
            ),
            (
                Reply::error(ErrorCode::NotFound, "no such file"),
                r#"{"status":"ERROR","data":"no such file","code":"not-found"}"#,
            ),
        ] {
            assert_eq!(wire(&reply), format!("{expected}\r\n\r\n"));
        }
    }

    #[test]
    fn a_code_means_what_it_is_sent_for() {
        use ErrorCode::{BadRange, Changed, NotFound, TooManyRequests, Unavailable};
        for code in [NotFound, Unavailable, TooManyRequests, BadRange, Changed] {
            assert_eq!(ErrorCode::of(code.as_str()), Some(code));
        }
        assert_eq!(ErrorCode::of("404"), None);
    }

    #[test]
    fn a_file_reply_is_prefix_text_and_suffix() {
        let prefix = file_prefix(&"é \"q\"".parse().unwrap(), 5);
        let whole = [prefix.as_slice(), b"aGVsbG8=", FILE_SUFFIX].concat();
        assert_eq!(
            String::from_utf8(whole).unwrap(),
            "{\"status\":\"OK\",\"data_namafile\":\"\\u00e9 \\\"q\\\"\",\"data_size\":5,\"data_file\":\"aGVsbG8=\"}\r\n\r\n"
        );
    }
}
