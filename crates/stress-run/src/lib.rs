//! Measures a file server in every configuration and writes the 54-row table.
//!
//! [`plan`] says which cells there are, [`experiment`] measures them one after another: it drives one of the
//! [`servers`] with clients, and watches the [`machine`]. [`results`] writes and reads what was measured;
//! from that alone [`report`] makes what people read, and [`compare`] sets two runs, or the modes of one,
//! side by side.
#![forbid(unsafe_code)]

pub mod args;
mod compare;
mod experiment;
mod language;
mod machine;
mod plan;
mod processes;
mod report;
mod results;
mod servers;
