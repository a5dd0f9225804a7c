//! What one client did, and what the server says about it.

use std::mem;

use serde::{Deserialize, Serialize};

/// How a job went. Times are nanoseconds on the machine's monotonic clock, or on one that its release has
/// set to 0, as in files.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct JobOutcome {
    pub(crate) client: u32,
    /// Which burst of its cell it was in, from 1.
    #[serde(default = "first")]
    pub(crate) burst: u32,
    /// The client's port, by which the server knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    pub(crate) released_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connected_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_byte_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_ns: Option<u64>,
    pub(crate) bytes: u64,
    /// Processor time of the client's thread, from before the release to its last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_ns: Option<u64>,
    /// How long in that time the thread could have run and had no processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_queue_ns: Option<u64>,
    /// Of content that was hashed on arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// What the server says about it, where it is one that tells.
    #[serde(flatten)]
    pub(crate) service: Option<Service>,
}

fn first() -> u32 {
    1
}

/// Why a job failed: a word to count by, a sentence to read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Failure {
    pub(crate) cause: String,
    pub(crate) sentence: String,
}

/// The cause of a wrong byte, which makes the whole run invalid.
pub(crate) const WRONG_CONTENT: &str = "wrong-content";

/// A request as the server saw it. Times are on the same clock.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Service {
    /// Such as `thread-3`.
    pub(crate) server_worker: String,
    pub(crate) accepted_ns: u64,
    pub(crate) picked_up_ns: u64,
    /// The head had arrived.
    pub(crate) began_ns: u64,
}

impl JobOutcome {
    /// A job that has not got anywhere yet.
    pub(crate) fn of(client: u32, burst: u32, released_ns: u64) -> Self {
        Self {
            client,
            burst,
            port: None,
            released_ns,
            connected_ns: None,
            first_byte_ns: None,
            finished_ns: None,
            bytes: 0,
            cpu_ns: None,
            run_queue_ns: None,
            digest: None,
            failure: None,
            service: None,
        }
    }

    pub(crate) fn fail(&mut self, cause: &str, sentence: String) {
        self.failure = Some(Failure { cause: cause.to_owned(), sentence });
    }

    /// Has its times count from its release, in whole microseconds. Finer digits are noise, and make up a
    /// quarter of the compressed file.
    pub(crate) fn count_from_release(&mut self) {
        let released_ns = mem::take(&mut self.released_ns);
        let of_client = [&mut self.connected_ns, &mut self.first_byte_ns, &mut self.finished_ns];
        let of_server = self.service.iter_mut().flat_map(|service| {
            [&mut service.accepted_ns, &mut service.picked_up_ns, &mut service.began_ns]
        });
        for ns in of_client.into_iter().flatten().chain(of_server) {
            *ns = to_whole_us(ns.saturating_sub(released_ns));
        }
        for ns in [&mut self.cpu_ns, &mut self.run_queue_ns].into_iter().flatten() {
            *ns = to_whole_us(*ns);
        }
    }

    pub(crate) fn has_failed_with(&self, cause: &str) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.cause == cause)
    }

    /// Seconds from the release to the last byte; `None` for a failed job.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.since_release(self.finished_ns)
    }

    /// Seconds from the release to the first byte of the reply.
    pub(crate) fn seconds_to_first_byte(&self) -> Option<f64> {
        self.since_release(self.first_byte_ns)
    }

    /// Seconds from the connection to the worker that picked it up.
    pub(crate) fn seconds_in_queue(&self) -> Option<f64> {
        let (connected_ns, service) = (self.connected_ns?, self.succeeded()?.service.as_ref()?);
        // A worker may pick it up a moment before the client learns that it is connected.
        Some(service.picked_up_ns.saturating_sub(connected_ns) as f64 / 1e9)
    }

    /// Seconds from the worker that picked it up to the last byte.
    pub(crate) fn seconds_in_service(&self) -> Option<f64> {
        let picked_up_ns = self.succeeded()?.service.as_ref()?.picked_up_ns;
        Some(self.finished_ns?.saturating_sub(picked_up_ns) as f64 / 1e9)
    }

    /// Seconds that the client's thread ran, waited for a processor, and waited for anything else but
    /// a worker: together with the queue, its time. What an upload sends ahead while it is in the
    /// queue is in both.
    pub(crate) fn seconds_running_runnable_blocked(&self) -> Option<[f64; 3]> {
        let cpu_s = self.succeeded()?.cpu_ns? as f64 / 1e9;
        let run_queue_s = self.run_queue_ns? as f64 / 1e9;
        let rest_s = self.seconds()? - self.seconds_in_queue()? - cpu_s - run_queue_s;
        Some([cpu_s, run_queue_s, rest_s.max(0.0)])
    }

    fn succeeded(&self) -> Option<&Self> {
        self.failure.is_none().then_some(self)
    }

    fn since_release(&self, ns: Option<u64>) -> Option<f64> {
        let ns = ns.filter(|_| self.failure.is_none())?;
        Some(ns.saturating_sub(self.released_ns) as f64 / 1e9)
    }
}

fn to_whole_us(ns: u64) -> u64 {
    (ns + 500) / 1_000 * 1_000
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_count_from_the_release_in_whole_microseconds_and_are_rounded_once() {
        let measured = json!({
            "client": 1, "burst": 2, "port": 40778, "released_ns": 18_440_867_144_282_u64,
            "connected_ns": 18_440_867_229_534_u64, "first_byte_ns": 18_440_921_107_244_u64,
            "finished_ns": 18_440_921_128_782_u64, "bytes": 7, "cpu_ns": 47_006_382,
            "run_queue_ns": 499, "server_worker": "thread-1",
            "accepted_ns": 18_440_867_252_193_u64, "picked_up_ns": 18_440_870_877_302_u64,
            "began_ns": 18_440_870_922_098_u64,
        });
        let written = json!({
            "client": 1, "burst": 2, "port": 40778, "released_ns": 0,
            "connected_ns": 85_000, "first_byte_ns": 53_963_000,
            "finished_ns": 53_985_000, "bytes": 7, "cpu_ns": 47_006_000,
            "run_queue_ns": 0, "server_worker": "thread-1",
            "accepted_ns": 108_000, "picked_up_ns": 3_733_000,
            "began_ns": 3_778_000,
        });
        let mut outcome: JobOutcome = serde_json::from_value(measured).unwrap();
        for _ in 0..2 {
            outcome.count_from_release();
            assert_eq!(serde_json::to_value(&outcome).unwrap(), written);
        }
    }

    #[test]
    fn a_line_of_an_earlier_version_has_the_same_seconds() {
        let earlier = json!({
            "client": 1, "released_ns": 18_440_000_000_000_u64,
            "connected_ns": 18_440_125_000_000_u64, "finished_ns": 18_442_000_000_000_u64,
            "bytes": 7, "server_worker": "thread-1", "accepted_ns": 18_440_125_000_000_u64,
            "picked_up_ns": 18_440_375_000_000_u64, "began_ns": 18_440_375_000_000_u64,
            "reply_began_ns": null, "reply_ended_ns": 18_442_000_000_000_u64,
        });
        let earlier: JobOutcome = serde_json::from_value(earlier).unwrap();
        let mut again = earlier.clone();
        again.count_from_release();
        for outcome in [earlier, again] {
            let parts = (outcome.seconds_in_queue(), outcome.seconds_in_service());
            assert_eq!((outcome.seconds(), parts), (Some(2.0), (Some(0.25), Some(1.625))));
        }
    }
}
