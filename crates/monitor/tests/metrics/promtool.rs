//! What Prometheus' own checker says, where it is installed.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
};

use monitor::metrics::PageFormat;

use crate::fixture::busy_page;

#[test]
fn promtool_has_nothing_to_say_about_the_page() {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match promtool {
        Ok(promtool) => promtool,
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            return eprintln!("promtool is not installed: nothing was checked");
        }
        Err(err) => panic!("promtool: {err}"),
    };
    let text = PageFormat::Prometheus.write(&busy_page()).into_owned();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}
