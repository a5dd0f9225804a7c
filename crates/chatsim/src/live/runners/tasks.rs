//! A task of tokio for each timer, on a runtime of its own.
//!
//! A task costs some hundred bytes, so thousands in flight need no more threads than processors. tokio's
//! clock ticks in milliseconds: a timer is up to one late, at ten times the speed ten of the world's.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    time,
};

use super::timer::{Due, Lane, Runner, Timer};
use crate::live::clock::Clock;

/// Most threads of the runtime. More processors would wait for the lock of the world.
const THREADS_MAX: usize = 8;

pub(super) struct Tasks {
    clock: Arc<Clock>,
    due: Due,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    workers: usize,
    /// What the tasks of each message listen to. They end when it is dropped.
    lanes: Mutex<HashMap<Lane, watch::Sender<()>>>,
}

impl Tasks {
    pub(super) fn start(clock: Arc<Clock>, due: Due) -> io::Result<Self> {
        let workers = thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(workers).thread_name("tasks").enable_time().build()?;
        Ok(Self { clock, due, runtime: Some(runtime), workers, lanes: Mutex::default() })
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<Lane, watch::Sender<()>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner for Tasks {
    fn schedule(&self, timer: Timer) {
        let Some(runtime) = &self.runtime else { return };
        let changes = self.lanes().entry(timer.lane).or_default().subscribe();
        let (clock, due) = (Arc::clone(&self.clock), Arc::clone(&self.due));
        runtime.spawn(async move {
            if is_reached(&clock, timer.at, changes).await {
                due(timer);
            }
        });
    }

    fn clock_changed(&self) {
        self.lanes().values().for_each(|lane| lane.send_replace(()));
    }

    fn forget(&self, lane: Lane) {
        self.lanes().remove(&lane);
    }

    fn threads(&self) -> usize {
        self.workers
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which whoever drops it from a task must not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits until the clock has reached the moment; `false` when the timer was forgotten before.
async fn is_reached(clock: &Clock, moment: Duration, mut changes: watch::Receiver<()>) -> bool {
    loop {
        let slept = match clock.wait_for(moment) {
            Some(Duration::ZERO) => return changes.has_changed().is_ok(),
            Some(left) => time::timeout(left, changes.changed()).await,
            None => Ok(changes.changed().await),
        };
        if matches!(slept, Ok(Err(_))) {
            return false;
        }
    }
}
