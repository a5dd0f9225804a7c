//! File content to send around, its base64 text, and the request that stores it.

use protocol::{BodyDecoder, BodyEncoder, body};

/// `len` bytes that look random and are the same for the same `seed`.
pub fn content(seed: u64, len: usize) -> Vec<u8> {
    // Xorshift: 64-bit words, none of which is zero. Neighbouring seeds are spread out first.
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut content = Vec::with_capacity(len + 8);
    while content.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    content.truncate(len);
    content
}

pub fn base64(content: &[u8]) -> String {
    let mut text = vec![0; body::text_len(content.len() as u64) as usize];
    let mut encoder = BodyEncoder::default();
    let len = encoder.encode(content, &mut text);
    encoder.finish(&mut text[len..]);
    String::from_utf8(text).expect("base64 is ASCII")
}

/// The text of `content` as encoders wrap it, without an end of the last line.
pub fn wrapped_base64(content: &[u8], width: usize, line_end: &str) -> String {
    let text = base64(content);
    let lines = text.as_bytes().chunks(width).map(|line| str::from_utf8(line).expect("ASCII"));
    lines.collect::<Vec<_>>().join(line_end)
}

/// A request to store `content`, with the canonical ending.
pub fn upload_request(name: &str, content: &[u8]) -> String {
    format!("UPLOAD {name} {}\r\n\r\n", base64(content))
}

#[track_caller]
pub fn decode_base64(text: &str) -> Vec<u8> {
    let mut content = vec![0; body::plain_len_max(text.len())];
    let mut decoder = BodyDecoder::default();
    let len = decoder.decode(text.as_bytes(), &mut content).expect("the text is base64");
    decoder.finish().expect("the base64 text is whole");
    content.truncate(len);
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_follows_from_its_seed() {
        assert_eq!(content(1, 1000), content(1, 1000));
        assert_ne!(content(1, 1000), content(2, 1000));
        assert_eq!(content(1, 13), content(1, 1000)[..13]);
    }

    #[test]
    fn text_is_decoded_to_what_was_encoded() {
        assert_eq!(base64(b"hello"), "aGVsbG8=");
        assert_eq!(wrapped_base64(b"hello", 4, "\r\n"), "aGVs\r\nbG8=");
        let content = content(0, 10_000);
        assert_eq!(decode_base64(&base64(&content)), content);
    }
}
