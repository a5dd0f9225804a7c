//! Lines that were read from the journal at once.

/// Whole lines of JSON, each with its end.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    len: usize,
}

impl Batch {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), len: 0 }
    }

    /// A batch of one line.
    pub(crate) fn of(line: &[u8]) -> Self {
        let mut batch = Self::default();
        batch.push(line);
        batch
    }

    /// Adds a line that comes without its end.
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        self.len += 1;
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each line without its end.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split_inclusive(|byte| *byte == b'\n').map(|line| &line[..line.len() - 1])
    }
}
