//! Measures a file server in every configuration and writes the 54-row table.
//!
//! [`plan`] says which cells there are, [`experiment`] goes through them, [`cell`] measures one.
//! One client is a [`job`], run by a [`client_pool`] of threads or processes. [`results`] writes
//! what was measured, [`table`] what people read. [`compare`] sets two runs side by side, and a
//! [`gate`] is a condition that results must meet.
#![forbid(unsafe_code)]

pub mod args;
mod books;
mod cell;
mod client_pool;
mod compare;
mod content;
mod environment;
mod experiment;
mod gate;
mod interrupt;
mod job;
mod language;
mod plan;
mod preflight;
mod progress;
mod resources;
mod results;
mod server;
mod sheet;
mod significance;
mod statistics;
mod table;
mod target;
mod timeline;
