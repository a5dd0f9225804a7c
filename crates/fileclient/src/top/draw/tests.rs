//! The picture is the golden one. `TOP=overwrite cargo test -p fileclient --lib top` rewrites the
//! files; the difference is then reviewed.

use std::{fs, path::Path, time::Duration};

use anyhow::anyhow;
use protocol::stats::{Share, WorkerState};
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::top::{
    action::Action,
    columns::Column,
    example::{a_second_later, args, look, stats},
};

/// After two minutes of growing traffic.
fn busy_app(workers: u32, now: Instant) -> App {
    let mut app = App::new("127.0.0.1:46666", &args(), now);
    let mut stats = stats(workers);
    for worker in stats.worker.iter_mut().filter(|worker| worker.worker % 4 == 0) {
        worker.state = WorkerState::Idle;
        worker.current = None;
    }
    for second in 0..120 {
        app.looked(Ok(look(stats.clone(), now + Duration::from_secs(second))));
        stats = a_second_later(&stats);
        stats.bytes_out += second << 18;
    }
    app
}

fn picture(app: &mut App, width: u16, height: u16, now: Instant) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, now)).unwrap();
    let cells = terminal.backend().buffer().content.chunks(width.into());
    let line = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_owned() + "\n"
    };
    cells.map(line).collect()
}

fn assert_golden(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/top/draw/golden").join(name);
    if std::env::var_os("TOP").is_some_and(|value| value == "overwrite") {
        fs::write(&path, picture).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(picture, golden, "{name} is another:\n{picture}");
}

#[test]
fn a_usual_terminal_shows_what_matters() {
    let now = Instant::now();
    let mut app = busy_app(8, now);
    assert_golden("80x24.txt", &picture(&mut app, 80, 24, now));
}

#[test]
fn a_large_terminal_shows_everything() {
    let now = Instant::now();
    let mut app = busy_app(40, now);
    assert_golden("200x50.txt", &picture(&mut app, 200, 50, now));
}

#[test]
fn threads_say_that_they_share_their_process() {
    let now = Instant::now();
    let mut app = App::new("127.0.0.1:46666", &args(), now);
    let mut stats = stats(3);
    for worker in &mut stats.worker {
        (worker.pid, worker.cpu_of) = (4000, Some(Share::Thread));
    }
    app.looked(Ok(look(stats.clone(), now)));
    let narrow = picture(&mut app, 80, 24, now);
    assert!(narrow.contains("memory*") && narrow.contains("; * of process"), "{narrow}");
    let wide = picture(&mut app, 200, 24, now);
    assert!(wide.contains("memory (process)") && !wide.contains("memory*"), "{wide}");
    assert!(wide.contains(" CPU% ") && !wide.contains("CPU% (process)"), "{wide}");
}

#[test]
fn trouble_is_told_above_the_last_picture() {
    let now = Instant::now();
    let mut app = busy_app(8, now);
    app.looked(Err(anyhow!("cannot connect to 127.0.0.1:46666: {}", "refused ".repeat(12))));
    let picture = picture(&mut app, 80, 24, now + Duration::from_secs(126));
    assert!(picture.lines().next().unwrap().ends_with("no answer"), "{picture}");
    assert!(picture.contains("the picture is 7 s old: cannot connect to"), "{picture}");
    assert!(picture.contains("GET film.mkv"), "{picture}");
}

#[test]
fn before_the_first_answer_there_is_a_sentence() {
    let now = Instant::now();
    let mut app = App::new("127.0.0.1:46666", &args(), now);
    let picture = picture(&mut app, 80, 24, now);
    assert!(picture.contains("waiting for the server's first answer"), "{picture}");
    assert!(picture.contains("connecting"), "{picture}");
}

#[test]
fn the_column_that_sorts_is_shown_and_marked() {
    let now = Instant::now();
    let mut app = busy_app(8, now);
    app.sort.column = Column::Failed;
    let picture = picture(&mut app, 60, 24, now);
    assert!(picture.contains("failed▼"), "{picture}");
}

#[test]
fn scrolling_shows_which_rows_these_are() {
    let now = Instant::now();
    let mut app = busy_app(1000, now);
    picture(&mut app, 80, 24, now);
    app.act(Action::Last);
    let picture = picture(&mut app, 80, 24, now);
    assert!(picture.lines().last().unwrap().ends_with("988-1000 of 1000"), "{picture}");
    assert!(picture.contains("\n   1000 idle"), "{picture}");
}

#[test]
fn the_help_fits_on_a_usual_terminal() {
    let now = Instant::now();
    let mut app = busy_app(8, now);
    app.act(Action::Help);
    let picture = picture(&mut app, 80, 24, now);
    let missing: Vec<&str> =
        help::TEXT.lines().filter(|line| !picture.contains(line.trim_end())).collect();
    assert!(missing.is_empty(), "{missing:?} is not in\n{picture}");
}

#[test]
fn no_size_of_the_terminal_is_too_small() {
    let now = Instant::now();
    let mut app = busy_app(8, now);
    app.act(Action::Help);
    for width in [1, 2, 5, 10, 20, 40, 79, 300] {
        for height in [1, 2, 5, 10, 19, 39, 100] {
            picture(&mut app, width, height, now);
        }
    }
}
