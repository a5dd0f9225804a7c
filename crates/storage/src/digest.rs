//! The digest of content, as DIGEST reports it.

/// The digest of content that is fed in pieces, as DIGEST reports it.
#[derive(Debug, Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// `blake3:` and 64 hexadecimal digits.
    pub fn finish(&self) -> String {
        format!("blake3:{}", self.0.finalize())
    }
}
