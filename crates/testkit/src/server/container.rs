//! What a container is to the program in it: its own numbering of processes, of which it is the first.
//!
//! The kernel gives the first process no signal that it does not catch, and makes it the parent of those
//! whose parent is gone.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command};

/// The launcher is not replaced by the command that it starts. When it is killed, so are all.
const LAUNCHER: [&str; 7] =
    ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// What goes before a command line to make it the first process; `None` where the user may not.
pub(crate) fn launcher(user_id: Option<u32>) -> Option<Vec<OsString>> {
    let [program, options @ ..] = LAUNCHER;
    let mut probe = Command::new(program);
    probe.args(options).arg("true");
    if let Some(id) = user_id {
        probe.uid(id).gid(id);
    }
    let works = probe.output().is_ok_and(|output| output.status.success());
    works.then(|| LAUNCHER.map(OsString::from).into())
}
