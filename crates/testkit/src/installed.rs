//! Servers that others have written, where they are installed.

mod garage;
mod nats;
mod postgres;

pub use garage::Garage;
pub use nats::Nats;
pub use postgres::Postgres;
