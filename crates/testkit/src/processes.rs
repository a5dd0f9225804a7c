//! Other processes: signals to them, and what Linux tells about them in `/proc`.

use std::fs;

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

#[track_caller]
pub fn send_signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("process ids are small"));
    signal::kill(pid, signal).unwrap_or_else(|err| panic!("{signal} to process {pid}: {err}"));
}

/// A process that runs; one that is dead but not reaped yet does not.
pub fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z" && state != "X")
}

/// The processes that `pid` has started and that still run.
pub fn children(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&child| is_child(child, pid)).collect()
}

/// Memory of `pid` and everything below it, in KiB. Pages that processes share are counted once,
/// split between them (PSS).
pub fn tree_pss_kib(pid: u32) -> u64 {
    pss_kib(pid) + children(pid).into_iter().map(tree_pss_kib).sum::<u64>()
}

fn is_child(child: u32, parent: u32) -> bool {
    stat(child).is_some_and(|(state, of)| of == parent && state != "Z")
}

/// State and parent of a process; `None` when there is none.
fn stat(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in parentheses and may hold anything.
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// 0 for a process that has just ended.
fn pss_kib(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let value = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    value.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{self, Command};

    use super::*;

    #[test]
    fn a_child_is_found_and_gone_once_it_is_killed() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(process::id()).contains(&child.id()));
        assert!(is_running(child.id()));
        assert!(tree_pss_kib(process::id()) > 0);
        send_signal(child.id(), Signal::SIGKILL);
        child.wait().unwrap();
        assert!(!is_running(child.id()));
        assert!(!children(process::id()).contains(&child.id()));
    }
}
