//! Messages as bytes: the length of a frame as four bytes, most significant first, then the message as
//! postcard writes it.
//!
//! Whatever a peer sends becomes a message that is within all limits, or an error that says what is wrong
//! with it. A frame is the most that is ever held of it.

// Of `core`, which has addresses and no sockets.
use core::net::SocketAddr;
use protocol::{FileName, FileNameError};
use serde::{Deserialize, Serialize};

use crate::{
    filter::{Attenuated, Filter},
    message::{Guid, Hit, Holder, Item, Message, Query, Routing, Wanted},
};

/// Most bytes of a message, its length aside.
pub const FRAME_LEN_MAX: usize = 4096;

// Filters are the longest of all messages: three lists with two bytes of length each, and what they are.
const _: () = assert!(Attenuated::LEVELS * (2 + Filter::LEN_MAX) < FRAME_LEN_MAX);

/// How many bytes say how long a frame is.
pub const PREFIX_LEN: usize = 4;

/// Why bytes are no message. Who sends such a thing speaks another protocol, or means harm: in either case
/// the connection is of no more use.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    #[error("a frame of {0} bytes; the most is {FRAME_LEN_MAX}")]
    FrameTooLong(usize),
    #[error("an empty frame")]
    FrameEmpty,
    #[error("no message: {0}")]
    Form(postcard::Error),
    #[error("{0} bytes after the end of the message")]
    Trailing(usize),
    #[error(transparent)]
    Name(#[from] FileNameError),
    #[error("a holder with {0} addresses; the most is {most}", most = Holder::ADDRESSES_MAX)]
    TooManyAddresses(usize),
    #[error("filters that are empty, too long, or of different lengths")]
    Filters,
}

/// The length of the frame that follows these bytes.
pub fn frame_len(prefix: [u8; PREFIX_LEN]) -> Result<usize, DecodeError> {
    match u32::from_be_bytes(prefix) as usize {
        0 => Err(DecodeError::FrameEmpty),
        len if len > FRAME_LEN_MAX => Err(DecodeError::FrameTooLong(len)),
        len => Ok(len),
    }
}

/// Reads the bytes of a frame, without its length.
pub fn decode(frame: &[u8]) -> Result<Message, DecodeError> {
    if frame.len() > FRAME_LEN_MAX {
        return Err(DecodeError::FrameTooLong(frame.len()));
    }
    let (wire, rest) = postcard::take_from_bytes::<Wire>(frame).map_err(DecodeError::Form)?;
    if rest.is_empty() { wire.message() } else { Err(DecodeError::Trailing(rest.len())) }
}

/// A whole frame, with its length in front.
pub fn encode(message: &Message) -> Vec<u8> {
    let wire = Wire::of(message);
    // Postcard fails where its buffer ends, which a vector has not, and for lists of unknown length.
    let mut frame =
        postcard::to_extend(&wire, vec![0; PREFIX_LEN]).expect("every list has a length");
    let len = frame.len() - PREFIX_LEN;
    debug_assert!(len <= FRAME_LEN_MAX, "{len} bytes of {message:?}");
    frame[..PREFIX_LEN].copy_from_slice(&(len as u32).to_be_bytes());
    frame
}

/// What is on the wire, before it is checked. The order of the variants and of their fields is the format.
#[derive(Deserialize, Serialize)]
enum Wire<'a> {
    Query { guid: [u8; 16], ttl: u16, hops: u16, routing: Routing, wanted: WireWanted<'a> },
    Hit(WireHit<'a>),
    Filters(#[serde(borrow)] [&'a [u8]; Attenuated::LEVELS]),
}

#[derive(Deserialize, Serialize)]
enum WireWanted<'a> {
    Exact(&'a str),
    Containing(&'a str),
}

#[derive(Deserialize, Serialize)]
struct WireHit<'a> {
    guid: [u8; 16],
    hops: u16,
    name: &'a str,
    hash: [u8; 32],
    size: u64,
    holder: [u8; 32],
    addresses: Vec<SocketAddr>,
}

impl<'a> Wire<'a> {
    fn of(message: &'a Message) -> Self {
        match message {
            Message::Query(Query { guid, ttl, hops, routing, wanted }) => Self::Query {
                guid: guid.0,
                ttl: *ttl,
                hops: *hops,
                routing: *routing,
                wanted: match wanted {
                    Wanted::Exact(name) => WireWanted::Exact(name.as_str()),
                    Wanted::Containing(part) => WireWanted::Containing(part.as_str()),
                },
            },
            Message::Hit(hit) => Self::Hit(WireHit::of(hit)),
            Message::Filters(filters) => {
                Self::Filters(filters.levels().each_ref().map(Filter::as_bytes))
            }
        }
    }

    fn message(self) -> Result<Message, DecodeError> {
        Ok(match self {
            Self::Query { guid, ttl, hops, routing, wanted } => Message::Query(Query {
                guid: Guid(guid),
                ttl,
                hops,
                routing,
                wanted: match wanted {
                    WireWanted::Exact(name) => Wanted::Exact(name.parse()?),
                    WireWanted::Containing(part) => Wanted::Containing(part.parse()?),
                },
            }),
            Self::Hit(hit) => Message::Hit(hit.hit()?),
            Self::Filters(levels) => {
                let [Some(own), Some(next), Some(last)] = levels.map(Filter::from_bytes) else {
                    return Err(DecodeError::Filters);
                };
                let filters = Attenuated::new([own, next, last]);
                Message::Filters(filters.ok_or(DecodeError::Filters)?)
            }
        })
    }
}

impl<'a> WireHit<'a> {
    fn of(Hit { guid, hops, item, holder }: &'a Hit) -> Self {
        let addresses = holder.addresses.iter().take(Holder::ADDRESSES_MAX);
        Self {
            guid: guid.0,
            hops: *hops,
            name: item.name.as_str(),
            hash: item.hash,
            size: item.size,
            holder: holder.id,
            addresses: addresses.copied().collect(),
        }
    }

    fn hit(self) -> Result<Hit, DecodeError> {
        let Self { guid, hops, name, hash, size, holder, addresses } = self;
        if addresses.len() > Holder::ADDRESSES_MAX {
            return Err(DecodeError::TooManyAddresses(addresses.len()));
        }
        Ok(Hit {
            guid: Guid(guid),
            hops,
            item: Item { name: name.parse::<FileName>()?, hash, size },
            holder: Holder { id: holder, addresses },
        })
    }
}
