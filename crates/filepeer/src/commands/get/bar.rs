//! How far a file is: a bar on a terminal, otherwise a line for what a person should know of.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::FileName;

use crate::{fetch::outcome::Progress, language::Language};

const STYLE: &str =
    "{msg} {bar:30} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";

pub(super) struct Bar {
    bar: ProgressBar,
    language: Language,
}

impl Bar {
    pub(super) fn new(name: &FileName, size: u64, language: Language) -> Self {
        let target = match io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template(STYLE).expect("the template is well formed");
        let bar = ProgressBar::with_draw_target(Some(size), target).with_style(style);
        bar.set_message(name.to_string());
        Self { bar, language }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Begun { resumed } => {
                self.bar.set_position(*resumed);
                // The rate is that of what is fetched.
                self.bar.reset_eta();
            }
            Progress::Verified { bytes } => self.bar.set_position(*bytes),
            Progress::Slow { holder } => self.say(&self.language.holder_slow(holder)),
            Progress::Lost { holder, why } => self.say(&self.language.holder_lost(holder, why)),
            Progress::Dropped { holder, why } => {
                self.say(&self.language.holder_dropped(holder, why));
            }
        }
    }

    fn say(&self, text: &str) {
        self.bar.suspend(|| cli::errln!("filepeer: {}", cli::printable(text)));
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
