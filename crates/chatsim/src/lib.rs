//! To be written.
#![forbid(unsafe_code)]

pub mod broker;
#[cfg(test)]
mod page;
