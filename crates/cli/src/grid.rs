//! Heads and rows of text, as a terminal and as Markdown have them.

use std::fmt::Write as _;

use crate::{table::framed, text::COLUMNS};

pub struct Grid {
    pub heads: Vec<&'static str>,
    /// The columns that are right-aligned.
    pub numbers: Vec<usize>,
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// As wide where standard output is no terminal: a pipe often ends in one.
    pub fn on_screen(&self) -> String {
        framed(&self.heads, &self.numbers, &self.rows, COLUMNS)
    }

    pub fn markdown(&self) -> String {
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
