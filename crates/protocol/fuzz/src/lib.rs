//! The laws of the protocol, as its tests check them, for the fuzz targets.
//!
//! `just fuzz` runs each target for a while. An input that breaks a law is kept under `artifacts/`;
//! once the code is right it becomes a seed, which `cargo test -p protocol --test seeds` replays.
#![forbid(unsafe_code)]

#[path = "../../tests/laws/mod.rs"]
mod laws;

/// Panics when `bytes` break the law of `target`.
pub fn check(target: &str, bytes: &[u8]) {
    let (_, law) = laws::LAWS.iter().find(|(name, _)| *name == target).expect("a law has the name");
    law(bytes);
}
