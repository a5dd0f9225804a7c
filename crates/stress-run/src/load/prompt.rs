//! What was left out on the command line, asked for on a terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, bail, ensure};

/// Longer answers are none.
const LINE_LEN_MAX: u64 = 8_192;

/// Asks until the answer can be read; an error where there is nobody to ask.
pub(super) fn ask<T>(
    option: &str,
    question: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<T> {
    let is_asked = io::stdin().is_terminal() && io::stderr().is_terminal();
    ensure!(is_asked, "{option} is missing; it is asked for only on a terminal");
    loop {
        let _ = write!(io::stderr(), "{question} ");
        let mut line = String::new();
        let len = io::stdin().lock().take(LINE_LEN_MAX).read_line(&mut line);
        if len.context("cannot read the answer")? == 0 {
            // The question is still on its line.
            cli::errln!("");
            bail!("{option} is missing");
        }
        match read(line.trim_end_matches(['\r', '\n'])) {
            Ok(answer) => return Ok(answer),
            Err(why) => cli::errln!("{why}"),
        }
    }
}
