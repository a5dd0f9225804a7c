//! The files that the requests of a load move: made from a seed, stored before, checked, removed afterwards.

use std::{
    collections::HashSet,
    io::{self, Write},
    ops::Range,
};

use anyhow::Context;
use client::{ClientError, ErrorCode, FileName};
use rand::{Rng, SeedableRng, rngs::StdRng};
use simulation::Chance;

use super::mix::{Kind, Mix};
use crate::servers::{content::ContentHasher, target::Target};

/// How the names begin, by which what could not be removed is found.
const OURS: &str = "stress-load-";

/// All files of a load. Each is another piece of one text, which begins a byte later: so many files take the
/// memory of one, and none can be taken for another.
pub(crate) struct Files {
    text: Vec<u8>,
    size: usize,
    /// How many are downloaded; with a balancer that places by name, one would be on one server.
    stored: u32,
}

impl Files {
    pub(super) fn new(mix: &Mix, size: usize, stored: u32, clients: u32, seed: u64) -> Self {
        let moves_files = mix.has(Kind::Get) || mix.has(Kind::Upload);
        let stored = if mix.has(Kind::Get) { stored } else { 0 };
        let len = if moves_files { size + (stored + clients) as usize } else { 0 };
        let mut text = vec![0; len];
        StdRng::seed_from_u64(seed).fill_bytes(&mut text);
        Self { text, size, stored }
    }

    /// The file that one of the downloads is of, and what it holds.
    pub(super) fn download(&self, chance: &mut Chance) -> (FileName, &[u8]) {
        self.stored_file(chance.below(self.stored as usize) as u32)
    }

    /// The file that a client uploads again and again.
    pub(super) fn upload(&self, client: u32) -> (FileName, &[u8]) {
        (name(&format!("upload-{client}")), &self.text[self.range(self.stored + client - 1)])
    }

    fn stored_file(&self, index: u32) -> (FileName, &[u8]) {
        (name(&index.to_string()), &self.text[self.range(index)])
    }

    fn range(&self, beginning: u32) -> Range<usize> {
        beginning as usize..beginning as usize + self.size
    }

    /// Whether a list of names has all the stored files.
    pub(super) fn are_all_in(&self, names: &[String]) -> bool {
        let names: HashSet<&str> = names.iter().map(String::as_str).collect();
        (0..self.stored).all(|index| names.contains(name(&index.to_string()).as_str()))
    }

    /// Stores what is downloaded.
    pub(super) fn provide(&self, target: &Target) -> anyhow::Result<()> {
        for (name, mut content) in (0..self.stored).map(|index| self.stored_file(index)) {
            target.store(&name, &mut content).with_context(|| {
                format!("cannot store the files to download on {}", target.address)
            })?;
        }
        Ok(())
    }

    /// Of these clients, each of which has stored its file, those whose file is not what they sent.
    pub(super) fn wrong_uploads(
        &self,
        target: &Target,
        clients: &[u32],
    ) -> Result<u64, ClientError> {
        let mut wrong = 0;
        for &client in clients {
            let (name, content) = self.upload(client);
            let mut sent = ContentHasher::default();
            sent.update(content);
            wrong += u64::from(match target.digest(&name) {
                Err(err) if err.code() == Some(ErrorCode::NotFound) => true,
                digest => digest? != sent.finish(),
            });
        }
        Ok(wrong)
    }

    /// Removes what was stored, also by these clients; the names that are left.
    pub(super) fn remove(
        &self,
        target: &Target,
        clients: &[u32],
    ) -> Result<Vec<String>, ClientError> {
        let uploads = clients.iter().map(|client| self.upload(*client).0);
        let names: Vec<FileName> =
            (0..self.stored).map(|index| self.stored_file(index).0).chain(uploads).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        for name in &names {
            match target.delete(name) {
                // Some servers cannot delete; what is left is told.
                Ok(()) | Err(ClientError::Refused { .. }) => {}
                // One that does not answer is not asked again and again.
                Err(err) => return Err(err),
            }
        }
        target.names_that_begin_with(&[OURS])
    }
}

fn name(of: &str) -> FileName {
    format!("{OURS}{of}.bin").parse().expect("this is a plain name")
}

/// Takes what comes and holds it against what should come. It costs no more than a copy would.
pub(super) struct Comparison<'a> {
    left: &'a [u8],
    differs: bool,
}

impl<'a> Comparison<'a> {
    pub(super) fn with(expected: &'a [u8]) -> Self {
        Self { left: expected, differs: false }
    }

    /// Whether all of it came, and nothing else.
    pub(super) fn is_equal(&self) -> bool {
        !self.differs && self.left.is_empty()
    }
}

impl Write for Comparison<'_> {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        match self.left.split_at_checked(content.len()) {
            Some((expected, left)) => {
                self.differs |= expected != content;
                self.left = left;
            }
            None => self.differs = true,
        }
        Ok(content.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(mix: &str, seed: u64) -> Files {
        Files::new(&mix.parse().unwrap(), 1_000, 3, 2, seed)
    }

    #[test]
    fn each_file_has_its_size_and_a_content_of_its_own_that_a_seed_repeats() {
        let files_of = |seed| {
            let files = files("get,upload", seed);
            let stored = (0..3).map(|index| files.stored_file(index).1.to_vec());
            let uploads = [1, 2].map(|client| files.upload(client).1.to_vec());
            stored.chain(uploads).collect::<Vec<_>>()
        };
        let made = files_of(7);
        assert!(made.iter().all(|content| content.len() == 1_000));
        for (index, content) in made.iter().enumerate() {
            assert!(!made[..index].contains(content), "{index}");
        }
        assert_eq!(made, files_of(7));
        assert_ne!(made[0], files_of(8)[0]);
    }

    #[test]
    fn a_load_without_files_has_none() {
        let files = files("echo,list,ping", 1);
        assert_eq!((files.text.len(), files.stored), (0, 0));
        assert!(files.are_all_in(&[]));
    }

    #[test]
    fn a_list_must_have_every_stored_file() {
        let files = files("get,list", 1);
        let mut names: Vec<String> =
            (0..3).map(|index| files.stored_file(index).0.as_str().to_owned()).collect();
        names.push("someone-elses.txt".to_owned());
        assert!(files.are_all_in(&names));
        assert!(!files.are_all_in(&names[1..]));
    }

    #[test]
    fn a_comparison_finds_a_wrong_byte_a_lack_and_a_surplus() {
        let compare = |pieces: &[&[u8]]| {
            let mut comparison = Comparison::with(b"halo dunia");
            pieces.iter().for_each(|piece| comparison.write_all(piece).unwrap());
            comparison.is_equal()
        };
        assert!(compare(&[b"halo ", b"", b"dunia"]));
        for wrong in [&[&b"halo dunja"[..]][..], &[b"halo "], &[b"halo dunia", b"!"], &[]] {
            assert!(!compare(wrong), "{wrong:?}");
        }
    }
}
