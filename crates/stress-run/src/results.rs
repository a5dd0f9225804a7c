//! The results of a run: what came of each cell, the files that hold it, and the conditions that it must meet.

mod accounting;
mod ending;
mod environment;
mod files;
mod gate;
mod line;
mod marks;
mod outcome;
mod record;
mod run;
mod sheet;
mod statistics;
#[cfg(test)]
mod tests;
mod workers;
mod writer;

pub(crate) use self::{
    accounting::Accounting,
    ending::Ending,
    environment::{Binaries, Environment},
    files::{CELLS, replace},
    gate::{Breach, EXIT_GATE, Gate, GateResult},
    line::CellLine,
    marks::Marks,
    outcome::{JobOutcome, Service, WRONG_CONTENT},
    record::{Record, ServerAfter},
    run::{Cells, Row, Run, counted},
    sheet::{CELL_KEY, Sheet},
    writer::{RunFiles, check_latest},
};
