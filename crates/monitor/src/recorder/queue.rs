//! Batches on their way to the thread that writes them.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use super::batch::Batch;

/// Some seconds of the busiest server; at the usual length of an event 20 MB.
pub(crate) const EVENTS_MAX: usize = 65_536;

/// Longer events are fewer.
const BYTES_MAX: usize = 32 << 20;

/// As many are written together, so that the queue has room again soon.
const ENOUGH: usize = 4096;

/// The reader's end.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Option<Sender<Item>>,
    load: Arc<Load>,
    done: Receiver<()>,
}

/// The writer's end, and what the writer has in hand. Dropped, the writer has ended.
#[derive(Debug)]
pub(crate) struct Inbox {
    receiver: Receiver<Item>,
    load: Arc<Load>,
    batches: Vec<Arc<Batch>>,
    wants_reopen: bool,
    is_closed: bool,
    _done: Sender<()>,
}

#[derive(Debug)]
enum Item {
    Events(Arc<Batch>),
    Reopen,
}

/// What is in the queue or in hand.
#[derive(Debug, Default)]
struct Load {
    events: AtomicUsize,
    bytes: AtomicUsize,
}

/// Both ends of a queue.
pub(crate) fn open() -> (Queue, Inbox) {
    let (sender, receiver) = mpsc::channel();
    let (done_sender, done) = mpsc::channel();
    let load = Arc::new(Load::default());
    let queue = Queue { sender: Some(sender), load: Arc::clone(&load), done };
    let batches = Vec::new();
    let inbox = Inbox {
        receiver,
        load,
        batches,
        wants_reopen: false,
        is_closed: false,
        _done: done_sender,
    };
    (queue, inbox)
}

impl Queue {
    /// Never waits. False, and the batch is not taken, where there is no room for it.
    pub(crate) fn push(&self, batch: &Arc<Batch>) -> bool {
        let events = self.load.events.load(SeqCst) + batch.len();
        let bytes = self.load.bytes.load(SeqCst) + batch.bytes().len();
        if events > EVENTS_MAX || bytes > BYTES_MAX {
            return false;
        }
        self.load.add(batch);
        let is_taken = self.send(Item::Events(Arc::clone(batch)));
        if !is_taken {
            self.load.take(batch);
        }
        is_taken
    }

    pub(crate) fn ask_to_reopen(&self) {
        self.send(Item::Reopen);
    }

    fn send(&self, item: Item) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.send(item).is_ok())
    }

    /// No more will come.
    pub(crate) fn close(&mut self) {
        self.sender = None;
    }

    /// Waits until the writer has ended; returns how many events it did not write until then.
    pub(crate) fn wait_until_done(&self, deadline: Instant) -> u64 {
        // Nothing is ever sent: the writer's end is dropped.
        let _ = self.done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        self.load.events.load(SeqCst) as u64
    }
}

impl Inbox {
    /// Waits for events, and for more until `time` has passed since or there are enough.
    pub(crate) fn gather(&mut self, time: Duration) {
        self.take(None, 1);
        self.take(Some(Instant::now() + time), ENOUGH);
    }

    /// Takes whatever comes until then, for a writer that cannot write.
    pub(crate) fn gather_until(&mut self, moment: Instant) {
        self.take(Some(moment), usize::MAX);
    }

    /// Ends early when the log is to be opened again, and when no more will come.
    fn take(&mut self, deadline: Option<Instant>, enough: usize) {
        while self.events() < enough && !self.wants_reopen && !self.is_closed {
            let item = match deadline {
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => {
                    self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
                }
            };
            match item {
                Ok(Item::Events(batch)) => self.batches.push(batch),
                Ok(Item::Reopen) => self.wants_reopen = true,
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => self.is_closed = true,
            }
        }
    }

    /// What is in hand.
    pub(crate) fn batches(&self) -> &[Arc<Batch>] {
        &self.batches
    }

    pub(crate) fn events(&self) -> usize {
        self.batches.iter().map(|batch| batch.len()).sum()
    }

    /// What was in hand is written or lost.
    pub(crate) fn clear(&mut self) {
        self.batches.drain(..).for_each(|batch| self.load.take(&batch));
    }

    /// Whether the log is to be opened again; asked once for each wish.
    pub(crate) fn wants_reopen(&mut self) -> bool {
        mem::take(&mut self.wants_reopen)
    }

    /// So few events wait that losing some is over.
    pub(crate) fn is_calm(&self) -> bool {
        self.load.events.load(SeqCst) - self.events() < EVENTS_MAX / 2
    }

    /// All that will ever come is in hand, or was.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }
}

impl Load {
    fn add(&self, batch: &Batch) {
        self.events.fetch_add(batch.len(), SeqCst);
        self.bytes.fetch_add(batch.bytes().len(), SeqCst);
    }

    fn take(&self, batch: &Batch) {
        self.events.fetch_sub(batch.len(), SeqCst);
        self.bytes.fetch_sub(batch.bytes().len(), SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lines: usize) -> Arc<Batch> {
        let mut batch = Batch::default();
        (0..lines).for_each(|_| batch.push(b"{}"));
        Arc::new(batch)
    }

    #[test]
    fn batches_are_taken_until_there_are_enough_events() {
        let (mut queue, mut inbox) = open();
        for lines in [ENOUGH - 1, 2, 2] {
            assert!(queue.push(&batch(lines)));
        }
        inbox.gather(Duration::ZERO);
        assert_eq!((inbox.batches().len(), inbox.is_closed()), (2, false));
        inbox.clear();
        queue.close();
        inbox.gather(Duration::ZERO);
        assert_eq!((inbox.batches().len(), inbox.is_closed()), (1, true));
        assert_eq!(queue.wait_until_done(Instant::now()), 2);
        inbox.clear();
        drop(inbox);
        assert_eq!(queue.wait_until_done(Instant::now() + Duration::from_secs(60)), 0);
    }

    #[test]
    fn what_there_is_no_room_for_is_not_taken() {
        let (queue, mut inbox) = open();
        assert!(queue.push(&batch(EVENTS_MAX)));
        assert!(!queue.push(&batch(1)));
        assert!(!inbox.is_calm());
        inbox.gather(Duration::ZERO);
        inbox.clear();
        assert!(queue.push(&batch(1)));
        assert!(inbox.is_calm());
    }

    #[test]
    fn what_a_writer_that_broke_down_had_in_hand_is_left() {
        let (queue, mut inbox) = open();
        assert!(queue.push(&batch(3)));
        inbox.gather(Duration::ZERO);
        drop(inbox);
        assert!(!queue.push(&batch(1)));
        assert_eq!(queue.wait_until_done(Instant::now() + Duration::from_secs(60)), 3);
    }

    #[test]
    fn events_gather_until_there_are_enough() {
        let (queue, mut inbox) = open();
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| {
                inbox.gather(Duration::from_secs(60));
                inbox.batches().len()
            });
            queue.push(&batch(1));
            queue.push(&batch(ENOUGH - 1));
            assert_eq!(taken.join().unwrap(), 2);
        });
    }
}
