//! What is counted and told for a worker process that can do it no more.

use std::time::{Duration, Instant};

use crate::{
    accounting::{aborted, closed},
    activity::Activity,
    clock::monotonic_ns,
    event::{EventKind, EventSource, Level, WorkerDiedEvent},
    journal::Journal,
    mode::Mode,
    scoreboard::{Scoreboard, Slot},
};

/// A worker process that ended though nobody asked it to.
#[derive(Debug)]
pub struct Death<'a> {
    pub worker: u32,
    pub pid: u32,
    /// `was killed by SIGKILL`.
    pub how: &'a str,
    /// How long its place stays empty; `None` where it is not filled again.
    pub replaced_in: Option<Duration>,
}

impl Death<'_> {
    /// Counts what the worker of `slot` left open as failed, and tells it in its place.
    pub fn settle(&self, board: &Scoreboard, journal: &Journal, slot: &Slot) {
        let activity = slot.worker_died();
        let request = activity.as_ref().and_then(|activity| activity.request.as_ref());
        let died = WorkerDiedEvent {
            worker: self.worker,
            worker_pid: self.pid,
            how: self.how.to_owned(),
            connection: activity.as_ref().map(|activity| activity.connection),
            client: activity.as_ref().map(|activity| activity.client),
            command: request.map(|request| board.label(request.label).to_owned()),
            file: request.and_then(|request| request.file.clone()),
            bytes: request.map(|request| request.bytes_done),
            replaced_in: self.replaced_in.map(|pause| pause.as_secs_f64()),
        };
        journal.tell(Level::Error, EventKind::WorkerDied(Box::new(died)));
        if let Some(activity) = activity {
            self.tell_last_words(board, journal, activity);
        }
    }

    /// The request that the worker cannot finish, and the end of its connection. Whose token it had, the
    /// connection's earlier events say.
    fn tell_last_words(&self, board: &Scoreboard, journal: &Journal, mut activity: Activity) {
        let now_ns = monotonic_ns(Instant::now());
        let source = EventSource::Worker(Mode::Process, self.worker);
        let tell = |kind| journal.tell_for(source, self.pid, Level::Warning, kind);
        if let Some(request) = activity.end_request() {
            tell(aborted(board, &activity, request, now_ns));
        }
        tell(closed(&activity, Some(format!("the worker {}", self.how)), now_ns));
    }
}
