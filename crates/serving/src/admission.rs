//! How many connections may be open, in all and from one address.

mod network;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU64,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[cfg(target_os = "linux")]
use telemetry::Slot;

use crate::listener::AcceptQueue;

pub use network::{Network, ParseNetworkError};

/// Limits the open connections, waiting ones included, in all and from one address.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    open: Arc<Mutex<Open>>,
    open_max: usize,
    per_address_max: usize,
    /// Of the open connections, how many may wait in the kernel.
    backlog: usize,
    /// Whoever connects from there does so for others.
    proxies: Arc<[Network]>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_origin: HashMap<Origin, usize>,
}

/// One open connection. When the last copy of it is dropped, there is room for another.
#[derive(Clone, Debug)]
pub struct Admitted(Arc<Place>);

/// What a connection takes up.
#[derive(Debug)]
struct Place {
    admission: Admission,
    is_of_proxy: bool,
    counted: Counted,
}

/// Where a connection is counted.
#[derive(Debug)]
enum Counted {
    /// In this process. One of a proxy has no origin until it is known whose it is.
    Here(Mutex<Option<Origin>>),
    /// As the one connection of a worker process.
    #[cfg(target_os = "linux")]
    OnSlot { slot: &'static Slot, all: &'static [Slot] },
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Busy {
    Server,
    Address,
}

impl Busy {
    /// Of the command line, where the limit is set.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Server => "--max-connections",
            Self::Address => "--max-per-address",
        }
    }
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
        let (open, proxies) = (Arc::default(), Arc::default());
        Self { open, open_max, per_address_max, backlog, proxies }
    }

    /// The same, where whoever connects from one of these networks does so for others.
    pub(crate) fn behind(self, proxies: &[Network]) -> Self {
        Self { proxies: proxies.into(), ..self }
    }

    fn is_proxy(&self, peer: SocketAddr) -> bool {
        self.proxies.iter().any(|proxies| proxies.contains(peer.ip()))
    }

    /// Counts a connection of this process from `peer`, if there is room for it.
    pub(crate) fn admit(&self, peer: SocketAddr) -> Result<Admitted, Busy> {
        let is_of_proxy = self.is_proxy(peer);
        let origin = (!is_of_proxy).then(|| Origin::of(peer.ip()));
        let mut open = lock(&self.open);
        if open.total >= self.open_max {
            return Err(Busy::Server);
        }
        if let Some(origin) = origin {
            open.count(origin, self.per_address_max)?;
        }
        open.total += 1;
        Ok(self.admitted(is_of_proxy, Counted::Here(Mutex::new(origin))))
    }

    /// Counts the connection of a worker process from `peer` on its slot, if there is room for it.
    ///
    /// All that the pool serves are on some slot; of two that come over the limit at the same time,
    /// both may be refused.
    #[cfg(target_os = "linux")]
    pub(crate) fn admit_to_slot(
        &self,
        peer: SocketAddr,
        slot: &'static Slot,
        all: &'static [Slot],
    ) -> Result<Admitted, Busy> {
        let is_of_proxy = self.is_proxy(peer);
        if !is_of_proxy {
            self.count_on_slot(Origin::of(peer.ip()), slot, all)?;
        }
        Ok(self.admitted(is_of_proxy, Counted::OnSlot { slot, all }))
    }

    fn admitted(&self, is_of_proxy: bool, counted: Counted) -> Admitted {
        Admitted(Arc::new(Place { admission: self.clone(), is_of_proxy, counted }))
    }

    #[cfg(target_os = "linux")]
    fn count_on_slot(&self, origin: Origin, slot: &Slot, all: &[Slot]) -> Result<(), Busy> {
        let origin = origin.0.get();
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

impl Admitted {
    /// The peer connects for others, and the limit of its own address does not hold for it.
    pub fn is_of_proxy(&self) -> bool {
        self.0.is_of_proxy
    }

    /// Counts the connection with those of `client`, whom the peer connects for. Where that is one too
    /// many it is not, and the reason is given in words.
    pub fn count_for(&self, client: SocketAddr) -> Result<(), String> {
        let Place { admission, counted, .. } = &*self.0;
        let origin = Origin::of(client.ip());
        let outcome = match counted {
            Counted::Here(counted) => {
                let mut open = lock(&admission.open);
                open.count(origin, admission.per_address_max).map(|()| {
                    if let Some(before) = lock(counted).replace(origin) {
                        open.forget(before);
                    }
                })
            }
            #[cfg(target_os = "linux")]
            Counted::OnSlot { slot, all } => admission.count_on_slot(origin, slot, all),
        };
        outcome.map_err(|why| admission.sentence(why))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match &self.counted {
            Counted::Here(origin) => {
                let mut open = lock(&self.admission.open);
                open.total -= 1;
                if let Some(origin) = *lock(origin) {
                    open.forget(origin);
                }
            }
            #[cfg(target_os = "linux")]
            Counted::OnSlot { slot, .. } => slot.set_origin(0),
        }
    }
}

impl Open {
    fn count(&mut self, origin: Origin, per_address_max: usize) -> Result<(), Busy> {
        let from_there = self.by_origin.entry(origin).or_default();
        if *from_there >= per_address_max {
            return Err(Busy::Address);
        }
        *from_there += 1;
        Ok(())
    }

    fn forget(&mut self, origin: Origin) {
        if let Some(from_there) = self.by_origin.get_mut(&origin) {
            *from_there -= 1;
            if *from_there == 0 {
                self.by_origin.remove(&origin);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let slots = slots(3);
        let admission = Admission::new(10, 1, 10);
        let admit =
            |address, index: usize| admission.admit_to_slot(peer(address), &slots[index], slots);
        let first = admit("192.0.2.1", 0).unwrap();
        let _second = admit("192.0.2.2", 1).unwrap();
        assert_eq!(admit("192.0.2.1", 2).unwrap_err(), Busy::Address);
        assert_eq!(slots[2].origin(), 0);
        drop(first);
        assert!(admit("192.0.2.1", 2).is_ok());
    }

    #[cfg(target_os = "linux")]
    fn slots(count: usize) -> &'static [Slot] {
        (0..count).map(|_| Slot::default()).collect::<Vec<_>>().leak()
    }

    /// With a place for one more, and room for two connections of an address.
    fn of_a_proxy_each_counts_for_its_client(
        admit: impl Fn(&str, usize) -> Result<Admitted, Busy>,
    ) {
        let proxied: Vec<Admitted> =
            (0..4).map(|index| admit("192.0.2.1", index).unwrap()).collect();
        assert!(proxied.iter().all(Admitted::is_of_proxy));
        let count_for = |index: usize, client| proxied[index].count_for(peer(client));
        assert_eq!(count_for(0, "198.51.100.1"), Ok(()));
        let own = admit("198.51.100.1", 4).unwrap();
        assert!(!own.is_of_proxy());
        let why = "the server takes 2 connections from one address".to_owned();
        assert_eq!(count_for(1, "198.51.100.1"), Err(why));
        assert_eq!(count_for(1, "2001:db8::1"), Ok(()));
        assert_eq!(count_for(2, "2001:db8::2"), Ok(()));
        drop(own);
        assert_eq!(count_for(3, "198.51.100.1"), Ok(()));
        drop(proxied);
        assert_eq!(admit("198.51.100.1", 0).map(drop), Ok(()));
    }

    #[test]
    fn a_connection_of_a_proxy_counts_for_its_client_alone() {
        let admission = Admission::new(5, 2, 10).behind(&["192.0.2.1".parse().unwrap()]);
        of_a_proxy_each_counts_for_its_client(|address, _| admission.admit(peer(address)));
        assert_eq!(admission.open(), 0);
        #[cfg(target_os = "linux")]
        {
            let slots = slots(5);
            of_a_proxy_each_counts_for_its_client(|address, index| {
                admission.admit_to_slot(peer(address), &slots[index], slots)
            });
            assert!(slots.iter().all(|slot| slot.origin() == 0));
        }
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
