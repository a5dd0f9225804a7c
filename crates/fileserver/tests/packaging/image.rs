//! The image of a container: its settings here, and all of it where Docker can build it.

use std::{fs, process::Command};

use nix::unistd::geteuid;
use testkit::{PATIENCE, ServerBuilder, eventually, program_for_everyone, skip};

use crate::{can_run, output, project, stdout};

/// Whom the image's server runs as: nobody of the machine's.
const USER_ID: u32 = 65532;

const IMAGE: &str = "kolam-test";

/// The value of an instruction of the Dockerfile that is there once.
fn instruction(name: &str) -> String {
    let text = fs::read_to_string(project().join("Dockerfile")).unwrap();
    let text = text.replace("\\\n", "");
    let values: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(name)).collect();
    assert_eq!(values.len(), 1, "{name}: {values:?}");
    values[0].trim().to_owned()
}

#[test]
fn the_settings_of_the_image_start_a_process_1_without_root_that_stops_on_sigterm() {
    assert_eq!(instruction("USER"), format!("{USER_ID}:{USER_ID}"));
    let (_dir, program) = program_for_everyone(env!("CARGO_BIN_EXE_fileserver"));
    let mut builder = ServerBuilder::new(program).without_defaults();
    if geteuid().is_root() {
        builder = builder.as_user(USER_ID);
    }
    let Some(mut builder) = builder.as_first_process() else {
        return skip("no process can be the first of a namespace here");
    };
    for setting in instruction("ENV").split_whitespace() {
        let (name, value) = setting.split_once('=').unwrap();
        builder = builder.env(name, value);
    }
    let dir = builder.dir().to_owned();
    let mut server = builder.env("FILESERVER_PORT", "0").env("FILESERVER_DIR", dir).start();
    assert!(server.address().ip().is_unspecified());
    assert_eq!(server.stats().mode, "async");
    assert_eq!(server.ask("UPLOAD a.txt aGk=").outcome(), "OK");
    let stopped = server.stop();
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert!(!stopped.stderr.contains("running as root"), "{}", stopped.stderr);
}

#[test]
fn the_image_serves_and_its_volume_outlives_its_container() {
    if !can_run("docker") || !output(Command::new("docker").arg("info")).status.success() {
        return skip("no Docker runs here, so the image is not built");
    }
    docker(&["build", "--tag", IMAGE, project().to_str().unwrap()]);
    let _volume = Removed(["volume", "rm", "--force"]);
    for expected in ["", "a.txt\n"] {
        let _container = Removed(["container", "rm", "--force"]);
        docker(&["run", "--detach", "--name", IMAGE, "--volume", "kolam-test:/files", IMAGE]);
        eventually(PATIENCE, "the server answers", || {
            let mut ping = Command::new("docker");
            output(ping.args(["exec", IMAGE, "fileclient", "ping"])).status.success()
        });
        assert_eq!(docker(&["exec", IMAGE, "fileclient", "list"]), expected);
        docker(&["exec", IMAGE, "fileclient", "upload", "/bin/fileclient", "--as", "a.txt"]);
        docker(&["stop", IMAGE]);
        let status = docker(&["inspect", "--format", "{{.State.ExitCode}}", IMAGE]);
        assert_eq!(status.trim(), "0");
    }
}

#[track_caller]
fn docker(arguments: &[&str]) -> String {
    stdout(Command::new("docker").args(arguments))
}

/// Removed when dropped, also by a test that panics.
struct Removed([&'static str; 3]);

impl Drop for Removed {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = Command::new("docker").args(self.0).arg(IMAGE).output();
    }
}
