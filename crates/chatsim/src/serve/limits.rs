//! How much pages may ask for, and how fast.

use std::time::Duration;

use delivery::Config;
use tokio::time::Instant;

/// Most connections that are not, or not yet, pages. A page loads over six at most, so with two hundred
/// pages at once some wait a moment.
pub(crate) const CONNECTIONS_MAX: usize = 256;

/// Most of them from one address, so that others can come too.
pub(crate) const CONNECTIONS_OF_ADDRESS_MAX: usize = 200;

/// Most pages. A class has thirty; two hundred are promised.
pub(crate) const PAGES_MAX: usize = 256;

/// Most downloads at once, of some three megabytes each. Others wait, as long as a connection lasts.
pub(crate) const DOWNLOADS_MAX: usize = 16;

/// Longest frame of a page in bytes: a message with the longest text in the longest escapes has half of it.
pub(crate) const FRAME_LEN_MAX: usize = 8 * 1024;

/// Messages a second that a page may send, and how many it may send at once when it has been quiet. A
/// slider that is dragged sends sixty a second if its page lets it.
pub(crate) const RATE: f64 = 50.0;
pub(crate) const BURST: f64 = 100.0;

/// Frames that may come too fast, less those that do not, before the page is taken for an attack: a few
/// seconds of a slider, some hundredths of a second of a flood.
pub(crate) const EXCESS_MAX: u32 = 500;

/// Longest text of a message, in characters.
pub(crate) const TEXT_LEN_MAX: usize = 500;

/// Most messages that one press of a button sends.
pub(crate) const COUNT_MAX: u32 = 100;

/// Most messages in flight or waiting for a window: with a thread for each, two thousand threads.
pub(crate) const IN_FLIGHT_MAX: u64 = 2_000;

/// Most packets that these may become, each attempt to each subscriber counted: some ten megabytes.
pub(crate) const PACKETS_MAX: u64 = 60_000;

/// Most nodes at once, most that one page plays, and the longest name of one.
pub(crate) const NODES_MAX: usize = 16;
pub(crate) const NODES_OF_PAGE_MAX: usize = 4;
pub(crate) const NAME_LEN_MAX: usize = 16;

/// Largest seed: JavaScript has no larger whole numbers.
pub(crate) const SEED_MAX: u64 = (1 << 53) - 1;

/// How long a frame may take to a page that does not read; then the page is taken for lost.
pub(crate) const SEND_TIME_MAX: Duration = Duration::from_secs(20);

/// How long a connection may take for the head of a request.
pub(crate) const HEAD_TIME_MAX: Duration = Duration::from_secs(5);

/// How long a connection may last that does not become a page.
pub(crate) const CONNECTION_TIME_MAX: Duration = Duration::from_secs(60);

/// What the kernel may hold of what a page does not read: eight frames of the usual size.
pub(crate) const SEND_BUFFER_LEN: usize = 64 * 1024;

/// How many packets one message may become, ACKs aside.
pub(crate) fn packets_of_message(config: &Config) -> u64 {
    u64::from(config.subscribers) * u64::from(config.max_retries + 1)
}

/// Lets so many through each second, and more after a pause: a bucket of tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    tokens: f64,
    filled: Instant,
}

impl Meter {
    pub(crate) fn new(now: Instant) -> Self {
        Self { tokens: BURST, filled: now }
    }

    /// Whether one more may pass now.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * RATE).min(BURST);
        self.filled = now;
        let is_admitted = self.tokens >= 1.0;
        if is_admitted {
            self.tokens -= 1.0;
        }
        is_admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_send_some_at_once_and_then_so_many_a_second() {
        let mut now = Instant::now();
        let mut meter = Meter::new(now);
        let admitted = |meter: &mut Meter, now| (0..1000).filter(|_| meter.admits(now)).count();
        assert_eq!(admitted(&mut meter, now), BURST as usize);
        now += Duration::from_millis(100);
        assert_eq!(admitted(&mut meter, now), (RATE / 10.0) as usize);
        now += Duration::from_secs(3600);
        assert_eq!(admitted(&mut meter, now), BURST as usize);
    }
}
