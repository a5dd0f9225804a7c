//! How many others may have a place at once, in all and from one origin. Identities are made up in no time, and
//! addresses are not: so a quarter of the places is the most that anybody gets.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Clone, Debug)]
pub(crate) struct Admission(Arc<Places>);

#[derive(Debug)]
struct Places {
    max: usize,
    per_origin_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_origin: HashMap<Origin, usize>,
}

/// Where peers come from, as far as they are counted together.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Origin {
    /// An IPv4 address, or the /64 that an IPv6 host can take its addresses from.
    Network(IpAddr),
    /// The relay: those behind it have no addresses.
    Relay,
    /// Whoever is here needs no network to be in the way.
    ThisMachine,
}

/// A place. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    places: Arc<Places>,
    origin: Origin,
}

impl Admission {
    pub(crate) fn new(max: usize) -> Self {
        let per_origin_max = (max / 4).max(1);
        Self(Arc::new(Places { max, per_origin_max, taken: Mutex::default() }))
    }

    /// For a peer at this address, if it has one. `None` where all places are taken, or all that it may have.
    pub(crate) fn admit(&self, peer: Option<IpAddr>) -> Option<Admitted> {
        let (origin, places) = (Origin::of(peer), &self.0);
        let mut taken = places.taken();
        let of_origin = taken.by_origin.get(&origin).copied().unwrap_or_default();
        let is_too_many = origin != Origin::ThisMachine && of_origin >= places.per_origin_max;
        if taken.total >= places.max || is_too_many {
            return None;
        }
        taken.total += 1;
        taken.by_origin.insert(origin, of_origin + 1);
        Some(Admitted { places: Arc::clone(places), origin })
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origin {
    fn of(peer: Option<IpAddr>) -> Self {
        match peer.map(|address| address.to_canonical()) {
            None => Self::Relay,
            Some(address) if address.is_loopback() => Self::ThisMachine,
            Some(IpAddr::V6(address)) => {
                Self::Network(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into())
            }
            Some(address) => Self::Network(address),
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total -= 1;
        if let Some(count) = taken.by_origin.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                taken.by_origin.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(admission: &Admission, peers: &[&str]) -> Vec<Admitted> {
        let address = |peer: &str| peer.parse().ok();
        peers.iter().filter_map(|peer| admission.admit(address(peer))).collect()
    }

    #[test]
    fn one_origin_gets_a_quarter_of_the_places_whatever_addresses_it_makes_up() {
        let admission = Admission::new(12);
        let of_one = admitted(&admission, &["192.0.2.1"; 9]);
        let mapped = admitted(&admission, &["::ffff:192.0.2.1"]);
        let of_network = admitted(&admission, &["2001:db8::1", "2001:db8::2", "2001:db8::3"]);
        let more = admitted(&admission, &["2001:db8::4", "2001:db8:0:1::1"]);
        let behind_a_relay = admitted(&admission, &["behind it"; 9]);
        let count = [of_one, mapped, of_network, more, behind_a_relay].map(|all| all.len());
        assert_eq!(count, [3, 0, 3, 1, 3]);
    }

    #[test]
    fn this_machine_gets_all_and_each_place_is_given_out_again() {
        let admission = Admission::new(4);
        for _ in 0..3 {
            let all = admitted(&admission, &["127.0.0.1", "::1", "127.0.0.2", "::1", "127.0.0.1"]);
            assert_eq!(all.len(), 4);
            assert!(admission.admit(None).is_none());
        }
        assert!(admission.0.taken().by_origin.is_empty());
    }
}
