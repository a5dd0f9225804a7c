//! What must hold for any bytes of a frame: stated once for the property tests and the fuzzer.
#![allow(unreachable_pub, reason = "the fuzzer is another crate")]

use searching::{
    Holder, Message,
    codec::{self, PREFIX_LEN},
};

/// Panics where bytes are neither an error nor a message within its limits, which is the same after it was
/// sent on.
pub fn holds(frame: &[u8]) {
    let Ok(message) = codec::decode(frame) else { return };
    if let Message::Hit(hit) = &message {
        assert!(hit.holder.addresses.len() <= Holder::ADDRESSES_MAX);
    }
    let again = codec::encode(&message);
    let (prefix, body) = again.split_first_chunk::<PREFIX_LEN>().expect("a frame has a prefix");
    assert_eq!(codec::frame_len(*prefix), Ok(body.len()));
    assert_eq!(codec::decode(body), Ok(message));
}
