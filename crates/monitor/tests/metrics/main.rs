//! The metrics page, as those see it who scrape it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod documents;
mod fixture;
mod http;
mod page;
mod promtool;
