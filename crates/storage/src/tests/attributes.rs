//! Owner, group, mode and access list of a file that is replaced.

use std::{
    fs::{Permissions, set_permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::PathBuf,
};

use rustix::{
    fs::{XattrFlags, getxattr, setxattr},
    io::Errno,
    process::geteuid,
    thread::{set_thread_gid, set_thread_groups, set_thread_uid},
};

use super::*;

const ACCESS_LIST: &str = "system.posix_acl_access";
const DEFAULT_ACCESS_LIST: &str = "system.posix_acl_default";

/// A user and a group of this machine, or none of them.
const SOMEBODY: u32 = 12345;
/// Who may read because the list says so.
const FRIEND: u32 = 54321;

fn place(temp: &TempDir, at: &str, mode: u32) -> PathBuf {
    let path = temp.path().join(at);
    fs::write(&path, "old").unwrap();
    set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn replace(directory: &Directory, at: &str) -> Result<u64, StorageError> {
    let mut upload = directory.create(name(at), IfExists::Replace)?;
    upload.write(b"new")?;
    upload.commit()
}

/// Runs `work` as a user who is not root, owns `temp`, and is in `groups`.
fn as_somebody<T: Send>(temp: &TempDir, groups: &[u32], work: impl FnOnce() -> T + Send) -> T {
    chown(temp.path(), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let groups: Vec<_> = groups.iter().map(|id| rustix::fs::Gid::from_raw(*id)).collect();
    thread::scope(|scope| {
        let run = move || {
            set_thread_groups(&groups).unwrap();
            set_thread_gid(rustix::fs::Gid::from_raw(SOMEBODY)).unwrap();
            set_thread_uid(rustix::fs::Uid::from_raw(SOMEBODY)).unwrap();
            work()
        };
        scope.spawn(run).join().unwrap()
    })
}

fn is_root() -> bool {
    geteuid().is_root()
}

/// The owner may read and write, `FRIEND` may read, the group nothing: the mode is then 0640.
fn list_with_friend() -> Vec<u8> {
    let entry = |tag: u16, may: u16, id: u32| {
        [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let entries = [
        entry(0x01, 6, u32::MAX),
        entry(0x02, 4, FRIEND),
        entry(0x04, 0, u32::MAX),
        entry(0x10, 4, u32::MAX),
        entry(0x20, 0, u32::MAX),
    ];
    [&2_u32.to_le_bytes()[..], &entries.concat()].concat()
}

fn access_list(path: &Path) -> Option<Vec<u8>> {
    let mut list = vec![0; 1000];
    let len = getxattr(path, ACCESS_LIST, &mut list[..]).ok()?;
    list.truncate(len);
    Some(list)
}

#[test]
fn a_replaced_file_keeps_its_mode_under_every_durability() {
    for durability in [Durability::None, Durability::File, Durability::Full] {
        let (temp, directory, _) =
            directory_with(DirectoryOptions { durability, ..DirectoryOptions::default() });
        for kept in [0o600, 0o640, 0o666, 0o755] {
            let path = place(&temp, "a.txt", kept);
            replace(&directory, "a.txt").unwrap();
            assert_eq!((mode(&path), fs::read(&path).unwrap()), (kept, b"new".to_vec()));
        }
    }
}

#[test]
fn what_runs_as_its_owner_does_not_once_a_client_has_written_it() {
    let (temp, directory) = directory();
    let path = place(&temp, "a.txt", 0o6755);
    replace(&directory, "a.txt").unwrap();
    assert_eq!(mode(&path), 0o755);
}

#[test]
fn nobody_reads_the_new_content_of_a_private_file_while_it_comes() {
    let (temp, directory) = directory();
    place(&temp, "a.txt", 0o600);
    let under_way = upload(&directory, "a.txt", b"new");
    for entry in fs::read_dir(temp.path()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    under_way.commit().unwrap();
}

#[test]
fn a_mode_that_changes_while_the_content_comes_is_kept() {
    let (temp, directory) = directory();
    let path = place(&temp, "a.txt", 0o644);
    let before = upload(&directory, "a.txt", b"new");
    let new = upload(&directory, "b.txt", b"new");
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    before.commit().unwrap();
    assert_eq!(mode(&path), 0o600);
    let path = place(&temp, "b.txt", 0o600);
    new.commit().unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_file_that_is_removed_while_its_next_content_comes_leaves_its_mode() {
    let (temp, directory) = directory();
    let path = place(&temp, "a.txt", 0o644);
    let under_way = upload(&directory, "a.txt", b"new");
    fs::remove_file(&path).unwrap();
    under_way.commit().unwrap();
    assert_eq!(mode(&path), 0o644);
}

#[test]
fn root_keeps_owner_and_group() {
    if !is_root() {
        return;
    }
    let (temp, directory) = directory();
    let path = place(&temp, "a.txt", 0o440);
    chown(&path, Some(SOMEBODY), Some(FRIEND)).unwrap();
    replace(&directory, "a.txt").unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), mode(&path)), (SOMEBODY, FRIEND, 0o440));
}

#[test]
fn who_may_not_give_the_group_away_opens_the_file_to_nobody_else() {
    if !is_root() {
        return;
    }
    for (before, groups, after) in [
        (0o666, &[][..], (SOMEBODY, 0o666)),
        (0o662, &[], (SOMEBODY, 0o622)),
        (0o626, &[], (SOMEBODY, 0o622)),
        (0o660, &[FRIEND], (FRIEND, 0o660)),
    ] {
        let (temp, directory) = directory();
        let path = place(&temp, "a.txt", before);
        chown(&path, Some(0), Some(FRIEND)).unwrap();
        as_somebody(&temp, groups, || replace(&directory, "a.txt").unwrap());
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.uid(), SOMEBODY);
        assert_eq!((metadata.gid(), mode(&path)), after, "{before:o}");
    }
}

#[test]
fn a_file_that_the_server_may_not_write_is_neither_replaced_nor_removed() {
    if !is_root() {
        return;
    }
    let (temp, directory) = directory();
    for (owner, kept) in [(SOMEBODY, 0o444), (0, 0o644)] {
        let path = place(&temp, "a.txt", kept);
        chown(&path, Some(owner), Some(owner)).unwrap();
        let (created, deleted) = as_somebody(&temp, &[], || {
            let created = directory.create(name("a.txt"), IfExists::Replace).map(drop);
            (created, directory.delete(&name("a.txt")))
        });
        assert!(matches!(created, Err(StorageError::WriteProtected(_))), "{created:?}");
        assert!(matches!(deleted, Err(StorageError::WriteProtected(_))), "{deleted:?}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        // Root may write it, as with `cp`, and leaves it as protected as it was.
        replace(&directory, "a.txt").unwrap();
        assert_eq!((mode(&path), fs::metadata(&path).unwrap().uid()), (kept, owner));
    }
}

#[test]
fn a_replaced_file_keeps_its_access_list_or_gets_none() {
    let (temp, directory) = directory();
    let path = place(&temp, "a.txt", 0o640);
    match setxattr(&path, ACCESS_LIST, &list_with_friend(), XattrFlags::empty()) {
        Err(Errno::NOTSUP) => return,
        set => set.unwrap(),
    }
    replace(&directory, "a.txt").unwrap();
    assert_eq!((mode(&path), access_list(&path)), (0o640, Some(list_with_friend())));

    // From now on whatever is made here has such a list.
    setxattr(temp.path(), DEFAULT_ACCESS_LIST, &list_with_friend(), XattrFlags::empty()).unwrap();
    let path = temp.path().join("b.txt");
    replace(&directory, "b.txt").unwrap();
    assert!(access_list(&path).is_some());
    rustix::fs::removexattr(&path, ACCESS_LIST).unwrap();
    set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    replace(&directory, "b.txt").unwrap();
    assert_eq!((mode(&path), access_list(&path)), (0o640, None));
}

#[test]
fn a_list_that_cannot_be_kept_opens_the_file_to_nobody_else() {
    if !is_root() {
        return;
    }
    let (temp, directory) = directory();
    let path = place(&temp, "a.txt", 0o640);
    let set = setxattr(&path, ACCESS_LIST, &list_with_friend(), XattrFlags::empty());
    if set == Err(Errno::NOTSUP) {
        return;
    }
    // The group of the new file is another, whose members the list knows nothing about.
    chown(&path, Some(SOMEBODY), Some(FRIEND)).unwrap();
    as_somebody(&temp, &[], || replace(&directory, "a.txt").unwrap());
    assert_eq!((mode(&path), access_list(&path)), (0o600, None));
}
