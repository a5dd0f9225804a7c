//! The processes of a server.

use procfs::process::Process;

/// The process and all below it that run now.
pub(super) fn tree(pid: u32) -> Vec<Process> {
    let Ok(process) = Process::new(pid as i32) else { return Vec::new() };
    let tasks = process.tasks().into_iter().flatten().flatten();
    let children: Vec<u32> = tasks.filter_map(|task| task.children().ok()).flatten().collect();
    let mut processes = vec![process];
    processes.extend(children.into_iter().flat_map(tree));
    processes
}
