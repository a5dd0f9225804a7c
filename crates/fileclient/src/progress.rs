//! How far a long transfer is: two lines on standard error where that is a terminal.

use std::{
    collections::VecDeque,
    env, fmt,
    io::{self, IsTerminal, Read, Seek, SeekFrom, Write},
    time::{Duration, Instant},
};

use cli::units;
use indicatif::{
    ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, style::ProgressTracker,
};

/// Shorter transfers show nothing: a bar that only flashes tells nobody anything.
pub(crate) const SILENT_FOR: Duration = Duration::from_millis(500);

/// How often the lines are drawn, also while nothing moves.
const TICK: Duration = Duration::from_millis(200);

/// The name has a line of its own, so that it need not be cut.
const TEMPLATE: &str = "{wide_msg}\n{state}";

const BAR_WIDTH: usize = 16;

/// One transfer, or a part of several that share their lines.
pub(crate) struct Progress {
    /// Counts from the start, and is shown once that is long ago.
    bar: ProgressBar,
    /// What belongs to the transfers before.
    base: u64,
    is_part: bool,
    started: Instant,
    /// When the first of those began that share the lines.
    first_started: Instant,
}

/// Several transfers, one after another.
pub(crate) struct Overall {
    bar: ProgressBar,
    started: Instant,
    count: usize,
    begun: usize,
    base: u64,
}

impl Overall {
    /// `total` is the length of all together, where that is known.
    pub(crate) fn new(count: usize, total: Option<u64>) -> Self {
        Self { bar: hidden_bar(total), started: Instant::now(), count, begun: 0, base: 0 }
    }

    /// The next transfer begins; so much belongs to those before it.
    pub(crate) fn begin(&mut self, base: u64) {
        self.begun += 1;
        self.base = base;
    }

    pub(crate) fn progress(&self, label: impl fmt::Display) -> Progress {
        self.bar.set_message(format!("{label} ({} of {})", self.begun, self.count));
        self.bar.set_position(self.base);
        Progress {
            bar: self.bar.clone(),
            base: self.base,
            is_part: true,
            started: Instant::now(),
            first_started: self.started,
        }
    }

    /// Takes the lines away for as long as `print` prints others.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

impl Drop for Overall {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress {
    pub(crate) fn new(label: impl ToString, total: Option<u64>) -> Self {
        let (bar, started) = (hidden_bar(total), Instant::now());
        bar.set_message(label.to_string());
        Self { bar, base: 0, is_part: false, started, first_started: started }
    }

    /// `inner`, with what is read from it or written to it counted from zero.
    pub(crate) fn watch<T>(&mut self, inner: T) -> Watched<'_, T> {
        self.go_on_from(0);
        Watched { inner, progress: self }
    }

    /// Counts what it is told of, where so much was moved before.
    pub(crate) fn watch_from(&mut self, position: u64) -> impl FnMut(usize) -> io::Result<()> {
        self.go_on_from(position);
        |len| {
            self.advance(len);
            Ok(())
        }
    }

    fn go_on_from(&mut self, position: u64) {
        self.bar.set_position(self.base.saturating_add(position));
    }

    /// Counts from any thread; [`look`](Self::look) has to be called now and then meanwhile.
    pub(crate) fn counter(&self) -> impl Fn(usize) + Clone + Send + use<> {
        let bar = self.bar.clone();
        move |len| bar.inc(len as u64)
    }

    /// Takes the total once it is known, unless the lines are about more than this transfer.
    pub(crate) fn total(&self) -> impl FnMut(u64) + use<> {
        let bar = (!self.is_part).then(|| self.bar.clone());
        move |total| bar.iter().for_each(|bar| bar.set_length(total))
    }

    /// Takes the lines away where they are about this transfer alone; how long it took, and whether they
    /// were shown.
    pub(crate) fn finish(self) -> (Duration, bool) {
        (self.started.elapsed(), !self.bar.is_hidden())
    }

    fn advance(&mut self, len: usize) {
        self.bar.inc(len as u64);
        self.look();
    }

    /// Shows the lines once it takes long.
    pub(crate) fn look(&mut self) {
        let is_long = self.first_started.elapsed() >= SILENT_FOR;
        if is_long && self.bar.is_hidden() && can_be_drawn_on() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if !self.is_part {
            self.bar.finish_and_clear();
        }
    }
}

fn hidden_bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
    let style = ProgressStyle::with_template(TEMPLATE).expect("the template is correct");
    bar.set_style(style.with_key("state", Pace::default()));
    bar
}

fn can_be_drawn_on() -> bool {
    io::stderr().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How far, how fast and how long: the rate is that of the last seconds.
#[derive(Clone, Debug, Default)]
struct Pace {
    began: Option<Instant>,
    /// When how much was moved, the oldest first.
    looks: VecDeque<(Instant, u64)>,
    bytes_per_second: f64,
}

/// An upload begins with filling buffers on the way, which is faster than any network.
const UNTYPICAL_FOR: Duration = Duration::from_millis(200);
const LOOKS_APART: Duration = Duration::from_millis(200);
const LOOKS_MAX: usize = 25;

impl Pace {
    fn look(&mut self, moved: u64, now: Instant) {
        if now < *self.began.get_or_insert(now) + UNTYPICAL_FOR {
            return;
        }
        if self.looks.back().is_none_or(|(last, _)| now >= *last + LOOKS_APART) {
            self.looks.push_back((now, moved));
        }
        if self.looks.len() > LOOKS_MAX {
            self.looks.pop_front();
        }
        if let Some((then, before)) = self.looks.front().filter(|(then, _)| *then < now) {
            let seconds = (now - *then).as_secs_f64();
            self.bytes_per_second = moved.saturating_sub(*before) as f64 / seconds;
        }
    }

    fn text(&self, moved: u64, total: Option<u64>) -> String {
        let rate = units::rate(self.bytes_per_second);
        let moved_text = units::size(moved);
        let Some(total) = total.filter(|total| *total > 0) else {
            return format!("{moved_text}  {rate}");
        };
        let share = (moved as f64 / total as f64).min(1.0);
        let bar = "=".repeat((share * BAR_WIDTH as f64) as usize);
        let percent = (share * 100.0) as u64;
        let total_text = units::size(total);
        let seconds_left = total.saturating_sub(moved) as f64 / self.bytes_per_second;
        // Nothing moves, and nobody knows when it will.
        let left = match seconds_left.is_finite() {
            true => units::age(seconds_left) + " left",
            false => "waiting".to_owned(),
        };
        format!("[{bar:<BAR_WIDTH$}] {percent}%  {moved_text} of {total_text}  {rate}  {left}")
    }
}

impl ProgressTracker for Pace {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(self.clone())
    }

    fn tick(&mut self, state: &ProgressState, now: Instant) {
        self.look(state.pos(), now);
    }

    fn reset(&mut self, _: &ProgressState, _: Instant) {}

    fn write(&self, state: &ProgressState, out: &mut dyn fmt::Write) {
        // What cannot be formatted is not there to be shown.
        let _ = out.write_str(&self.text(state.pos(), state.len()));
    }
}

pub(crate) struct Watched<'a, T> {
    inner: T,
    progress: &'a mut Progress,
}

impl<T: Read> Read for Watched<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.progress.advance(len);
        Ok(len)
    }
}

/// Where it goes on counts as moved up to there.
impl<T: Seek> Seek for Watched<'_, T> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = self.inner.seek(to)?;
        self.progress.go_on_from(position);
        Ok(position)
    }
}

impl<T: Write> Write for Watched<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(bytes)?;
        self.progress.advance(len);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rate after a transfer that has moved so many MiB at so many milliseconds.
    fn rate_after(moved: &[(u64, u64)]) -> String {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for (ms, mib) in moved {
            pace.look(mib << 20, start + Duration::from_millis(*ms));
        }
        units::rate(pace.bytes_per_second)
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        // Buffers take 8 MiB at once, the network 1 MiB a second.
        let slow = |ms: u64| (ms, 8 + ms / 1000);
        assert_eq!(rate_after(&[(0, 0), (1, 8), slow(200), slow(2200)]), "1.00 MiB/s");
        let seconds = |range: std::ops::Range<u64>, rate| {
            range.map(move |tick| (tick * 200, tick * rate)).collect::<Vec<_>>()
        };
        assert_eq!(rate_after(&seconds(0..100, 20)), "100 MiB/s");
        let stalled = (100..130).map(|tick| (tick * 200, 2000));
        assert_eq!(
            rate_after(&seconds(0..100, 20).into_iter().chain(stalled).collect::<Vec<_>>()),
            "0 B/s"
        );
    }

    #[test]
    fn a_line_says_what_is_known_and_fits_a_terminal() {
        let pace = Pace { bytes_per_second: 1048576.0, ..Pace::default() };
        assert_eq!(pace.text(5 << 20, None), "5.00 MiB  1.00 MiB/s");
        assert_eq!(
            pace.text(5 << 20, Some(20 << 20)),
            "[====            ] 25%  5.00 MiB of 20.0 MiB  1.00 MiB/s  15 s left"
        );
        assert!(Pace::default().text(1, Some(2)).ends_with("  0 B/s  waiting"));
        // The longest of each part.
        let slow = Pace { bytes_per_second: 12.3, ..Pace::default() };
        let line = slow.text(9 << 30, Some(999 << 30));
        assert!(line.len() <= 80, "{line}");
    }
}
