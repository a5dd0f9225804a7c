//! The program `fileclient`: one-shot commands, a prompt, and a live view of a server.
#![forbid(unsafe_code)]

pub mod args;
mod commands;
mod counts;
mod failure;
mod interrupt;
mod local_file;
mod progress;
mod prompt;
mod stats_table;
mod top;

pub use commands::run;
