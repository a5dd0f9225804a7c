//! A transfer that is over, as the program saw it.

use std::time::Duration;

use cli::units;

use crate::progress::SILENT_FOR;

pub(super) struct Moved {
    /// Length of the file.
    pub(super) bytes: u64,
    /// What of it was there before.
    pub(super) kept: u64,
    /// The server named the same length.
    pub(super) size_confirmed: bool,
    pub(super) took: Duration,
    /// The progress was shown.
    pub(super) was_watched: bool,
}

impl Moved {
    /// How much it was; how long that took and how fast it was, where anybody had to wait.
    pub(super) fn amount(&self) -> String {
        let Self { bytes, kept, took, .. } = self;
        let mut text = units::length(*bytes);
        if *kept > 0 {
            text.push_str(&format!(", {} of it before", units::length(*kept)));
        }
        if *took >= SILENT_FOR {
            let rate = units::rate(bytes.saturating_sub(*kept) as f64 / took.as_secs_f64());
            text.push_str(&format!(" in {}, {rate}", units::time(*took)));
        }
        text
    }
}
