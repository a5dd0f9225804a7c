//! To be written.
#![forbid(unsafe_code)]

#[cfg(test)]
mod page;
