//! The concurrency models by name.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

/// Who runs a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    Legacy,
    Thread,
    Process,
    Async,
}

/// A text names no model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownMode;

impl Mode {
    pub const ALL: [Self; 4] = [Self::Legacy, Self::Thread, Self::Process, Self::Async];

    /// The name on command lines, in STATS and in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Async => "async",
        }
    }

    /// Who runs a connection, for help.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Legacy => "A new thread for each connection",
            Self::Thread => "A fixed number of threads",
            Self::Process => "A fixed number of pre-forked processes (Linux)",
            Self::Async => "Any number of tasks on a fixed number of threads",
        }
    }
}

impl Display for Mode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mode| mode.name() == text).ok_or(UnknownMode)
    }
}
