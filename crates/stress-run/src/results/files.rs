//! The files in the directory of a run: their names, and how each is there whole.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

pub(crate) const ENVIRONMENT: &str = "environment.json";
pub(crate) const CELLS: &str = "cells.csv";
pub(super) const CEILINGS: &str = "ceilings.csv";

/// Gives a file new content in one step: whoever reads it has the old or the new one, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(readable()).tempfile_in(dir)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// As a file that is simply created: temporary ones are their owner's alone.
fn readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}

/// Cuts off a last line without an end.
pub(crate) fn cut_to_whole_lines(path: &Path) -> io::Result<()> {
    let text = match fs::read(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    let whole = whole_lines(&text).len();
    if whole < text.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}

/// A last line that was cut off when a run was stopped is none.
pub(crate) fn whole_lines(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)]
}
