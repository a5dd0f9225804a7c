//! CPU time, memory and queue lengths, where the system tells them.

use std::net::SocketAddr;

use monitor::stats::Usage;

/// Of the process `pid`, or with `thread_id` of that thread of this process.
#[cfg(target_os = "linux")]
pub(crate) fn usage(pid: u32, thread_id: u32) -> Usage {
    use procfs::process::Process;

    let Ok(process) = Process::new(pid as i32) else { return Usage::default() };
    let stat = process.stat().ok();
    let memory_bytes = stat.as_ref().map(|stat| stat.rss * procfs::page_size());
    let stat = match thread_id {
        0 => stat,
        thread_id => process.task_from_tid(thread_id as i32).and_then(|task| task.stat()).ok(),
    };
    let ticks_per_second = procfs::ticks_per_second() as f64;
    let cpu_seconds = stat.map(|stat| (stat.utime + stat.stime) as f64 / ticks_per_second);
    Usage { cpu_seconds, memory_bytes }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn usage(_pid: u32, _thread_id: u32) -> Usage {
    Usage::default()
}

/// The kernel's id of the calling thread; 0 where it has none.
#[cfg(target_os = "linux")]
pub(crate) fn thread_id() -> u32 {
    nix::unistd::gettid().as_raw() as u32
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn thread_id() -> u32 {
    0
}

/// Connections that the kernel keeps for an accept on `address`.
#[cfg(target_os = "linux")]
pub(crate) fn backlog_len(address: SocketAddr) -> u64 {
    use procfs::net::{TcpState, tcp, tcp6};

    let sockets = if address.is_ipv4() { tcp() } else { tcp6() };
    let listening = sockets
        .into_iter()
        .flatten()
        .find(|socket| socket.state == TcpState::Listen && socket.local_address == address);
    // For a listening socket the receive queue counts connections, not bytes.
    listening.map_or(0, |socket| u64::from(socket.rx_queue))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn backlog_len(_address: SocketAddr) -> u64 {
    0
}

/// Threads of this process.
#[cfg(target_os = "linux")]
pub(crate) fn thread_count() -> Option<i64> {
    Some(procfs::process::Process::myself().ok()?.stat().ok()?.num_threads)
}
