//! What a person reads when something did not work: what, why, and what to do about it.

use std::{error::Error, io::ErrorKind, iter::successors};

use protocol::{ErrorCode, ReplyError};

use crate::{ClientError, TlsError};

/// What went wrong, why, and what to do, in words of the options that every program with a connection has.
/// Text from the network is in it.
pub fn sentence(failure: &(dyn Error + 'static)) -> String {
    let causes = || successors(Some(failure), |&failure| failure.source());
    let mut sentence = causes().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    if let Some(advice) = causes().find_map(|cause| cause.downcast_ref()).and_then(advice) {
        sentence = format!("{sentence}; {advice}");
    }
    sentence
}

fn advice(error: &ClientError) -> Option<&'static str> {
    match error {
        ClientError::Connect { source, .. } => Some(advice_on_connecting(source.kind())),
        ClientError::Tls(error) => advice_on_tls(error),
        ClientError::SpeaksTls => Some("talk to it with --tls, and --ca FILE to trust it"),
        ClientError::Peer(_) => Some("try again"),
        // A server that speaks TLS closes so on a client that does not.
        ClientError::Closed => Some("try again; if it stays, the server may want --tls"),
        ClientError::TimedOut(_) | ClientError::DeadlinePassed => {
            Some("try again, or wait longer with --timeout SECONDS")
        }
        ClientError::Refused { .. } => error.code().and_then(advice_on_refusal),
        ClientError::Reply(ReplyError::NotJson(_)) => {
            Some("check the port: this may be no file server")
        }
        ClientError::BadContent(_) | ClientError::SizeDiffers { .. } => {
            Some("try again, and mistrust the server if it stays")
        }
        ClientError::AnsweredEarly => {
            Some("it may take no requests of this length, and has stored a part at most")
        }
        ClientError::Reply(_)
        | ClientError::NoFile
        | ClientError::Lacks(_)
        | ClientError::OtherFile(_) => Some("the server may speak another protocol"),
        ClientError::Source(_) | ClientError::Sink(_) => None,
    }
}

fn advice_on_connecting(kind: ErrorKind) -> &'static str {
    match kind {
        // Each connection keeps its port for a minute after its end.
        ErrorKind::AddrNotAvailable => {
            "this machine has no port left for another connection, or no such network: try again in \
             a minute"
        }
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "check the host, and whether a firewall is in the way"
        }
        ErrorKind::ConnectionRefused => "start the server, or name another one",
        _ => "check the host",
    }
}

fn advice_on_tls(error: &TlsError) -> Option<&'static str> {
    match error {
        TlsError::UnknownIssuer => {
            Some("name its authority, or the certificate itself, with --ca FILE")
        }
        TlsError::OtherHost { .. } | TlsError::NoServerName(_) => {
            Some("name the server as its certificate does")
        }
        TlsError::Expired => Some("the server needs a new one"),
        TlsError::NotYetValid => Some("check this machine's clock"),
        TlsError::AuthorityAsServer => Some(
            "give the server one that it signed, or a self-signed one with \
             basicConstraints=CA:FALSE",
        ),
        TlsError::NotTls => Some("leave --tls out if it speaks plain text, or check the port"),
        // A server that takes no more connections hangs up so. Whoever is told to go without TLS
        // says its token for all to hear.
        TlsError::HungUp => Some("it may be full: try again later; or check the port"),
        TlsError::Other(_) => None,
    }
}

fn advice_on_refusal(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::NotFound => Some("'list' shows the names that are there"),
        ErrorCode::Exists => Some("delete it first, or choose another name"),
        ErrorCode::Busy | ErrorCode::Timeout | ErrorCode::Unended | ErrorCode::Unavailable => {
            Some("try again later")
        }
        ErrorCode::AuthRequired | ErrorCode::AuthFailed => {
            Some("give a token that the server knows, with --token-file FILE")
        }
        ErrorCode::Forbidden => Some("use a token that allows it"),
        ErrorCode::UnknownRequest => Some("this server does not know the command"),
        ErrorCode::Changed => Some("the file was replaced: begin again"),
        ErrorCode::BadRange
        | ErrorCode::TooLarge
        | ErrorCode::NoSpace
        | ErrorCode::ReadOnly
        | ErrorCode::BadRequest
        | ErrorCode::BadName
        | ErrorCode::BadBase64
        | ErrorCode::HeadTooLong
        | ErrorCode::TooManyRequests
        | ErrorCode::Internal => None,
    }
}
