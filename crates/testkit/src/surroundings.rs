//! What a test needs from the machine and may not have.

pub mod network;

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Says why a test shows nothing here, past the harness, which hides the output of tests that pass.
pub fn skip(why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {why}");
}

/// The program at a place that every user can reach; it is gone when the directory is dropped.
#[track_caller]
pub fn program_for_everyone(program: impl AsRef<Path>) -> (TempDir, PathBuf) {
    let program = program.as_ref();
    let dir = TempDir::with_prefix("kolam-").expect("a temporary directory can be made");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("it is ours");
    let copy = dir.path().join(program.file_name().expect("a program has a name"));
    // Were it written by this process, a server that another test starts just now would inherit the
    // open file, and what is open for writing cannot be run.
    let copied = Command::new("cp").arg(program).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()), "cannot copy {}", program.display());
    (dir, copy)
}
