//! What a load is: what its results say of it, and what its clients make of it.

use std::time::Duration;

use client::{ConnectionOptions, EchoText};
use serde::{Serialize, Serializer};
use simulation::Arrivals;

use super::{
    clients::{Connections, Workload},
    files::Files,
    mix::Mix,
    request::Requests,
    schedule::Pace,
};
use crate::servers::access::Access;

/// What a load is, without the token: for whoever reads its results.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    pub(crate) connect: String,
    pub(crate) clients: u32,
    /// Of each client; `None` where it ends with the time.
    pub(crate) requests: Option<u32>,
    pub(crate) duration_s: Option<f64>,
    /// Of an open loop.
    pub(crate) rate_per_s: Option<f64>,
    pub(crate) mix: Mix,
    #[serde(serialize_with = "as_text")]
    pub(crate) message: EchoText,
    pub(crate) file_size_bytes: u64,
    pub(crate) files: u32,
    pub(crate) new_connection: bool,
    pub(crate) timeout_s: f64,
    pub(crate) seed: u64,
}

fn as_text<S: Serializer>(text: &EchoText, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.as_str())
}

impl Settings {
    pub(super) fn workload(&self, access: &Access) -> Workload {
        let Self { clients, mix, seed, .. } = self;
        let size = self.file_size_bytes as usize;
        let files = Files::new(mix, size, self.files, *clients, *seed);
        let timeout = Duration::from_secs_f64(self.timeout_s);
        Workload {
            address: self.connect.clone(),
            options: ConnectionOptions { timeout, ..access.options() },
            clients: *clients,
            pace: self.pace(),
            connections: if self.new_connection { Connections::New } else { Connections::Kept },
            requests: Requests {
                mix: mix.clone(),
                message: self.message.clone(),
                files,
                seed: *seed,
            },
        }
    }

    pub(super) fn pace(&self) -> Pace {
        let duration = self.duration_s.map(Duration::from_secs_f64).unwrap_or_default();
        match (self.rate_per_s, self.requests) {
            (Some(per_second), _) => {
                Pace::Open { arrivals: Arrivals::Poisson { per_second }, duration }
            }
            (None, Some(requests)) => Pace::Each(requests),
            (None, None) => Pace::For(duration),
        }
    }
}
