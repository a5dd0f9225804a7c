//! Why a request had no success, and the word for it in a table of results.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use protocol::{DecodeError, ErrorCode, ReplyError};

use crate::TlsError;

/// Why a request had no success.
///
/// Only after [`Refused`](Self::Refused) with a code, [`NoFile`](Self::NoFile), [`Lacks`](Self::Lacks),
/// [`OtherFile`](Self::OtherFile) and [`SizeDiffers`](Self::SizeDiffers), which follow a whole
/// reply, may the connection take another request.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("cannot connect to {server}")]
    Connect {
        server: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What came instead of a reply is how TLS begins.
    #[error("the server speaks TLS")]
    SpeaksTls,
    #[error("the connection was lost")]
    Peer(#[source] io::Error),
    #[error("no byte moved for {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    #[error("the deadline passed")]
    DeadlinePassed,
    /// Also the answer to every request on a connection that an earlier error has ended.
    #[error("the server closed the connection before its reply was complete")]
    Closed,
    /// The server's own words; they may hold control characters.
    #[error("{sentence}")]
    Refused { code: Option<String>, sentence: String },
    /// The server took a part of the upload for all of it.
    #[error("the server answered before it had the whole file")]
    AnsweredEarly,
    #[error(transparent)]
    Reply(ReplyError),
    /// What reached the sink before must not be taken for the file.
    #[error(transparent)]
    BadContent(DecodeError),
    #[error("the server's reply holds no file")]
    NoFile,
    #[error("the server's reply holds no {0}")]
    Lacks(&'static str),
    #[error("the server's reply is about another file, {0:?}")]
    OtherFile(String),
    #[error("{moved} bytes went over the wire, but the server says that the file has {named}")]
    SizeDiffers { moved: u64, named: u64 },
    #[error("cannot read the content to send")]
    Source(#[source] io::Error),
    #[error("cannot write the content received")]
    Sink(#[source] io::Error),
}

impl ClientError {
    /// One short word for the cause, from a fixed set: it is safe in a table of results.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Connect { source, .. } if source.kind() == ErrorKind::AddrNotAvailable => {
                "no-port"
            }
            Self::Connect { .. } => "connect",
            Self::Tls(_) | Self::SpeaksTls => "tls",
            Self::Peer(_) => "lost",
            Self::TimedOut(_) => "timeout",
            Self::DeadlinePassed => "deadline",
            Self::Closed => "closed",
            Self::Refused { code, .. } => refusal(code.as_deref()),
            Self::AnsweredEarly => "early",
            Self::Reply(_) | Self::Lacks(_) => "reply",
            Self::BadContent(_) => "content",
            Self::NoFile => "no-file",
            Self::OtherFile(_) => "other-file",
            Self::SizeDiffers { .. } => "size",
            Self::Source(_) => "source",
            Self::Sink(_) => "sink",
        }
    }

    /// What the server refused with, where it said so with a code of the protocol.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code: Some(code), .. } => ErrorCode::of(code),
            _ => None,
        }
    }
}

fn refusal(code: Option<&str>) -> &'static str {
    let Some(code) = code.and_then(ErrorCode::of) else { return "refused" };
    match code {
        ErrorCode::UnknownRequest => "refused:unknown-request",
        ErrorCode::BadRequest => "refused:bad-request",
        ErrorCode::BadName => "refused:bad-name",
        ErrorCode::NotFound => "refused:not-found",
        ErrorCode::Exists => "refused:exists",
        ErrorCode::BadBase64 => "refused:bad-base64",
        ErrorCode::HeadTooLong => "refused:head-too-long",
        ErrorCode::BadRange => "refused:bad-range",
        ErrorCode::Changed => "refused:changed",
        ErrorCode::TooLarge => "refused:too-large",
        ErrorCode::NoSpace => "refused:no-space",
        ErrorCode::ReadOnly => "refused:read-only",
        ErrorCode::Busy => "refused:busy",
        ErrorCode::Timeout => "refused:timeout",
        ErrorCode::Unended => "refused:unended",
        ErrorCode::Unavailable => "refused:unavailable",
        ErrorCode::AuthRequired => "refused:auth-required",
        ErrorCode::AuthFailed => "refused:auth-failed",
        ErrorCode::Forbidden => "refused:forbidden",
        ErrorCode::TooManyRequests => "refused:too-many-requests",
        ErrorCode::Internal => "refused:internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Option<&str>) -> ClientError {
        ClientError::Refused { code: code.map(str::to_owned), sentence: "no".to_owned() }
    }

    #[test]
    fn a_refusal_is_named_after_its_code() {
        assert_eq!(refused(Some("busy")).cause(), "refused:busy");
        assert_eq!(refused(Some("not-found")).cause(), "refused:not-found");
    }

    #[test]
    fn words_from_foreign_servers_stay_out_of_the_cause() {
        assert_eq!(refused(Some("a,\"b\"\n")).cause(), "refused");
        assert_eq!(refused(None).cause(), "refused");
    }
}
