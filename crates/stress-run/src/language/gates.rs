//! What is printed about gates.

use super::Language::{self, En, Id};
use crate::results::{Breach, GateResult};

/// How many broken rows of a gate are named.
const ROWS_NAMED: usize = 20;

impl Language {
    /// A line that says whether the gate is met, and a line for each row that breaks it.
    pub(crate) fn gate(self, result: &GateResult) -> Vec<String> {
        let GateResult { gate, checked, broken } = result;
        let mut lines = vec![match (self, broken.len()) {
            (En, 0) => format!("gate {gate}: met ({checked} checked)"),
            (Id, 0) => format!("syarat {gate}: terpenuhi ({checked} diperiksa)"),
            (En, count) => format!("gate {gate}: NOT met by {count} of {checked}"),
            (Id, count) => format!("syarat {gate}: TIDAK terpenuhi oleh {count} dari {checked}"),
        }];
        let named = broken.iter().take(ROWS_NAMED);
        lines.extend(named.map(|breach| format!("  {}", self.breach(&gate.column, breach))));
        match (self, broken.len().saturating_sub(ROWS_NAMED)) {
            (_, 0) => {}
            (En, more) => lines.push(format!("  and {more} more")),
            (Id, more) => lines.push(format!("  dan {more} lagi")),
        }
        lines
    }

    fn breach(self, column: &str, breach: &Breach) -> String {
        let row = if breach.row.is_empty() { String::new() } else { format!("{}: ", breach.row) };
        match (self, &breach.value) {
            (En, Some(value)) => format!("{row}{column} is {value}"),
            (Id, Some(value)) => format!("{row}{column} adalah {value}"),
            (En, None) if row.is_empty() => {
                format!("{column} has no value: no row has what it is counted from")
            }
            (Id, None) if row.is_empty() => {
                format!("{column} tidak punya nilai: tidak ada baris yang bisa dihitung")
            }
            (En, None) => format!("{row}{column} has no value"),
            (Id, None) => format!("{row}{column} tidak punya nilai"),
        }
    }
}
