//! `fileclient top`: a live view of what a server counts.
//!
//! Each look asks for STATS on a connection of its own and closes it: one that stayed open would
//! keep a worker of a pool to itself. A thread does the asking, so that keys are answered while a
//! look waits in the server's line; there is never more than one look on its way.
//!
//! What is shown is decided in [`app`] and [`view`], which know neither terminal nor clock; [`draw`]
//! puts it on whatever terminal it is given, and [`screen`] is the loop around that.

mod action;
mod app;
mod args;
mod columns;
mod draw;
#[cfg(test)]
mod example;
mod help;
mod history;
mod plain;
mod screen;
mod source;
mod totals;
mod view;
mod workers;

use std::{thread, time::Instant};

use app::App;
use columns::Sort;
use screen::Screen;
use view::View;

pub(crate) use args::TopArgs;
pub(crate) use source::StatsSource;

/// Shows the server until somebody ends it. A server that does not answer is asked again and again.
pub(crate) fn watch(source: StatsSource, args: &TopArgs) -> anyhow::Result<()> {
    let mut app = App::new(source.server(), args, Instant::now());
    let poller = source::Poller::start(source)?;
    Screen::open()?.run(&mut app, &poller)
}

/// The picture as text, after two looks an interval apart, in lines no longer than `room`.
pub(crate) fn once(source: &StatsSource, args: &TopArgs, room: usize) -> anyhow::Result<String> {
    let before = source.look()?;
    thread::sleep(args.interval);
    let look = source.look()?;
    let sort = Sort { column: args.sort, is_reversed: false };
    Ok(plain::render(&View::new(&look, Some(&before)), sort, room))
}
