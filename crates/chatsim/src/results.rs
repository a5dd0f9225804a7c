//! What was simulated or measured: the records of a run and where they are, what they add up to, and each number
//! beside the one that theory expects.

pub(crate) mod costs;
pub(crate) mod numbers;
pub(crate) mod parallel;
pub(crate) mod records;
pub(crate) mod saved;
pub(crate) mod tally;
