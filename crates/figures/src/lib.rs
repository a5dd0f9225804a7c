//! What experiments are shown with: charts, numbers, parts of a page, how far values scatter and whether a
//! difference is more than chance. Labels and values come from outside; no program is known.
#![forbid(unsafe_code)]

pub mod chart;
mod figure;
mod labels;
mod numbers;
mod page;
mod sample;
pub mod significance;
pub mod spread;

pub use figure::{Data, Figure, Surroundings};
pub use labels::labels;
pub use numbers::Numbers;
pub use page::{list, page, plain_text};
pub use sample::Sample;
