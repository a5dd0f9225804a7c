//! How far a long transfer is: a bar on standard error where that is a terminal.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter transfers show nothing: a bar that only flashes tells nobody anything.
const SILENT_FOR: Duration = Duration::from_millis(500);

const WITH_TOTAL: &str =
    "{wide_msg} {bytes} of {total_bytes} [{bar:24}] {binary_bytes_per_sec}, {eta} left";
/// The reply to a GET does not say how long the file is.
const WITHOUT_TOTAL: &str = "{wide_msg} {bytes}, {binary_bytes_per_sec}";

pub(crate) struct Progress {
    label: String,
    total: Option<u64>,
    moved: u64,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(label: impl ToString, total: Option<u64>) -> Self {
        let label = label.to_string();
        Self { label, total, moved: 0, started: Instant::now(), bar: None }
    }

    /// `inner`, with what is read from it or written to it counted.
    pub(crate) fn watch<T>(&mut self, inner: T) -> Watched<'_, T> {
        Watched { inner, progress: self }
    }

    fn advance(&mut self, len: usize) {
        self.moved += len as u64;
        if self.bar.is_none() && self.started.elapsed() >= SILENT_FOR {
            self.bar = Some(self.new_bar());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.moved);
        }
    }

    fn new_bar(&self) -> ProgressBar {
        // Anything but a terminal is left alone by this target.
        let bar = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::stderr());
        let template = if self.total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
        let style = ProgressStyle::with_template(template).expect("the templates are correct");
        bar.with_style(style.progress_chars("=> ")).with_message(self.label.clone())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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

    #[test]
    fn the_templates_are_correct() {
        for total in [None, Some(10)] {
            Progress::new("a.txt", total).new_bar().finish_and_clear();
        }
    }
}
