//! What a person reads when something did not work: what, why, and what to do about it.

use protocol::{ErrorCode, ReplyError};

use crate::{ClientError, output::printable};

/// Tells on standard error. Text from the network is in it, so it is made printable as a whole.
pub(crate) fn report(failure: &anyhow::Error) {
    let mut sentence = format!("{failure:#}");
    if let Some(advice) = failure.downcast_ref::<ClientError>().and_then(advice) {
        sentence = format!("{sentence}; {advice}");
    }
    eprintln!("error: {}", printable(&sentence));
}

fn advice(error: &ClientError) -> Option<&'static str> {
    match error {
        ClientError::Connect { .. } => {
            Some("start the server, or name another one with --server HOST:PORT")
        }
        ClientError::Peer(_) | ClientError::Closed => Some("try again"),
        ClientError::TimedOut(_) | ClientError::DeadlinePassed => {
            Some("try again, or wait longer with --timeout SECONDS")
        }
        ClientError::Refused { .. } => error.code().and_then(advice_on_refusal),
        ClientError::Reply(ReplyError::NotJson(_)) => {
            Some("check with --server that this is a file server")
        }
        ClientError::BadContent(_) | ClientError::SizeDiffers { .. } => {
            Some("try again, and mistrust the server if it stays")
        }
        ClientError::Reply(_)
        | ClientError::NoFile
        | ClientError::Lacks(_)
        | ClientError::OtherFile(_) => Some("the server may speak another protocol"),
        ClientError::Source(_) | ClientError::Sink(_) => None,
    }
}

fn advice_on_refusal(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::NotFound => Some("'list' shows the names that are there"),
        ErrorCode::Exists => Some("delete it first, or choose another name"),
        ErrorCode::Busy | ErrorCode::Timeout | ErrorCode::Unended => Some("try again later"),
        ErrorCode::AuthRequired | ErrorCode::AuthFailed => {
            Some("give a token that the server knows")
        }
        ErrorCode::UnknownRequest => Some("this server does not know the command"),
        ErrorCode::TooLarge
        | ErrorCode::NoSpace
        | ErrorCode::ReadOnly
        | ErrorCode::BadRequest
        | ErrorCode::BadName
        | ErrorCode::BadBase64
        | ErrorCode::HeadTooLong
        | ErrorCode::Forbidden
        | ErrorCode::TooManyRequests
        | ErrorCode::Internal => None,
    }
}
