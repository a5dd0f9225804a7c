//! A command that did not work, as people and tables of results read it.

use cli::printable;
use client::ClientError;

/// Tells on standard error.
pub(crate) fn report(failure: &anyhow::Error) {
    cli::errln!("error: {}", sentence(failure));
}

/// What went wrong, why, and what to do. Text from the network is in it, so it is made printable as
/// a whole.
pub(crate) fn sentence(failure: &anyhow::Error) -> String {
    printable(&client::sentence(failure.as_ref()))
}

/// One word for why, as tables of results have it.
pub(crate) fn cause(failure: &anyhow::Error) -> &'static str {
    failure.downcast_ref().map_or("local", ClientError::cause)
}
