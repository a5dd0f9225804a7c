//! Where events are told: a pipe that all threads and processes of a server write to, and that its
//! monitor reads.
//!
//! Telling never waits. An event that the pipe has no room for is lost and counted, so no disk,
//! database or reader of a log can slow a transfer down. What was told survives the death of
//! whoever told it.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_setfl},
    pipe::{PIPE_BUF, PipeFlags, pipe_with},
};

use crate::event::{Event, EventKind, EventSource, Level};

/// Room in the pipe, some thousand events: as much as a process without rights may ask for.
const PIPE_LEN: usize = 1 << 20;

/// A longer message is cut, so that every event is written whole or not at all.
const MESSAGE_LEN_MAX: usize = 500;

/// How long the end of the journal waits for room.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// How every event begins, and no other part of one: quotes within are escaped.
const EVENT_START: &[u8] = b"{\"time\":\"";

/// Comes after the last event. One byte that no event has, so that a reader that takes the place of
/// another finds it whole.
const END: u8 = b'\x04';

thread_local! {
    static SOURCE: Cell<EventSource> = const { Cell::new(EventSource::Main) };
}

/// The events of this thread are those of `source` from now on.
pub fn set_source(source: EventSource) {
    SOURCE.set(source);
}

/// Who tells the events of this thread.
pub fn source() -> EventSource {
    SOURCE.get()
}

/// Events that were not written down, by where they were lost; in shared memory.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Losses {
    /// The monitor did not read in time, or died with a part of what it had read.
    pub journal: AtomicU64,
    /// Of those, the ones that the log and the database were told of. No loss of its own.
    pub journal_told: AtomicU64,
    /// The log could not be written.
    pub log: AtomicU64,
    /// The database could not be written.
    pub database: AtomicU64,
}

impl Losses {
    pub fn total(&self) -> u64 {
        [&self.journal, &self.log, &self.database].iter().map(|count| count.load(Relaxed)).sum()
    }
}

/// Takes events; a clone is a handle to the same.
#[derive(Clone, Debug)]
pub struct Journal {
    pipe: Option<Arc<File>>,
    /// The least that is told.
    level: Level,
    losses: &'static Losses,
}

/// Gives out the events that were told.
#[derive(Debug)]
pub struct JournalReader {
    pipe: File,
    losses: &'static Losses,
    /// The beginning of a line whose rest has not come yet.
    unread: Vec<u8>,
    /// The journal's end was read.
    has_ended: bool,
}

/// A journal and its reader. Events below `level` are not told at all.
pub fn open(level: Level, losses: &'static Losses) -> io::Result<(Journal, JournalReader)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfl(&writer, OFlags::NONBLOCK)?;
    fcntl_setfl(&reader, OFlags::NONBLOCK)?;
    // With less room more may be lost; that is all.
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIPE_LEN);
    let journal = Journal { pipe: Some(Arc::new(writer.into())), level, losses };
    Ok((journal, JournalReader::new(reader.into(), losses)))
}

impl Journal {
    /// A journal that takes nothing, for servers that nobody watches.
    pub fn silent(losses: &'static Losses) -> Self {
        Self { pipe: None, level: Level::Error, losses }
    }

    /// Whether events of this level are wanted; to spare the work of making others.
    pub fn takes(&self, level: Level) -> bool {
        self.pipe.is_some() && level <= self.level
    }

    /// Tells an event of this thread's source.
    pub fn tell(&self, level: Level, kind: EventKind) {
        self.tell_from(source(), level, kind);
    }

    /// Tells an event that another than this thread answers for. Never waits.
    pub fn tell_from(&self, source: EventSource, level: Level, kind: EventKind) {
        self.tell_for(source, process::id(), level, kind);
    }

    /// Tells an event of a process that is gone.
    pub(crate) fn tell_for(&self, source: EventSource, pid: u32, level: Level, kind: EventKind) {
        let Some(mut pipe) = self.pipe.as_deref().filter(|_| self.takes(level)) else { return };
        let event = Event { pid, ..Event::now(source, level, kind) };
        let mut line = event.to_json();
        line.push(b'\n');
        // A longer write could be torn; no event is that long.
        if line.len() > PIPE_BUF || pipe.write(&line).is_err() {
            self.losses.journal.fetch_add(1, Relaxed);
        }
    }

    /// Tells anything else, in words.
    pub fn say(&self, level: Level, text: &str) {
        let end = text.floor_char_boundary(MESSAGE_LEN_MAX);
        self.tell(level, EventKind::Message { text: text[..end].to_owned() });
    }

    /// Tells the reader that no more will come. Waits for room, but not for long.
    pub fn end(&self) {
        let Some(mut pipe) = self.pipe.as_deref() else { return };
        let deadline = Instant::now() + END_PATIENCE;
        while pipe.write(&[END]).is_err() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The least that is told.
    pub(crate) fn level(&self) -> Level {
        self.level
    }
}

impl AsFd for JournalReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl JournalReader {
    fn new(pipe: File, losses: &'static Losses) -> Self {
        Self { pipe, losses, unread: Vec::new(), has_ended: false }
    }

    /// Waits at most `timeout` for events; calls `take` with each whole line of JSON that has come,
    /// without its end. False after the last: the journal was ended, or nobody is left to write.
    ///
    /// The end of a line whose beginning another reader took with it is dropped and counted.
    pub fn read(&mut self, timeout: Duration, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        if self.has_ended {
            return Ok(false);
        }
        let timeout = Timespec::try_from(timeout).ok();
        match poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut room = [0; 64 * 1024];
        // Whoever tells without a pause must not keep the reader from returning.
        for _ in 0..PIPE_LEN / room.len() {
            match self.pipe.read(&mut room) {
                Ok(0) => self.has_ended = true,
                Ok(len) => {
                    self.unread.extend_from_slice(&room[..len]);
                    self.take_lines(&mut take);
                }
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Err(err) => return Err(err),
            }
            if self.has_ended {
                break;
            }
        }
        Ok(!self.has_ended)
    }

    fn take_lines(&mut self, take: &mut impl FnMut(&[u8])) {
        let mut start = 0;
        let is_end = |byte: &u8| matches!(*byte, b'\n' | END);
        while let Some(len) = self.unread[start..].iter().position(is_end) {
            let line = &self.unread[start..start + len];
            if self.unread[start + len] == END {
                self.has_ended = true;
            } else if line.starts_with(EVENT_START) {
                take(line);
            } else {
                self.losses.journal.fetch_add(1, Relaxed);
            }
            start += len + 1;
        }
        self.unread.drain(..start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses() -> &'static Losses {
        Box::leak(Box::default())
    }

    fn texts(reader: &mut JournalReader) -> (Vec<String>, bool) {
        let mut texts = Vec::new();
        let goes_on = reader.read(Duration::ZERO, |line| {
            let event: Event = serde_json::from_slice(line).unwrap();
            let EventKind::Message { text } = event.kind else { panic!("{event:?}") };
            texts.push(text);
        });
        (texts, goes_on.unwrap())
    }

    #[test]
    fn what_is_told_is_read_until_the_end() {
        let (journal, mut reader) = open(Level::Info, losses()).unwrap();
        journal.say(Level::Info, "first");
        journal.say(Level::Debug, "nobody wants to know");
        journal.say(Level::Error, &"ä".repeat(1000));
        assert_eq!(texts(&mut reader), (vec!["first".to_owned(), "ä".repeat(250)], true));
        journal.say(Level::Info, "last");
        journal.end();
        assert_eq!(texts(&mut reader), (vec!["last".to_owned()], false));
        assert_eq!(texts(&mut reader), (vec![], false));
    }

    #[test]
    fn a_reader_that_takes_over_within_a_line_drops_the_rest_of_it_and_counts_it() {
        let losses = losses();
        let (journal, mut first) = open(Level::Info, losses).unwrap();
        let mut torn = Event::now(EventSource::Main, Level::Info, EventKind::LogReopened).to_json();
        torn.push(b'\n');
        let mut pipe = journal.pipe.as_deref().unwrap();
        for taken in 1..torn.len() {
            pipe.write_all(&torn[taken..]).unwrap();
            journal.say(Level::Info, "whole");
            let mut second = JournalReader::new(first.pipe.try_clone().unwrap(), first.losses);
            assert_eq!(texts(&mut second), (vec!["whole".to_owned()], true), "after {taken} bytes");
            assert_eq!(losses.journal.load(Relaxed), taken as u64);
        }
        journal.end();
        assert_eq!(texts(&mut first), (vec![], false));
    }

    #[test]
    fn the_journal_ends_with_those_who_write_to_it() {
        let (journal, mut reader) = open(Level::Info, losses()).unwrap();
        drop(journal);
        assert_eq!(texts(&mut reader), (vec![], false));
    }

    #[test]
    fn telling_never_waits_and_what_is_lost_is_counted() {
        let losses = losses();
        let (journal, mut reader) = open(Level::Info, losses).unwrap();
        let told = 20_000;
        for _ in 0..told {
            journal
                .say(Level::Info, "a hundred bytes and more, once the rest of the event is there");
        }
        let lost = losses.journal.load(Relaxed);
        assert!(lost > 0, "the pipe holds more than was thought");
        let (read, goes_on) = texts(&mut reader);
        assert!(goes_on);
        assert_eq!(read.len() as u64 + lost, told);
    }
}
