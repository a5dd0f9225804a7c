//! The state of `top`: what was seen last, what is on its way, what the keys have set.

use std::time::{Duration, Instant};

use cli::printable;

use super::{
    action::Action,
    args::TopArgs,
    columns::Sort,
    history::History,
    view::{Look, View, WorkerRow},
};
use crate::failure;

/// A look that takes longer waits for something.
const USUAL_WAIT: Duration = Duration::from_millis(500);

/// How long a restart of the server is told.
const RESTART_SHOWN: Duration = Duration::from_secs(15);

pub(super) struct App {
    pub(super) server: String,
    pub(super) interval: Duration,
    pub(super) view: Option<View>,
    pub(super) history: History,
    pub(super) sort: Sort,
    pub(super) hides_idle: bool,
    pub(super) is_paused: bool,
    pub(super) shows_help: bool,
    /// How many rows are above the first that is shown, and how many are shown; drawing keeps them
    /// within bounds.
    pub(super) offset: usize,
    pub(super) page: usize,
    last: Option<Look>,
    /// Why the last look failed.
    failure: Option<String>,
    restarted: Option<Instant>,
    /// When the look that is on its way was asked for.
    asked: Option<Instant>,
    next: Instant,
}

/// What comes after a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum After {
    GoOn,
    End,
}

impl App {
    pub(super) fn new(server: &str, args: &TopArgs, now: Instant) -> Self {
        Self {
            server: printable(server),
            interval: args.interval,
            view: None,
            history: History::default(),
            sort: Sort { column: args.sort, is_reversed: false },
            hides_idle: false,
            is_paused: false,
            shows_help: false,
            offset: 0,
            page: 1,
            last: None,
            failure: None,
            restarted: None,
            asked: None,
            next: now,
        }
    }

    /// Whether to look now. If so, the look counts as on its way.
    pub(super) fn begins_look(&mut self, now: Instant) -> bool {
        let begins = self.asked.is_none() && !self.is_paused && now >= self.next;
        if begins {
            self.asked = Some(now);
            self.next = now + self.interval;
        }
        begins
    }

    /// A look that failed leaves the last picture as it is.
    pub(super) fn looked(&mut self, answer: anyhow::Result<Look>) {
        self.asked = None;
        let look = match answer {
            Ok(look) => look,
            Err(failure) => {
                self.failure = Some(failure::sentence(&failure));
                return self.history.push(None);
            }
        };
        let before = self.last.take();
        if before.as_ref().is_some_and(|before| look.is_another_run(before)) {
            self.restarted = Some(look.received);
        }
        let mut view = View::new(&look, before.as_ref());
        self.sort.apply(&mut view.rows);
        // The first look of all has no rate, which is no gap.
        if before.is_some() {
            self.history.push(view.rates);
        }
        self.failure = None;
        self.last = Some(look);
        self.view = Some(view);
    }

    pub(super) fn act(&mut self, action: Action) -> After {
        match action {
            Action::Leave if self.shows_help => self.shows_help = false,
            Action::End | Action::Leave => return After::End,
            Action::Help => self.shows_help = !self.shows_help,
            Action::Pause => self.is_paused = !self.is_paused,
            Action::HideIdle => self.hides_idle = !self.hides_idle,
            Action::Reverse => self.sort.is_reversed = !self.sort.is_reversed,
            Action::NextColumn => {
                self.sort = Sort { column: self.sort.column.next(), is_reversed: false };
            }
            Action::PreviousColumn => {
                self.sort = Sort { column: self.sort.column.previous(), is_reversed: false };
            }
            Action::Up => self.offset = self.offset.saturating_sub(1),
            Action::Down => self.offset += 1,
            Action::PageUp => self.offset = self.offset.saturating_sub(self.page),
            Action::PageDown => self.offset += self.page,
            Action::First => self.offset = 0,
            Action::Last => self.offset = usize::MAX,
        }
        if let Some(view) = &mut self.view {
            self.sort.apply(&mut view.rows);
        }
        self.offset = self.offset.min(self.offset_max());
        After::GoOn
    }

    /// `page` rows fit on the screen.
    pub(super) fn fit(&mut self, page: usize) {
        self.page = page.max(1);
        self.offset = self.offset.min(self.offset_max());
    }

    fn offset_max(&self) -> usize {
        self.rows().count().saturating_sub(self.page)
    }

    /// The rows that can be shown, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &WorkerRow> {
        let rows = self.view.iter().flat_map(|view| &view.rows);
        rows.filter(|row| !self.hides_idle || !row.is_idle())
    }

    /// What is not as usual, in sentences.
    pub(super) fn notices(&self, now: Instant) -> Vec<String> {
        let mut notices = Vec::new();
        let seconds = |since: Instant| now.saturating_duration_since(since).as_secs();
        if let Some(failure) = &self.failure {
            let age = match &self.last {
                Some(last) => format!("the picture is {} s old: ", seconds(last.received)),
                None => String::new(),
            };
            notices.push(format!("{age}{failure}"));
        } else if let Some(since) = self.waits_since(now) {
            let wait = seconds(since);
            notices.push(format!("waiting for a worker that is free to answer: {wait} s"));
        }
        if self.restarted.is_some_and(|since| now < since + RESTART_SHOWN) {
            notices.push("the server was restarted; its counts began again".to_owned());
        }
        match self.view.as_ref().map_or(0, |view| view.stats.events_lost) {
            0 => {}
            lost => notices
                .push(format!("{lost} events lost: the log or its database did not take them")),
        }
        notices
    }

    /// Since when the look that is on its way waits, if it is later than usual.
    pub(super) fn waits_since(&self, now: Instant) -> Option<Instant> {
        self.asked.filter(|since| now > *since + USUAL_WAIT)
    }

    /// The last look at the server had an answer.
    pub(super) fn is_in_touch(&self) -> bool {
        self.failure.is_none() && self.view.is_some()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;
    use crate::top::{
        columns::Column,
        example::{args, look, stats, worker},
    };

    fn app(now: Instant) -> App {
        App::new("127.0.0.1:46666", &args(), now)
    }

    #[test]
    fn one_look_is_on_its_way_at_a_time_and_each_interval_begins_one() {
        let start = Instant::now();
        let mut app = app(start);
        assert!(app.begins_look(start));
        assert!(!app.begins_look(start + 5 * app.interval), "the first is on its way");
        app.looked(Ok(look(stats(1), start)));
        assert!(!app.begins_look(start + app.interval / 2));
        assert!(app.begins_look(start + app.interval));
    }

    #[test]
    fn a_pause_begins_no_look() {
        let start = Instant::now();
        let mut app = app(start);
        app.act(Action::Pause);
        assert!(!app.begins_look(start));
        app.act(Action::Pause);
        assert!(app.begins_look(start));
    }

    #[test]
    fn a_failed_look_keeps_the_picture_and_says_how_old_it_is() {
        let start = Instant::now();
        let mut app = app(start);
        app.looked(Ok(look(stats(1), start)));
        app.looked(Err(anyhow!("gone\x1b[2J")));
        assert!(app.view.is_some() && !app.is_in_touch());
        let notices = app.notices(start + Duration::from_secs(12));
        assert_eq!(notices, [r"the picture is 12 s old: gone\u{1b}[2J"]);
        app.looked(Ok(look(stats(1), start)));
        assert!(app.is_in_touch());
    }

    #[test]
    fn a_look_that_waits_says_so() {
        let start = Instant::now();
        let mut app = app(start);
        app.begins_look(start);
        assert!(app.notices(start + USUAL_WAIT).is_empty());
        let notices = app.notices(start + Duration::from_secs(3));
        assert_eq!(notices, ["waiting for a worker that is free to answer: 3 s"]);
    }

    #[test]
    fn a_restart_is_told_for_a_while() {
        let start = Instant::now();
        let later = start + Duration::from_secs(10);
        let mut app = app(start);
        app.looked(Ok(look(stats(1), start)));
        let mut restarted = stats(1);
        restarted.uptime_seconds = 0.5;
        app.looked(Ok(look(restarted, later)));
        assert_eq!(app.notices(later), ["the server was restarted; its counts began again"]);
        assert!(app.notices(later + RESTART_SHOWN).is_empty());
    }

    #[test]
    fn scrolling_ends_with_the_last_row() {
        let now = Instant::now();
        let mut app = app(now);
        app.looked(Ok(look(stats(1000), now)));
        app.fit(10);
        for (action, offset) in [
            (Action::Up, 0),
            (Action::Down, 1),
            (Action::PageDown, 11),
            (Action::Last, 990),
            (Action::PageDown, 990),
            (Action::PageUp, 980),
            (Action::First, 0),
        ] {
            assert_eq!((app.act(action), app.offset), (After::GoOn, offset), "{action:?}");
        }
        app.act(Action::Last);
        app.fit(600);
        assert_eq!(app.offset, 400);
    }

    #[test]
    fn idle_workers_can_be_hidden() {
        let now = Instant::now();
        let mut app = app(now);
        let mut stats = stats(0);
        let idle = protocol::stats::WorkerState::Idle;
        stats.worker = vec![worker(1), protocol::stats::Worker { state: idle, ..worker(2) }];
        app.looked(Ok(look(stats, now)));
        assert_eq!(app.rows().count(), 2);
        app.act(Action::HideIdle);
        assert_eq!(app.rows().map(|row| row.worker).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn another_column_sorts_at_once_and_its_own_way_round() {
        let now = Instant::now();
        let mut app = app(now);
        app.looked(Ok(look(stats(3), now)));
        let order = |app: &App| app.rows().map(|row| row.worker).collect::<Vec<_>>();
        assert_eq!(order(&app), [1, 2, 3]);
        app.act(Action::Reverse);
        assert_eq!(order(&app), [3, 2, 1]);
        app.act(Action::PreviousColumn);
        assert_eq!(app.sort, Sort { column: Column::Restarts, is_reversed: false });
    }

    #[test]
    fn escape_closes_the_help_first() {
        let mut app = app(Instant::now());
        app.act(Action::Help);
        assert_eq!(app.act(Action::Leave), After::GoOn);
        assert_eq!(app.act(Action::Leave), After::End);
    }
}
