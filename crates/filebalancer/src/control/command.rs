//! What an operator asks of a running balancer, and what it answers: a line of JSON each.

use std::{num::NonZeroU16, time::Duration};

use clap::Subcommand;
use protocol::stats::Backend;
use serde::{Deserialize, Serialize};

use crate::backend::BackendError;

/// What is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, Subcommand)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Show the backends: their state, what they are doing, what they were sent
    Show {
        /// As JSON
        #[arg(long)]
        #[serde(skip)]
        json: bool,
    },
    /// Give a backend nothing new; what it has goes on
    Drain {
        /// Name of the backend; ctl show lists them
        name: String,

        /// Wait so many seconds at most until it has nothing left; the exit status says whether it has
        #[arg(
            long,
            value_name = "SECONDS",
            default_value = "0",
            hide_default_value = true,
            value_parser = cli::units::seconds
        )]
        #[serde(skip)]
        wait: Duration,
    },
    /// Give a backend work again that was drained or ejected
    Enable {
        /// Name of the backend; ctl show lists them
        name: String,
    },
    /// Change a backend's share of the work
    Weight {
        /// Name of the backend; ctl show lists them
        name: String,
        /// From 1 to 65535; its share is this, divided by the sum of all weights
        #[arg(value_parser = weight)]
        weight: NonZeroU16,
    },
    /// Add a backend, as --backend says it
    Add {
        /// Where it is, and perhaps more, such as c=127.0.0.1:8082,weight=5
        #[arg(value_name = "[NAME=]HOST:PORT")]
        backend: String,
    },
    /// Forget a backend; what it has goes on
    Remove {
        /// Name of the backend; ctl show lists them
        name: String,
    },
    /// Read --config and the certificates again
    Reload,
}

fn weight(text: &str) -> Result<NonZeroU16, BackendError> {
    text.parse().map_err(|_| BackendError::Weight)
}

/// What became of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    Backends(Vec<Backend>),
    /// It was done; in words.
    Done(String),
    /// Nothing was changed, and why.
    Refused(String),
}
