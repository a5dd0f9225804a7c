//! A ticket: one line of text with which a file can be fetched without a search.

use std::{fmt, net::SocketAddr, str::FromStr};

use bao_tree::blake3;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::FileName;
use serde::{Deserialize, Serialize};

/// No name of a file begins like this by chance, and a version can follow.
const PREFIX: &str = "filepeer1-";
/// Longest ticket in characters: a name of 255 bytes and a few addresses take less than 700.
const LEN_MAX: usize = 1024;
const CHECKSUM_LEN: usize = 4;

/// Where a file can be had: from whom, and by which hash.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Ticket {
    pub(crate) name: FileName,
    pub(crate) hash: [u8; 32],
    pub(crate) size: u64,
    pub(crate) holder: [u8; 32],
    pub(crate) addresses: Vec<SocketAddr>,
    /// The relay that the holder is reached by where no address leads to it.
    pub(crate) relay: Option<String>,
}

/// Why text is not a ticket.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TicketError {
    #[error("it does not begin with {PREFIX}")]
    Prefix,
    #[error("the ticket is damaged or not whole: it must be copied to its last character")]
    Damaged,
    #[error("the ticket names too many addresses")]
    Addresses,
}

impl Ticket {
    /// Addresses that are tried.
    pub(crate) const ADDRESSES_MAX: usize = 8;

    /// Whether a person means a ticket, be it whole or not.
    pub(crate) fn is_meant_by(text: &str) -> bool {
        text.trim().starts_with(PREFIX)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = postcard::to_stdvec(self).map_err(|_| fmt::Error)?;
        bytes.extend(checksum(&bytes));
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        let text = text.trim().strip_prefix(PREFIX).ok_or(TicketError::Prefix)?;
        if text.len() > LEN_MAX {
            return Err(TicketError::Damaged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TicketError::Damaged)?;
        let (bytes, expected) =
            bytes.split_last_chunk::<CHECKSUM_LEN>().ok_or(TicketError::Damaged)?;
        if checksum(bytes) != *expected {
            return Err(TicketError::Damaged);
        }
        // Its name is checked as every name is.
        let ticket: Self = postcard::from_bytes(bytes).map_err(|_| TicketError::Damaged)?;
        if ticket.addresses.len() > Self::ADDRESSES_MAX {
            return Err(TicketError::Addresses);
        }
        Ok(ticket)
    }
}

/// Against mistakes in copying; the content is proved by its hash.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("a hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket {
            name: "contoh.txt".parse().unwrap(),
            hash: [7; 32],
            size: 25,
            holder: [9; 32],
            addresses: vec!["127.0.0.1:5001".parse().unwrap()],
            relay: None,
        }
    }

    #[test]
    fn a_ticket_is_one_line_that_says_everything() {
        let text = ticket().to_string();
        assert!(text.len() < 150 && !text.contains(char::is_whitespace), "{text}");
        assert_eq!(format!(" {text}\n").parse(), Ok(ticket()));
    }

    #[test]
    fn a_ticket_that_was_not_copied_whole_is_refused() {
        let text = ticket().to_string();
        for len in 0..text.len() {
            assert!(text[..len].parse::<Ticket>().is_err(), "{len}");
        }
        assert_eq!("contoh.txt".parse::<Ticket>(), Err(TicketError::Prefix));
        for at in PREFIX.len()..text.len() {
            let other = if text[at..].starts_with('A') { "B" } else { "A" };
            let flipped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(flipped.parse::<Ticket>(), Err(TicketError::Damaged), "{at}");
        }
    }

    #[test]
    fn a_ticket_cannot_name_a_file_outside_of_the_folder() {
        /// The same fields, whose name is not checked.
        type Forged = (&'static str, [u8; 32], u64, [u8; 32], Vec<SocketAddr>, Option<String>);
        for name in ["../x", "a\0b", "a\u{202e}b", ".bashrc", ""] {
            let forged: Forged = (name, [7; 32], 25, [9; 32], vec![], None);
            let mut bytes = postcard::to_stdvec(&forged).unwrap();
            bytes.extend(checksum(&bytes));
            let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(text.parse::<Ticket>(), Err(TicketError::Damaged), "{name:?}");
        }
    }
}
