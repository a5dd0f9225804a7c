//! Who a node is: an ed25519 key, kept in a file that only its owner can read.
//!
//! Whoever has the key is the node to all others. So the file is of mode 600 from its first moment on, and
//! one that others can read is refused instead of mended: it may have been read already.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

use iroh::SecretKey;

/// Bits of a mode that give others any right.
const OF_OTHERS: u32 = 0o077;

/// Most bytes of the file: the key in hexadecimal digits, and space around it.
const LEN_MAX: u64 = 128;

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("identity {}: {reason}", path.display())]
    Disk { path: PathBuf, reason: io::Error },
    #[error(
        "identity {}: others can use it (mode {mode:03o}); make it yours alone with chmod 600, or remove it for \
         a new identity", path.display()
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("identity {}: this is no key; remove it for a new identity", .0.display())]
    NoKey(PathBuf),
    #[error(
        "identity {}: another filepeer has it open; give this one another --port, or a file of its own with \
         --identity", .0.display()
    )]
    Taken(PathBuf),
}

/// The key of a node. While a node has one from a file, no other node on this machine can open it.
#[derive(Debug)]
pub(crate) struct Identity {
    key: SecretKey,
    _locked: Option<File>,
}

impl Identity {
    /// For a node that nobody has to know again.
    pub(crate) fn passing() -> Self {
        Self { key: SecretKey::generate(), _locked: None }
    }

    /// Reads the key at `path`, or makes one there. The directory must exist.
    pub(crate) fn open(path: &Path) -> Result<Self, IdentityError> {
        let fail = |reason| IdentityError::Disk { path: path.to_owned(), reason };
        // Opening a FIFO would wait for a writer.
        match fs::metadata(path) {
            Ok(there) if !there.is_file() => return Err(IdentityError::NoKey(path.to_owned())),
            Ok(_) => {}
            Err(err) if err.kind() == io::ErrorKind::NotFound => make(path).map_err(fail)?,
            Err(reason) => return Err(fail(reason)),
        }
        let mut file = File::open(path).map_err(fail)?;
        let mode = file.metadata().map_err(fail)?.mode() & 0o777;
        if mode & OF_OTHERS != 0 {
            return Err(IdentityError::Open { path: path.to_owned(), mode });
        }
        file.try_lock().map_err(|err| match err {
            TryLockError::WouldBlock => IdentityError::Taken(path.to_owned()),
            TryLockError::Error(reason) => fail(reason),
        })?;
        let mut text = String::new();
        (&mut file).take(LEN_MAX).read_to_string(&mut text).map_err(fail)?;
        let key = text.trim().parse().map_err(|_| IdentityError::NoKey(path.to_owned()))?;
        Ok(Self { key, _locked: Some(file) })
    }

    pub(super) fn key(&self) -> SecretKey {
        self.key.clone()
    }
}

/// Puts a new key at `path`, whole or not at all. Who was faster there keeps the name.
fn make(path: &Path) -> io::Result<()> {
    let mut unready = path.as_os_str().to_owned();
    unready.push(format!(".{}", process::id()));
    // In a container each run has the same process id, and one may have been killed here.
    let _ = fs::remove_file(&unready);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unready)?;
    let key: String =
        SecretKey::generate().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let written = writeln!(file, "{key}").and_then(|()| file.sync_all());
    // A link, unlike a rename, replaces nothing.
    let named = written.and_then(|()| fs::hard_link(&unready, path));
    fs::remove_file(&unready)?;
    match named {
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use tempfile::TempDir;

    use super::*;

    fn place() -> (TempDir, PathBuf) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("identity");
        (dir, path)
    }

    #[test]
    fn an_identity_is_made_once_for_its_owner_alone_and_stays_the_same() {
        let (dir, path) = place();
        let made = Identity::open(&path).unwrap().key();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(Identity::open(&path).unwrap().key().to_bytes(), made.to_bytes());
        let names: Vec<_> =
            fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["identity"], "nothing else is left");
        assert_ne!(Identity::passing().key().to_bytes(), made.to_bytes());
    }

    #[test]
    fn an_identity_that_others_can_read_is_refused_with_what_to_do() {
        let (_dir, path) = place();
        drop(Identity::open(&path).unwrap());
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refusal = Identity::open(&path).unwrap_err().to_string();
            assert!(refusal.contains(&format!("mode {mode:03o}")), "{refusal}");
            assert!(refusal.contains("chmod 600"), "{refusal}");
        }
    }

    #[test]
    fn an_identity_belongs_to_one_node_at_a_time() {
        let (_dir, path) = place();
        let held = Identity::open(&path).unwrap();
        assert!(matches!(Identity::open(&path), Err(IdentityError::Taken(_))));
        drop(held);
        Identity::open(&path).unwrap();
    }

    #[test]
    fn what_is_no_key_is_no_identity_and_stays_as_it_is() {
        let (dir, path) = place();
        for text in ["", "hello\n", &"0".repeat(500)] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Identity::open(&path), Err(IdentityError::NoKey(_))), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(matches!(Identity::open(dir.path()), Err(IdentityError::NoKey(_))));
    }
}
