//! What each client did: a line of JSON for each transfer, compressed.
//!
//! Each cell is a gzip member of its own. So a cell that is on the disk can be read whatever becomes of the
//! next one, and `zcat` and every gzip library read the members one after another as one text.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use runs::replace;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{line::Key, outcome::JobOutcome};
use crate::plan::Attempt;

pub(super) const WORKERS: &str = "workers.jsonl.gz";
/// As earlier versions wrote it, and as `gunzip` leaves it.
const UNCOMPRESSED: &str = "workers.jsonl";

/// One transfer of one client.
#[derive(Deserialize, Serialize)]
struct Line<O> {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    outcome: O,
}

/// The clients of one attempt, as they are appended to the file.
pub(super) fn member(attempt: Attempt, outcomes: &[JobOutcome]) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for outcome in outcomes {
        serde_json::to_writer(&mut lines, &Line { key: attempt.into(), outcome })?;
        lines.push(b'\n');
    }
    Ok(compressed(&lines)?)
}

fn compressed(lines: &[u8]) -> io::Result<Vec<u8>> {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(lines)?;
    member.finish()
}

/// What each client did in those attempts that `is_wanted`; empty where there is no such file.
pub(super) fn read(
    dir: &Path,
    is_wanted: impl Fn(Attempt) -> bool,
) -> anyhow::Result<Vec<(Attempt, JobOutcome)>> {
    let mut lines = Vec::new();
    each_line(dir, |text| {
        match serde_json::from_slice::<Line<JobOutcome>>(text) {
            Ok(Line { key, outcome }) if is_wanted(key.attempt()) => {
                lines.push((key.attempt(), outcome));
            }
            Ok(_) => {}
            // One that was cut off when the run was stopped.
            Err(err) if err.is_eof() => {}
            Err(err) => return Err(err.into()),
        }
        Ok(())
    })?;
    Ok(lines)
}

/// Takes away what was cut off, and the clients of attempts that are not among the finished ones.
pub(super) fn keep_only(dir: &Path, finished: &BTreeSet<Attempt>) -> anyhow::Result<()> {
    let mut kept = Vec::new();
    each_line(dir, |text| {
        let line = serde_json::from_slice::<Line<IgnoredAny>>(text);
        if line.is_ok_and(|line| finished.contains(&line.key.attempt())) {
            kept.extend_from_slice(text);
            kept.push(b'\n');
        }
        Ok(())
    })?;
    replace(&dir.join(WORKERS), &compressed(&kept)?)?;
    match fs::remove_file(dir.join(UNCOMPRESSED)) {
        Err(err) if err.kind() != ErrorKind::NotFound => Err(err.into()),
        _ => Ok(()),
    }
}

/// Gives out the lines one after another, without their ends. An error names the file and the line.
fn each_line(dir: &Path, mut take: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let Some((path, text)) = open(dir)? else { return Ok(()) };
    for (number, line) in (1..).zip(text.split(b'\n')) {
        let line = match line {
            // The last cell was cut off when the run was stopped.
            Err(err) if err.kind() == ErrorKind::UnexpectedEof => break,
            line => line.with_context(|| format!("cannot read {}", path.display()))?,
        };
        take(&line).with_context(|| format!("{}: line {number}", path.display()))?;
    }
    Ok(())
}

/// The text of the clients' lines and the file that it is from.
fn open(dir: &Path) -> anyhow::Result<Option<(PathBuf, Box<dyn BufRead>)>> {
    for name in [WORKERS, UNCOMPRESSED] {
        let path = dir.join(name);
        let file = match File::open(&path) {
            Err(err) if err.kind() == ErrorKind::NotFound => continue,
            file => file.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let file = BufReader::new(file);
        let text: Box<dyn Read> =
            if name == WORKERS { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        return Ok(Some((path, Box::new(BufReader::new(text)))));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Cell, Configuration, Encoding, Mode, Operation, Volume};

    /// By so many clients.
    fn attempt(clients: u32) -> Attempt {
        let server = Configuration { mode: Some(Mode::Thread), workers: 1 };
        let volume = Volume { bytes: 7 };
        let (encoding, operation) = (Encoding::Base64, Operation::Upload);
        let cell = Cell { encoding, operation, volume, clients, server };
        Attempt { cell, repetition: 1, number: 1 }
    }

    /// What that attempt appends to the file.
    fn member(clients: u32) -> Vec<u8> {
        let outcomes: Vec<JobOutcome> = (1..=clients).map(|it| JobOutcome::of(it, 1, 0)).collect();
        super::member(attempt(clients), &outcomes).unwrap()
    }

    /// A directory with this text under this name.
    fn dir_with(name: &str, text: &[u8]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), text).unwrap();
        dir
    }

    fn clients_in(dir: &Path) -> Vec<u32> {
        read(dir, |_| true).unwrap().iter().map(|(attempt, _)| attempt.cell.clients).collect()
    }

    #[test]
    fn cells_are_read_one_after_another_compressed_or_not() {
        let members = [member(1), member(2)].concat();
        let dir = dir_with(WORKERS, &members);
        assert_eq!(clients_in(dir.path()), [1, 2, 2]);
        let only_two = read(dir.path(), |attempt| attempt.cell.clients == 2).unwrap();
        assert_eq!(only_two.len(), 2);
        let mut text = Vec::new();
        MultiGzDecoder::new(&members[..]).read_to_end(&mut text).unwrap();
        assert_eq!(clients_in(dir_with(UNCOMPRESSED, &text).path()), [1, 2, 2]);
        assert!(clients_in(tempfile::tempdir().unwrap().path()).is_empty());
    }

    #[test]
    fn a_cell_that_was_cut_off_anywhere_takes_none_before_it_along() {
        let (first, second) = (member(1), member(2));
        for kept in 0..=second.len() {
            let dir = dir_with(WORKERS, &[&first[..], &second[..kept]].concat());
            assert_eq!(clients_in(dir.path()).first(), Some(&1), "{kept} bytes");
            keep_only(dir.path(), &BTreeSet::from([attempt(1)])).unwrap();
            assert_eq!(clients_in(dir.path()), [1], "{kept} bytes");
        }
    }

    #[test]
    fn what_is_kept_of_an_uncompressed_file_is_compressed() {
        let line = Line { key: attempt(1).into(), outcome: JobOutcome::of(1, 1, 0) };
        let line = serde_json::to_string(&line).unwrap();
        assert!(!line.contains("encoding"), "as earlier versions wrote it: {line}");
        let dir = dir_with(UNCOMPRESSED, format!("{line}\n{{\"mode\"").as_bytes());
        keep_only(dir.path(), &BTreeSet::from([attempt(1)])).unwrap();
        let names: Vec<_> = fs::read_dir(&dir).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!((names, clients_in(dir.path())), (vec![WORKERS.into()], vec![1]));
    }

    #[test]
    fn a_spoiled_file_is_told_with_its_name() {
        let whole = member(1);
        for spoiled in [&b"no gzip at all"[..], &[&whole[..], b"nor any of this"].concat()] {
            let dir = dir_with(WORKERS, spoiled);
            let err = read(dir.path(), |_| true).unwrap_err();
            assert!(err.to_string().contains(WORKERS), "{err:#}");
        }
        let dir = dir_with(UNCOMPRESSED, b"{\"mode\": 3}\n");
        let err = read(dir.path(), |_| true).unwrap_err();
        assert!(err.to_string().ends_with("workers.jsonl: line 1"), "{err:#}");
    }
}
