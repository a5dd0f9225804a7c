//! How many connections may be open, and what happens to the one too many.

use std::{
    collections::{HashMap, VecDeque},
    io::{Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    num::NonZeroU64,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use protocol::{ErrorCode, Reply};
use telemetry::{Scoreboard, Slot};

use crate::listener::AcceptQueue;

/// How long a connection that is turned away may take to read why and close.
const FAREWELL: Duration = Duration::from_millis(500);

/// Turned-away connections that are kept so long; with more, the oldest are closed at once.
const FAREWELLS_MAX: usize = 1024;

/// What is read at a time of what they still send.
const SKIPPED_LEN: usize = 16 * 1024;

/// Limits the open connections, waiting ones included, in all and from one address.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    open: Arc<Mutex<Open>>,
    open_max: usize,
    per_address_max: usize,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_origin: HashMap<Origin, usize>,
}

/// One open connection; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Admitted {
    open: Arc<Mutex<Open>>,
    origin: Origin,
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Busy {
    Server,
    Address,
}

/// Where connections come from, as far as they are counted together: one IPv4 address, or the /64
/// that an IPv6 host can take its addresses from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Origin(NonZeroU64);

impl Origin {
    fn of(address: IpAddr) -> Self {
        let number = match address.to_canonical() {
            // As an IPv4-mapped address ends, which is no prefix that a host could have.
            IpAddr::V4(address) => 0xffff_0000_0000 | u64::from(address.to_bits()),
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        };
        // The prefix of ::1 is zero.
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }
}

impl Admission {
    pub(crate) fn new(open_max: usize, per_address_max: usize) -> Self {
        Self { open: Arc::default(), open_max, per_address_max }
    }

    /// Counts a connection of this process from `peer`, if there is room for it.
    pub(crate) fn admit(&self, peer: SocketAddr) -> Result<Admitted, Busy> {
        let origin = Origin::of(peer.ip());
        let mut open = lock(&self.open);
        if open.total >= self.open_max {
            return Err(Busy::Server);
        }
        let from_there = open.by_origin.entry(origin).or_default();
        if *from_there >= self.per_address_max {
            return Err(Busy::Address);
        }
        *from_there += 1;
        open.total += 1;
        Ok(Admitted { open: Arc::clone(&self.open), origin })
    }

    /// Books the connection of a worker process from `peer` on its slot, until
    /// [`Slot::set_origin`] ends it. All that the pool serves are on some slot; of two that come
    /// over the limit at the same time, both may be refused.
    pub(crate) fn admit_to_slot(
        &self,
        peer: SocketAddr,
        slot: &Slot,
        all: &[Slot],
    ) -> Result<(), Busy> {
        let origin = Origin::of(peer.ip()).0.get();
        slot.set_origin(origin);
        let from_there = all.iter().filter(|slot| slot.origin() == origin).count();
        if from_there <= self.per_address_max { Ok(()) } else { Err(Busy::Address) }
    }

    /// How many of those who wait in the kernel, besides the `served`, are too many. What is close
    /// to the queue's own end is too much as well: beyond it the kernel lets clients hang.
    pub(crate) fn excess(&self, queue: AcceptQueue, served: usize) -> usize {
        let waiting_max = self.open_max.saturating_sub(served);
        queue.len.saturating_sub(waiting_max.min(queue.len_max))
    }

    pub(crate) fn open_max(&self) -> usize {
        self.open_max
    }

    pub(crate) fn open(&self) -> usize {
        lock(&self.open).total
    }

    fn sentence(&self, busy: Busy) -> String {
        let Self { open_max, per_address_max, .. } = self;
        match busy {
            Busy::Server => {
                format!("the server is busy with {open_max} connections; try again later")
            }
            Busy::Address => format!(
                "the server takes {per_address_max} connections from one address; close another"
            ),
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.total -= 1;
        if let Some(from_there) = open.by_origin.get_mut(&self.origin) {
            *from_there -= 1;
            if *from_there == 0 {
                open.by_origin.remove(&self.origin);
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells connections that are not served why, and sees them off without waiting for them: closing
/// with unread bytes would reset the connection and destroy the reply.
#[derive(Debug)]
pub(crate) struct Porter {
    admission: Admission,
    board: Scoreboard,
    /// Whoever comes for TLS could not read a plain reply.
    is_silent: bool,
    leaving: VecDeque<(TcpStream, Instant)>,
}

impl Porter {
    pub(crate) fn new(admission: &Admission, board: Scoreboard, is_silent: bool) -> Self {
        Self { admission: admission.clone(), board, is_silent, leaving: VecDeque::new() }
    }

    /// Answers `stream` and books it. Never blocks.
    pub(crate) fn turn_away(&mut self, stream: TcpStream, why: Busy) {
        self.board.turn_away();
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        if !self.is_silent {
            let reply = Reply::error(ErrorCode::Busy, self.admission.sentence(why)).to_wire();
            // A new connection has room for so little; a client that is gone needs no answer.
            let _ = (&stream).write_all(&reply);
        }
        let _ = stream.shutdown(Shutdown::Write);
        if self.leaving.len() >= FAREWELLS_MAX {
            self.leaving.pop_front();
        }
        self.leaving.push_back((stream, Instant::now() + FAREWELL));
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.leaving.is_empty()
    }

    /// Closes those who have left, and those who take too long.
    pub(crate) fn see_off(&mut self) {
        let now = Instant::now();
        self.leaving.retain(|(stream, until)| now < *until && !has_left(stream));
    }
}

fn has_left(mut stream: &TcpStream) -> bool {
    let mut skipped = [0; SKIPPED_LEN];
    match stream.read(&mut skipped) {
        Ok(len) => len == 0,
        Err(err) => err.kind() != std::io::ErrorKind::WouldBlock,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 1000)
    }

    #[test]
    fn connections_are_bounded_in_all_and_from_one_address() {
        let admission = Admission::new(3, 2);
        let first = admission.admit(peer("192.0.2.1")).unwrap();
        let _second = admission.admit(peer("::ffff:192.0.2.1")).unwrap();
        assert_eq!(admission.admit(peer("192.0.2.1")).unwrap_err(), Busy::Address);
        let _third = admission.admit(peer("2001:db8::1")).unwrap();
        assert_eq!(admission.admit(peer("192.0.2.9")).unwrap_err(), Busy::Server);
        drop(first);
        assert_eq!(admission.open(), 2);
        assert!(admission.admit(peer("192.0.2.1")).is_ok());
    }

    #[test]
    fn an_ipv6_host_is_known_by_its_network() {
        let of = |address: &str| Origin::of(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("::1"), of("127.0.0.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn worker_processes_count_on_their_slots() {
        let slots: Vec<Slot> = (0..3).map(|_| Slot::default()).collect();
        let admission = Admission::new(10, 1);
        let admit =
            |address, index: usize| admission.admit_to_slot(peer(address), &slots[index], &slots);
        assert_eq!(admit("192.0.2.1", 0), Ok(()));
        assert_eq!(admit("192.0.2.2", 1), Ok(()));
        assert_eq!(admit("192.0.2.1", 2), Err(Busy::Address));
        slots[0].set_origin(0);
        assert_eq!(admit("192.0.2.1", 2), Ok(()));
    }

    #[test]
    fn too_many_wait_where_the_limit_or_the_queue_ends() {
        let admission = Admission::new(10, 10);
        let excess = |len, len_max| admission.excess(AcceptQueue { len, len_max }, 4);
        assert_eq!(excess(6, 100), 0);
        assert_eq!(excess(7, 100), 1);
        assert_eq!(excess(5, 4), 1);
    }
}
