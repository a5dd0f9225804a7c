//! How many connections may be open, in all and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU64,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[cfg(target_os = "linux")]
use telemetry::Slot;

use crate::listener::AcceptQueue;

/// Limits the open connections, waiting ones included, in all and from one address.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    open: Arc<Mutex<Open>>,
    open_max: usize,
    per_address_max: usize,
    /// Of the open connections, how many may wait in the kernel.
    backlog: usize,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_origin: HashMap<Origin, usize>,
}

/// One open connection; dropping it makes room for another.
#[derive(Debug)]
pub struct Admitted {
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
    pub(crate) fn new(open_max: usize, per_address_max: usize, backlog: usize) -> Self {
        Self { open: Arc::default(), open_max, per_address_max, backlog }
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

    /// Counts the connection of a worker process from `peer` on its slot, until
    /// [`Slot::set_origin`] ends it; one that is refused is not counted.
    ///
    /// All that the pool serves are on some slot; of two that come over the limit at the same time,
    /// both may be refused.
    #[cfg(target_os = "linux")]
    pub(crate) fn admit_to_slot(
        &self,
        peer: SocketAddr,
        slot: &Slot,
        all: &[Slot],
    ) -> Result<(), Busy> {
        let origin = Origin::of(peer.ip()).0.get();
        slot.set_origin(origin);
        let from_there = all.iter().filter(|slot| slot.origin() == origin).count();
        if from_there <= self.per_address_max {
            return Ok(());
        }
        // Whoever is refused must not count against those who come meanwhile.
        slot.set_origin(0);
        Err(Busy::Address)
    }

    /// How many of those who wait in the kernel, besides the `served`, are too many. What is close
    /// to the queue's own end, which the system may limit, is too much as well: beyond it the kernel
    /// lets clients hang.
    pub(crate) fn excess(&self, queue: AcceptQueue, served: usize) -> usize {
        let waiting_max = self.open_max.saturating_sub(served);
        let kept = queue.len_max - queue.len_max / 4;
        queue.len.saturating_sub(waiting_max.min(self.backlog).min(kept))
    }

    pub(crate) fn open_max(&self) -> usize {
        self.open_max
    }

    pub(crate) fn open(&self) -> usize {
        lock(&self.open).total
    }

    /// What a client is told that is not served.
    pub(crate) fn sentence(&self, busy: Busy) -> String {
        let Self { open_max, per_address_max, .. } = self;
        match busy {
            Busy::Server => {
                format!("the server is busy with {open_max} connections")
            }
            Busy::Address => {
                format!("the server takes {per_address_max} connections from one address")
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 1000)
    }

    #[test]
    fn connections_are_bounded_in_all_and_from_one_address() {
        let admission = Admission::new(3, 2, 10);
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
    #[cfg(target_os = "linux")]
    fn worker_processes_count_on_their_slots() {
        let slots: Vec<Slot> = (0..3).map(|_| Slot::default()).collect();
        let admission = Admission::new(10, 1, 10);
        let admit =
            |address, index: usize| admission.admit_to_slot(peer(address), &slots[index], &slots);
        assert_eq!(admit("192.0.2.1", 0), Ok(()));
        assert_eq!(admit("192.0.2.2", 1), Ok(()));
        assert_eq!(admit("192.0.2.1", 2), Err(Busy::Address));
        assert_eq!(slots[2].origin(), 0);
        slots[0].set_origin(0);
        assert_eq!(admit("192.0.2.1", 2), Ok(()));
    }

    #[test]
    fn too_many_wait_where_the_limit_or_the_queue_ends() {
        let excess = |backlog, len, len_max| {
            Admission::new(10, 10, backlog).excess(AcceptQueue { len, len_max }, 4)
        };
        assert_eq!(excess(100, 6, 100), 0);
        assert_eq!(excess(100, 7, 100), 1);
        assert_eq!(excess(5, 7, 100), 2);
        assert_eq!(excess(100, 4, 4), 1);
    }
}
