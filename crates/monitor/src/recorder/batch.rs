//! Lines that were read from the journal at once.

use telemetry::Level;

use crate::line;

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

    /// The lines that matter so much. One that is no event stays, so that it is counted.
    pub(crate) fn up_to(&self, level: Level) -> Self {
        let mut batch = Self::default();
        let matters = |line: &&[u8]| line::level(line).is_none_or(|of_line| of_line <= level);
        self.lines().filter(matters).for_each(|line| batch.push(line));
        batch
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
