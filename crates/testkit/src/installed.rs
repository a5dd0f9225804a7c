//! Servers that others have written, where they are installed.

mod postgres;

pub use postgres::Postgres;
