//! Timers that one thread waits for, in their order.

use std::{
    collections::{BTreeSet, HashMap},
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::Duration,
};

use super::timer::{Lane, Timer};
use crate::live::clock::Clock;

/// What a waiting thread is told. It ends when nobody is left who could tell it anything.
pub(super) enum Word {
    Wait(Timer),
    /// The clock was changed.
    Look,
    /// The timers of this message are not waited for.
    Forget(Lane),
}

/// What a thread has to do next.
pub(super) enum Next {
    Due(Timer),
    /// It waits for nothing now.
    Idle,
    End,
}

/// The timers of one thread.
pub(super) struct Waiting {
    words: Receiver<Word>,
    timers: BTreeSet<Timer>,
    /// The same, by their messages.
    of_lane: HashMap<Lane, Vec<Timer>>,
}

impl Waiting {
    pub(super) fn new(words: Receiver<Word>) -> Self {
        Self { words, timers: BTreeSet::new(), of_lane: HashMap::new() }
    }

    /// Waits until one of its timers is due.
    pub(super) fn next(&mut self, clock: &Clock) -> Next {
        loop {
            // What was said comes first: it may be a timer that is due before the others.
            match self.words.try_recv() {
                Ok(word) => {
                    self.take(word);
                    continue;
                }
                Err(TryRecvError::Disconnected) => return Next::End,
                Err(TryRecvError::Empty) => {}
            }
            let Some(&first) = self.timers.first() else { return Next::Idle };
            let word = match clock.wait_for(first.at) {
                Some(Duration::ZERO) => {
                    self.remove(first);
                    return Next::Due(first);
                }
                Some(left) => self.words.recv_timeout(left),
                None => self.words.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match word {
                Ok(word) => self.take(word),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Next::End,
            }
        }
    }

    /// Waits until it is told something. `false`: nobody is left who could.
    pub(super) fn listen(&mut self) -> bool {
        let word = self.words.recv();
        word.map(|word| self.take(word)).is_ok()
    }

    /// Whether it was told something just now; an error means that nobody is left who could.
    pub(super) fn was_told(&mut self) -> Result<bool, TryRecvError> {
        match self.words.try_recv() {
            Ok(word) => {
                self.take(word);
                Ok(true)
            }
            Err(TryRecvError::Empty) => Ok(false),
            Err(gone) => Err(gone),
        }
    }

    fn take(&mut self, word: Word) {
        match word {
            Word::Wait(timer) => {
                self.timers.insert(timer);
                self.of_lane.entry(timer.lane).or_default().push(timer);
            }
            Word::Look => {}
            Word::Forget(lane) => {
                for timer in self.of_lane.remove(&lane).unwrap_or_default() {
                    self.timers.remove(&timer);
                }
            }
        }
    }

    fn remove(&mut self, timer: Timer) {
        self.timers.remove(&timer);
        if let Some(of_lane) = self.of_lane.get_mut(&timer.lane) {
            of_lane.retain(|other| *other != timer);
            if of_lane.is_empty() {
                self.of_lane.remove(&timer.lane);
            }
        }
    }
}
