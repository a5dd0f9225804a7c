//! What all pages are told, collected for some milliseconds and written once.

use std::{mem, time::Duration};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::broadcast;

use crate::serve::messages::{self, ServerMessage};

/// Most packets and failures that one frame shows, so that a frame has at most some ten kilobytes.
const SHOWN_MAX: usize = 300;

/// Frames that a page may be behind, two seconds of them, before it has missed some. The frames are there
/// once for all pages.
const BEHIND_MAX: usize = 100;

#[derive(Debug)]
pub(crate) struct Feed {
    waiting: Vec<ServerMessage>,
    shown: usize,
    hidden: u64,
    pages: broadcast::Sender<Utf8Bytes>,
}

impl Default for Feed {
    fn default() -> Self {
        let (pages, _) = broadcast::channel(BEHIND_MAX);
        Self { waiting: Vec::new(), shown: 0, hidden: 0, pages }
    }
}

impl Feed {
    /// What every page needs to know.
    pub(crate) fn say(&mut self, message: ServerMessage) {
        self.waiting.push(message);
    }

    /// What is nice to see: it is left out of a frame that is full.
    pub(crate) fn show(&mut self, message: ServerMessage) {
        if self.shown >= SHOWN_MAX {
            self.hidden += 1;
            return;
        }
        self.shown += 1;
        self.waiting.push(message);
    }

    /// How many were left out since this was last asked.
    pub(crate) fn take_hidden(&mut self) -> u64 {
        mem::take(&mut self.hidden)
    }

    /// Forgets what was not sent yet.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.shown = 0;
    }

    /// Sends what has come together to every page that listens.
    pub(crate) fn flush(&mut self, now: Duration) {
        if !self.waiting.is_empty() && self.pages.receiver_count() > 0 {
            // An error means that the last page has just left.
            let _ = self.pages.send(messages::frame(now, &self.waiting).into());
        }
        self.clear();
    }

    /// All frames from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Utf8Bytes> {
        self.pages.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_goes_to_all_and_what_is_too_much_is_counted() {
        let mut feed = Feed::default();
        let (mut one, mut other) = (feed.listen(), feed.listen());
        for id in 0..500 {
            feed.show(ServerMessage::DeadLetter { id, subscriber: 0 });
        }
        feed.say(ServerMessage::ExperimentDone { run: 1 });
        feed.flush(Duration::ZERO);
        let frame = one.try_recv().unwrap();
        assert_eq!(other.try_recv().unwrap(), frame);
        assert_eq!(frame.as_str().matches("dead_letter").count(), SHOWN_MAX);
        assert!(frame.as_str().contains("experiment_done"));
        assert_eq!((feed.take_hidden(), feed.take_hidden()), (200, 0));
        feed.flush(Duration::ZERO);
        assert!(one.try_recv().is_err(), "there was nothing to say");
    }
}
