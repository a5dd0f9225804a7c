//! The thread that writes the log.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use telemetry::{EventKind, Level};

use super::{
    batch::Batch,
    log_file::{LogFile, Unwritten},
    outage::{Lost, Outage},
    queue::{Queue, Wait},
};
use crate::{
    config::{Config, LogFormat},
    line::{Line, LocalTime, own_event, text},
};

/// How often a log that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Events taken at a time, so that the queue has room again soon.
const ENOUGH: usize = 4096;

#[derive(Debug)]
pub(crate) struct LogSink {
    file: LogFile,
    format: LogFormat,
    level: Level,
    local: LocalTime,
    outage: Arc<Outage>,
    /// The log could not be written, and is not tried again before this.
    retry_at: Option<Instant>,
    text: String,
}

impl LogSink {
    pub(crate) fn new(
        file: LogFile,
        config: &Config,
        local: LocalTime,
        outage: Arc<Outage>,
    ) -> Self {
        let Config { format, level, .. } = *config;
        Self { file, format, level, local, outage, retry_at: None, text: String::new() }
    }

    pub(crate) fn outage(&self) -> Arc<Outage> {
        Arc::clone(&self.outage)
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(&mut self, queue: &Queue) {
        // A monitor that takes the place of a dead one has the file that was open at the start.
        let _ = self.file.reopen();
        loop {
            let first = self.retry_at.map(|at| at.saturating_duration_since(Instant::now()));
            let taken = queue.take(Wait { first, more: Duration::ZERO, enough: ENOUGH });
            if taken.wants_reopen {
                self.reopen();
            }
            match self.retry_at {
                Some(at) if Instant::now() < at && !taken.is_last => self.lose(&taken.batches, ""),
                _ => self.write(&taken.batches, taken.is_all),
            }
            if taken.is_last {
                break;
            }
        }
        if let Err(err) = self.file.finish() {
            self.outage.lose(1, &err.to_string());
        }
    }

    pub(crate) fn write(&mut self, batches: &[Arc<Batch>], is_all: bool) {
        if self.retry_at.is_some() {
            return self.retry(batches, is_all);
        }
        for (index, batch) in batches.iter().enumerate() {
            if let Err((count, reason)) = self.append(batch) {
                self.outage.lose(count, &reason);
                self.lose(&batches[index + 1..], &reason);
                return self.pause();
            }
        }
        if let Some(lost) = self.outage.lost().filter(|_| is_all) {
            self.tell(&lost);
        }
    }

    /// Writes how many events were lost, and then those at hand, all or none.
    fn retry(&mut self, batches: &[Arc<Batch>], is_all: bool) {
        let Some(lost) = self.outage.lost() else {
            self.retry_at = None;
            return self.write(batches, is_all);
        };
        let mut bytes = self.rendered(&lost_event(&lost));
        for batch in batches {
            bytes.extend(self.rendered(batch));
        }
        match self.file.append_all(&bytes) {
            Ok(()) => {
                self.retry_at = None;
                self.outage.end(&lost);
            }
            Err(Unwritten { from, error }) => {
                let written = count_lines(&bytes[..from]);
                if written > 0 {
                    self.outage.end(&lost);
                }
                let batched: usize = batches.iter().map(|batch| batch.len()).sum();
                let lost = batched.saturating_sub(written.saturating_sub(1));
                self.outage.lose(lost as u64, &error.to_string());
                self.pause();
            }
        }
    }

    /// Leaves a log alone for a while that events were lost for. Where only the end of the last
    /// line has to wait, the next events find out whether there is room for them.
    fn pause(&mut self) {
        self.retry_at = self.outage.lost().map(|_| Instant::now() + RETRY);
    }

    /// Writes how many events the queue had no room for.
    fn tell(&mut self, lost: &Lost) {
        match self.append(&lost_event(lost)) {
            // Of a line that was begun the end follows.
            Ok(()) | Err((0, _)) => self.outage.end(lost),
            Err(_) => self.pause(),
        }
    }

    fn reopen(&mut self) {
        match self.file.reopen() {
            None => {}
            Some(Err(err)) => self.outage.remark(&format!(
                "cannot be opened again ({err}); the file that is open is written on"
            )),
            Some(Ok(())) => {
                // A new file is a new chance.
                self.retry_at = self.retry_at.map(|_| Instant::now());
                let batch = Arc::new(Batch::of(&own_event(Level::Info, EventKind::LogReopened)));
                if self.level >= Level::Info {
                    self.write(&[batch], true);
                }
            }
        }
    }

    /// Writes a batch; on an error says how many of its events are not written, and why.
    fn append(&mut self, batch: &Batch) -> Result<(), (u64, String)> {
        let result = match self.format {
            LogFormat::Json => self.file.append(batch.bytes()).map_err(|unwritten| {
                (count_lines(&batch.bytes()[unwritten.from..]), unwritten.error)
            }),
            LogFormat::Text => {
                self.render(batch);
                let text = self.text.as_bytes();
                self.file
                    .append(text)
                    .map_err(|unwritten| (count_lines(&text[unwritten.from..]), unwritten.error))
            }
        };
        result.map_err(|(count, error)| (count as u64, error.to_string()))
    }

    fn rendered(&mut self, batch: &Batch) -> Vec<u8> {
        match self.format {
            LogFormat::Json => batch.bytes().to_vec(),
            LogFormat::Text => {
                self.render(batch);
                self.text.as_bytes().to_vec()
            }
        }
    }

    fn render(&mut self, batch: &Batch) {
        self.text.clear();
        for line in batch.lines() {
            let parsed = Line::parse(line);
            let done = parsed.and_then(|line| text::render(&line, &mut self.local, &mut self.text));
            if done.is_none() {
                self.outage.lose(1, "an event could not be read");
            }
        }
    }

    fn lose(&self, batches: &[Arc<Batch>], reason: &str) {
        let count: usize = batches.iter().map(|batch| batch.len()).sum();
        self.outage.lose(count as u64, reason);
    }
}

fn lost_event(lost: &Lost) -> Batch {
    let Lost { count, reason } = lost.clone();
    Batch::of(&own_event(Level::Error, EventKind::EventsLost { count, reason }))
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}
