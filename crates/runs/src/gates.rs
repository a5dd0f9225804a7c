//! What became of all conditions of a run.

use std::process::ExitCode;

use figures::Catalogue;

use crate::{
    gate::{EXIT_GATE, Gate},
    sheet::Sheet,
};

pub struct Gates {
    are_met: bool,
    /// What is said of each of them.
    pub told: Vec<String>,
}

impl Gates {
    /// Holds the sheet against each. Rows that break one are named by their values in `key`; `texts` has
    /// [`GATE_TEXTS`](crate::GATE_TEXTS). An error is a gate that these rows could not break.
    pub fn check(
        gates: &[Gate],
        sheet: &Sheet,
        key: &[&str],
        texts: &Catalogue,
    ) -> anyhow::Result<Self> {
        let mut all = Self { are_met: true, told: Vec::new() };
        for gate in gates {
            let result = gate.check(sheet, key)?;
            all.are_met &= result.broken.is_empty();
            all.told.extend(result.lines(texts));
        }
        Ok(all)
    }

    pub fn code(&self) -> ExitCode {
        if self.are_met { ExitCode::SUCCESS } else { EXIT_GATE.into() }
    }
}
