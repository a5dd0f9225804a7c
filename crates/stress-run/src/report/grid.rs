//! Heads and rows of text, as a terminal and as Markdown have them.

use std::fmt::Write as _;

use cli::{table::framed, text::COLUMNS};

pub(crate) struct Grid {
    pub(crate) heads: Vec<&'static str>,
    /// The columns that are right-aligned.
    pub(crate) numbers: Vec<usize>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    /// As wide where standard output is no terminal: a pipe often ends in one.
    pub(crate) fn on_screen(&self) -> String {
        framed(&self.heads, &self.numbers, &self.rows, COLUMNS)
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("| {} |\n", self.heads.join(" | "));
        let rule = |column| if self.numbers.contains(&column) { "---:" } else { "---" };
        let rules: Vec<&str> = (0..self.heads.len()).map(rule).collect();
        let _ = writeln!(text, "| {} |", rules.join(" | "));
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}
