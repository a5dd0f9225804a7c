//! The database of events: what its tables hold, and the two kinds of it.
//!
//! All that a batch of events says is written in one transaction. Several servers may write one
//! database; each has a row of table `run`, whose number the rows of the other tables carry.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod store;

use crate::config::DatabaseTarget;

pub(crate) use store::{Purpose, Store, StoreError, Value};

/// Connects to a database.
pub(crate) fn open(
    target: &DatabaseTarget,
    purpose: Purpose,
) -> Result<Box<dyn Store>, StoreError> {
    match target {
        DatabaseTarget::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, purpose)?)),
        #[cfg(feature = "postgres")]
        DatabaseTarget::Postgres(config) => {
            Ok(Box::new(postgres::Postgres::connect(config, purpose)?))
        }
    }
}
