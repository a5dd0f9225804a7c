//! The results of a run: what came of each cell, the files that hold it, and the conditions that it must meet.

mod accounting;
mod columns;
mod ending;
mod environment;
mod line;
mod marks;
mod outcome;
mod record;
mod run;
mod statistics;
#[cfg(test)]
mod tests;
mod workers;
mod writer;

pub(crate) use self::{
    accounting::{Accounting, can_agree},
    columns::{CELL_KEY, gate},
    ending::Ending,
    environment::{Binaries, Environment, PROGRAM},
    line::CellLine,
    marks::Marks,
    outcome::{Failure, JobOutcome, Service, WRONG_CONTENT},
    record::{Record, ServerAfter},
    run::{CELLS, Cells, Row, Run, counted},
    writer::RunFiles,
};
