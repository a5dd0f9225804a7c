//! One thread waits for all timers, and a pool of threads does what is due.
//!
//! However many messages are in flight, there are the same few threads. What is due while all of them
//! work waits in the pool's queue, which holds at most what the world has in flight.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread::{self, Builder},
};

use threadpool::ThreadPool;

use super::{
    timer::{Due, Lane, Runner, Timer},
    waiting::{Next, Waiting, Word},
};
use crate::live::clock::Clock;

/// Most threads of a pool. More processors would wait for the lock of the world.
const THREADS_MAX: usize = 8;

pub(super) struct Pool {
    waiting: Sender<Word>,
    workers: usize,
}

impl Pool {
    pub(super) fn start(clock: Arc<Clock>, due: Due) -> io::Result<Self> {
        let workers = thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
        let pool = ThreadPool::with_name("pool".to_owned(), workers);
        let (sender, words) = mpsc::channel();
        let wait = move || hand_over(Waiting::new(words), &clock, &due, &pool);
        Builder::new().name("timer".to_owned()).spawn(wait)?;
        Ok(Self { waiting: sender, workers })
    }

    fn tell(&self, word: Word) {
        // The thread ends after the sender, so there is somebody to receive it.
        let _ = self.waiting.send(word);
    }
}

impl Runner for Pool {
    fn schedule(&self, timer: Timer) {
        self.tell(Word::Wait(timer));
    }

    fn clock_changed(&self) {
        self.tell(Word::Look);
    }

    fn forget(&self, lane: Lane) {
        self.tell(Word::Forget(lane));
    }

    fn threads(&self) -> usize {
        self.workers + 1
    }
}

fn hand_over(mut waiting: Waiting, clock: &Clock, due: &Due, pool: &ThreadPool) {
    loop {
        match waiting.next(clock) {
            Next::Due(timer) => {
                let due = Arc::clone(due);
                pool.execute(move || due(timer));
            }
            Next::Idle if waiting.listen() => {}
            Next::Idle | Next::End => return,
        }
    }
}
