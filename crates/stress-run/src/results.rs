//! The results of a run: what came of each cell, the files that hold it, and the conditions that it must meet.

mod accounting;
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
mod workers;
mod writer;

#[cfg(test)]
pub(crate) use self::run::cells_of;
pub(crate) use self::{
    accounting::ServerBooks,
    environment::{Binaries, Environment},
    files::{CELLS, ENVIRONMENT, replace},
    gate::{Breach, EXIT_GATE, Gate, GateResult},
    line::{CellLine, WorkerLine},
    marks::Marks,
    outcome::{Outcome, Service, WRONG_CONTENT},
    record::{Attempt, Record},
    run::{Row, Run, cells_in},
    sheet::{CELL_KEY, Sheet, planned},
    writer::{RunFiles, check_latest},
};
