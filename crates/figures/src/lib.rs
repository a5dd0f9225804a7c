//! What experiments are shown with: charts, numbers, texts, parts of a page, workbooks, how far values scatter
//! and whether a difference is more than chance. Labels and values come from outside; no program is known.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod chart;
mod figure;
mod labels;
mod numbers;
mod page;
mod sample;
pub mod significance;
pub mod spread;
pub mod workbook;

pub use catalogue::Catalogue;
pub use figure::{Data, Figure, Surroundings, section};
pub use labels::labels;
pub use numbers::Numbers;
pub use page::{Term, list, page, plain_text, terms};
pub use sample::Sample;
