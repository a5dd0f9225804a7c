//! The terminal, and the loop that draws and takes keys.
//!
//! The terminal is given back when the loop ends, when it panics and when a signal ends the program.

use std::{
    io::{self, stdout},
    time::{Duration, Instant},
};

use anyhow::Context;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        cursor,
        event::{self, Event},
        execute,
    },
};

use super::{
    action,
    app::{After, App},
    draw,
    source::Poller,
};
use crate::interrupt;

/// How late an answer of the server may be shown. Keys are taken at once.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal over until it is dropped.
    pub(super) fn open() -> anyhow::Result<Self> {
        *interrupt::terminal() = Some(give_back);
        let terminal = ratatui::try_init();
        if terminal.is_err() {
            close();
        }
        terminal.map(|terminal| Self { terminal }).context("cannot take over the terminal")
    }

    /// Runs until a key ends it.
    pub(super) fn run(mut self, app: &mut App, poller: &Poller) -> anyhow::Result<()> {
        loop {
            let now = Instant::now();
            if app.begins_look(now) {
                poller.ask();
            }
            if let Some(answer) = poller.answer()? {
                app.looked(answer);
            }
            self.draw(app, now).context("cannot draw on the terminal")?;
            if let After::End = take_keys(app).context("cannot read keys from the terminal")? {
                return Ok(());
            }
        }
    }

    fn draw(&mut self, app: &mut App, now: Instant) -> io::Result<()> {
        let _signals_wait = interrupt::terminal();
        self.terminal.draw(|frame| draw::draw(frame, app, now)).map(|_| ())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        close();
    }
}

fn close() {
    let mut terminal = interrupt::terminal();
    give_back();
    *terminal = None;
}

/// Nothing is left to do about a terminal that cannot be given back.
fn give_back() {
    let _ = ratatui::try_restore();
    let _ = execute!(stdout(), cursor::Show);
}

/// Waits a tick for keys, and takes all that are there.
fn take_keys(app: &mut App) -> io::Result<After> {
    let mut wait = TICK;
    while event::poll(wait)? {
        if let Event::Key(key) = event::read()?
            && let Some(action) = action::action(key)
            && let After::End = app.act(action)
        {
            return Ok(After::End);
        }
        wait = Duration::ZERO;
    }
    Ok(After::GoOn)
}
