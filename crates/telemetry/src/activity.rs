//! What a worker is doing right now, where others can see it.
//!
//! The place is a sequence lock of plain atomics: its writer never waits, and a reader that met a
//! writer looks again. Where several connections share a worker, it shows the one that spoke last.

use std::{
    array,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::atomic::{
        AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
        fence,
    },
};

/// How often a reader looks for a moment without a writer.
const LOOKS_MAX: usize = 100;

const FILE_WORDS: usize = 32;
/// More of a file's name is not shown; every name that is allowed fits.
const FILE_LEN_MAX: usize = FILE_WORDS * 8;

/// Where a worker says what it is doing. All zeros is nothing.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct ActivityBoard {
    /// Odd while it is written.
    version: AtomicU64,
    connection: AtomicU64,
    address: [AtomicU64; 2],
    port: AtomicU64,
    accepted_ns: AtomicU64,
    picked_up_ns: AtomicU64,
    requests: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// 1 + the label of the request; 0 between requests.
    label: AtomicU64,
    /// On the monotonic clock.
    began_ns: AtomicU64,
    /// 1 + the length of the content, 0 where it is not known.
    bytes_total: AtomicU64,
    /// Written without the lock, while bytes move.
    bytes_done: AtomicU64,
    file_len: AtomicU64,
    file: [AtomicU64; FILE_WORDS],
}

/// A connection on a worker, and its request if one is under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Activity {
    pub connection: u64,
    pub client: SocketAddr,
    /// Times are on the system's monotonic clock.
    pub accepted_ns: u64,
    pub picked_up_ns: u64,
    /// Requests that are done.
    pub requests: u64,
    /// Content that was moved, also by the request under way.
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub request: Option<Underway>,
}

/// A request under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Underway {
    /// Its place among the labels of the scoreboard.
    pub label: usize,
    pub file: Option<String>,
    pub began_ns: u64,
    /// Content bytes moved so far, and all of them where that is known.
    pub bytes_done: u64,
    pub bytes_total: Option<u64>,
}

impl Activity {
    /// A connection that nobody has picked up yet.
    pub(crate) fn new(connection: u64, client: SocketAddr, accepted_ns: u64) -> Self {
        Self {
            connection,
            client,
            accepted_ns,
            picked_up_ns: accepted_ns,
            requests: 0,
            bytes_in: 0,
            bytes_out: 0,
            request: None,
        }
    }

    /// Counts the request under way, if there is one, among those that are done.
    pub(crate) fn end_request(&mut self) -> Option<Underway> {
        let request = self.request.take()?;
        self.requests += 1;
        Some(request)
    }
}

impl ActivityBoard {
    /// Shows `activity`. Skipped while another connection of the same worker is just doing that.
    pub(crate) fn show(&self, activity: &Activity) {
        self.write(|board| {
            let address = match activity.client.ip() {
                IpAddr::V4(address) => address.to_ipv6_mapped(),
                IpAddr::V6(address) => address,
            };
            board.connection.store(activity.connection, Relaxed);
            board.address[0].store((address.to_bits() >> 64) as u64, Relaxed);
            board.address[1].store(address.to_bits() as u64, Relaxed);
            board.port.store(activity.client.port().into(), Relaxed);
            board.accepted_ns.store(activity.accepted_ns, Relaxed);
            board.picked_up_ns.store(activity.picked_up_ns, Relaxed);
            board.requests.store(activity.requests, Relaxed);
            board.bytes_in.store(activity.bytes_in, Relaxed);
            board.bytes_out.store(activity.bytes_out, Relaxed);
            let Some(request) = &activity.request else {
                return board.label.store(0, Relaxed);
            };
            board.label.store(1 + request.label as u64, Relaxed);
            board.began_ns.store(request.began_ns, Relaxed);
            board.bytes_done.store(request.bytes_done, Relaxed);
            board.bytes_total.store(request.bytes_total.map_or(0, |total| total + 1), Relaxed);
            board.store_file(request.file.as_deref());
        });
    }

    /// Shows nothing, if what is shown is this connection.
    pub(crate) fn hide(&self, connection: u64) {
        self.write(|board| {
            if board.connection.load(Relaxed) == connection {
                board.connection.store(0, Relaxed);
            }
        });
    }

    /// Shows nothing, whoever was showing something: the worker is dead.
    pub(crate) fn clear(&self) {
        self.connection.store(0, Relaxed);
        self.version.store(0, Release);
    }

    /// Shows what `activity` and its request have moved by now. False where another connection is shown.
    pub(crate) fn moved(&self, activity: &Activity) -> bool {
        let is_shown = self.connection.load(Relaxed) == activity.connection;
        if is_shown {
            self.bytes_in.store(activity.bytes_in, Relaxed);
            self.bytes_out.store(activity.bytes_out, Relaxed);
            let bytes_done = activity.request.as_ref().map_or(0, |request| request.bytes_done);
            self.bytes_done.store(bytes_done, Relaxed);
        }
        is_shown
    }

    /// So much is to be moved for the request of this connection, if it is the one that is shown.
    pub(crate) fn expect_total(&self, connection: u64, bytes_total: u64) {
        if self.connection.load(Relaxed) == connection {
            self.bytes_total.store(1 + bytes_total, Relaxed);
        }
    }

    /// What is shown. `None` where that is nothing, or where it changes too fast to be seen.
    pub(crate) fn look(&self) -> Option<Activity> {
        for _ in 0..LOOKS_MAX {
            let before = self.version.load(Acquire);
            let seen = self.read();
            fence(Acquire);
            if before.is_multiple_of(2) && self.version.load(Relaxed) == before {
                return seen;
            }
        }
        None
    }

    /// What a worker showed last that is dead, and so changes nothing any more. A file's name that it
    /// was just writing may be a mixture.
    pub(crate) fn last_view(&self) -> Option<Activity> {
        self.read()
    }

    fn write(&self, write: impl FnOnce(&Self)) {
        let version = self.version.load(Relaxed);
        let is_free = version.is_multiple_of(2)
            && self.version.compare_exchange(version, version + 1, Acquire, Relaxed).is_ok();
        if is_free {
            fence(Release);
            write(self);
            self.version.store(version + 2, Release);
        }
    }

    fn read(&self) -> Option<Activity> {
        let connection = self.connection.load(Relaxed);
        if connection == 0 {
            return None;
        }
        let [high, low] = [&self.address[0], &self.address[1]].map(|half| half.load(Relaxed));
        let address = Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low));
        let ip = address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4);
        let client = SocketAddr::new(ip, self.port.load(Relaxed) as u16);
        let label = (self.label.load(Relaxed) as usize).checked_sub(1);
        let request = label.map(|label| Underway {
            label,
            file: self.load_file(),
            began_ns: self.began_ns.load(Relaxed),
            bytes_done: self.bytes_done.load(Relaxed),
            bytes_total: self.bytes_total.load(Relaxed).checked_sub(1),
        });
        Some(Activity {
            connection,
            client,
            accepted_ns: self.accepted_ns.load(Relaxed),
            picked_up_ns: self.picked_up_ns.load(Relaxed),
            requests: self.requests.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            request,
        })
    }

    fn store_file(&self, file: Option<&str>) {
        let file = file.unwrap_or_default();
        let bytes = &file.as_bytes()[..file.floor_char_boundary(FILE_LEN_MAX)];
        self.file_len.store(bytes.len() as u64, Relaxed);
        for (word, piece) in self.file.iter().zip(bytes.chunks(8)) {
            let mut padded = [0; 8];
            padded[..piece.len()].copy_from_slice(piece);
            word.store(u64::from_le_bytes(padded), Relaxed);
        }
    }

    fn load_file(&self) -> Option<String> {
        let len = (self.file_len.load(Relaxed) as usize).min(FILE_LEN_MAX);
        let words: [[u8; 8]; FILE_WORDS] =
            array::from_fn(|word| self.file[word].load(Relaxed).to_le_bytes());
        let bytes = &words.as_flattened()[..len];
        // Torn text is thrown away by the caller, so it may be anything here.
        (len > 0).then(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::{iter, sync::atomic::AtomicBool, thread};

    use super::*;

    fn activity(number: u64) -> Activity {
        let port = number as u16;
        Activity {
            connection: number,
            client: SocketAddr::new(IpAddr::from([127, 0, 0, number as u8]), port),
            accepted_ns: number,
            picked_up_ns: number,
            requests: number,
            bytes_in: number,
            bytes_out: number,
            request: Some(Underway {
                label: number as usize,
                file: Some(number.to_string().repeat(12)),
                began_ns: number,
                bytes_done: number,
                bytes_total: Some(number),
            }),
        }
    }

    #[test]
    fn what_is_shown_is_seen_until_it_is_hidden() {
        let board = ActivityBoard::default();
        assert_eq!(board.look(), None);
        let mut shown = activity(7);
        board.show(&shown);
        shown.request.as_mut().unwrap().bytes_done = 3;
        shown.bytes_out = 3;
        assert!(board.moved(&shown));
        assert!(!board.moved(&activity(8)));
        assert_eq!(board.look(), Some(shown.clone()));
        let idle = Activity { request: None, client: "[2001:db8::1]:80".parse().unwrap(), ..shown };
        board.show(&idle);
        assert_eq!(board.look(), Some(idle));
        board.hide(8);
        assert!(board.look().is_some());
        board.hide(7);
        assert_eq!(board.look(), None);
    }

    #[test]
    fn a_name_is_cut_where_it_is_too_long_and_not_within_a_character() {
        let board = ActivityBoard::default();
        let mut shown = activity(1);
        shown.request.as_mut().unwrap().file = Some(format!("a{}", "é".repeat(200)));
        board.show(&shown);
        let seen = board.look().unwrap().request.unwrap().file.unwrap();
        assert_eq!(seen, format!("a{}", "é".repeat(127)));
    }

    #[test]
    fn a_reader_never_sees_a_mixture() {
        let board = ActivityBoard::default();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for first in [1000, 2000] {
                let (board, done) = (&board, &done);
                scope.spawn(move || {
                    let numbers = (first..first + 900).cycle();
                    for number in numbers.take_while(|_| !done.load(Relaxed)) {
                        board.show(&activity(number));
                    }
                });
            }
            let seen = iter::repeat_with(|| board.look()).flatten().take(5000);
            let whole = seen.map(|seen| seen == activity(seen.connection));
            let all_whole = whole.reduce(|a, b| a && b);
            done.store(true, Relaxed);
            assert_eq!(all_whole, Some(true));
        });
    }

    #[test]
    fn the_place_of_a_worker_that_died_while_writing_is_usable_again() {
        let board = ActivityBoard::default();
        board.version.store(5, Relaxed);
        board.clear();
        board.show(&activity(3));
        assert_eq!(board.look(), Some(activity(3)));
    }
}
