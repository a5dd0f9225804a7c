//! What every server does, whichever model runs its connections.
//!
//! A claim is a function of the model, written once. `for_every_model!` makes a test of it for each
//! model; a new model adds its line there. What holds wherever the files are is claimed with
//! `for_every_model_and_store!`, which asks it of a bucket as well.
#![expect(
    clippy::unwrap_used,
    reason = "claims are test code, which the lint sees only inside of #[test] functions"
)]

use std::time::Duration;

use testkit::{PATIENCE, Server, eventually};

use model::Model;

#[macro_use]
mod model;

/// Instantiates claims for every concurrency model, with files in a directory and with files in a bucket. Those
/// at the end are of a directory alone: a bucket has nothing of the kind, promises less, or does not show it.
macro_rules! for_every_model_and_store {
    ($($claim:ident),+ $(,)? $(; in_a_directory: $($of_a_directory:ident),+ $(,)?)?) => {
        for_every_model!($($claim,)+ $($($of_a_directory),+)?);
        #[cfg(feature = "bucket")]
        mod in_a_bucket {
            use super::{$($claim),+};
            for_every_model_of!(testkit::ServerBuilder::with_a_bucket: $($claim)+);
        }
    };
}

mod auth;
mod course_client;
mod digest;
mod downloads;
mod echo;
mod endings;
mod farewells;
mod fetches;
mod first_process;
mod injected;
mod limits;
mod lines;
mod lost_directory;
mod names;
mod permissions;
mod proxied;
mod requests;
mod shutdown;
mod statistics;
mod stores;
mod tls;
mod uploads;
mod vanishing;

/// The reply to a PING.
const PONG: &str = r#"{"status":"OK","data":"pong","data_features":["fetch","store"]}"#;

/// Uploads are under way, or have left something behind.
#[track_caller]
fn await_temporary_files(server: &Server, count: usize) {
    let what = format!("{count} temporary files in the served directory");
    eventually(PATIENCE, &what, || server.temporary_files() == count);
}

/// A connection has ended in failure, and everything of it is gone.
#[track_caller]
fn await_failed_connections(server: &Server, count: u64) {
    eventually(PATIENCE, "the failed connections are counted", || {
        server.stats().connections.failed == count
    });
    await_temporary_files(server, 0);
}

/// Ends a server that has nothing left to do.
#[track_caller]
fn stop_cleanly(mut server: Server) {
    server.kill(testkit::Signal::SIGTERM);
    let stopped = server.wait(Duration::from_secs(8));
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert_eq!(server.temporary_files(), 0);
}
