#![no_main]

#[path = "../../tests/laws/codec.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|frame: &[u8]| law::holds(frame));
