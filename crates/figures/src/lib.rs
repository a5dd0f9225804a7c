//! What experiments are shown with: charts, numbers, parts of a page, how far values scatter and whether a
//! difference is more than chance. Labels and values come from outside; no program is known.
#![forbid(unsafe_code)]

pub mod chart;
pub mod plain_text;
pub mod significance;
pub mod spread;
