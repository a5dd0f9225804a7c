//! What the server's event log says about the requests of the clients: when each was picked up, by which
//! worker, and when the request had arrived. Both sides use the machine's monotonic clock, and know a
//! connection by the client's port.

use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use client::Verb;
use telemetry::{Event, EventKind};

use crate::{
    results::{JobOutcome, Service},
    servers::event_log::EventLog,
};

/// How long the events of a cell may take to be in the log. They are written within moments.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// By the port of the client.
type Services = HashMap<u16, Vec<Service>>;

/// Notes with each outcome what the server says about it. Where the log has no such event, as of a request
/// that never came, nothing is noted.
pub(crate) fn join(log: &mut EventLog, verb: Verb, outcomes: &mut [JobOutcome]) {
    let deadline = Instant::now() + PATIENCE;
    let mut services = Services::new();
    loop {
        // What cannot be read now may be readable in a moment.
        add(&mut services, verb, log.read_new().unwrap_or_default());
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.service.is_none()) {
            outcome.service = service_of(outcome, &services);
        }
        let is_missing =
            |outcome: &JobOutcome| outcome.failure.is_none() && outcome.service.is_none();
        if !outcomes.iter().any(is_missing) || Instant::now() >= deadline {
            return;
        }
        thread::sleep(LOOK_PAUSE);
    }
}

fn add(services: &mut Services, verb: Verb, events: Vec<Event>) {
    for (port, service) in events.into_iter().filter_map(|event| service(verb, event)) {
        services.entry(port).or_default().push(service);
    }
}

/// The first on the client's port while the client was there: other bursts may use the port again.
fn service_of(outcome: &JobOutcome, services: &Services) -> Option<Service> {
    let finished_ns = outcome.finished_ns.unwrap_or(u64::MAX);
    let while_it_ran =
        |service: &&Service| (outcome.released_ns..=finished_ns).contains(&service.began_ns);
    let of_port = services.get(&outcome.port?)?.iter().filter(while_it_ran);
    of_port.min_by_key(|service| service.began_ns).cloned()
}

/// A request with this verb, by the port of its client.
fn service(verb: Verb, event: Event) -> Option<(u16, Service)> {
    let EventKind::Request(request) = event.kind else { return None };
    let service = Service {
        server_worker: event.source.to_string(),
        accepted_ns: request.accepted_ns,
        picked_up_ns: request.picked_up_ns,
        began_ns: request.began_ns,
    };
    (request.command == verb.name()).then_some((request.client.port(), service))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn line(port: u16, command: &str, began_ns: u64) -> String {
        format!(
            r#"{{"time":"2026-11-20T15:00:00Z","program":"fileserver","port":46666,"level":"info","source":"thread-3","pid":1,"event":"request","connection":1,"client":"127.0.0.1:{port}","command":"{command}","outcome":"ok","bytes":5,"seconds":0.1,"throughput":50.0,"accepted_ns":1,"picked_up_ns":2,"began_ns":{began_ns},"first_byte_ns":4,"last_byte_ns":5}}"#
        )
    }

    /// Released at 100; finished at that time, or never.
    fn outcome(port: u16, finished_ns: Option<u64>) -> JobOutcome {
        let mut outcome = JobOutcome::of(1, 1, 100);
        (outcome.port, outcome.finished_ns) = (Some(port), finished_ns);
        outcome
    }

    /// When the server says that each began, by these lines.
    fn joined(lines: &[(u16, &str, u64)], outcomes: &[JobOutcome]) -> Vec<Option<u64>> {
        let event = |&(port, command, began_ns): &(u16, &str, u64)| {
            serde_json::from_str(&line(port, command, began_ns)).unwrap()
        };
        let mut services = Services::new();
        add(&mut services, Verb::Get, lines.iter().map(event).collect());
        let began = |outcome| Some(service_of(outcome, &services)?.began_ns);
        outcomes.iter().map(began).collect()
    }

    #[test]
    fn outcomes_are_joined_by_port_with_what_came_after_their_release() {
        let lines = [(1000, "GET", 99), (1000, "GET", 100), (1001, "PING", 120), (1002, "GET", 50)];
        let outcomes = [outcome(1000, Some(300)), outcome(1001, None), outcome(1002, None)];
        assert_eq!(joined(&lines, &outcomes), [Some(100), None, None]);
        let mut unconnected = outcome(1000, None);
        unconnected.port = None;
        assert_eq!(joined(&lines, &[unconnected]), [None]);
    }

    #[test]
    fn lines_in_any_order_and_twice_are_joined_as_if_each_stood_there_once_in_order() {
        let outcomes = [outcome(1000, Some(300)), outcome(1001, Some(400))];
        let lines =
            [(1001, "GET", 130), (1000, "GET", 120), (1001, "GET", 130), (1000, "GET", 120)];
        assert_eq!(joined(&lines, &outcomes), [Some(120), Some(130)]);
    }

    #[test]
    fn a_line_that_is_missing_is_not_made_up_for_by_that_of_a_later_burst() {
        // The second burst uses the port again, and the first one's line was lost.
        let mut second = outcome(1000, Some(700));
        (second.burst, second.released_ns) = (2, 400);
        let lines = [(1000, "GET", 450)];
        assert_eq!(joined(&lines, &[outcome(1000, Some(300)), second.clone()]), [None, Some(450)]);
        let lines = [(1000, "GET", 150), (1000, "GET", 450)];
        assert_eq!(joined(&lines, &[outcome(1000, Some(300)), second]), [Some(150), Some(450)]);
    }

    #[test]
    fn the_rest_of_a_line_that_was_half_there_is_read_with_the_next() {
        let (mut file, whole) = (tempfile::NamedTempFile::new().unwrap(), line(1003, "GET", 200));
        let mut log = EventLog::at(file.path().to_owned());
        write!(file, "not JSON\n{}", &whole[..40]).unwrap();
        assert!(log.read_new().unwrap().is_empty());
        writeln!(file, "{}", &whole[40..]).unwrap();
        let mut outcomes = [outcome(1003, Some(300))];
        join(&mut log, Verb::Get, &mut outcomes);
        let service = outcomes[0].service.as_ref().unwrap();
        assert_eq!((service.server_worker.as_str(), service.began_ns), ("thread-3", 200));
    }
}
