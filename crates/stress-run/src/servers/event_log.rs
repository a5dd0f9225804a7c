//! The log of a server that is started, read as it grows.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use telemetry::{Event, EventKind, Level};

pub(crate) struct EventLog {
    path: PathBuf,
    read_len: u64,
}

impl EventLog {
    /// The log that a server is told to write to this file.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, read_len: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The events that were added since the last call, as far as their lines are whole.
    pub(crate) fn read_new(&mut self) -> io::Result<Vec<Event>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read_len))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read_len += whole as u64;
        // Events of a kind that this program does not know are none of its concern.
        Ok(text[..whole].lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// What the server said last in words that was wrong, oldest first.
    pub(crate) fn last_errors(&self, count: usize) -> Vec<String> {
        let events = Self::at(self.path.clone()).read_new().unwrap_or_default();
        let text = |event: Event| match event.kind {
            EventKind::Message { text } if event.level == Level::Error => Some(text),
            _ => None,
        };
        let texts: Vec<String> = events.into_iter().filter_map(text).collect();
        texts[texts.len().saturating_sub(count)..].to_vec()
    }
}
