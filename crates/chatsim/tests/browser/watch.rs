//! A run that somebody watches: the page renews itself, keeps what its reader has done, and stays when the run is over.

use std::{
    io::BufReader,
    process::{Child, Command, Stdio},
};

use serde_json::json;
use tempfile::TempDir;
use testkit::Viewer;

use crate::Driver;

/// Two cases in real time, of six seconds each: a browser starts within the first.
const RUN: &str = "run --experiment 1 --messages 60 --live --speed 1 --watch";

/// Killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(out: &TempDir) -> (Running, Viewer) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatsim"));
    command.args(RUN.split_whitespace()).current_dir(out.path());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let viewer = Viewer::invited(&mut BufReader::new(running.0.stderr.take().unwrap()));
    (running, viewer)
}

#[test]
fn a_page_renews_itself_keeps_what_its_reader_has_done_and_stays_when_the_run_is_over() {
    let Some(driver) = Driver::start() else { return };
    let out = TempDir::new().unwrap();
    let (running, viewer) = start(&out);
    let page = driver.open_unconnected(viewer.address(), "/");
    page.waits_until(
        "the row is told",
        "document.querySelector('.strip').textContent.includes(', live')",
    );
    page.waits_until("there is a table", "document.querySelector('#figure-1 details')");
    let first = page.evaluate("document.querySelector('.strip').dataset.page");
    page.click("#figure-1 summary");
    page.click("#figure-1 th:nth-child(2) button");
    page.evaluate("document.querySelector('#disclosure').scrollIntoView()");
    let place = || {
        let top =
            page.evaluate("document.querySelector('#disclosure').getBoundingClientRect().top");
        top.as_f64().unwrap()
    };
    let before = place();

    page.waits_until(
        "the run is over",
        "document.querySelector('.strip').textContent.includes('The run is over.')",
    );
    page.waits_until(
        "the last page is there",
        "document.querySelector('main').textContent.includes('live')",
    );
    assert_ne!(page.evaluate("document.querySelector('.strip').dataset.page"), first);
    let kept = "document.querySelector('#figure-1 details').open
        && document.querySelector('#figure-1 th:nth-child(2)').ariaSort === 'ascending'";
    assert_eq!(page.evaluate(kept), json!(true));
    assert!((place() - before).abs() < 2.0, "the page has moved");
    let values = "document.querySelectorAll('.tip').length";
    assert_eq!(page.evaluate(values), json!(1));
    page.expect_clean();
    drop(running);
}

#[test]
fn a_page_whose_run_is_killed_says_so_and_keeps_what_it_shows() {
    let Some(driver) = Driver::start() else { return };
    let out = TempDir::new().unwrap();
    let (running, viewer) = start(&out);
    let page = driver.open_unconnected(viewer.address(), "/");
    page.waits_until("there is a figure", "document.querySelector('#figure-1')");
    drop(running);
    page.waits_until(
        "it is said",
        "document.querySelector('.strip.lost').textContent.includes('cannot be reached any more')",
    );
    assert_eq!(page.count("#figure-1"), 1);
    page.expect_clean();
}
