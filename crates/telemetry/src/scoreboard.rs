//! The scoreboard: one slot of counters for each worker, which all workers and readers share.
//!
//! A slot is written by its worker and read by anyone, without locks; the counters of one slot may
//! be read a moment apart. Slots and totals are plain atomics, for which all zeros is the start,
//! so they may lie in memory that forked processes share.

use std::{
    sync::atomic::{
        AtomicU32, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    time::{Duration, Instant},
};

use crate::{
    activity::{Activity, ActivityBoard},
    histogram::{Histogram, HistogramCounts},
    journal::Losses,
};

/// Over how many whole seconds the request rate is taken.
const RATE_WINDOW_S: u64 = 10;
/// Seconds remembered: the window and the second that is still running, rounded up.
const RATE_SECONDS: usize = 16;

/// As many kinds of request as are counted at most.
pub const LABELS_MAX: usize = 16;

/// What kinds of request there are, in the words of whoever counts them. A label is told by its place.
pub type Labels = &'static [&'static str];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Ok,
    Failed,
}

/// Counts that belong to no worker. Atomic integers and nothing else: `serving` makes it of zeroed memory
/// that processes share.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Totals {
    turned_away: AtomicU64,
    given_up: AtomicU64,
    /// Connections accepted; the newest has this number.
    accepted: AtomicU64,
    losses: Losses,
    /// From a request's head to the last byte of its reply, and to the first.
    durations: [Histogram; LABELS_MAX],
    first_bytes: [Histogram; LABELS_MAX],
    /// Requests in each of the last seconds: the second in the upper half, the count in the lower.
    requests_by_second: [AtomicU64; RATE_SECONDS],
}

/// The place of one worker. Apart from its neighbours' cache lines; atomic integers and nothing else, as
/// [`Totals`].
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub struct Slot {
    pid: AtomicU32,
    /// The kernel's id of the worker's thread, 0 where there is none.
    thread_id: AtomicU32,
    open_connections: AtomicU32,
    /// 1 + the label of the request under way, 0 for none. Exact where a worker runs one connection at a time.
    open_request: AtomicU32,
    connections: [AtomicU64; 2],
    requests: [[AtomicU64; 2]; LABELS_MAX],
    /// Content that finished requests moved.
    request_bytes: [[AtomicU64; 2]; LABELS_MAX],
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    restarts: AtomicU64,
    /// Where the worker's connection comes from, as whoever admits connections numbers it; 0 for
    /// none.
    origin: AtomicU64,
    activity: ActivityBoard,
}

/// What a slot said at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SlotCounts {
    pub pid: u32,
    pub thread_id: u32,
    pub open_connections: u32,
    pub connections: OutcomeCounts,
    requests: [OutcomeCounts; LABELS_MAX],
    request_bytes: [OutcomeCounts; LABELS_MAX],
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub restarts: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OutcomeCounts {
    pub ok: u64,
    pub failed: u64,
}

/// All slots and totals of one server; a copy is a handle to the same.
#[derive(Clone, Copy, Debug)]
pub struct Scoreboard {
    totals: &'static Totals,
    slots: &'static [Slot],
    labels: Labels,
    started: Instant,
}

impl Scoreboard {
    /// Of a server that starts now. There are at most [`LABELS_MAX`] labels.
    pub fn new(totals: &'static Totals, slots: &'static [Slot], labels: Labels) -> Self {
        assert!(labels.len() <= LABELS_MAX, "{} labels are too many", labels.len());
        Self { totals, slots, labels, started: Instant::now() }
    }

    /// The label at this place; none for what only a worker that ran wild has written.
    pub fn label(&self, place: usize) -> &'static str {
        self.labels.get(place).copied().unwrap_or_default()
    }

    pub fn slots(&self) -> &'static [Slot] {
        self.slots
    }

    pub fn started(&self) -> Instant {
        self.started
    }

    /// Events that were not written down.
    pub fn losses(&self) -> &'static Losses {
        &self.totals.losses
    }

    /// A number for a connection that was accepted, from 1.
    pub(crate) fn number_connection(&self) -> u64 {
        self.totals.accepted.fetch_add(1, Relaxed) + 1
    }

    /// Connections accepted, those turned away not included.
    pub fn accepted(&self) -> u64 {
        self.totals.accepted.load(Relaxed)
    }

    /// Counts a connection that was answered `busy` and that no worker saw.
    pub fn turn_away(&self) {
        self.totals.turned_away.fetch_add(1, Relaxed);
    }

    pub fn turned_away(&self) -> u64 {
        self.totals.turned_away.load(Relaxed)
    }

    /// Counts a connection that was accepted and that no worker could take.
    pub(crate) fn give_up(&self) {
        self.totals.given_up.fetch_add(1, Relaxed);
    }

    /// Connections that failed before a worker could take them, those turned away not included.
    pub fn given_up(&self) -> u64 {
        self.totals.given_up.load(Relaxed)
    }

    /// How long requests took, from the head to the last byte of the reply.
    pub fn durations(&self, label: usize) -> HistogramCounts {
        self.totals.durations[label].spread()
    }

    /// How long they took to the first byte, where one was sent.
    pub fn first_bytes(&self, label: usize) -> HistogramCounts {
        self.totals.first_bytes[label].spread()
    }

    /// Requests finished in each second, over the last ten or since the start.
    pub fn requests_per_second(&self, now: Instant) -> f64 {
        let elapsed = now.duration_since(self.started);
        let second = elapsed.as_secs();
        let recent = |count: &AtomicU64| {
            let (at, count) = split(count.load(Relaxed));
            (at < second && at + RATE_WINDOW_S >= second).then_some(count)
        };
        if second == 0 {
            let (_, count) = split(self.totals.requests_by_second[0].load(Relaxed));
            return count as f64 / elapsed.max(Duration::from_millis(1)).as_secs_f64();
        }
        let count: u64 = self.totals.requests_by_second.iter().filter_map(recent).sum();
        count as f64 / second.min(RATE_WINDOW_S) as f64
    }

    /// Counts a request that a worker has finished.
    pub(crate) fn count_request(
        &self,
        slot: &Slot,
        (label, outcome): (usize, Outcome),
        bytes: u64,
        duration: Duration,
        first_byte: Option<Duration>,
    ) {
        let outcome = outcome as usize;
        // First: nobody who is killed here is counted twice.
        slot.open_request.store(0, Relaxed);
        slot.requests[label][outcome].fetch_add(1, Relaxed);
        slot.request_bytes[label][outcome].fetch_add(bytes, Relaxed);
        self.totals.durations[label].record(duration);
        if let Some(first_byte) = first_byte {
            self.totals.first_bytes[label].record(first_byte);
        }
        self.count_in_rate();
    }

    fn count_in_rate(&self) {
        let second = self.started.elapsed().as_secs();
        let place = &self.totals.requests_by_second[second as usize % RATE_SECONDS];
        let add_one = |stored| match split(stored) {
            (at, count) if at == second => Some(join(at, count + 1)),
            _ => Some(join(second, 1)),
        };
        place.fetch_update(Relaxed, Relaxed, add_one).expect("the update always has a value");
    }
}

fn split(stored: u64) -> (u64, u64) {
    (stored >> 32, stored & u64::from(u32::MAX))
}

fn join(second: u64, count: u64) -> u64 {
    second << 32 | count
}

impl Slot {
    /// The worker runs from now on, and is idle.
    pub fn worker_started(&self, pid: u32, thread_id: u32) {
        self.thread_id.store(thread_id, Relaxed);
        self.pid.store(pid, Relaxed);
    }

    /// Counts what a dead worker left open as failed; returns what it was doing.
    pub(crate) fn worker_died(&self) -> Option<Activity> {
        let mut activity = self.activity.last_view();
        self.activity.clear();
        self.pid.store(0, Relaxed);
        self.origin.store(0, Relaxed);
        let open = u64::from(self.open_connections.swap(0, Relaxed));
        self.connections[Outcome::Failed as usize].fetch_add(open, Relaxed);
        let request = self.open_request.swap(0, Relaxed);
        let label = (request as usize).checked_sub(1);
        // What a worker that ran wild has written is no label.
        if let Some(counts) = label.and_then(|label| self.requests.get(label)) {
            counts[Outcome::Failed as usize].fetch_add(1, Relaxed);
        } else if let Some(activity) = &mut activity {
            // Whatever is still shown was counted a moment before the end.
            activity.request = None;
        }
        // A connection that was counted before its worker died is over.
        activity.filter(|_| open > 0)
    }

    /// Another worker takes the place of a dead one.
    pub fn worker_replaced(&self) {
        self.restarts.fetch_add(1, Relaxed);
    }

    /// Where the worker's connection comes from; 0 when it has none.
    pub fn set_origin(&self, origin: u64) {
        // Two workers that write theirs and then look at each other's must not both miss one.
        self.origin.store(origin, SeqCst);
    }

    pub fn origin(&self) -> u64 {
        self.origin.load(SeqCst)
    }

    /// What the worker is doing; one of its connections, where it has several.
    pub fn activity(&self) -> Option<Activity> {
        self.activity.look()
    }

    pub(crate) fn activity_board(&self) -> &ActivityBoard {
        &self.activity
    }

    pub(crate) fn connection_opened(&self) {
        self.open_connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn connection_closed(&self, outcome: Outcome) {
        self.connections[outcome as usize].fetch_add(1, Relaxed);
        self.open_connections.fetch_sub(1, Relaxed);
    }

    pub(crate) fn request_opened(&self, label: usize) {
        self.open_request.store(label as u32 + 1, Relaxed);
    }

    pub(crate) fn received(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Relaxed);
    }

    pub fn counts(&self) -> SlotCounts {
        SlotCounts {
            pid: self.pid.load(Relaxed),
            thread_id: self.thread_id.load(Relaxed),
            open_connections: self.open_connections.load(Relaxed),
            connections: OutcomeCounts::load(&self.connections),
            requests: self.requests.each_ref().map(OutcomeCounts::load),
            request_bytes: self.request_bytes.each_ref().map(OutcomeCounts::load),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            restarts: self.restarts.load(Relaxed),
        }
    }
}

impl OutcomeCounts {
    fn load(counts: &[AtomicU64; 2]) -> Self {
        Self {
            ok: counts[Outcome::Ok as usize].load(Relaxed),
            failed: counts[Outcome::Failed as usize].load(Relaxed),
        }
    }
}

impl SlotCounts {
    pub fn requests(&self, label: usize) -> OutcomeCounts {
        self.requests[label]
    }

    /// Content bytes that finished requests moved.
    pub fn request_bytes(&self, label: usize) -> OutcomeCounts {
        self.request_bytes[label]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(slots: usize) -> Scoreboard {
        let slots: Vec<Slot> = (0..slots).map(|_| Slot::default()).collect();
        Scoreboard::new(Box::leak(Box::default()), slots.leak(), &[])
    }

    #[test]
    fn the_rate_covers_the_last_ten_whole_seconds() {
        let board = board(1);
        let at = |second| board.started() + Duration::from_secs(second);
        for (second, count) in [(0, 7), (1, 10), (5, 20), (11, 1000)] {
            board.totals.requests_by_second[second as usize].store(join(second, count), Relaxed);
        }
        assert_eq!(board.requests_per_second(at(2)), 17.0 / 2.0);
        assert_eq!(board.requests_per_second(at(10)), 37.0 / 10.0);
        assert_eq!(board.requests_per_second(at(11)), 30.0 / 10.0);
        assert_eq!(board.requests_per_second(at(30)), 0.0);
    }
}
