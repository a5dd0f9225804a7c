//! A thread for each message that is on its way: it waits for its packets, acknowledgements and timeouts,
//! and ends when nothing of the message is left to come.
//!
//! A thousand messages in flight are a thousand threads, each with a stack. Where the system gives no more
//! threads, one that is there from the beginning waits for what is left: messages are late then, not lost.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Sender},
    },
    thread::Builder,
};

use super::{
    timer::{Due, Lane, Runner, Timer},
    waiting::{Next, Waiting, Word},
};
use crate::live::clock::Clock;

pub(super) struct Threads {
    shared: Arc<Shared>,
    /// To the thread that is there from the beginning.
    reserve: Sender<Word>,
}

struct Shared {
    clock: Arc<Clock>,
    due: Due,
    lanes: Mutex<HashMap<Lane, Sender<Word>>>,
}

impl Threads {
    pub(super) fn start(clock: Arc<Clock>, due: Due) -> io::Result<Self> {
        let shared = Arc::new(Shared { clock, due, lanes: Mutex::default() });
        let (reserve, words) = mpsc::channel();
        let of_thread = Arc::clone(&shared);
        Builder::new().name("reserve".to_owned()).spawn(move || of_thread.wait_for_ever(words))?;
        Ok(Self { shared, reserve })
    }

    /// Sends a word to every thread.
    fn tell(&self, word: impl Fn() -> Word) {
        let _ = self.reserve.send(word());
        for lane in self.shared.lanes().values() {
            let _ = lane.send(word());
        }
    }
}

impl Runner for Threads {
    fn schedule(&self, timer: Timer) {
        let lane = timer.lane;
        let mut lanes = self.shared.lanes();
        if let Some(thread) = lanes.get(&lane) {
            // A thread leaves `lanes` before it ends.
            let _ = thread.send(Word::Wait(timer));
            return;
        }
        let (thread, words) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        let run = move || shared.run(lane, Waiting::new(words));
        let thread = match Builder::new().name("delivery".to_owned()).spawn(run) {
            Ok(_) => &*lanes.entry(lane).or_insert(thread),
            Err(_) => &self.reserve,
        };
        let _ = thread.send(Word::Wait(timer));
    }

    fn clock_changed(&self) {
        self.tell(|| Word::Look);
    }

    fn forget(&self, lane: Lane) {
        if self.shared.lanes().remove(&lane).is_none() {
            let _ = self.reserve.send(Word::Forget(lane));
        }
    }

    fn threads(&self) -> usize {
        self.shared.lanes().len() + 1
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The threads hold `shared`, so what tells them the end would otherwise outlive them.
        self.shared.lanes().clear();
    }
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, HashMap<Lane, Sender<Word>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread of one message.
    fn run(&self, lane: Lane, mut waiting: Waiting) {
        loop {
            match waiting.next(&self.clock) {
                Next::Due(timer) => (self.due)(timer),
                Next::Idle if self.leave(lane, &mut waiting) => return,
                Next::Idle => {}
                Next::End => return,
            }
        }
    }

    /// Whether the thread of a message that waits for nothing can end. A timer that was set meanwhile is
    /// not missed: nobody sets one without this lock.
    fn leave(&self, lane: Lane, waiting: &mut Waiting) -> bool {
        let mut lanes = self.lanes();
        match waiting.was_told() {
            Ok(true) => false,
            Ok(false) => lanes.remove(&lane).is_some(),
            // Forgotten; the lane may be that of another thread by now.
            Err(_) => true,
        }
    }

    fn wait_for_ever(&self, words: mpsc::Receiver<Word>) {
        let mut waiting = Waiting::new(words);
        loop {
            match waiting.next(&self.clock) {
                Next::Due(timer) => (self.due)(timer),
                Next::Idle if waiting.listen() => {}
                Next::Idle | Next::End => return,
            }
        }
    }
}
