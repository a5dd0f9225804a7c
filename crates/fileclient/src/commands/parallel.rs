//! One file by several connections at once, each with a thread.
//!
//! The file is cut into ranges. A connection takes one after another, and one that breaks gives what it has
//! not fetched to the others, so the download fails with the last of them. A connection takes nothing before
//! the server has answered it: where fewer workers serve than there are connections, no range waits for one.

use std::{
    fs::File,
    io,
    ops::Range,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use client::{ClientError, Connection, ConnectionOptions, ErrorCode, Fetch, FetchedRange};
use protocol::FileName;

use crate::progress::Progress;

/// A range costs a round trip, and is what a connection that breaks may leave to others.
const RANGE_LEN_MAX: u64 = 16 * 1024 * 1024;
const RANGE_LEN_MIN: u64 = 256 * 1024;

/// So that connections of different speed end together.
const RANGES_PER_CONNECTION: u64 = 4;

/// How often the progress is looked at.
const TICK: Duration = Duration::from_millis(100);

/// What is fetched, and by whom.
pub(super) struct Parallel {
    pub(super) server: String,
    pub(super) options: ConnectionOptions,
    pub(super) name: FileName,
    /// Size and version of the file.
    pub(super) whole: FetchedRange,
    pub(super) connections: u64,
}

impl Parallel {
    /// Writes the whole file to `file`. Threads that wait for the server when an error is returned end after it.
    pub(super) fn fetch(self, file: &File, progress: &mut Progress) -> Result<(), ClientError> {
        let connections = self.connections;
        let board = Board::new(ranges(self.whole.size, connections), connections);
        let shared = Arc::new(Shared { plan: self, board });
        for _ in 0..connections {
            let fetcher = Fetcher {
                shared: Arc::clone(&shared),
                file: file.try_clone().map_err(ClientError::Sink)?,
            };
            let count = progress.counter();
            let started = thread::Builder::new().spawn(move || fetcher.run(&count));
            if let Err(source) = started {
                let server = shared.plan.server.clone();
                shared.board.leave(Err(ClientError::Connect { server, source }));
            }
        }
        shared.board.wait(progress)
    }
}

struct Shared {
    plan: Parallel,
    board: Board,
}

fn ranges(size: u64, connections: u64) -> Vec<Range<u64>> {
    let len = size / (connections * RANGES_PER_CONNECTION);
    let len = len.clamp(RANGE_LEN_MIN, RANGE_LEN_MAX);
    let starts = (0..size.div_ceil(len)).map(|index| index * len);
    // The last is taken first, so that the file grows from its start.
    starts.map(|start| start..size.min(start + len)).rev().collect()
}

/// What is still to fetch, and who is at it.
struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    todo: Vec<Range<u64>>,
    under_way: usize,
    connections: u64,
    /// Why a connection left last.
    failure: Option<ClientError>,
    /// All is here, or nothing more is wanted.
    is_over: bool,
}

impl Board {
    fn new(todo: Vec<Range<u64>>, connections: u64) -> Self {
        let state = State { todo, under_way: 0, connections, failure: None, is_over: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next range. Waits while others may give theirs back; `None` once nothing is left to do.
    fn take(&self) -> Option<Range<u64>> {
        let idle =
            |state: &mut State| !state.is_over && state.todo.is_empty() && state.under_way > 0;
        let waited = self.changed.wait_while(self.lock(), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return None;
        }
        let range = state.todo.pop()?;
        state.under_way += 1;
        Some(range)
    }

    /// Of a range that was taken, `rest` did not come.
    fn give_back(&self, rest: Range<u64>) {
        let mut state = self.lock();
        state.under_way -= 1;
        if !rest.is_empty() {
            state.todo.push(rest);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A connection is over.
    fn leave(&self, outcome: Result<(), ClientError>) {
        let mut state = self.lock();
        state.connections -= 1;
        if let Err(err) = outcome {
            state.is_over |= !others_may_go_on(&err);
            state.failure = Some(err);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until the file is whole, or nobody is left who could make it so.
    fn wait(&self, progress: &mut Progress) -> Result<(), ClientError> {
        let mut state = self.lock();
        loop {
            if state.todo.is_empty() && state.under_way == 0 {
                state.is_over = true;
                return Ok(());
            }
            if state.is_over || state.connections == 0 {
                state.is_over = true;
                return Err(state.failure.take().unwrap_or(ClientError::Closed));
            }
            let waited = self.changed.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            progress.look();
        }
    }
}

/// The error is of one connection and says nothing about the file or this machine.
fn others_may_go_on(err: &ClientError) -> bool {
    use ClientError::{Closed, Connect, Peer, SpeaksTls, TimedOut, Tls};

    let is_lost =
        matches!(err, Connect { .. } | Tls(_) | SpeaksTls | Peer(_) | TimedOut(_) | Closed);
    is_lost
        || matches!(
            err.code(),
            Some(
                ErrorCode::Busy
                    | ErrorCode::Timeout
                    | ErrorCode::Unavailable
                    | ErrorCode::TooManyRequests
            )
        )
}

/// One connection.
struct Fetcher {
    shared: Arc<Shared>,
    file: File,
}

impl Fetcher {
    fn run(self, count: &impl Fn(usize)) {
        let outcome = self.fetch_ranges(count);
        self.shared.board.leave(outcome);
    }

    fn fetch_ranges(&self, count: &impl Fn(usize)) -> Result<(), ClientError> {
        let Parallel { server, options, name, whole, .. } = &self.shared.plan;
        let mut connection = Connection::connect(server, options.clone())?;
        connection.features()?;
        while let Some(range) = self.shared.board.take() {
            let fetch = Fetch {
                name: name.clone(),
                offset: range.start,
                length: Some(range.end - range.start),
                version: Some(whole.version.clone()),
            };
            let mut position = range.start;
            let mut moved = |len: usize| {
                position += len as u64;
                count(len);
                match self.shared.board.lock().is_over {
                    true => Err(io::Error::other("the download is over")),
                    false => Ok(()),
                }
            };
            let fetched = connection.fetch_to_file(&fetch, &self.file, &mut moved, &mut |_| ());
            self.shared.board.give_back(position..range.end);
            fetched?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    /// For two connections.
    fn board_of(range: Range<u64>) -> Board {
        Board::new(iter::once(range).collect(), 2)
    }

    #[test]
    fn ranges_cover_the_file_and_nothing_twice() {
        for (size, connections) in
            [(0, 4), (1, 4), (RANGE_LEN_MIN, 2), (1_000_003, 3), (1 << 40, 16)]
        {
            let ranges = ranges(size, connections);
            let mut end = 0;
            for range in ranges.iter().rev() {
                assert!(range.start == end && !range.is_empty(), "{range:?}");
                end = range.end;
            }
            assert_eq!(end, size);
        }
    }

    #[test]
    fn what_did_not_come_is_taken_by_another_connection() {
        let board = board_of(5..9);
        assert_eq!(board.take(), Some(5..9));
        board.give_back(7..9);
        board.leave(Err(ClientError::Closed));
        assert_eq!(board.take(), Some(7..9));
        board.give_back(9..9);
        assert_eq!(board.take(), None);
        board.wait(&mut Progress::new("a", None)).unwrap();
    }

    #[test]
    fn the_last_connection_to_break_ends_the_download() {
        let board = board_of(0..9);
        for cause in [ClientError::Closed, ClientError::TimedOut(TICK)] {
            let range = board.take().unwrap();
            board.give_back(range);
            board.leave(Err(cause));
        }
        let failure = board.wait(&mut Progress::new("a", None)).unwrap_err();
        assert_eq!(failure.cause(), "timeout");
    }

    #[test]
    fn what_is_wrong_with_the_file_ends_it_at_once() {
        let board = board_of(0..9);
        let range = board.take().unwrap();
        board.give_back(range);
        board.leave(Err(ClientError::NoFile));
        assert_eq!(board.take(), None);
        assert_eq!(board.wait(&mut Progress::new("a", None)).unwrap_err().cause(), "no-file");
    }
}
