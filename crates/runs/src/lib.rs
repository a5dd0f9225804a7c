//! What a run of an experiment leaves behind: its directory, files that are there whole, lines of which a
//! killed run leaves no half, tables of them and a report, and the conditions that they must meet, with the options
//! that ask for all this; and what a run shows while it goes on. No experiment is known; what the columns mean comes
//! from outside.
#![forbid(unsafe_code)]

mod directory;
mod files;
mod gate;
mod gates;
mod pace;
mod program;
mod rendered;
mod result_args;
mod sheet;
mod watch;

pub use directory::{check_latest, create_unused, point_latest_to};
pub use files::{
    ENVIRONMENT, append_lines, cut_to_whole_lines, read_lines, replace, whole_lines, write_all,
};
pub use gate::{Breach, EXIT_GATE, GATE_TEXTS, Gate, GateResult, Selector, Vocabulary};
pub use gates::Gates;
pub use pace::Pace;
pub use program::{PROGRAM_TEXTS, Program, moment, now};
pub use rendered::{Rendered, data};
pub use result_args::{ResultArgs, Results, TellingArgs};
pub use sheet::Sheet;
pub use watch::{WATCH_TEXTS, Watch};
