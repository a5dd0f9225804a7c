//! An answer that is made for one asker at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Makes an answer when it is asked for, and has those share it who wait for it meanwhile.
pub(crate) struct Shared<T, F> {
    make: F,
    /// When its making began.
    newest: Mutex<Option<(Instant, Arc<T>)>>,
}

impl<T, F: Fn() -> T> Shared<T, F> {
    pub(crate) fn new(make: F) -> Self {
        Self { make, newest: Mutex::default() }
    }

    /// The answer as of `asked` or later. Those who wait for one to be made share the next, so several
    /// at once cost two; nobody sees one that is older than its question.
    pub(crate) fn since(&self, asked: Instant) -> Arc<T> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = newest.as_ref().filter(|(began, _)| *began >= asked) {
            return Arc::clone(answer);
        }
        let began = Instant::now();
        let answer = Arc::new((self.make)());
        *newest = Some((began, Arc::clone(&answer)));
        answer
    }
}
