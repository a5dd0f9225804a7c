//! How far a file is: a bar on a terminal, otherwise a line for what a person should know of.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::FileName;

use crate::fetch::outcome::Progress;

const STYLE: &str =
    "{msg} {bar:30} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";

pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(name: &FileName, size: u64) -> Self {
        let target = match io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template(STYLE).expect("the template is well formed");
        let bar = ProgressBar::with_draw_target(Some(size), target).with_style(style);
        bar.set_message(name.to_string());
        Self(bar)
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Begun { resumed } => {
                self.0.set_position(*resumed);
                // The rate is that of what is fetched.
                self.0.reset_eta();
            }
            Progress::Verified { bytes } => self.0.set_position(*bytes),
            Progress::Slow { holder } => {
                self.say(&format!("{holder} is slow: another sends what it was asked for"));
            }
            Progress::Lost { holder, why } => {
                self.say(&format!("{holder} is lost: {why}; it is tried again"))
            }
            Progress::Dropped { holder, why } => self.say(&format!("{holder} is dropped: {why}")),
        }
    }

    fn say(&self, text: &str) {
        self.0.suspend(|| cli::errln!("filepeer: {}", cli::printable(text)));
    }

    pub(super) fn finish(self) {
        self.0.finish_and_clear();
    }
}
