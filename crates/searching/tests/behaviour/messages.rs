//! Messages as bytes: there and back, and whatever bytes a peer may send.

#[path = "../laws/codec.rs"]
mod law;

use std::{fs, net::SocketAddr};

use proptest::{collection::vec, prelude::*, sample::select};
use searching::{
    Attenuated, Filter, Guid, Hit, Holder, Item, Message, Query, Routing, Wanted,
    codec::{self, DecodeError, FRAME_LEN_MAX, PREFIX_LEN},
};

use crate::network::{exact, item};

fn names() -> impl Strategy<Value = String> {
    prop_oneof!["[^/\\\\\\p{C}.][^/\\\\\\p{C}]{0,40}", Just("é".repeat(127)), Just("x".repeat(255))]
}

fn queries() -> impl Strategy<Value = Message> {
    let routing = select(vec![Routing::Flood, Routing::Walk, Routing::Bloom]);
    let wanted = (names(), any::<bool>()).prop_filter_map("a name", |(name, is_part)| {
        if is_part {
            return name.parse().ok().map(Wanted::Containing);
        }
        name.parse().ok().map(Wanted::Exact)
    });
    (any::<[u8; 16]>(), any::<u16>(), any::<u16>(), routing, wanted).prop_map(
        |(guid, ttl, hops, routing, wanted)| {
            Message::Query(Query { guid: Guid(guid), ttl, hops, routing, wanted })
        },
    )
}

fn hits() -> impl Strategy<Value = Message> {
    let addresses = vec(any::<SocketAddr>(), 0..=Holder::ADDRESSES_MAX);
    let name = names().prop_filter_map("a name", |name| name.parse().ok());
    let item = (name, any::<[u8; 32]>(), any::<u64>());
    let item = item.prop_map(|(name, hash, size)| Item { name, hash, size });
    (any::<[u8; 16]>(), any::<u16>(), item, any::<[u8; 32]>(), addresses).prop_map(
        |(guid, hops, item, id, addresses)| {
            // What IPv6 adds to an address for its own use means nothing elsewhere, and is not sent.
            let plain = |address: SocketAddr| SocketAddr::new(address.ip(), address.port());
            let addresses = addresses.into_iter().map(plain).collect();
            Message::Hit(Hit { guid: Guid(guid), hops, item, holder: Holder { id, addresses } })
        },
    )
}

fn filters() -> impl Strategy<Value = Message> {
    let levels = (1..=Filter::LEN_MAX).prop_flat_map(|len| {
        let level = || vec(any::<u8>(), len);
        [level(), level(), level()]
    });
    levels.prop_map(|levels| {
        let levels = levels.map(|level| Filter::from_bytes(&level).unwrap());
        Message::Filters(Attenuated::new(levels).unwrap())
    })
}

fn messages() -> impl Strategy<Value = Message> {
    prop_oneof![4 => queries(), 4 => hits(), 1 => filters()]
}

proptest! {
    #[test]
    fn a_message_is_the_same_on_the_other_side_and_fits_in_a_frame(message in messages()) {
        let frame = codec::encode(&message);
        let (prefix, body) = frame.split_first_chunk::<PREFIX_LEN>().unwrap();
        prop_assert_eq!(codec::frame_len(*prefix), Ok(body.len()));
        prop_assert_eq!(codec::decode(body), Ok(message));
    }

    #[test]
    fn whatever_bytes_come_are_a_message_within_its_limits_or_an_error(
        bytes in vec(any::<u8>(), 0..600),
    ) {
        law::holds(&bytes);
    }

    #[test]
    fn a_message_with_wrong_bytes_is_one_within_its_limits_or_an_error(
        message in messages(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end: prop::sample::Index,
    ) {
        let mut frame = codec::encode(&message).split_off(PREFIX_LEN);
        for (place, byte) in wrong {
            *place.get_mut(&mut frame[..]) = byte;
        }
        law::holds(&frame);
        frame.truncate(end.index(frame.len()));
        law::holds(&frame);
    }
}

/// What the fuzzer begins with is worth something while it is well formed.
#[test]
fn every_seed_of_the_fuzzer_is_a_message() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/message")).unwrap();
    let frames: Vec<_> = seeds.map(|seed| fs::read(seed.unwrap().path()).unwrap()).collect();
    assert!(frames.len() >= 6);
    for frame in frames {
        assert!(codec::decode(&frame).is_ok(), "{frame:?}");
        law::holds(&frame);
    }
}

fn body(message: &Message) -> Vec<u8> {
    codec::encode(message).split_off(PREFIX_LEN)
}

fn query(wanted: &str) -> Message {
    let (guid, routing, wanted) = (Guid([7; 16]), Routing::Flood, exact(wanted));
    Message::Query(Query { guid, ttl: 7, hops: 0, routing, wanted })
}

/// The same bytes with one name in place of another that is as long.
fn renamed(message: &Message, name: &str, other: &str) -> Vec<u8> {
    assert_eq!(name.len(), other.len());
    let mut bytes = body(message);
    let place = bytes.windows(name.len()).position(|part| part == name.as_bytes()).unwrap();
    bytes[place..place + name.len()].copy_from_slice(other.as_bytes());
    bytes
}

#[test]
fn the_wire_is_what_others_can_rely_on() {
    let mut expected = vec![0, 0, 0, 27, 0];
    expected.extend([7; 16]);
    expected.extend(*b"\x07\x00\x00\x00\x05a.txt");
    assert_eq!(codec::encode(&query("a.txt")), expected);
}

#[test]
fn a_wrong_frame_says_what_is_wrong_with_it() {
    let of_name = |other| codec::decode(&renamed(&query("abcd"), "abcd", other)).unwrap_err();
    for (name, reason) in [
        ("../x", "the file name contains '/'"),
        ("a\0bc", r"the file name contains '\0'"),
        ("a\u{202e}", r"the file name contains '\u{202e}'"),
        (".abc", "the file name starts with a dot"),
    ] {
        assert_eq!(of_name(name).to_string(), reason);
    }
    let hit = Hit { guid: Guid([7; 16]), hops: 1, item: item("abcd", 1), holder: crowd(4) };
    let error = codec::decode(&renamed(&Message::Hit(hit.clone()), "abcd", "a/cd")).unwrap_err();
    assert_eq!(error.to_string(), "the file name contains '/'");

    let mut long = body(&query("a.txt"));
    long.push(0);
    assert_eq!(codec::decode(&long), Err(DecodeError::Trailing(1)));
    assert!(matches!(codec::decode(&[3]), Err(DecodeError::Form(_))));
    assert!(matches!(codec::decode(&[]), Err(DecodeError::Form(_))));
    let endless = vec![0; FRAME_LEN_MAX + 1];
    assert_eq!(codec::decode(&endless), Err(DecodeError::FrameTooLong(FRAME_LEN_MAX + 1)));
    assert_eq!(codec::frame_len([0; 4]), Err(DecodeError::FrameEmpty));
    assert_eq!(codec::frame_len([0, 0, 16, 1]), Err(DecodeError::FrameTooLong(4097)));
    assert_eq!(codec::frame_len([0, 0, 16, 0]), Ok(4096));
    assert!(codec::frame_len([0xff; 4]).is_err());
}

fn crowd(count: usize) -> Holder {
    Holder { id: [1; 32], addresses: vec!["127.0.0.1:5001".parse().unwrap(); count] }
}

#[test]
fn a_holder_has_so_many_addresses_and_filters_one_length() {
    let hit = |count| {
        let holder = crowd(count);
        Message::Hit(Hit { guid: Guid([7; 16]), hops: 1, item: item("a.txt", 1), holder })
    };
    // One's own are cut to what may be sent.
    assert_eq!(codec::decode(&body(&hit(9))), Ok(hit(4)));
    let mut bytes = body(&hit(4));
    let place = bytes.iter().rposition(|byte| *byte == 4).unwrap();
    bytes[place] = 5;
    bytes.extend([0, 127, 0, 0, 1, 0x89, 0x27]);
    assert_eq!(codec::decode(&bytes), Err(DecodeError::TooManyAddresses(5)));

    // A variant's number, then three lists of bytes with their lengths.
    assert!(codec::decode(&[2, 1, 0, 1, 0, 1, 0]).is_ok());
    assert_eq!(codec::decode(&[2, 1, 0, 1, 0, 2, 0, 0]), Err(DecodeError::Filters));
    assert_eq!(codec::decode(&[2, 0, 0, 0]), Err(DecodeError::Filters));
}
