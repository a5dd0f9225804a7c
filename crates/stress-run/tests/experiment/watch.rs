//! A run that is watched: the page that grows, what is told meanwhile, and the end.

use std::{
    collections::BTreeSet,
    fs,
    io::BufReader,
    net::TcpListener,
    process::{Child, ChildStderr, Stdio},
};

use testkit::{Signal, Told, Viewer, processes::send_signal};

use super::run::{self, Run};

/// A run that is ended with the test.
struct Watched {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Watched {
    fn start(run: &Run, args: &[&str]) -> Self {
        let mut command = run.command(args);
        command.arg("--watch").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self { child, said }
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many rows of the table the page has.
fn rows(page: &str) -> usize {
    page.matches("<tr id=\"thread-").count()
}

fn is_page(told: &Told) -> bool {
    told.event == "page"
}

#[test]
fn a_page_grows_while_rows_are_measured_and_has_all_of_them_at_the_end() {
    let run = Run::new();
    let args = ["--modes", "thread", "--volumes", "0.1", "--clients", "1,2", "--servers", "1,2"];
    let mut watched = Watched::start(&run, &[&args[..], &["--repeat", "500"]].concat());
    let mut viewer = Viewer::invited(&mut watched.said);
    assert_eq!(rows(&viewer.page()), 0);
    let mut heard = viewer.hear_until(|told| told.event == "row" && told.data.contains("download"));
    let mut page = viewer.page();
    while rows(&page) == 0 {
        heard.extend(viewer.hear_until(is_page));
        page = viewer.page();
    }
    assert!(page.contains("PARTIAL") && page.contains("http-equiv=\"refresh\""), "{page}");
    let told: Vec<_> = heard.iter().map(|told| told.data.as_str()).collect();
    let is_told = |words: &str| told.iter().any(|data| data.contains(words));
    assert!(is_told(" of 4000 measured; now thread mode with "), "{told:?}");

    while rows(&page) < 8 {
        viewer.hear_until(is_page);
        page = viewer.page();
    }
    send_signal(watched.child.id(), Signal::SIGTERM);
    viewer.hear_until(|told| told.event == "over");
    let page = viewer.page();
    assert!(page.contains("The run is over.") && !page.contains("http-equiv"), "{page}");
    assert_eq!(rows(&page), 8);
    assert_eq!(watched.code(), Some(130));
    assert!(viewer.is_alone());
}

#[test]
fn a_run_that_is_watched_leaves_what_it_leaves_else() {
    let args = ["--modes", "thread", "--volumes", "0.1", "--clients", "1,2", "--servers", "1"];
    let [watched, unwatched] = [&["--watch"][..], &[]].map(|more| {
        let run = Run::new();
        let finished = run.finish(&[&args[..], more].concat());
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let invited = finished.stderr.lines().filter(|line| line.contains("http://127.0.0.1:"));
        assert_eq!(invited.count(), more.len(), "{}", finished.stderr);
        let files = fs::read_dir(run.out().join("latest")).unwrap();
        let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name()).collect();
        let report = run.latest("report.html");
        assert!(!report.contains("EventSource") && !report.contains("http-equiv"));
        let table = run::rows(&run.latest("table-thread.csv"));
        let settings: Vec<_> = table.into_iter().map(|row| row[..5].to_vec()).collect();
        (files, settings, run.leftovers())
    });
    assert_eq!(watched, unwatched);
}

#[test]
fn an_address_that_cannot_be_had_is_said_before_anything_is_written() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (address, why) in [
        (taken.as_str(), "Address already in use"),
        ("0.0.0.0:8080", "it must be an address for this machine alone"),
        ("anywhere", "a port is needed, or an address and a port"),
    ] {
        let run = Run::new();
        let finished = run.finish(&["--quick", "--watch", address]);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(why), "{}", finished.stderr);
        assert!(!run.out().exists(), "{address}");
    }
}
