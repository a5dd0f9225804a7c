//! A local file that takes its name when it is whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::interrupt::unfinished;

/// What a download is written to. Dropped before [`persist`](Self::persist), it leaves nothing
/// behind, and an older file of its name as it was.
pub(crate) struct LocalFile {
    path: PathBuf,
    content: Content,
}

enum Content {
    /// Beside its later name: a rename does not cross file systems.
    Temporary(NamedTempFile),
    /// A device or a pipe, which must not be replaced.
    Special(File),
}

impl LocalFile {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let is_special = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
        let content = if is_special {
            Content::Special(OpenOptions::new().write(true).open(path)?)
        } else {
            Content::Temporary(temporary_beside(path)?)
        };
        Ok(Self { path: path.to_owned(), content })
    }

    /// Gives the file its name, in place of an older one.
    pub(crate) fn persist(self) -> io::Result<()> {
        match self.content {
            Content::Temporary(file) => {
                file.persist(self.path).map_err(|err| err.error)?;
                *unfinished() = None;
                Ok(())
            }
            Content::Special(mut file) => file.flush(),
        }
    }
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fileclient-");
    // Like any new file, and not closed to others as temporary files are.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut unfinished = unfinished();
    let file = builder.tempfile_in(directory.unwrap_or(Path::new(".")))?;
    *unfinished = Some(file.path().to_owned());
    Ok(file)
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.content {
            Content::Temporary(file) => file.write(bytes),
            Content::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let mut file = LocalFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.persist().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(directory.path()), ["a.txt"]);
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = LocalFile::create(&directory.path().join("a.txt")).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(directory.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt;

        let path = Path::new("/dev/null");
        let mut file = LocalFile::create(path).unwrap();
        file.write_all(b"gone").unwrap();
        file.persist().unwrap();
        assert!(fs::metadata(path).unwrap().file_type().is_char_device());
    }
}
