//! What the kernel knows of connections and of who listens, from `/proc/net/tcp`.

use std::{fs, net::SocketAddr};

/// Whether of each connection the program at its second address has read all that was sent from its
/// first, or is gone.
pub(crate) fn all_was_read(connections: &[(SocketAddr, SocketAddr)]) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").expect("/proc is mounted");
    connections.iter().all(|&(local, remote)| {
        let (local, remote) = (in_table(local), in_table(remote));
        let queues_between = |from: &str, to: &str| queues(&table, &format!(" {from} {to} "));
        queues_between(&local, &remote).is_none_or(|(unacknowledged, _)| unacknowledged == 0)
            && queues_between(&remote, &local).is_none_or(|(_, unread)| unread == 0)
    })
}

/// What the socket with these addresses has sent and its peer not acknowledged, and what it has
/// received and its program not read; `None` when there is none.
fn queues(table: &str, addresses: &str) -> Option<(u64, u64)> {
    // Each line is `number: local remote state sent:received ...`, in hexadecimal digits.
    let (_, after_addresses) = table.split_once(addresses)?;
    let (unacknowledged, unread) = after_addresses.split(' ').nth(1)?.split_once(':')?;
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    Some((number(unacknowledged)?, number(unread)?))
}

/// The sockets that listen at the address, by the numbers that no two of them have. None where that is not
/// known: in another table, or on another system.
pub(crate) fn listening_at(address: SocketAddr) -> Vec<u64> {
    if !address.is_ipv4() {
        return Vec::new();
    }
    let address = in_table(address);
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let number = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let listens = columns.get(1) == Some(&address.as_str()) && columns.get(3) == Some(&"0A");
        listens.then(|| columns.get(9)?.parse().ok())?
    };
    table.lines().filter_map(number).collect()
}

/// 127.0.0.1:46666 is `0100007F:B64A` where the machine is little-endian.
fn in_table(address: SocketAddr) -> String {
    let SocketAddr::V4(address) = address else { panic!("{address} is in another table") };
    let ip = u32::from_ne_bytes(address.ip().octets());
    format!("{ip:08X}:{:04X}", address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn who_listens_at_an_address_after_another_is_somebody_else() {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = first.local_addr().unwrap();
        let listening = listening_at(address);
        assert_eq!(listening.len(), 1);
        drop(first);
        let is_free_again = || TcpListener::bind(address).ok();
        let mut second = None;
        crate::eventually(crate::PATIENCE, "the port is free", || {
            second = is_free_again();
            second.is_some()
        });
        assert_eq!(listening_at(address).len(), 1);
        assert_ne!(listening_at(address), listening);
    }

    #[test]
    fn what_was_sent_is_unread_until_it_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connection = [(client.local_addr().unwrap(), client.peer_addr().unwrap())];
        client.write_all(b"abc").unwrap();
        assert!(!all_was_read(&connection));
        let (mut server, _) = listener.accept().unwrap();
        assert!(!all_was_read(&connection));
        server.read_exact(&mut [0; 3]).unwrap();
        crate::eventually(crate::PATIENCE, "all was read", || all_was_read(&connection));
    }
}
