//! Servers that others have written, where they are installed.

mod nats;
mod postgres;

pub use nats::Nats;
pub use postgres::Postgres;
