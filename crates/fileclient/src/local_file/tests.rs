use std::os::unix::fs::{FileTypeExt, chown, symlink};

use tempfile::TempDir;

use super::*;

/// A directory with an old file of these permissions, `a`.
fn with_old(mode: u32) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    (directory, path)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn save(path: &Path) -> Result<(), LocalFileError> {
    let mut file = LocalFile::create(path, IfExists::Replace)?;
    file.write_all(b"new").unwrap();
    file.persist()
}

fn refusal(path: &Path) -> String {
    save(path).unwrap_err().to_string()
}

#[test]
fn a_file_has_its_name_when_it_is_whole() {
    let (directory, path) = with_old(0o644);
    let mut file = LocalFile::create(&path, IfExists::Replace).unwrap();
    file.write_all(b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    file.persist().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(directory.path()), ["a"]);
}

#[test]
fn an_unfinished_file_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = LocalFile::create(&directory.path().join("a"), IfExists::Replace).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert!(names(directory.path()).is_empty());
}

#[test]
fn permissions_stay_and_no_one_else_reads_before() {
    for mode in [0o600, 0o640, 0o755, 0o666] {
        let (directory, path) = with_old(mode);
        let file = LocalFile::create(&path, IfExists::Replace).unwrap();
        for name in names(directory.path()) {
            let meanwhile = fs::metadata(directory.path().join(name)).unwrap().mode();
            assert_eq!(meanwhile & 0o777 & !mode, 0, "{mode:o}");
        }
        file.persist().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn new_content_does_not_run_as_another_user() {
    let (_directory, path) = with_old(0o4755);
    save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o755);
}

#[test]
fn the_owner_stays_where_that_is_allowed() {
    let (_directory, path) = with_old(0o644);
    if chown(&path, Some(1234), Some(4321)).is_err() {
        // Nobody but root has files of others.
        return;
    }
    save(&path).unwrap();
    let saved = fs::metadata(&path).unwrap();
    assert_eq!((saved.uid(), saved.gid()), (1234, 4321));
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_link_stays_one_and_its_file_is_replaced() {
    let (directory, path) = with_old(0o600);
    fs::create_dir(directory.path().join("sub")).unwrap();
    let link = directory.path().join("sub/link");
    symlink("../a", &link).unwrap();
    save(&link).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("../a"));
    assert_eq!(names(&directory.path().join("sub")), ["link"]);
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (link, other) = (directory.path().join("link"), directory.path().join("other"));
    symlink("other", &link).unwrap();
    let dangling = refusal(&link);
    assert_eq!(
        dangling,
        "it is a link to other, which is not there; name that file, or remove the link"
    );
    symlink("link", &other).unwrap();
    assert!(matches!(save(&link), Err(LocalFileError::Io(_))));
    assert_eq!(names(directory.path()), ["link", "other"]);
}

#[test]
fn a_place_that_can_hold_no_file_is_named() {
    let (directory, path) = with_old(0o644);
    assert!(refusal(directory.path()).starts_with("it is a directory; "));
    let place = |name: &str| directory.path().join(name);
    for (name, missing) in [("no/", "no/"), ("no/.", "no/."), ("no/b", "no"), ("a/b", "")] {
        let sentence = refusal(&place(name));
        assert!(sentence.contains(missing), "{sentence}");
        assert_eq!(sentence.contains("; make it first"), !missing.is_empty(), "{sentence}");
    }
    assert_eq!(fs::read(path).unwrap(), b"old");
    assert_eq!(names(directory.path()), ["a"]);
}

#[test]
fn what_is_there_is_kept_where_that_is_wished() {
    let (directory, path) = with_old(0o644);
    let link = directory.path().join("link");
    symlink("nowhere", &link).unwrap();
    for path in [&path, &link, &directory.path().to_owned()] {
        let refused = LocalFile::create(path, IfExists::Keep).unwrap_err();
        assert!(matches!(refused, LocalFileError::Exists), "{refused:?}");
    }
    // It may come while the new one is on its way.
    let late = directory.path().join("late");
    let file = LocalFile::create(&late, IfExists::Keep).unwrap();
    fs::write(&late, "other").unwrap();
    assert!(matches!(file.persist(), Err(LocalFileError::Exists)));
    assert_eq!(
        (fs::read(&path).unwrap(), fs::read(&late).unwrap()),
        (b"old".into(), b"other".into())
    );
    assert_eq!(names(directory.path()), ["a", "late", "link"]);
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("null");
    symlink("/dev/null", &link).unwrap();
    for path in [Path::new("/dev/null"), &link] {
        save(path).unwrap();
        assert!(fs::metadata(path).unwrap().file_type().is_char_device());
    }
    assert!(fs::read_link(&link).is_ok());
}
