//! A network of searchers in virtual time: the same [`Searcher`](crate::Searcher) that decides on real
//! connections, ten or ten thousand of them. A [`Scenario`] says who knows whom, who shares what and who
//! asks; [`run`] says what became of each search, and [`theory`](crate::theory) what should have.
//!
//! Searches are made one after another, so that each message belongs to one of them. What it leaves out: loss
//! (neighbours talk over reliable connections), and that a lost neighbour is noticed late.
//!
//! It costs a microsecond or two a message, and some kilobytes a node. It ends when the last search has.

mod graph;
mod outcome;
mod scenario;
mod world;

pub use graph::{Graph, GraphError};
pub use outcome::{Outcome, SearchOutcome};
pub use scenario::{Churn, Scenario, ScenarioError, Search};
pub use world::run;
