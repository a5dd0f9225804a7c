//! File contents that can be told apart.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use storage::ContentHasher;
use testkit::content;

/// The content of one upload; those that happen to be the same, as empty files are, have one version.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Version(pub(crate) u64);

/// Content that nobody uploaded whole: a part of an upload, or parts of several.
pub(crate) const MIXED: Version = Version(u64::MAX);

/// Every content that was or will be sent whole, by its digest.
#[derive(Debug, Default)]
pub(crate) struct Contents(Mutex<HashMap<String, Version>>);

impl Contents {
    /// The content that has this number and length.
    pub(crate) fn add(&self, number: u64, len: usize) -> Version {
        let digest = digest(&content(number, len));
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *versions.entry(digest).or_insert(Version(number))
    }

    pub(crate) fn recognise(&self, content: &[u8]) -> Version {
        self.recognise_digest(&digest(content))
    }

    /// A digest as DIGEST answers it.
    pub(crate) fn recognise_digest(&self, digest: &str) -> Version {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        versions.get(digest).copied().unwrap_or(MIXED)
    }
}

fn digest(content: &[u8]) -> String {
    let mut digest = ContentHasher::default();
    digest.update(content);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_contents_are_recognised() {
        let contents = Contents::default();
        let (a, b) = (contents.add(1, 1000), contents.add(2, 1000));
        let (a_content, b_content) = (content(1, 1000), content(2, 1000));
        assert_ne!(a, b);
        assert_eq!(contents.recognise(&a_content), a);
        assert_eq!(contents.recognise(&b_content), b);
        assert_eq!(contents.recognise(&a_content[..999]), MIXED);
        assert_eq!(contents.recognise(&[&a_content[..500], &b_content[500..]].concat()), MIXED);
        assert_eq!(contents.add(3, 0), contents.add(4, 0));
    }
}
