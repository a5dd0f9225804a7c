//! Other processes: signals to them, and what Linux tells about them in `/proc`.

use std::{fs, process::Command, str::FromStr};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

#[track_caller]
pub fn send_signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("process ids are small"));
    signal::kill(pid, signal).unwrap_or_else(|err| panic!("{signal} to process {pid}: {err}"));
}

/// From now on `pid` can open so many descriptors, until it closes some.
#[track_caller]
pub fn leave_descriptors(pid: u32, count: usize) {
    let used: Vec<usize> = entries(&format!("/proc/{pid}/fd"));
    // The soft limit, which can be raised again, bounds the number of a descriptor, and a process
    // may have inherited a high one.
    let mut free = (0..).filter(|number| !used.contains(number));
    let limit = free.nth(count).expect("there is no last number");
    let (pid, limit) = (pid.to_string(), format!("--nofile={limit}:"));
    let status = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    assert!(status.is_ok_and(|status| status.success()), "prlimit cannot limit process {pid}");
}

/// A process that runs; one that is dead but not reaped yet does not.
pub fn is_running(pid: u32) -> bool {
    stat(pid).as_ref().is_some_and(is_alive)
}

/// The processes that `pid` has started and that still run.
pub fn children(pid: u32) -> Vec<u32> {
    let running = running().into_iter();
    running.filter(|&(_, parent)| parent == pid).map(|(child, _)| child).collect()
}

/// Children of `pid` that have ended and that it has not waited for.
pub fn zombies(pid: u32) -> usize {
    let all = all().into_iter();
    all.filter(|(_, stat)| !is_alive(stat) && stat.1 == pid).count()
}

/// What the system calls the process; empty when it has ended.
pub fn name(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

/// `pid` and everything below it that still runs.
pub(crate) fn tree(pid: u32) -> Vec<u32> {
    let running = running();
    let mut tree: Vec<_> = is_running(pid).then_some(pid).into_iter().collect();
    let mut seen = 0;
    while let Some(&parent) = tree.get(seen) {
        tree.extend(running.iter().filter(|(_, of)| *of == parent).map(|(child, _)| child));
        seen += 1;
    }
    tree
}

/// Memory of `pid` and everything below it, in KiB. Pages that processes share are counted once,
/// split between them (PSS).
pub fn tree_pss_kib(pid: u32) -> u64 {
    tree(pid).into_iter().map(pss_kib).sum()
}

/// 0 for a process that has ended.
pub(crate) fn thread_count(pid: u32) -> usize {
    entries::<u32>(&format!("/proc/{pid}/task")).len()
}

/// 0 for a process that has ended.
pub fn descriptor_count(pid: u32) -> usize {
    entries::<u32>(&format!("/proc/{pid}/fd")).len()
}

/// The entries of a directory that are numbers; none where there is no such directory.
fn entries<T: FromStr>(dir: &str) -> Vec<T> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// All processes of the machine that run, each with its parent.
fn running() -> Vec<(u32, u32)> {
    let alive = all().into_iter().filter(|(_, stat)| is_alive(stat));
    alive.map(|(pid, (_, parent))| (pid, parent)).collect()
}

/// All processes of the machine, each with its state and its parent.
fn all() -> Vec<(u32, (String, u32))> {
    let pids = entries("/proc").into_iter();
    pids.filter_map(|pid| Some((pid, stat(pid)?))).collect()
}

fn is_alive((state, _): &(String, u32)) -> bool {
    state != "Z" && state != "X"
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
    memory_kib(pid, "Pss:")
}

/// The part of the memory that no file is behind. What a program maps of its own binary counts for less
/// the more processes run it just now.
pub(crate) fn anonymous_kib(pid: u32) -> u64 {
    memory_kib(pid, "Pss_Anon:")
}

fn memory_kib(pid: u32, key: &str) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let value = rollup.lines().find_map(|line| line.strip_prefix(key));
    value.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process;

    use super::*;
    use crate::{PATIENCE, eventually};

    #[test]
    fn a_child_is_found_and_gone_once_it_is_killed() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(process::id()).contains(&child.id()));
        assert!(is_running(child.id()));
        assert!(tree_pss_kib(process::id()) > 0);
        send_signal(child.id(), Signal::SIGKILL);
        eventually(PATIENCE, "it has ended", || zombies(process::id()) > 0);
        child.wait().unwrap();
        assert!(!is_running(child.id()));
        assert!(!children(process::id()).contains(&child.id()));
    }
}
