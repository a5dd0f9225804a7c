//! A server that is watched: what its log, its database, its metrics and STATS say is what happened,
//! and nothing that happens to them happens to its clients.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "claims are test code, which the lint sees only inside of #[test] functions"
)]

use std::{io::Write, thread};

use model::Model;

#[macro_use]
#[path = "../behaviour/model.rs"]
mod model;
mod records;

mod accounting;
mod activity;
mod deaths;
mod descriptors;
mod full_disk;
mod hostile_names;
mod questions;
mod refusals;
mod rotation;
mod settings;
mod stalls;
mod status;

/// Says, also where the output of tests is captured, that a test could not do its work here.
fn not_run(why: &str) {
    let test = thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {why}");
}
