//! What content hashes to, as servers of this project say it.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
};

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

/// A file that is hashed while it is read.
pub(super) struct HashedFile<'a> {
    file: &'a File,
    hasher: blake3::Hasher,
    began_at: u64,
}

impl<'a> HashedFile<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        Self { file, hasher: blake3::Hasher::new(), began_at: 0 }
    }

    /// Where reading began last.
    pub(super) fn began_at(&self) -> u64 {
        self.began_at
    }

    /// Of the file, which is read again where reading has begun in the middle: whoever waits for that
    /// place would have waited for the hash of what is before it.
    pub(super) fn digest(&self) -> io::Result<String> {
        if self.began_at == 0 { Ok(text(&self.hasher)) } else { of_file(self.file) }
    }
}

impl Read for HashedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        if self.began_at == 0 {
            self.hasher.update(&buffer[..len]);
        }
        Ok(len)
    }
}

impl Seek for HashedFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = self.file.seek(to)?;
        self.hasher.reset();
        self.began_at = position;
        Ok(position)
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
        for start in [0, 1, 299_999, 300_000] {
            let mut hashed = HashedFile::new(&file);
            hashed.seek(SeekFrom::Start(start)).unwrap();
            let mut rest = Vec::new();
            hashed.read_to_end(&mut rest).unwrap();
            assert_eq!(
                (rest.len() as u64, hashed.digest().unwrap()),
                (300_000 - start, whole.clone())
            );
        }
    }
}
