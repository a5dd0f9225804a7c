//! What the server's event log says about the requests of the clients: when each was picked up, by which
//! worker, and how it went on. Both sides use the machine's monotonic clock, and know a connection by the
//! client's port.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use telemetry::{Event, EventKind, Level};

use crate::{
    plan::Operation,
    results::{JobOutcome, Service},
};

/// How long the events of a cell may take to be in the log. They are written within moments.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// The log of a server that runs, read as it grows.
pub(crate) struct EventLog {
    path: PathBuf,
    read_len: u64,
}

impl EventLog {
    /// The log that a server is told to write to this file.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, read_len: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes with each outcome what the server says about it. Where the log has no such event, as of a
    /// request that never came, nothing is noted.
    pub(crate) fn join(&mut self, operation: Operation, outcomes: &mut [JobOutcome]) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = HashMap::<u16, Vec<Service>>::new();
        loop {
            // What cannot be read now may be readable in a moment.
            let events = self.read_new().unwrap_or_default();
            for (port, service) in events.into_iter().filter_map(|event| service(operation, event))
            {
                seen.entry(port).or_default().push(service);
            }
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.service.is_none()) {
                let of_port = outcome.port.and_then(|port| seen.get(&port));
                // A port may be used again by a later burst.
                let of_this_one = |service: &&Service| service.began_ns >= outcome.released_ns;
                let services = of_port.into_iter().flatten().filter(of_this_one);
                outcome.service = services.min_by_key(|service| service.began_ns).cloned();
            }
            let is_missing =
                |outcome: &JobOutcome| outcome.failure.is_none() && outcome.service.is_none();
            if !outcomes.iter().any(is_missing) || Instant::now() >= deadline {
                return;
            }
            thread::sleep(LOOK_PAUSE);
        }
    }

    /// What the server said last in words that was wrong, oldest first.
    pub(crate) fn last_errors(&self, count: usize) -> Vec<String> {
        let events = Self { path: self.path.clone(), read_len: 0 }.read_new().unwrap_or_default();
        let texts =
            events.into_iter().filter(|event| event.level == Level::Error).filter_map(|event| {
                match event.kind {
                    EventKind::Message { text } => Some(text),
                    _ => None,
                }
            });
        let texts: Vec<String> = texts.collect();
        texts[texts.len().saturating_sub(count)..].to_vec()
    }

    /// The whole lines that were added since the last call.
    fn read_new(&mut self) -> io::Result<Vec<Event>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read_len))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read_len += whole as u64;
        // Events of a kind that this program does not know are none of its concern.
        Ok(text[..whole].lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}

/// A transfer of this kind, by the port of its client.
fn service(operation: Operation, event: Event) -> Option<(u16, Service)> {
    let EventKind::Request(request) = event.kind else { return None };
    let command = match operation {
        Operation::Download => "GET",
        Operation::Upload => "UPLOAD",
        Operation::List => "LIST",
    };
    let service = Service {
        server_worker: event.source.to_string(),
        accepted_ns: request.accepted_ns,
        picked_up_ns: request.picked_up_ns,
        began_ns: request.began_ns,
        reply_began_ns: request.first_byte_ns,
        reply_ended_ns: request.last_byte_ns,
    };
    (request.command == command).then_some((request.client.port(), service))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn line(port: u16, command: &str, began_ns: u64) -> String {
        format!(
            r#"{{"time":"2026-11-20T15:00:00Z","level":"info","source":"thread-3","pid":1,"event":"request","connection":1,"client":"127.0.0.1:{port}","command":"{command}","outcome":"ok","bytes":5,"seconds":0.1,"throughput":50.0,"accepted_ns":1,"picked_up_ns":2,"began_ns":{began_ns},"first_byte_ns":4,"last_byte_ns":5}}"#
        )
    }

    fn outcome(port: u16) -> JobOutcome {
        let mut outcome = JobOutcome::of(1, 1, 100);
        outcome.port = Some(port);
        outcome
    }

    #[test]
    fn outcomes_are_joined_by_port_with_what_came_after_their_release() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (port, command, began_ns) in
            [(1000, "GET", 99), (1000, "GET", 100), (1001, "PING", 120), (1002, "GET", 50)]
        {
            writeln!(file, "{}", line(port, command, began_ns)).unwrap();
        }
        write!(file, r#"{{"time":"#).unwrap();
        let mut log = EventLog::at(file.path().to_owned());
        let mut outcomes = [outcome(1000), outcome(1001), outcome(1002)];
        for failed in &mut outcomes[1..] {
            // Nobody waits for the events of those.
            failed.fail("timeout", String::new());
        }
        log.join(Operation::Download, &mut outcomes);
        let service = outcomes[0].service.as_ref().unwrap();
        assert_eq!((service.server_worker.as_str(), service.began_ns), ("thread-3", 100));
        assert_eq!((&outcomes[1].service, &outcomes[2].service), (&None, &None));
        // The rest of a line that was half there is read with the next.
        writeln!(file, "{}", &line(1003, "GET", 200)[r#"{"time":"#.len()..]).unwrap();
        let mut later = [outcome(1003)];
        log.join(Operation::Download, &mut later);
        assert_eq!(later[0].service.as_ref().unwrap().began_ns, 200);
    }
}
