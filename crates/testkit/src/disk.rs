//! A real small file system for one server, which nobody else sees.
//!
//! The server starts in a mount namespace of its own, where a tmpfs lies over the directory that it
//! serves. As root that takes nothing more; anyone else needs a system that lets users make
//! namespaces.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The options that make a namespace, and those that enter it again.
#[derive(Clone, Copy, Debug)]
struct Namespace {
    make: &'static str,
    enter: &'static [&'static str],
}

const NAMESPACES: [Namespace; 2] = [
    Namespace { make: "-m", enter: &["-m"] },
    Namespace { make: "-Urm", enter: &["-U", "-m", "--preserve-credentials"] },
];

/// Takes the options of the mount, the directory, and the command to run there.
const MOUNT_AND_RUN: &str = "mount -t tmpfs -o \"$0\" kolam \"$1\" && shift && exec \"$@\"";

/// What goes before a command line to run it where `dir` is a tmpfs; `None` where nobody may mount.
pub fn launcher(dir: &Path, options: &str) -> Option<Vec<OsString>> {
    let namespace = namespace()?;
    let words = ["unshare", namespace.make, "sh", "-c", MOUNT_AND_RUN, options];
    let dir = dir.as_os_str().to_owned();
    Some(words.iter().map(OsString::from).chain([dir]).collect())
}

/// The way to what lies at `dir` for the process `pid`.
pub(crate) fn seen_by(pid: u32, dir: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    root.join(dir.strip_prefix("/").unwrap_or(dir))
}

/// Changes the mount at `dir` as the process `pid` sees it.
#[track_caller]
pub(crate) fn remount(pid: u32, dir: &Path, option: &str) {
    // With its type and source, mount adds no options of its own that the kernel may refuse.
    let options = format!("remount,{option}");
    run_beside(pid, &["mount", "-t", "tmpfs", "-o", &options, "kolam"], dir);
}

/// Mounts another tmpfs over `dir` as the process `pid` sees it.
#[track_caller]
pub(crate) fn cover(pid: u32, dir: &Path) {
    run_beside(pid, &["mount", "-t", "tmpfs", "kolam"], dir);
}

#[track_caller]
pub(crate) fn uncover(pid: u32, dir: &Path) {
    run_beside(pid, &["umount", "-l"], dir);
}

/// Runs a command on `dir` in the namespace of the process `pid`.
#[track_caller]
fn run_beside(pid: u32, command: &[&str], dir: &Path) {
    let namespace = namespace().expect("the server runs on a disk of its own");
    let mut entered = Command::new("nsenter");
    entered.args(["-t", &pid.to_string()]).args(namespace.enter).args(command).arg(dir);
    let status = entered.status().expect("nsenter comes with unshare");
    assert!(status.success(), "{}: {status}", command.join(" "));
}

/// The first that lets us mount here.
fn namespace() -> Option<Namespace> {
    static FOUND: OnceLock<Option<Namespace>> = OnceLock::new();
    let works = |namespace: &Namespace| {
        let mut probe = Command::new("unshare");
        probe.args([namespace.make, "sh", "-c", "mount -t tmpfs kolam /tmp"]);
        probe.output().is_ok_and(|output| output.status.success())
    };
    *FOUND.get_or_init(|| NAMESPACES.into_iter().find(works))
}
