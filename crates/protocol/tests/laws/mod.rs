//! What must hold for any bytes: stated once for the property tests, the seeds and the fuzzer.
//!
//! A law panics when it is broken. Inputs are plain bytes of the wire, so that a seed can be read
//! and written by hand; where they are cut follows from the bytes themselves.
#![allow(dead_code, reason = "each user checks some of it")]

pub(crate) mod bodies;
pub(crate) mod framing;
pub(crate) mod names;
pub(crate) mod replies;
pub(crate) mod requests;
pub(crate) mod uploads;

type Law = fn(&[u8]);

/// Each law under the name of its fuzz target and of its folder of seeds.
pub(crate) const LAWS: [(&str, Law); 6] = [
    ("framer", framing::holds),
    ("request", requests::hold),
    ("reply_reader", replies::hold),
    ("names", names::hold),
    ("body", bodies::hold),
    ("upload", uploads::hold),
];

/// Up to this length an input is cut at every place.
const CUT_EVERYWHERE_LEN: usize = 32;

/// The pieces that `bytes` falls into at `cuts`, taken modulo its length.
pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Ways in which `bytes` may arrive: one by one, in pieces that a hash of them chooses, and short
/// ones in every two parts.
fn arrivals(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    // FNV-1a.
    let mut hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let chosen = (0..8).map(|_| {
        hash = hash.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (hash >> 33) as usize
    });
    let chosen: Vec<usize> = chosen.collect();
    let everywhere = if bytes.len() > CUT_EVERYWHERE_LEN { 0 } else { bytes.len() };
    let two_parts = (1..everywhere).map(|place| cut(bytes, &[place]));
    [bytes.chunks(1).collect(), cut(bytes, &chosen)].into_iter().chain(two_parts)
}
