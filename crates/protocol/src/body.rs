//! Streaming base64: file content in whole groups, however the pieces are cut.
//!
//! The standard alphabet of RFC 4648 §4, padded. Each direction carries at most one unfinished
//! group between calls. The SIMD engine is chosen at run time; elsewhere it falls back to a scalar
//! one.

use std::sync::LazyLock;

use base64::{
    Engine,
    engine::{Simd, general_purpose::PAD},
};

static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Bytes in a whole group of content.
pub const PLAIN_GROUP: usize = 3;
/// Characters in a whole group of text.
pub const TEXT_GROUP: usize = 4;

/// Length of the base64 text of `plain_len` bytes, padding included; at most `u64::MAX`.
pub const fn text_len(plain_len: u64) -> u64 {
    plain_len.div_ceil(PLAIN_GROUP as u64).saturating_mul(TEXT_GROUP as u64)
}

/// Room that [`BodyDecoder::decode`] needs for the content of `text_len` characters.
pub const fn plain_len_max(text_len: usize) -> usize {
    (text_len / TEXT_GROUP + 2) * PLAIN_GROUP
}

/// Turns content into base64 text, piece by piece.
#[derive(Debug, Default)]
pub struct BodyEncoder {
    carry: [u8; PLAIN_GROUP],
    carry_len: usize,
}

impl BodyEncoder {
    /// Encodes all whole groups to the front of `text`, which must have room for [`text_len`] of
    /// all bytes not yet encoded; returns how many characters that were. At most two bytes stay
    /// behind for the next call.
    pub fn encode(&mut self, mut plain: &[u8], text: &mut [u8]) -> usize {
        let mut written = 0;
        if self.carry_len > 0 {
            let missing = (PLAIN_GROUP - self.carry_len).min(plain.len());
            let (head, rest) = plain.split_at(missing);
            self.carry[self.carry_len..][..missing].copy_from_slice(head);
            self.carry_len += missing;
            plain = rest;
            if self.carry_len < PLAIN_GROUP {
                return 0;
            }
            written = encode_groups(&self.carry, text);
        }
        let (groups, rest) = plain.split_at(plain.len() / PLAIN_GROUP * PLAIN_GROUP);
        written += encode_groups(groups, &mut text[written..]);
        self.carry[..rest.len()].copy_from_slice(rest);
        self.carry_len = rest.len();
        written
    }

    /// Encodes what stayed behind, with its padding: at most one group of text. The encoder is as
    /// new afterwards.
    pub fn finish(&mut self, text: &mut [u8]) -> usize {
        let written = encode_groups(&self.carry[..self.carry_len], text);
        self.carry_len = 0;
        written
    }
}

fn encode_groups(plain: &[u8], text: &mut [u8]) -> usize {
    BASE64.encode_slice(plain, text).expect("the caller gives room for the text")
}

/// Why text is not base64. Its text is sent to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the content is not valid base64")]
pub struct DecodeError;

/// Turns base64 text into content, piece by piece.
///
/// Blanks (space, tab, carriage return) may stand at the end of a line and nowhere else. The text
/// holds no line ends; it is told of them.
#[derive(Debug, Default)]
pub struct BodyDecoder {
    carry: [u8; TEXT_GROUP],
    carry_len: usize,
    /// No more text may come: padding was seen, or a blank on this line.
    is_padded: bool,
    is_blank: bool,
}

impl BodyDecoder {
    /// Decodes all whole groups to the front of `plain`, whose length must be at least
    /// [`plain_len_max`] of the text's; returns how many bytes that were.
    ///
    /// An error is final. What was decoded before it must not be taken for the content.
    pub fn decode(&mut self, text: &[u8], plain: &mut [u8]) -> Result<usize, DecodeError> {
        let blanks = text.iter().rev().take_while(|c| matches!(c, b' ' | b'\t' | b'\r')).count();
        let mut text = &text[..text.len() - blanks];
        self.expect_more_than_end(text)?;
        let mut written = 0;
        if self.carry_len > 0 {
            let missing = (TEXT_GROUP - self.carry_len).min(text.len());
            let (head, rest) = text.split_at(missing);
            self.carry[self.carry_len..][..missing].copy_from_slice(head);
            self.carry_len += missing;
            text = rest;
            if self.carry_len == TEXT_GROUP {
                let group = self.carry;
                written = self.decode_groups(&group, plain)?;
                self.carry_len = 0;
                self.expect_more_than_end(text)?;
            }
        }
        let (groups, rest) = text.split_at(text.len() / TEXT_GROUP * TEXT_GROUP);
        written += self.decode_groups(groups, &mut plain[written..])?;
        self.expect_more_than_end(rest)?;
        if !rest.is_empty() {
            self.carry[..rest.len()].copy_from_slice(rest);
            self.carry_len = rest.len();
        }
        self.is_blank |= blanks > 0;
        Ok(written)
    }

    /// The text goes on on the next line.
    pub fn line_break(&mut self) {
        self.is_blank = false;
    }

    fn expect_more_than_end(&self, text: &[u8]) -> Result<(), DecodeError> {
        let has_ended = self.is_padded || self.is_blank;
        if has_ended && !text.is_empty() { Err(DecodeError) } else { Ok(()) }
    }

    /// Checks that the text ended with a whole group. The decoder is as new afterwards.
    pub fn finish(&mut self) -> Result<(), DecodeError> {
        let whole = self.carry_len == 0;
        *self = Self::default();
        if whole { Ok(()) } else { Err(DecodeError) }
    }

    fn decode_groups(&mut self, groups: &[u8], plain: &mut [u8]) -> Result<usize, DecodeError> {
        self.is_padded |= groups.last() == Some(&b'=');
        BASE64.decode_slice(groups, plain).map_err(|_| DecodeError)
    }
}

/// How much content base64 text stands for, counted piece by piece without decoding it. Of text that is no
/// base64 it is a guess.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentLength {
    text_len: u64,
    /// At the end of the text.
    pads: u64,
}

impl ContentLength {
    /// Counts the next piece of the text, which holds no blanks.
    pub fn take(&mut self, text: &[u8]) {
        let pads = text.iter().rev().take_while(|c| **c == b'=').count();
        let before = if pads == text.len() { self.pads } else { 0 };
        self.pads = before + pads as u64;
        self.text_len += text.len() as u64;
    }

    /// How long the content of the whole groups so far is. Never less than before.
    pub fn bytes(&self) -> u64 {
        let groups = self.text_len / TEXT_GROUP as u64 * PLAIN_GROUP as u64;
        let is_whole = self.text_len.is_multiple_of(TEXT_GROUP as u64);
        let pads = if is_whole { self.pads.min(PLAIN_GROUP as u64 - 1) } else { 0 };
        groups.saturating_sub(pads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = BodyDecoder::default();
        let mut content = Vec::new();
        for piece in pieces {
            let mut plain = vec![0; plain_len_max(piece.len())];
            let len = decoder.decode(piece, &mut plain)?;
            content.extend_from_slice(&plain[..len]);
        }
        decoder.finish().map(|()| content)
    }

    #[test]
    fn rfc_4648_vectors_hold_in_both_directions() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut encoded = [0; 8];
            let mut encoder = BodyEncoder::default();
            let groups_len = encoder.encode(plain.as_bytes(), &mut encoded);
            let len = groups_len + encoder.finish(&mut encoded[groups_len..]);
            assert_eq!(&encoded[..len], text.as_bytes());
            assert_eq!(len as u64, text_len(plain.len() as u64));
            assert_eq!(decode(&[text.as_bytes()]).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn the_length_of_content_is_counted_without_decoding_it() {
        for text in ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"] {
            let content = decode(&[text.as_bytes()]).unwrap();
            for cut in 0..=text.len() {
                let mut length = ContentLength::default();
                let mut before = 0;
                for piece in [&text[..cut], &text[cut..]] {
                    length.take(piece.as_bytes());
                    assert!(length.bytes() >= before, "{text} cut at {cut}");
                    before = length.bytes();
                }
                assert_eq!(length.bytes(), content.len() as u64, "{text} cut at {cut}");
            }
        }
    }

    #[test]
    fn blanks_may_end_the_text() {
        assert_eq!(decode(&[b"Zm9v \t\r"]).unwrap(), b"foo");
        assert_eq!(decode(&[b"Zm8=", b"\r", b" "]).unwrap(), b"fo");
        assert_eq!(decode(&[b"\r"]).unwrap(), b"");
    }

    #[test]
    fn text_may_go_on_after_a_line_break() {
        let lines = |lines: &[&[u8]]| {
            let (mut decoder, mut plain) = (BodyDecoder::default(), [0; 16]);
            let mut len = 0;
            for line in lines {
                len += decoder.decode(line, &mut plain[len..])?;
                decoder.line_break();
            }
            decoder.finish().map(|()| plain[..len].to_vec())
        };
        assert_eq!(lines(&[b"Zm9v\r", b"YmFy \t\r", b"Zg=="]).unwrap(), b"foobarf");
        assert_eq!(lines(&[b"Zm", b"9vY", b"mFy", b""]).unwrap(), b"foobar");
        assert_eq!(lines(&[b"Zg==", b"Zm9v"]), Err(DecodeError));
        assert_eq!(lines(&[b"Zm9v", b"Y"]), Err(DecodeError));
    }

    #[test]
    fn no_part_of_broken_text_is_taken_for_content() {
        for pieces in [
            "Zm9",
            "Zm9v|Y",
            "Zm9v Yg==",
            "Zm9v |Yg==",
            "Zm8=Zm9v",
            "Zm8=|Zm9v",
            "Zm8|=Zm9v",
            "Zm8|=Z",
            "Zm8=|=",
            "Zm\n9v",
            "Zm-_",
            "====",
        ] {
            let pieces: Vec<&[u8]> = pieces.split('|').map(str::as_bytes).collect();
            assert_eq!(decode(&pieces), Err(DecodeError), "{pieces:?}");
        }
    }
}
