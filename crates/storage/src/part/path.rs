//! How the hidden files are called that parts are.

use std::ffi::OsStr;

use protocol::request::PartId;

const PREFIX: &str = ".part-";

/// Of the digest, so much that nobody finds another part with the same.
const BINDING_LEN: usize = 32;

/// That of a part which is bound to these fields.
pub(super) fn of(id: &PartId, fields: [&[u8]; 3]) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in fields {
        hasher.update(&(field.len() as u64).to_le_bytes()).update(field);
    }
    let binding = &hasher.finalize().to_hex()[..BINDING_LEN];
    format!("{}{binding}", start_of(id))
}

/// What those of all parts with this ID start with.
pub(super) fn start_of(id: &PartId) -> String {
    format!("{PREFIX}{id}-")
}

/// Whether it is a name that [`of`] makes: others are not ours to remove.
pub(crate) fn is_part(path: &OsStr) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let fields = path.to_str().and_then(|path| path.strip_prefix(PREFIX)?.split_once('-'));
    fields.is_some_and(|(id, binding)| {
        id.parse::<PartId>().is_ok_and(|parsed| parsed.as_str() == id)
            && binding.len() == BINDING_LEN
            && is_hex(binding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names_and_nothing_else_is_one() {
        for digits in [32, 64] {
            let id: PartId = "a".repeat(digits).parse().unwrap();
            assert!(is_part(OsStr::new(&of(&id, [b"alice", b"a.txt", b"5"]))));
            assert!(of(&id, [b"", b"", b""]).starts_with(&start_of(&id)));
        }
        let id = "a".repeat(32);
        for other in [
            ".part-".to_owned(),
            ".partner".to_owned(),
            format!(".part-{id}"),
            format!(".part-{id}-"),
            format!(".part-{id}-{}", "a".repeat(31)),
            format!(".part-{id}-{}", "g".repeat(32)),
            format!(".part-{}-{id}", "A".repeat(32)),
            format!(".upload-{id}-{id}"),
        ] {
            assert!(!is_part(OsStr::new(&other)), "{other}");
        }
    }

    #[test]
    fn each_field_binds_a_part_apart_from_where_another_one_ends() {
        let id: PartId = "a".repeat(32).parse().unwrap();
        assert_ne!(of(&id, [b"ab", b"c", b""]), of(&id, [b"a", b"bc", b""]));
    }
}
