//! What is booked and told for a worker process that can do it no more.

use std::time::{Duration, Instant};

use crate::{
    activity::{Activity, Command, Underway},
    clock::monotonic_ns,
    connection::{ABORTED, throughput},
    event::{ClosedEvent, Level, RequestEvent, Source, What, WorkerDiedEvent},
    journal::Journal,
    scoreboard::Slot,
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
    /// Books what the worker of `slot` left open as failed, and tells it in its place.
    pub fn book(&self, journal: &Journal, slot: &Slot) {
        let activity = slot.worker_died();
        let request = activity.as_ref().and_then(|activity| activity.request.as_ref());
        let died = WorkerDiedEvent {
            worker: self.worker,
            worker_pid: self.pid,
            how: self.how.to_owned(),
            connection: activity.as_ref().map(|activity| activity.connection),
            client: activity.as_ref().map(|activity| activity.client),
            command: request.map(|request| request.command.name().to_owned()),
            file: request.and_then(|request| request.file.clone()),
            bytes: request.map(|request| request.bytes_done),
            replaced_in: self.replaced_in.map(|pause| pause.as_secs_f64()),
        };
        journal.tell(Level::Error, What::WorkerDied(Box::new(died)));
        if let Some(activity) = activity {
            self.tell_last_words(journal, activity);
        }
    }

    /// The request that the worker cannot finish, and the end of its connection.
    fn tell_last_words(&self, journal: &Journal, mut activity: Activity) {
        let now_ns = monotonic_ns(Instant::now());
        if let Some(request) = activity.request.take() {
            activity.requests += 1;
            match request.command {
                Command::Upload => activity.bytes_in += request.bytes_done,
                _ => activity.bytes_out += request.bytes_done,
            }
            self.tell(journal, What::Request(Box::new(aborted(&activity, request, now_ns))));
        }
        let bytes = activity.bytes_in + activity.bytes_out;
        let closed = ClosedEvent {
            connection: activity.connection,
            client: activity.client,
            outcome: "failed".to_owned(),
            cause: Some(format!("the worker {}", self.how)),
            requests: activity.requests,
            bytes_in: activity.bytes_in,
            bytes_out: activity.bytes_out,
            seconds: between(activity.accepted_ns, now_ns).as_secs_f64(),
            throughput: throughput(bytes, between(activity.picked_up_ns, now_ns)),
        };
        self.tell(journal, What::Closed(Box::new(closed)));
    }

    fn tell(&self, journal: &Journal, what: What) {
        journal.tell_for(Source::Process(self.worker), self.pid, Level::Warning, what);
    }
}

/// A request that ended with its worker. Whose token it was, the connection's earlier events say.
fn aborted(activity: &Activity, request: Underway, now_ns: u64) -> RequestEvent {
    let took = between(request.began_ns, now_ns);
    RequestEvent {
        connection: activity.connection,
        client: activity.client,
        user: None,
        command: request.command.name().to_owned(),
        file: request.file,
        outcome: ABORTED.to_owned(),
        bytes: request.bytes_done,
        seconds: took.as_secs_f64(),
        throughput: throughput(request.bytes_done, took),
        accepted_ns: activity.accepted_ns,
        picked_up_ns: activity.picked_up_ns,
        began_ns: request.began_ns,
        first_byte_ns: None,
        last_byte_ns: now_ns,
    }
}

fn between(start_ns: u64, end_ns: u64) -> Duration {
    Duration::from_nanos(end_ns.saturating_sub(start_ns))
}
