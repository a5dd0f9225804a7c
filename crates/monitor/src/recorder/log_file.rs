//! The file that the log is written to: whole lines, whatever the disk does, and whoever else writes
//! them.
//!
//! Several programs may append to one file: the system adds what is written at once to its end, and
//! nothing within it. A full disk takes half of that, though, and a program may be killed half way. To
//! take half a line away, and nothing of another's that came after it, each program holds a lock of the
//! file while it appends. One that waits in vain, because the holder was stopped, appends all the same,
//! and takes nothing away.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    mem,
    os::{
        fd::AsFd,
        unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// The owner writes, the group may read, others may not know who got which file.
pub(crate) const MODE: u32 = 0o640;

/// More than the longest line in either format: names from the network are short.
const TAIL_LEN: u64 = 16 * 1024;

/// How the lines of either format begin; digits stand for any digit.
const BEGINNINGS: [&[u8]; 2] = [b"{\"time\":\"", b"0000-00-00 00:00:00,000 - "];

/// How long another program's append is waited for, which usually takes less than a millisecond, and
/// how often it is looked whether it is over.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// Half a line that stays so for so long is nobody's who still writes: longer than Linux holds up one who
/// writes faster than the disk, and less than others wait for the lock.
const HALF_LINE_TIME: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    /// None for standard error.
    path: Option<PathBuf>,
    is_regular: bool,
    /// No other program appends now, so what is at the end stays there.
    is_alone: bool,
    /// The end of a line whose beginning a pipe or a device has taken.
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
    /// Opens the file to add to it, and creates it where there is none. Reading is asked for too: to
    /// mend the last line, and because a pipe that nobody reads then opens at once.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(MODE).open(path)?;
        let is_regular = file.metadata()?.is_file();
        Ok(Self::of(file, Some(path.to_owned()), is_regular))
    }

    /// Standard error, which others write to as well: nothing is ever taken back there.
    pub(crate) fn stderr() -> io::Result<Self> {
        Ok(Self::of(io::stderr().as_fd().try_clone_to_owned()?.into(), None, false))
    }

    fn of(file: File, path: Option<PathBuf>, is_regular: bool) -> Self {
        Self { file, path, is_regular, is_alone: false, rest: Vec::new() }
    }

    /// Opens the file under its name again; `None` for what is no regular file, which nobody
    /// rotates and a confined process may not open. On an error the old one stays.
    pub(crate) fn reopen(&mut self) -> Option<io::Result<()>> {
        let path = self.path.as_deref().filter(|_| self.is_regular)?;
        Some(Self::open(path).map(|opened| *self = opened))
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
        self.alone(|log| log.write_lines(lines))
    }

    /// Adds all lines, or none where the file lets us take them back.
    pub(crate) fn append_all(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        self.alone(|log| {
            log.write_lines(lines).map_err(|unwritten| match log.take_back(unwritten.from) {
                Ok(()) => Unwritten { from: 0, ..unwritten },
                Err(_) => unwritten,
            })
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

    /// Has `write` add to the file while no other program does.
    fn alone(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), Unwritten>,
    ) -> Result<(), Unwritten> {
        self.replace_deleted().map_err(|error| Unwritten { from: 0, error })?;
        self.is_alone = self.is_regular && self.lock();
        let result = write(self);
        if mem::take(&mut self.is_alone) {
            // Where there are no locks there is none to give back.
            let _ = self.file.unlock();
        }
        result
    }

    /// False where another program holds the lock for too long. On a file system without locks each
    /// program has to have its log to itself.
    fn lock(&self) -> bool {
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match self.file.try_lock() {
                Ok(()) | Err(TryLockError::Error(_)) => return true,
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return false,
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            }
        }
    }

    fn write_lines(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        let ready = self.mend_last_line().and_then(|()| self.write_rest());
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

    /// Of so many bytes that were written, takes half a line back; returns where the lines that are
    /// not written begin.
    fn cut_back(&mut self, lines: &[u8], written: usize) -> usize {
        let whole = line_end(&lines[..written]);
        if whole == written {
            return whole;
        }
        if self.is_regular {
            // What stays is mended before the next line, by whoever writes that.
            let _ = self.take_back(written - whole);
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
    fn take_back(&mut self, len: usize) -> io::Result<()> {
        if !self.is_alone {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let end = self.file.stream_position()?;
        // Programs that know of no lock write here too.
        if len as u64 > end || self.file.metadata()?.len() != end {
            return Err(io::ErrorKind::Other.into());
        }
        self.file.set_len(end - len as u64)?;
        // More may be taken back, up to where the file ends now.
        self.file.seek(SeekFrom::Start(end - len as u64)).map(drop)
    }

    /// A program that is killed while it writes may leave half a line. What is none of our lines
    /// is only ended.
    fn mend_last_line(&self) -> io::Result<()> {
        if !self.is_alone {
            return Ok(());
        }
        let len = self.file.metadata()?.len();
        if len == 0 || self.ends_with_a_line(len) {
            return Ok(());
        }
        // One who waited for the lock in vain, or knows of none, may be in the middle of a write.
        thread::sleep(HALF_LINE_TIME);
        if self.file.metadata()?.len() != len {
            return Ok(());
        }
        let start = len.saturating_sub(TAIL_LEN);
        let mut tail = vec![0; (len - start) as usize];
        self.file.read_exact_at(&mut tail, start)?;
        let whole = line_end(&tail);
        if (whole > 0 || start == 0) && is_ours(&tail[whole..]) {
            return self.file.set_len(start + whole as u64);
        }
        (&self.file).write_all(b"\n")
    }

    /// What cannot be looked at, because somebody has just emptied the file, needs no mending.
    fn ends_with_a_line(&self, len: u64) -> bool {
        let mut last = [0];
        self.file.read_exact_at(&mut last, len - 1).map_or(true, |()| last == *b"\n")
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

#[cfg(test)]
mod tests;
