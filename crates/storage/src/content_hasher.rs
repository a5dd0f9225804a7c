//! What makes the digest that DIGEST reports.

/// The digest of content that is fed in pieces, as DIGEST reports it.
#[derive(Debug, Default)]
pub struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// `blake3:` and 64 hexadecimal digits.
    pub fn finish(&self) -> String {
        format!("blake3:{}", self.0.finalize())
    }
}
