//! What all connections of the server share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, watch};

use super::{gate::Gate, limits::PAGES_MAX, room::Room};
use crate::live::World;

pub(crate) struct Site {
    pub(crate) world: Arc<World<Room>>,
    pub(crate) gate: Gate,
    pub(crate) idle_timeout: Duration,
    /// Places for pages.
    pub(crate) places: Arc<Semaphore>,
    /// Becomes true when the server stops.
    pub(crate) stop: watch::Receiver<bool>,
    /// How many pages have come.
    came: AtomicU64,
}

impl Site {
    pub(crate) fn new(
        world: Arc<World<Room>>,
        gate: Gate,
        idle_timeout: Duration,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let places = Arc::new(Semaphore::new(PAGES_MAX));
        Self { world, gate, idle_timeout, places, stop, came: AtomicU64::new(0) }
    }

    /// The number of a page that comes now, from 1.
    pub(crate) fn next_page(&self) -> u64 {
        1 + self.came.fetch_add(1, Relaxed)
    }
}
