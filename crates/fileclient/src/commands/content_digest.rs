//! What content hashes to, as servers of this project say it.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt};

/// Large enough for the hash to use all of the processor.
const PIECE_LEN: usize = 256 * 1024;

/// Of all that the file holds, wherever it is read from or written to.
pub(super) fn of_file(file: &File) -> io::Result<String> {
    let (mut hasher, mut piece, mut position) = (blake3::Hasher::new(), vec![0; PIECE_LEN], 0);
    loop {
        match file.read_at(&mut piece, position) {
            Ok(0) => return Ok(text(&hasher)),
            Ok(len) => {
                hasher.update(&piece[..len]);
                position += len as u64;
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

fn text(hasher: &blake3::Hasher) -> String {
    format!("blake3:{}", hasher.finalize().to_hex())
}

/// A file that is hashed while it is sent, range by range.
pub(super) struct HashedFile<'a> {
    file: &'a File,
    hasher: blake3::Hasher,
    began_at: u64,
    end: u64,
    piece: Vec<u8>,
}

impl<'a> HashedFile<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        let (hasher, piece) = (blake3::Hasher::new(), vec![0; PIECE_LEN]);
        Self { file, hasher, began_at: 0, end: 0, piece }
    }

    /// Where sending began last.
    pub(super) fn began_at(&self) -> u64 {
        self.began_at
    }

    /// An empty range is where sending begins, perhaps anew.
    pub(super) fn take(&mut self, range: Range<u64>) -> io::Result<()> {
        if range.is_empty() {
            self.hasher.reset();
            (self.began_at, self.end) = (range.start, range.start);
        }
        debug_assert_eq!(self.end, range.start, "a range follows the one before");
        while self.end < range.end {
            let len = self.piece.len().min((range.end - self.end) as usize);
            if self.began_at == 0 {
                self.file.read_exact_at(&mut self.piece[..len], self.end)?;
                self.hasher.update(&self.piece[..len]);
            }
            self.end += len as u64;
        }
        Ok(())
    }

    /// Of the file, which is read again where sending has begun in the middle: whoever waits for that
    /// place would have waited for the hash of what is before it.
    pub(super) fn digest(&self) -> io::Result<String> {
        if self.began_at == 0 { Ok(text(&self.hasher)) } else { of_file(self.file) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// That of no bytes is published with the hash.
    const EMPTY: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    #[test]
    fn the_hash_is_of_all_of_the_file_wherever_reading_begins() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(of_file(&file).unwrap(), EMPTY);
        file.write_all(&testkit::content(1, 300_000)).unwrap();
        let whole = of_file(&file).unwrap();
        let mut hashed = HashedFile::new(&file);
        for start in [0, 1, 299_999, 300_000, 0] {
            for range in [start..start, start..300_000] {
                hashed.take(range).unwrap();
            }
            assert_eq!((hashed.began_at(), hashed.digest().unwrap()), (start, whole.clone()));
        }
        let short = hashed.take(300_000..300_001).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);
    }
}
