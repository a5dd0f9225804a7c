//! A load that is watched.

use std::{io::BufReader, process::Stdio};

use testkit::{PATIENCE, Viewer, eventually};

use super::{load, server};

#[test]
fn a_load_says_how_far_it_is_and_shows_its_report_at_the_end() {
    let server = server(&["--mode", "async"]);
    let options = "--clients 2 --message halo --rate 50 --duration 3s --watch";
    let mut command = load(&server.address().to_string(), options);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut viewer = Viewer::invited(&mut BufReader::new(child.stderr.take().unwrap()));
    // The address is told before the load begins.
    let mut page = String::new();
    eventually(PATIENCE, "the page tells of the load", || {
        page = viewer.page();
        page.contains("The load is on its way.")
    });
    assert!(!page.contains("<figure"), "{page}");
    let heard = viewer.hear_until(|told| told.event == "over");
    let counts = heard.iter().filter(|told| told.data.contains("requests until now: "));
    // It may be a little more than two seconds until the first and the last are told.
    assert!((2..=3).contains(&counts.count()), "{heard:?}");
    assert!(heard.iter().any(|told| told.data.contains("0 failed; 0:01 left")), "{heard:?}");
    let page = viewer.page();
    assert!(page.contains("The run is over.") && page.contains("<figure"), "{page}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(viewer.is_alone());
}
