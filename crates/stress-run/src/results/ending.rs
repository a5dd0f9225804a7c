//! How a measurement ended, and the exit status that says so.

use std::process::ExitCode;

use runs::EXIT_GATE;

use crate::processes::interrupt::EXIT_INTERRUPTED;

/// The exit status when some clients or configurations failed.
const EXIT_SOME_FAILED: u8 = 1;
/// The exit status when bytes were wrong or counts disagreed.
const EXIT_INVALID: u8 = 3;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) is_interrupted: bool,
    /// Bytes were wrong, or counts disagreed.
    pub(crate) is_invalid: bool,
    pub(crate) meets_gates: bool,
    pub(crate) any_failed: bool,
}

impl Ending {
    /// Of several that apply, the first in this order.
    pub(crate) fn code(self) -> ExitCode {
        match self {
            Self { is_interrupted: true, .. } => EXIT_INTERRUPTED.into(),
            Self { is_invalid: true, .. } => EXIT_INVALID.into(),
            Self { meets_gates: false, .. } => EXIT_GATE.into(),
            Self { any_failed: true, .. } => EXIT_SOME_FAILED.into(),
            _ => ExitCode::SUCCESS,
        }
    }
}
