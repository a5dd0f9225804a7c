//! What is said of results as a whole: what they must not be used for, and which gates they meet.

use super::Language;
use crate::results::{Breach, GateResult, Marks};

/// How many broken rows of a gate are named.
const ROWS_NAMED: usize = 20;

impl Language {
    /// What the whole run is, where that limits what it may be used for.
    pub(crate) fn marks(self, marks: &Marks) -> Vec<String> {
        let Marks { quick, partial, invalid, disturbed, ref injected } = *marks;
        let lines = [
            quick.then(|| self.mark_quick()),
            partial.then(|| self.mark_partial()),
            (invalid > 0).then(|| self.mark_invalid(invalid)),
            (disturbed > 0).then(|| self.mark_disturbed(disturbed)),
            injected.as_ref().map(|faults| self.mark_injected(faults)),
        ];
        lines.into_iter().flatten().collect()
    }

    /// A line that says whether the gate is met, and a line for each row that breaks it.
    pub(crate) fn gate(self, result: &GateResult) -> Vec<String> {
        let GateResult { gate, checked, broken } = result;
        let mut lines = vec![match broken.len() {
            0 => self.gate_met(gate, checked),
            count => self.gate_not_met(gate, count, checked),
        }];
        let named = broken.iter().take(ROWS_NAMED);
        lines.extend(named.map(|breach| format!("  {}", self.breach(&gate.column, breach))));
        if broken.len() > ROWS_NAMED {
            lines.push(format!("  {}", self.gate_more(broken.len() - ROWS_NAMED)));
        }
        lines
    }

    fn breach(self, column: &str, Breach { row, value }: &Breach) -> String {
        let column = if row.is_empty() { column.to_owned() } else { format!("{row}: {column}") };
        match value {
            Some(value) => self.gate_value(column, value),
            None if row.is_empty() => self.gate_no_rows(column),
            None => self.gate_no_value(column),
        }
    }
}
