use std::{
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{self, Command},
    thread,
};

use nix::{
    errno::Errno,
    sys::signal::kill,
    unistd::{Pid, getppid},
};
use storage::Directory;
use tempfile::TempDir;

use super::*;

/// Runs `claims` on a thread that may serve `dir` alone; the other tests stay free.
///
/// Claims that this kernel cannot keep are skipped: `needs` is the version that they begin with.
fn confined(dir: &Path, file_use: FileUse, needs: ABI, claims: impl FnOnce() + Send) {
    let directory =
        Directory::open(dir, &storage::DirectoryOptions::default(), Box::leak(Box::default()))
            .unwrap();
    let on_thread = || {
        let rules = Rules { served: Some((&directory, file_use)), written: &[], peers: &[] };
        let status = enforce(&rules).unwrap();
        assert!(status.no_new_privs);
        match status.landlock {
            LandlockStatus::Available { effective_abi, .. } if effective_abi >= needs => claims(),
            other => testkit::skip(&format!("this kernel has {other:?}")),
        }
    };
    thread::scope(|scope| scope.spawn(on_thread).join().unwrap());
}

fn refused<T>(outcome: io::Result<T>) -> bool {
    outcome.is_err_and(|err| err.kind() == ErrorKind::PermissionDenied)
}

#[test]
fn files_are_served_inside_the_directory_and_refused_outside_of_it() {
    let parent = TempDir::new().unwrap();
    let (dir, outside) = (parent.path().join("files"), parent.path().join("secret"));
    fs::create_dir(&dir).unwrap();
    fs::write(&outside, "secret").unwrap();
    symlink(&outside, dir.join("link")).unwrap();
    confined(&dir, FileUse::ReadAndReplace, ABI::V1, || {
        let inside = dir.join("a.txt");
        fs::write(&inside, "hello").unwrap();
        fs::rename(&inside, dir.join("b.txt")).unwrap();
        fs::hard_link(dir.join("b.txt"), &inside).unwrap();
        fs::remove_file(&inside).unwrap();
        assert_eq!(fs::read(dir.join("b.txt")).unwrap(), b"hello");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);

        assert!(refused(File::open("/etc/passwd")));
        assert!(refused(File::open(&outside)));
        assert!(refused(File::open(dir.join("../secret"))));
        assert!(refused(File::open(dir.join("link"))));
        assert!(refused(fs::read_dir(parent.path())));
        assert!(refused(File::create(parent.path().join("new"))));
        assert!(refused(fs::remove_file(&outside)));
        assert!(refused(fs::create_dir(dir.join("sub"))));
        assert!(refused(symlink("/etc", dir.join("etc"))));
        assert!(fs::rename(dir.join("b.txt"), parent.path().join("b.txt")).is_err());
    });
    assert_eq!(fs::read(&outside).unwrap(), b"secret");
}

#[test]
fn a_server_that_only_reads_can_only_read() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a.txt");
    fs::write(&file, "hello").unwrap();
    confined(dir.path(), FileUse::Read, ABI::V1, || {
        assert_eq!(fs::read(&file).unwrap(), b"hello");
        assert!(refused(File::options().write(true).open(&file)));
        assert!(refused(fs::remove_file(&file)));
        assert!(refused(File::create(dir.path().join("b.txt"))));
    });
}

#[test]
fn processes_can_be_looked_at_and_nothing_about_them_changed() {
    let dir = TempDir::new().unwrap();
    confined(dir.path(), FileUse::ReadAndReplace, ABI::V1, || {
        let usage = monitor::stats::usage(process::id(), serving::os::thread_id());
        assert!(usage.cpu_seconds.is_some() && usage.memory_bytes.is_some());
        assert!(fs::read("/proc/net/tcp").is_ok());
        assert!(refused(fs::write("/proc/self/comm", "renamed")));
        assert!(refused(File::open("/proc/self/root/etc/passwd")));
    });
}

#[test]
fn no_program_is_started_be_it_inside_or_outside() {
    let dir = TempDir::new().unwrap();
    let inside = dir.path().join("program");
    // Whoever may execute it learns that it is no program; a real one would stumble over the
    // libraries that it loads.
    fs::write(&inside, "not a program").unwrap();
    fs::set_permissions(&inside, Permissions::from_mode(0o755)).unwrap();
    assert!(!refused(Command::new(&inside).status()));
    confined(dir.path(), FileUse::ReadAndReplace, ABI::V1, || {
        assert!(refused(Command::new("/bin/true").status()));
        assert!(refused(Command::new(&inside).status()));
    });
}

#[test]
fn a_listener_that_is_open_still_accepts_and_no_other_connection_is_made() {
    let dir = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let peer = TcpStream::connect(address).unwrap();
    confined(dir.path(), FileUse::ReadAndReplace, ABI::V4, || {
        let (mut accepted, _) = listener.accept().unwrap();
        accepted.write_all(b"hello").unwrap();
        assert!(refused(TcpStream::connect(address)));
        assert!(refused(TcpListener::bind("127.0.0.1:0")));
    });
    drop(peer);
}

#[test]
fn no_signal_reaches_other_programs() {
    let dir = TempDir::new().unwrap();
    assert_eq!(kill(getppid(), None), Ok(()));
    confined(dir.path(), FileUse::ReadAndReplace, ABI::V6, || {
        assert_eq!(kill(getppid(), None), Err(Errno::EPERM));
        // Workers are in the supervisor's domain, as this process is in its own.
        assert_eq!(kill(Pid::this(), None), Ok(()));
    });
}

#[test]
fn what_older_kernels_do_not_restrict_is_named() {
    assert_eq!(not_restricted(NEWEST), [""; 0]);
    assert_eq!(not_restricted(ABI::V5), ["signals and abstract sockets"]);
    assert_eq!(not_restricted(ABI::V3)[0], "TCP");
    assert_eq!(not_restricted(ABI::V1).len(), SINCE.len());
}
