//! The thread that writes the log.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use telemetry::{EventKind, Level};

use super::{
    batch::Batch,
    log_file::{LogFile, Unwritten},
    outage::Outage,
    queue::Inbox,
};
use crate::{
    config::{Config, LogFormat},
    line::{Line, LocalTime, json::JsonWriter, own_event, text::TextWriter},
};

/// How often a log that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct LogSink {
    file: LogFile,
    lines: LineWriter,
    level: Level,
    outage: Arc<Outage>,
    /// The log could not be written, and is not tried again before this.
    retry_at: Option<Instant>,
    /// What is to be written, and room for making lines of text.
    bytes: Vec<u8>,
    text: String,
}

/// Makes the lines of the log of events.
#[derive(Debug)]
enum LineWriter {
    Text(TextWriter),
    Json(JsonWriter),
}

impl LogSink {
    pub(crate) fn new(
        file: LogFile,
        config: &Config,
        local: LocalTime,
        outage: Arc<Outage>,
    ) -> Self {
        let Config { format, language, level, ref run, .. } = *config;
        let lines = match format {
            LogFormat::Text => LineWriter::Text(TextWriter::new(run, language, local)),
            LogFormat::Json => LineWriter::Json(JsonWriter::new(run)),
        };
        Self { file, lines, level, outage, retry_at: None, bytes: Vec::new(), text: String::new() }
    }

    pub(crate) fn outage(&self) -> Arc<Outage> {
        Arc::clone(&self.outage)
    }

    /// Writes until no more will come.
    pub(crate) fn run(&mut self, inbox: &mut Inbox) {
        // A monitor that takes the place of a dead one has the file that was open at the start.
        let _ = self.file.reopen();
        while !inbox.is_closed() || inbox.events() > 0 {
            match self.retry_at {
                None => inbox.gather(Duration::ZERO),
                Some(at) => inbox.gather_until(at),
            }
            if inbox.wants_reopen() {
                self.reopen();
            }
            self.write(inbox.batches(), inbox.is_calm());
            inbox.clear();
        }
        if let Err(err) = self.file.finish() {
            self.outage.lose(1, &err.to_string());
        }
    }

    /// Writes the batches; before them, where it `is_calm`, how many events were lost, and then all or
    /// none.
    pub(crate) fn write(&mut self, batches: &[Arc<Batch>], is_calm: bool) {
        let lost = self.outage.lost().filter(|_| is_calm);
        self.bytes.clear();
        lost.iter().for_each(|lost| self.render(&lost.event()));
        batches.iter().for_each(|batch| self.render(batch));
        let written = match lost {
            None => self.file.append(&self.bytes),
            Some(_) => self.file.append_all(&self.bytes),
        };
        let Err(Unwritten { from, error }) = written else {
            self.retry_at = None;
            lost.iter().for_each(|lost| self.outage.end(lost));
            // Some had no room in the queue meanwhile, or could not be read.
            if is_calm && self.outage.lost().is_some() {
                self.write(&[], true);
            }
            return;
        };
        let mut unwritten = count_lines(&self.bytes[from..]);
        match &lost {
            Some(lost) if from > 0 => self.outage.end(lost),
            // The line that says so was no event of the server's.
            Some(_) => unwritten -= 1,
            None => {}
        }
        self.outage.lose(unwritten as u64, &error.to_string());
        // Where only the end of the last line has to wait, the next events find out whether there is
        // room for them.
        self.retry_at = self.outage.lost().map(|_| Instant::now() + RETRY);
    }

    fn reopen(&mut self) {
        match self.file.reopen() {
            None => {}
            Some(Err(err)) => self.outage.remark(&format!(
                "cannot be opened again ({err}); the file that is open is written on"
            )),
            Some(Ok(())) if self.level >= Level::Info => {
                let reopened = own_event(Level::Info, EventKind::LogReopened);
                self.write(&[Arc::new(Batch::of(&reopened))], true);
            }
            Some(Ok(())) => {}
        }
    }

    /// Adds the lines of a batch to those that are to be written.
    fn render(&mut self, batch: &Batch) {
        let text = match &mut self.lines {
            LineWriter::Text(text) => text,
            LineWriter::Json(json) => {
                return batch.lines().for_each(|line| json.write(line, &mut self.bytes));
            }
        };
        self.text.clear();
        for line in batch.lines() {
            let parsed = Line::parse(line);
            let done = parsed.and_then(|line| text.write(&line, &mut self.text));
            if done.is_none() {
                self.outage.lose(1, "an event could not be read");
            }
        }
        self.bytes.extend_from_slice(self.text.as_bytes());
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}
