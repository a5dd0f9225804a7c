//! What experiments are shown with: charts, numbers, texts, parts of a page, workbooks, how far values scatter
//! and whether a difference is more than chance. Labels and values come from outside; no program is known.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod chart;
mod figure;
mod numbers;
mod opening;
mod page;
mod sample;
mod sections;
pub mod significance;
pub mod spread;
pub mod table;
pub mod workbook;

pub use catalogue::Catalogue;
pub use figure::{Figure, Player, Surroundings};
pub use numbers::Numbers;
pub use opening::{Opening, Tile, Warning};
pub use page::{Live, Page, Strip, Term, list, plain_text, terms};
pub use sample::Sample;
pub use sections::{Disclosure, Parts};
pub use table::Data;
