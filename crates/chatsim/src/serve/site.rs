//! What all connections of the server share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, watch};

use super::{gate::Gate, places::Places, room::Room};
use crate::live::World;

pub(crate) struct Site {
    pub(crate) world: Arc<World<Room>>,
    pub(crate) gate: Gate,
    pub(crate) idle_timeout: Duration,
    /// For what is not, or not yet, a page.
    pub(crate) connections: Places,
    pub(crate) pages: Places,
    /// How many more may be written at once; others wait for their turn.
    pub(crate) downloads: Arc<Semaphore>,
    /// Becomes true when the server stops.
    pub(crate) stop: watch::Receiver<bool>,
    /// How many pages have come.
    pub(crate) came: AtomicU64,
}

impl Site {
    /// The number of a page that comes now, from 1.
    pub(crate) fn next_page(&self) -> u64 {
        1 + self.came.fetch_add(1, Relaxed)
    }
}
