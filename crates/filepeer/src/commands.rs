//! The commands of a peer, from their arguments to an exit code.

mod asking;
pub(crate) mod ending;
pub(crate) mod get;
pub(crate) mod reach;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod ticket;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

/// What a command with a node runs on. Dropped, it ends what still runs there.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("cannot start threads")
}
