//! Base64 in pieces is base64 as a whole.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{BodyDecoder, BodyEncoder, DecodeError, body};

use super::{arrivals, cut};

pub(crate) fn hold(bytes: &[u8]) {
    let whole = decoded(&[bytes]);
    let blanks = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let len = bytes.iter().rposition(|byte| !blanks(byte)).map_or(0, |last| last + 1);
    // Another engine than the one that is used.
    assert_eq!(whole.clone().ok(), STANDARD.decode(&bytes[..len]).ok());
    for pieces in arrivals(bytes) {
        assert_eq!(decoded(&pieces), whole, "in {} pieces", pieces.len());
    }
    let text = encoded(bytes, &[bytes.len() / 2, bytes.len() / 3]);
    assert_eq!(text, STANDARD.encode(bytes).as_bytes());
    assert_eq!(decoded(&cut(&text, &[text.len() / 2, 5])).as_deref(), Ok(bytes));
}

pub(crate) fn encoded(content: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut encoder = BodyEncoder::default();
    let mut text = vec![0; body::text_len(content.len() as u64) as usize];
    let mut len = 0;
    for piece in cut(content, cuts) {
        len += encoder.encode(piece, &mut text[len..]);
    }
    len += encoder.finish(&mut text[len..]);
    assert_eq!(len, text.len());
    text
}

pub(crate) fn decoded(pieces: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = BodyDecoder::default();
    let mut content = Vec::new();
    for piece in pieces {
        let mut plain = vec![0; body::plain_len_max(piece.len())];
        let len = decoder.decode(piece, &mut plain)?;
        content.extend_from_slice(&plain[..len]);
    }
    decoder.finish().map(|()| content)
}
