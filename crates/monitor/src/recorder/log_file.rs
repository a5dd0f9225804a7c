//! The file that the log is written to: whole lines, whatever the disk does.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    os::{
        fd::AsFd,
        unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

/// The owner writes, the group may read, others may not know who got which file.
pub(crate) const MODE: u32 = 0o640;

/// More than the longest line in either format: names from the network are short.
const TAIL_LEN: u64 = 16 * 1024;

/// How the lines of either format begin; digits stand for any digit.
const BEGINNINGS: [&[u8]; 2] = [b"{\"time\":\"", b"0000-00-00 00:00:00,000 - "];

#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    /// None for standard error.
    path: Option<PathBuf>,
    is_regular: bool,
    /// The end of a line whose beginning is written and cannot be taken back.
    rest: Vec<u8>,
}

/// Lines that were not written.
#[derive(Debug)]
pub(crate) struct Unwritten {
    /// Where the first of them begins.
    pub(crate) from: usize,
    pub(crate) error: io::Error,
}

impl LogFile {
    /// Opens the file to add to it, and creates it where there is none. A line that a killed
    /// process left half is taken away. Reading is asked for too: with it, a pipe that nobody reads
    /// opens at once.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(MODE).open(path)?;
        let is_regular = file.metadata()?.is_file();
        let log = Self { file, path: Some(path.to_owned()), is_regular, rest: Vec::new() };
        if is_regular {
            log.mend_last_line()?;
        }
        Ok(log)
    }

    /// Standard error, which others write to as well: nothing is ever taken back there.
    pub(crate) fn stderr() -> io::Result<Self> {
        let file = io::stderr().as_fd().try_clone_to_owned()?.into();
        Ok(Self { file, path: None, is_regular: false, rest: Vec::new() })
    }

    /// Opens the file under its name again; `None` for what is no regular file, which nobody
    /// rotates and a confined process may not open. On an error the old one stays.
    pub(crate) fn reopen(&mut self) -> Option<io::Result<()>> {
        let path = self.path.as_deref().filter(|_| self.is_regular)?;
        let opened = Self::open(path);
        // A line that was begun belongs to the old file, if that still takes it.
        let _ = self.write_rest();
        Some(opened.map(|opened| *self = opened))
    }

    /// What is written to a file without a name is gone when the server ends. One that was renamed has
    /// a name, and is asked to be opened again.
    fn replace_deleted(&mut self) -> io::Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| self.is_regular) else { return Ok(()) };
        if self.file.metadata()?.nlink() == 0 {
            let opened = Self::open(path).map_err(|err| {
                io::Error::new(
                    err.kind(),
                    format!("it was deleted and cannot be made again: {err}"),
                )
            });
            *self = opened?;
        }
        Ok(())
    }

    /// Adds whole lines. On an error those before [`Unwritten::from`] are in the file, and no part
    /// of the others is, or will stay alone there.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        let ready = self.replace_deleted().and_then(|()| self.write_rest());
        ready.map_err(|error| Unwritten { from: 0, error })?;
        let mut written = 0;
        while written < lines.len() {
            match self.file.write(&lines[written..]) {
                Ok(0) => {
                    let error = io::ErrorKind::WriteZero.into();
                    return Err(Unwritten { from: self.cut_back(lines, written), error });
                }
                Ok(len) => written += len,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Unwritten { from: self.cut_back(lines, written), error });
                }
            }
        }
        Ok(())
    }

    /// Adds all lines, or none where the file lets us take them back.
    pub(crate) fn append_all(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        let result = self.append(lines);
        result.map_err(|unwritten| match self.take_back(unwritten.from as u64) {
            Ok(()) => Unwritten { from: 0, ..unwritten },
            Err(_) => unwritten,
        })
    }

    /// Writes the end of a line that was begun, if there is room for it by now.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.write_rest()
    }

    #[cfg(test)]
    pub(crate) fn set_nonblocking(&self) {
        rustix::fs::fcntl_setfl(&self.file, rustix::fs::OFlags::NONBLOCK).unwrap();
    }

    /// Of so many bytes that were written, takes half a line back; returns where the lines that are
    /// not written begin.
    fn cut_back(&mut self, lines: &[u8], written: usize) -> usize {
        let whole = line_end(&lines[..written]);
        let half = written - whole;
        if half == 0 || self.take_back(half as u64).is_ok() {
            return whole;
        }
        let rest = &lines[written..];
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        self.rest = rest[..end].to_vec();
        written + end
    }

    fn write_rest(&mut self) -> io::Result<()> {
        while !self.rest.is_empty() {
            match self.file.write(&self.rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => drop(self.rest.drain(..len)),
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    /// Takes the last bytes away, unless someone has written after us.
    fn take_back(&mut self, len: u64) -> io::Result<()> {
        if !self.is_regular {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let end = self.file.stream_position()?;
        if len > end || self.file.metadata()?.len() != end {
            return Err(io::ErrorKind::Other.into());
        }
        self.file.set_len(end - len)?;
        // More may be taken back, up to where the file ends now.
        self.file.seek(SeekFrom::Start(end - len)).map(drop)
    }

    /// A process that is killed while it writes may leave half a line. What is none of our lines
    /// is only ended.
    fn mend_last_line(&self) -> io::Result<()> {
        let len = self.file.metadata()?.len();
        let start = len.saturating_sub(TAIL_LEN);
        let mut tail = vec![0; (len - start) as usize];
        self.file.read_exact_at(&mut tail, start)?;
        let whole = line_end(&tail);
        let half = &tail[whole..];
        if half.is_empty() {
            return Ok(());
        }
        if (whole > 0 || start == 0) && is_ours(half) {
            return self.file.set_len(start + whole as u64);
        }
        (&self.file).write_all(b"\n")
    }
}

/// Where the last line that is whole ends.
fn line_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

fn is_ours(half: &[u8]) -> bool {
    let is_same = |(have, want): (&u8, &u8)| match want {
        b'0' => have.is_ascii_digit(),
        _ => have == want,
    };
    BEGINNINGS.iter().any(|beginning| half.iter().zip(*beginning).all(is_same))
}
