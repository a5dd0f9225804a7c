//! The files in the directory of a run: their names, and how each is there whole.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Serialize, de::DeserializeOwned};

/// Where and with what the run was made.
pub const ENVIRONMENT: &str = "environment.json";

/// Gives a file new content in one step: whoever reads it has the old or the new one, whole.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
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
pub fn cut_to_whole_lines(path: &Path) -> io::Result<()> {
    let text = match fs::read(path) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    let whole = whole_lines(&text).len();
    if whole < text.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}

/// A last line that was cut off when a run was stopped is none.
pub fn whole_lines(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)]
}

/// Appends lines to a file of the directory, below heads where it has none yet.
pub fn append_lines(dir: &Path, name: &str, lines: &[impl Serialize]) -> anyhow::Result<()> {
    let path = dir.join(name);
    let append = || -> anyhow::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        let is_new = file.metadata()?.len() == 0;
        let buffer = Vec::new();
        let mut text = csv::WriterBuilder::new().has_headers(is_new).from_writer(buffer);
        lines.iter().try_for_each(|line| text.serialize(line))?;
        Ok(file.write_all(&text.into_inner()?)?)
    };
    append().with_context(|| format!("cannot write {}", path.display()))
}

/// The whole lines of a file of the directory; none where it is not there.
pub fn read_lines<L: DeserializeOwned>(dir: &Path, name: &str) -> anyhow::Result<Vec<L>> {
    let path = dir.join(name);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => bail!("cannot read {}: {err}", path.display()),
    };
    let lines = csv::Reader::from_reader(whole_lines(&text)).into_deserialize();
    lines
        .collect::<csv::Result<_>>()
        .with_context(|| format!("cannot understand {}", path.display()))
}

/// Gives files of the directory their content, each in one step. Their paths.
pub fn write_all<N: AsRef<Path>>(
    dir: &Path,
    files: impl IntoIterator<Item = (N, Vec<u8>)>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (name, content) in files {
        let path = dir.join(name);
        replace(&path, &content).with_context(|| format!("cannot write {}", path.display()))?;
        paths.push(path);
    }
    Ok(paths)
}
