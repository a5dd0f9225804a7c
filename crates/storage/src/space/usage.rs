//! The numbers that all threads and processes of a server share about its directory.

use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

/// Counting may take this part of the time.
const PART_OF_TIME: u32 = 100;
/// Counts that took this long together may follow one another at once; then the rate holds.
const BURST: Duration = Duration::from_millis(50);
/// The oldest count that an upload begins with.
const AGE_MAX: Duration = Duration::from_secs(10);

/// How much of a limited directory is in use, which stays at zero where there is no limit; what of it
/// cannot be served; and whether it is gone.
///
/// Its numbers lie where whoever makes it says, so that forked processes can share them.
#[derive(Debug)]
pub struct Usage {
    bytes: &'static AtomicU64,
    files: &'static AtomicU64,
    /// All bytes that were ever asked for, and those of them that were written or refused.
    asked_for: &'static AtomicU64,
    settled: &'static AtomicU64,
    /// When the last count began, in nanoseconds since the directory was opened; 0 asks for one.
    counted_at: &'static AtomicU64,
    /// The moment by which the counts so far will have taken their part of the time.
    paid_at: &'static AtomicU64,
    /// 1 when it is.
    is_gone: &'static AtomicU64,
    left_out: &'static AtomicU64,
}

/// The numbers of one process alone.
impl Default for Usage {
    fn default() -> Self {
        Self::at(Box::leak(Box::default()))
    }
}

impl Usage {
    /// How many words of memory the numbers take.
    pub const WORDS: usize = 8;

    /// Keeps the numbers in `words`, which are all zero.
    pub fn at(words: &'static [AtomicU64; Self::WORDS]) -> Self {
        let [bytes, files, asked_for, settled, counted_at, paid_at, is_gone, left_out] = words;
        Self { bytes, files, asked_for, settled, counted_at, paid_at, is_gone, left_out }
    }

    /// The content of all files, and what is reserved for uploads under way.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(SeqCst)
    }

    /// All files, temporary ones included.
    pub fn files(&self) -> u64 {
        self.files.load(SeqCst)
    }

    /// Files that no request can name, as of the last look at all names.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(SeqCst)
    }

    pub(crate) fn note_left_out(&self, count: u64) {
        if self.left_out.load(SeqCst) != count {
            self.left_out.store(count, SeqCst);
        }
    }

    /// As it was found when somebody last looked.
    #[cfg(feature = "bucket")]
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(SeqCst) != 0
    }

    /// Whether that is news.
    pub(crate) fn note_gone(&self, is_gone: bool) -> bool {
        let is_gone = u64::from(is_gone);
        // Mostly nothing changes, and what is only read stays in all processors' caches.
        self.is_gone.load(SeqCst) != is_gone && self.is_gone.swap(is_gone, SeqCst) != is_gone
    }

    /// Followed by [`settle`](Self::settle), once the bytes are in their file or there is none.
    pub(crate) fn reserve_bytes(&self, len: u64, bytes_max: u64) -> bool {
        // First, so that a count that sees the reservation knows that it may not be written.
        self.asked_for.fetch_add(len, SeqCst);
        let reserved = reserve(self.bytes, len, bytes_max);
        if !reserved {
            self.settle(len);
        }
        reserved
    }

    pub(crate) fn settle(&self, len: u64) {
        self.settled.fetch_add(len, SeqCst);
    }

    pub(crate) fn release_bytes(&self, len: u64) {
        release(self.bytes, len);
    }

    pub(crate) fn reserve_file(&self, files_max: u64) -> bool {
        reserve(self.files, 1, files_max)
    }

    pub(crate) fn release_file(&self) {
        release(self.files, 1);
    }

    /// What uploads have under way when a count begins.
    pub(crate) fn pending(&self) -> Pending {
        let settled = self.settled.load(SeqCst);
        let asked_for = self.asked_for.load(SeqCst);
        Pending { asked_for, unsettled: asked_for.saturating_sub(settled) }
    }

    /// Takes over a count, during which no file got or lost its name.
    ///
    /// So the number of files is exact. Of the bytes, what was being written when the count began,
    /// and what was reserved since, may have been seen or not. The running number is right about
    /// those, so it stays as long as it lies within these bounds.
    pub(crate) fn correct(&self, counted: Counted, before: Pending) {
        let unsettled = before.unsettled.min(counted.unsettled_max);
        update(self.bytes, |used| {
            let since = self.asked_for.load(SeqCst) - before.asked_for;
            Some(used.clamp(counted.bytes, counted.bytes.saturating_add(unsettled + since)))
        });
        self.files.store(counted.files, SeqCst);
        if counted.unsettled_max == 0 {
            // Only writers that were killed can have left these.
            self.settled.store(before.asked_for, SeqCst);
        }
    }

    /// Whether a count would stay within its part of the time.
    pub(crate) fn may_count(&self, now: Duration) -> bool {
        self.paid_at.load(SeqCst) <= nanos(now + BURST * PART_OF_TIME)
    }

    /// Whether the last count is too old to begin an upload with.
    pub(crate) fn is_stale(&self, now: Duration) -> bool {
        let counted_at = self.counted_at.load(SeqCst);
        counted_at == 0 || counted_at.saturating_add(nanos(AGE_MAX)) < nanos(now)
    }

    pub(crate) fn was_counted_since(&self, moment: Duration) -> bool {
        self.counted_at.load(SeqCst) > nanos(moment)
    }

    pub(crate) fn counted(&self, began: Duration, took: Duration) {
        let paid_at = self.paid_at.load(SeqCst).max(nanos(began));
        self.paid_at.store(paid_at.saturating_add(nanos(took * PART_OF_TIME)), SeqCst);
        self.counted_at.store(nanos(began).max(1), SeqCst);
    }

    /// The next upload begins with a count.
    pub(crate) fn make_stale(&self) {
        self.counted_at.store(0, SeqCst);
    }
}

/// See [`Usage::pending`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    asked_for: u64,
    unsettled: u64,
}

/// What a count has found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) bytes: u64,
    pub(crate) files: u64,
    /// What the uploads under way can have reserved and not written yet.
    pub(crate) unsettled_max: u64,
}

fn reserve(used: &AtomicU64, amount: u64, max: u64) -> bool {
    update(used, |used| used.checked_add(amount).filter(|sum| *sum <= max))
}

fn release(used: &AtomicU64, amount: u64) {
    update(used, |used| Some(used.saturating_sub(amount)));
}

fn update(number: &AtomicU64, to: impl FnMut(u64) -> Option<u64>) -> bool {
    number.fetch_update(SeqCst, SeqCst, to).is_ok()
}

/// Good for five hundred years.
fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_count_keeps_the_running_number_within_what_it_cannot_know() {
        let usage = Usage::default();
        let counted = Counted { bytes: 1000, files: 3, unsettled_max: 50 };
        for (unsettled, unknown) in [(0, 10), (20, 30), (70, 60)] {
            usage.settled.store(usage.asked_for.load(SeqCst) - unsettled, SeqCst);
            for (running, corrected) in
                [(0, 1000), (1000, 1000), (1000 + unknown, 1000 + unknown), (5000, 1000 + unknown)]
            {
                usage.bytes.store(running, SeqCst);
                let before = usage.pending();
                usage.asked_for.fetch_add(10, SeqCst);
                usage.settled.fetch_add(10, SeqCst);
                usage.correct(counted, before);
                assert_eq!((usage.bytes(), usage.files()), (corrected, 3), "{running}");
            }
        }
    }

    #[test]
    fn what_a_killed_writer_left_unsettled_is_forgotten_when_no_upload_is_under_way() {
        let usage = Usage::default();
        assert!(usage.reserve_bytes(7, 10));
        usage.correct(Counted { unsettled_max: 50, ..Counted::default() }, usage.pending());
        assert_eq!(usage.bytes(), 7);
        usage.correct(Counted::default(), usage.pending());
        assert_eq!((usage.bytes(), usage.pending().unsettled), (0, 0));
    }

    #[test]
    fn counting_takes_a_hundredth_of_the_time_after_a_burst() {
        let usage = Usage::default();
        let mut counting = Duration::ZERO;
        let mut now = Duration::ZERO;
        while now < MS * 100_000 {
            if usage.may_count(now) {
                usage.counted(now, MS * 7);
                counting += MS * 7;
            }
            now += MS;
        }
        assert!(counting >= MS * 1000 && counting <= MS * 1000 + BURST + MS * 7, "{counting:?}");
    }

    #[test]
    fn a_count_gets_old() {
        let usage = Usage::default();
        assert!(usage.is_stale(MS));
        usage.counted(Duration::ZERO, MS);
        assert!(!usage.is_stale(AGE_MAX));
        assert!(usage.is_stale(AGE_MAX + MS));
        usage.make_stale();
        assert!(usage.is_stale(MS));
    }

    #[test]
    fn a_reservation_that_does_not_fit_changes_nothing() {
        let usage = Usage::default();
        assert!(usage.reserve_bytes(7, 10));
        assert!(!usage.reserve_bytes(4, 10));
        assert!(!usage.reserve_bytes(u64::MAX, u64::MAX));
        assert_eq!((usage.bytes(), usage.pending().unsettled), (7, 7));
        usage.release_bytes(8);
        assert_eq!(usage.bytes(), 0);
    }
}
