//! Measures a file server in every configuration and writes the 54-row table.
//!
//! [`plan`] says which cells there are, [`experiment`] goes through them, [`cell`] measures one.
//! One client is a [`job`], run by a [`client_pool`] of threads or processes. [`results`] writes and
//! reads what was measured; from that alone [`report`] makes what people read. [`compare`] sets two
//! runs side by side, and a [`gate`] is a condition that results must meet.
#![forbid(unsafe_code)]

mod access;
pub mod args;
mod books;
mod cell;
#[cfg(target_os = "linux")]
mod cgroup;
mod client_pool;
mod compare;
mod conclusion;
mod connected;
mod content;
mod environment;
mod experiment;
mod gate;
mod interrupt;
mod job;
mod language;
mod null_server;
mod offspring;
mod plan;
mod prediction;
mod preflight;
mod progress;
mod report;
mod resources;
mod results;
mod server;
mod servers;
mod sheet;
mod significance;
mod spread;
mod statistics;
mod target;
mod thread_times;
mod timeline;
mod work_dir;
