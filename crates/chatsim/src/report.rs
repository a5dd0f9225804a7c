//! What people read of a run, made from its raw files alone: so it can be made again, in another language or by a
//! later version.

mod charts;
mod conditions;
mod findings;
mod heading;
mod opening;
mod page;
pub(crate) mod rendered;
pub(crate) mod summary;

pub(crate) use self::page::page;
