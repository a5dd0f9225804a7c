//! The results of a run: what came of each cell, the files that hold it, and the conditions that it must meet.

mod accounting;
mod directory;
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
    accounting::{Accounting, can_agree},
    directory::{check_latest, create_unused, point_latest_to},
    ending::Ending,
    environment::{Binaries, Environment, Program, now},
    files::{CELLS, ENVIRONMENT, cut_to_whole_lines, replace, whole_lines},
    gate::{Breach, EXIT_GATE, Gate, GateResult},
    line::CellLine,
    marks::Marks,
    outcome::{Failure, JobOutcome, Service, WRONG_CONTENT},
    record::{Record, ServerAfter},
    run::{Cells, Row, Run, counted},
    sheet::{CELL_KEY, Sheet},
    writer::RunFiles,
};
