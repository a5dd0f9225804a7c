//! JSON in ASCII only: clients that decode a reply a few bytes at a time break on split characters.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// `value` as compact JSON, with every character beyond ASCII as `\uXXXX`.
pub(crate) fn to_ascii(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut json, Ascii))
        .expect("replies hold nothing that JSON cannot say");
    json
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut units = [0; 2];
        for piece in fragment.split_inclusive(|c: char| !c.is_ascii()) {
            let plain = piece.trim_end_matches(|c: char| !c.is_ascii());
            writer.write_all(plain.as_bytes())?;
            for c in piece[plain.len()..].chars() {
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_beyond_ascii_is_escaped() {
        let text = "a\"b\\ é — 🦀\n";
        let json = to_ascii(&text);
        assert_eq!(json, br#""a\"b\\ \u00e9 \u2014 \ud83e\udd80\n""#);
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
