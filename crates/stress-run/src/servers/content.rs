//! The files that are moved: incompressible, and made again from the same seed.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use client::FileName;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::plan::Volume;

/// How the names of files begin that are stored for a run: what downloads read, what uploads send, what
/// shows that the server stores files, and what there is to list.
pub(crate) const DOWNLOADED: &str = "stress-download-";
pub(crate) const UPLOADED: &str = "stress-upload-";
pub(crate) const CHECKED: &str = "stress-check.bin";
pub(crate) const LISTED: &str = "stress-list-";

/// Bytes made or hashed at a time.
const PIECE_LEN: usize = 256 * 1024;

/// A file on the clients' side: what uploads send, and what downloads must turn out to be.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) volume: Volume,
    pub(crate) path: PathBuf,
    /// Of the stored file that downloads read.
    pub(crate) name: FileName,
    /// As the server's DIGEST reports it.
    pub(crate) digest: String,
}

impl SourceFile {
    /// Writes the file of one volume into `dir`.
    pub(crate) fn create(dir: &Path, volume: Volume, seed: u64) -> io::Result<Self> {
        let path = dir.join(format!("source-{}.bin", volume.bytes));
        let mut random = StdRng::seed_from_u64(seed ^ volume.bytes);
        let (mut file, mut digest) = (File::create(&path)?, ContentHasher::default());
        let mut piece = vec![0; PIECE_LEN];
        let mut left = volume.bytes;
        while left > 0 {
            let len = left.min(PIECE_LEN as u64) as usize;
            random.fill_bytes(&mut piece[..len]);
            digest.update(&piece[..len]);
            file.write_all(&piece[..len])?;
            left -= len as u64;
        }
        Ok(Self { volume, path, name: download_name(volume), digest: digest.finish() })
    }
}

/// The stored file that downloads read. The null server reads its length in it.
pub(crate) fn download_name(volume: Volume) -> FileName {
    let name = format!("{DOWNLOADED}{}.bin", volume.bytes);
    name.parse().expect("this is a plain name")
}

/// BLAKE3, in the words of the protocol's DIGEST.
#[derive(Debug, Default)]
pub(crate) struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    pub(crate) fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    pub(crate) fn finish(&self) -> String {
        format!("blake3:{}", self.0.finalize())
    }

    /// Of names in any order, with their number in words.
    pub(crate) fn of_names(mut names: Vec<String>) -> String {
        names.sort_unstable();
        let mut digest = Self::default();
        for name in &names {
            digest.update(name.as_bytes());
            digest.update(b"\n");
        }
        format!("{} names, {}", names.len(), digest.finish())
    }

    pub(crate) fn of_file(path: &Path) -> io::Result<String> {
        let (mut file, mut digest) = (File::open(path)?, Self::default());
        let mut piece = vec![0; PIECE_LEN];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(digest.finish()),
                len => digest.update(&piece[..len]),
            }
        }
    }
}

/// Takes content and keeps only its digest.
impl Write for ContentHasher {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        self.update(content);
        Ok(content.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_source_is_made_again_from_its_seed() {
        let dir = tempfile::TempDir::new().unwrap();
        let volume = Volume { bytes: 600_001 };
        let first = SourceFile::create(dir.path(), volume, 1).unwrap();
        assert_eq!(fs::metadata(&first.path).unwrap().len(), 600_001);
        assert_eq!(ContentHasher::of_file(&first.path).unwrap(), first.digest);
        assert_eq!(SourceFile::create(dir.path(), volume, 1).unwrap().digest, first.digest);
        assert_ne!(SourceFile::create(dir.path(), volume, 2).unwrap().digest, first.digest);
    }
}
