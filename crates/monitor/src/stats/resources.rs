//! CPU time, memory and queue lengths, where the system tells them.

use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
};

/// CPU seconds of a worker and resident bytes of its process, where the system tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkerResources {
    pub cpu_seconds: Option<f64>,
    pub memory_bytes: Option<u64>,
}

/// Of the process `pid`, or with `thread_id` of that thread of this process.
#[cfg(target_os = "linux")]
pub fn usage(pid: u32, thread_id: u32) -> WorkerResources {
    use procfs::process::Process;

    let Ok(process) = Process::new(pid as i32) else { return WorkerResources::default() };
    let stat = process.stat().ok();
    let memory_bytes = stat.as_ref().map(|stat| stat.rss * procfs::page_size());
    let stat = match thread_id {
        0 => stat,
        thread_id => process.task_from_tid(thread_id as i32).and_then(|task| task.stat()).ok(),
    };
    let ticks_per_second = procfs::ticks_per_second() as f64;
    let cpu_seconds = stat.map(|stat| (stat.utime + stat.stime) as f64 / ticks_per_second);
    WorkerResources { cpu_seconds, memory_bytes }
}

#[cfg(not(target_os = "linux"))]
pub fn usage(_pid: u32, _thread_id: u32) -> WorkerResources {
    WorkerResources::default()
}

/// Connections that the kernel keeps for an accept on `address`.
#[cfg(target_os = "linux")]
pub fn backlog_len(address: SocketAddr) -> u64 {
    use procfs::{
        FromBufReadSI, current_system_info,
        net::{TcpNetEntries, TcpState},
    };

    let table = if address.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    let listening = File::open(table).and_then(|table| listening_sockets(BufReader::new(table)));
    let Ok(listening) = listening else { return 0 };
    let sockets = TcpNetEntries::from_buf_read(listening.as_bytes(), current_system_info());
    let is_ours = |socket: &&procfs::net::TcpNetEntry| {
        socket.state == TcpState::Listen && socket.local_address == address
    };
    // For a listening socket the receive queue counts connections, not bytes.
    sockets
        .ok()
        .and_then(|table| table.0.iter().find(is_ours).map(|it| u64::from(it.rx_queue)))
        .unwrap_or(0)
}

/// The head of the kernel's table of sockets: they are in the order of their states, those that
/// listen come first, and of the others there may be thousands.
#[cfg(target_os = "linux")]
fn listening_sockets(table: impl BufRead) -> io::Result<String> {
    const LISTENING: &str = "0A";
    let mut head = String::new();
    for (number, line) in table.lines().enumerate() {
        let line = line?;
        if number > 0 && line.split_whitespace().nth(3) != Some(LISTENING) {
            break;
        }
        head += &line;
        head.push('\n');
    }
    Ok(head)
}

#[cfg(not(target_os = "linux"))]
pub fn backlog_len(_address: SocketAddr) -> u64 {
    0
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn connections_that_nobody_has_accepted_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(backlog_len(address), 0);
        let _waiting = [(); 3].map(|()| TcpStream::connect(address).unwrap());
        assert_eq!(backlog_len(address), 3);
        let _accepted = listener.accept().unwrap();
        assert_eq!(backlog_len(address), 2);
    }

    #[test]
    fn only_the_listening_head_of_the_table_is_read() {
        let table = "  sl  local_address\n 0: 0:1 0:0 0A 0:0\n 1: 0:2 0:0 0A 0:0\n 2: 0:3 0:4 06 0:0\n 3: 0 0 0A 0:0\n";
        let head = listening_sockets(table.as_bytes()).unwrap();
        assert_eq!(head.lines().count(), 3);
    }
}
