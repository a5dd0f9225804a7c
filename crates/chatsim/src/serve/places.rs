//! Places for connections, or for pages: so many in all, and so many for one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Debug)]
pub(crate) struct Places {
    count: usize,
    per_address_max: usize,
    free: Arc<Semaphore>,
    taken: Arc<Taken>,
}

/// How many each address has, those that have any.
#[derive(Debug, Default)]
struct Taken(Mutex<HashMap<IpAddr, usize>>);

/// Is given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    address: IpAddr,
    taken: Arc<Taken>,
    _of_all: OwnedSemaphorePermit,
}

/// Why somebody gets none: a sentence for them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NoPlace {
    #[error("all places are taken; try again in a few seconds")]
    Full,
    #[error(
        "the server takes {0} from one address; close one of yours, or have it started with a larger \
         --max-per-address"
    )]
    OfAddress(usize),
}

impl NoPlace {
    /// For a page, which cannot read the sentence: who has too much, or that there is too much of all.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::OfAddress(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// Who asks: a part of every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Places {
    pub(crate) fn new(count: usize, per_address_max: usize) -> Self {
        let free = Arc::new(Semaphore::new(count));
        Self { count, per_address_max, free, taken: Arc::default() }
    }

    pub(crate) fn take(&self, address: IpAddr) -> Result<Place, NoPlace> {
        let address = counted(address);
        let of_all = Arc::clone(&self.free).try_acquire_owned().map_err(|_| NoPlace::Full)?;
        let mut taken = self.taken.lock();
        let of_address = taken.entry(address).or_default();
        if *of_address >= self.per_address_max {
            return Err(NoPlace::OfAddress(self.per_address_max));
        }
        *of_address += 1;
        drop(taken);
        Ok(Place { address, taken: Arc::clone(&self.taken), _of_all: of_all })
    }

    /// Returns when nobody has a place any more.
    pub(crate) async fn all_free(&self) {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(count).await;
    }
}

impl Taken {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        if let Some(of_address) = taken.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// Of IPv6 whoever has one address has a /64 network of them.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_places_and_gets_them_back() {
        let places = Places::new(5, 2);
        let [one, other]: [IpAddr; 2] = ["10.0.0.1", "10.0.0.2"].map(|it| it.parse().unwrap());
        let held: Vec<_> = (0..2).map(|_| places.take(one).unwrap()).collect();
        assert_eq!(places.take(one).unwrap_err(), NoPlace::OfAddress(2));
        let _others: Vec<_> = (0..2).map(|_| places.take(other).unwrap()).collect();
        drop(held);
        places.take(one).unwrap();
        assert_eq!(places.taken.lock().len(), 1, "who has none is not remembered");
    }

    #[test]
    fn when_all_are_taken_nobody_gets_one() {
        let places = Places::new(1, 9);
        let _held = places.take("10.0.0.1".parse().unwrap()).unwrap();
        assert_eq!(places.take("10.0.0.2".parse().unwrap()).unwrap_err(), NoPlace::Full);
    }

    #[test]
    fn an_address_of_ipv6_is_a_network_and_ipv4_within_it_is_itself() {
        for (address, as_one) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(counted(address.parse().unwrap()), as_one.parse::<IpAddr>().unwrap());
        }
    }
}
