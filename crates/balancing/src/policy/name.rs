//! The policies, as they are named to those who choose one.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use super::{LeastConnections, PeakEwma, Policy, RoundRobin, TwoChoices};

/// Which policy picks.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum PolicyName {
    #[default]
    RoundRobin,
    LeastConnections,
    TwoChoices,
    PeakEwma,
}

impl PolicyName {
    /// In the order of help: from what knows least of the backends to what knows most.
    pub const ALL: [Self; 4] =
        [Self::RoundRobin, Self::LeastConnections, Self::TwoChoices, Self::PeakEwma];

    /// The name on the command line, in STATS and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::LeastConnections => "least-connections",
            Self::TwoChoices => "two-choices",
            Self::PeakEwma => "peak-ewma",
        }
    }

    /// Which backend gets a request, as help says it.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::RoundRobin => "Each in turn, in proportion to the weights",
            Self::LeastConnections => "The one with the fewest requests in flight for its weight",
            Self::TwoChoices => "Of two at random the one with fewer requests in flight",
            Self::PeakEwma => "Of two at random the one that has answered sooner of late",
        }
    }

    /// This policy, with nothing known yet.
    pub fn policy(self) -> Box<dyn Policy> {
        match self {
            Self::RoundRobin => Box::new(RoundRobin::default()),
            Self::LeastConnections => Box::new(LeastConnections::default()),
            Self::TwoChoices => Box::new(TwoChoices),
            Self::PeakEwma => Box::new(PeakEwma::default()),
        }
    }
}

impl Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PolicyName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|policy| policy.name() == name);
        named.ok_or_else(|| format!("no policy is called {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_reads_back_from_its_name() {
        for policy in PolicyName::ALL {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        let refused = "random".parse::<PolicyName>().unwrap_err();
        assert_eq!(refused, "no policy is called \"random\"");
    }
}
