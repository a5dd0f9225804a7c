//! What a serving process can still do, should somebody ever talk it into more than serving.
//!
//! Once the directory is open and the port bound, serving needs little more than that directory. So
//! the process gives up the rest, for itself and all that it starts, and cannot take it back: what its
//! [ruleset] does not allow, and a list of [system calls](system_calls), which is longer for workers of
//! the process pool. Costs a look at the rules whenever a file is opened.
//!
//! Best effort: an old kernel enforces less or nothing, the log says so, and the server runs. What
//! a server opens, binds or looks up besides its directory has to come before.

#[cfg(target_os = "linux")]
mod ruleset;
#[cfg(target_os = "linux")]
mod system_calls;

use file_service::FileService;
use monitor::Config;
#[cfg(target_os = "linux")]
use ruleset::{FileUse, Peer, Rules};
#[cfg(target_os = "linux")]
use storage::Directory;

/// Whether the processes of a server confine themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Confinement {
    On,
    Off,
}

impl Confinement {
    /// Confines the calling process, which must have no second thread: only the calling one and
    /// what it starts from now on are confined.
    #[cfg(target_os = "linux")]
    pub(crate) fn confine_process(self, service: &FileService, monitor: &Config) {
        debug_assert_eq!(serving::os::thread_count(), Some(1), "the others stay free");
        match self {
            Self::On => {
                let written = monitor.directories();
                let database = monitor.network_port().map(Peer::database);
                let bucket = service.store.port().map(Peer::bucket);
                let peers: Vec<_> = database.into_iter().chain(bucket).collect();
                let rules = Rules { served: served(service), written: &written, peers: &peers };
                ruleset::log(&rules, ruleset::enforce(&rules));
                let refused = match peers.is_empty() {
                    false => system_calls::refuse_to_client(),
                    true => system_calls::refuse_to_server(),
                };
                if let Err(err) = refused {
                    tracing::warn!("system calls that no server needs are not refused: {err}");
                }
            }
            Self::Off => tracing::info!("not confined, as --no-confinement asks"),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn confine_process(self, _service: &FileService, _monitor: &Config) {}

    /// Confines the monitor process further: it has nothing to do with the served directory.
    #[cfg(target_os = "linux")]
    pub(crate) fn confine_monitor(self, monitor: &Config) {
        if self == Self::On {
            let written = monitor.directories();
            let database: Vec<_> = monitor.network_port().map(Peer::database).into_iter().collect();
            // What came of it was logged by the server, of which this takes a part.
            let _ = ruleset::enforce(&Rules { served: None, written: &written, peers: &database });
        }
    }

    /// Confines a worker process further: it has nothing to do with the log, and starts no process and,
    /// unless threads of its own speak to a bucket, no thread.
    #[cfg(target_os = "linux")]
    pub(crate) fn confine_worker(self, service: &FileService) {
        if self == Self::Off {
            return;
        }
        let bucket: Vec<_> = service.store.port().map(Peer::bucket).into_iter().collect();
        let _ = ruleset::enforce(&Rules { served: served(service), written: &[], peers: &bucket });
        if !bucket.is_empty() {
            return;
        }
        if let Err(err) = system_calls::refuse_to_worker() {
            tracing::warn!("system calls that no worker needs are not refused: {err}");
        }
    }
}

#[cfg(target_os = "linux")]
fn served(service: &FileService) -> Option<(&Directory, FileUse)> {
    let file_use = match service.limits.read_only {
        true => FileUse::Read,
        false => FileUse::ReadAndReplace,
    };
    service.store.directory().map(|directory| (directory, file_use))
}
