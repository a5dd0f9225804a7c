//! The wire of the file protocol: text requests, JSON replies, file content as base64 or as it is.
//!
//! Everything here turns bytes into meaning or meaning into bytes. Nothing opens a socket or a
//! file, starts a thread or asks the time, so all of it runs in a test at any speed.
//!
//! A server feeds a [`RequestFramer`], reads heads with [`Request::parse`], bodies with
//! [`BodyDecoder`], and answers with [`Reply`] or, around streamed content, [`reply::file_prefix`]
//! and [`reply::FILE_SUFFIX`]. A client writes [`Request::to_wire`] and feeds a [`ReplyReader`].
#![forbid(unsafe_code)]

pub mod body;
mod file_name;
mod framer;
mod json;
mod quoting;
mod received_reply;
pub mod reply;
mod reply_reader;
pub mod request;
pub mod stats;
mod token;
mod verb;

pub use body::{BodyDecoder, BodyEncoder, ContentLength, DecodeError};
pub use file_name::{FileName, FileNameError};
pub use framer::{Fragment, FrameError, HEAD_LEN_MAX, Pause, QUIET, RequestFramer};
pub use received_reply::ReceivedReply;
pub use reply::{ErrorCode, Feature, ListedFile, Reply};
pub use reply_reader::{ReplyError, ReplyFragment, ReplyReader, ReplyScanner};
pub use request::{EchoText, EchoTextError, ParseRequestError, Request};
pub use stats::{ByVerb, Stats};
pub use token::{TOKEN_LEN_MAX, Token, TokenError};
pub use verb::Verb;
