//! The concurrency models, as they are named to those who choose one.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// Who runs a connection. In the order of results: first the two that the assignment compares.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Thread,
    Process,
    Legacy,
    Async,
    Event,
}

impl Mode {
    /// In the order of help: from one connection a thread to many.
    pub const ALL: [Self; 5] =
        [Self::Legacy, Self::Thread, Self::Process, Self::Async, Self::Event];

    /// A connection waits for no other's end, however few the workers.
    pub const fn serves_all_at_once(self) -> bool {
        matches!(self, Self::Async | Self::Event)
    }

    /// The name on the command line, in STATS and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Legacy => "legacy",
            Self::Async => "async",
            Self::Event => "event",
        }
    }

    /// What runs a connection, as help says it.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Thread => "A fixed number of threads",
            Self::Process => "A fixed number of pre-forked processes (Linux)",
            Self::Legacy => "A new thread for each connection",
            Self::Async => "Any number of tasks on a fixed number of threads",
            Self::Event => "A fixed number of threads, for whichever connections are ready (Linux)",
        }
    }
}

impl Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|mode| mode.name() == name);
        named.ok_or_else(|| format!("no mode is called {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_reads_back_from_its_name() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
            assert_eq!(serde_json::to_string(&mode).unwrap(), format!("\"{mode}\""));
        }
        assert_eq!("Thread".parse::<Mode>().unwrap_err(), "no mode is called \"Thread\"");
    }
}
