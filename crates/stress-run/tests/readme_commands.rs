//! The commands of the README and of docs/BALANCER.md run as they are printed, one block after the other.
//!
//! Three things differ from what a reader pastes: the programs are those that the tests are built
//! with, ports and `/tmp` are the test's own, and the environment makes the experiments small. What
//! cargo would do is not done.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

const PROGRAMS: [&str; 4] = ["fileserver", "fileclient", "filebalancer", "stress-run"];

/// Of the README, the first of them also what clients use that are told none.
const PORTS: [&str; 6] = ["46666", "46667", "9464", "8000", "8080", "8081"];

/// Enough that every command has something to show.
const SMALL: [(&str, &str); 7] = [
    ("STRESS_CLIENTS", "1,2"),
    ("STRESS_SERVERS", "1"),
    ("STRESS_MIN_TIME", "0"),
    ("STRESS_RERUNS", "0"),
    ("STRESS_WORK_DIR", "."),
    ("STRESS_SCENARIOS", "equal"),
    ("STRESS_POLICIES", "round-robin"),
];

/// Wants a run that was stopped, which those of the README are not.
const REFUSED: &str = "target/release/stress-run resume results/latest";

/// Notes what fails and goes on, as a shell does that is pasted into.
const TRAP: &str = r#"trap 'printf "%s\n" "$BASH_COMMAND" >> failed' ERR"#;

/// Until the server in the background serves, which a reader gives it the time for.
const WAIT: &str =
    r#"until (: < "/dev/tcp/127.0.0.1/$FILESERVER_PORT"); do sleep 0.02; done 2>/dev/null"#;

/// Builds a package of release programs, which has tests of its own.
const ELSEWHERE: &str = "bash packaging/deb";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The blocks of commands, in order.
fn blocks(pages: &str) -> Vec<&str> {
    let after = pages.split("```sh\n").skip(1);
    after.map(|text| text.split_once("```").unwrap().0).collect()
}

/// What a reader has after the first command: programs in `target/release`, files to serve.
fn clone_of_the_project() -> TempDir {
    let dir = TempDir::new().unwrap();
    let release = dir.path().join("target/release");
    fs::create_dir_all(&release).unwrap();
    for program in PROGRAMS {
        let built = Path::new(env!("CARGO_BIN_EXE_stress-run")).with_file_name(program);
        assert!(built.is_file(), "build the whole workspace first: cargo test --workspace does");
        symlink(built, release.join(program)).unwrap();
    }
    let cargo = dir.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(root().join("README.md"), dir.path().join("README.md")).unwrap();
    for made in ["files", "tmp"] {
        fs::create_dir(dir.path().join(made)).unwrap();
    }
    for file in fs::read_dir(root().join("files")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), dir.path().join("files").join(file.file_name())).unwrap();
    }
    dir
}

fn free_ports() -> [String; PORTS.len()] {
    let sockets = PORTS.map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().port().to_string())
}

#[test]
fn every_block_of_commands_works_as_it_is_pasted() {
    for program in ["curl", "openssl"] {
        if Command::new(program).arg("--version").output().is_err() {
            return testkit::skip(&format!("no {program} is installed, which the README uses"));
        }
    }
    let read = |path| fs::read_to_string(root().join(path)).unwrap();
    let pages = [read("README.md"), read("docs/BALANCER.md")].concat();
    let (dir, ports) = (clone_of_the_project(), free_ports());
    let tmp = format!(" {}", dir.path().join("tmp").display());
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let blocks = blocks(&pages);
    assert!(blocks.len() >= 7, "{blocks:?}");
    for block in blocks {
        let mut script = block.replace(" /tmp", &tmp).replace(ELSEWHERE, "true");
        for (printed, free) in PORTS.iter().zip(&ports) {
            script = script.replace(printed, free);
        }
        let waits =
            |line: &str| line.split('#').next().is_some_and(|it| it.trim_end().ends_with('&'));
        let lines = script.lines().map(|line| match waits(line) {
            true => format!("{line}\n{WAIT}\n"),
            false => format!("{line}\n"),
        });
        let script: String = [format!("{TRAP}\n")].into_iter().chain(lines).collect();
        let said = dir.path().join("said");
        let file = File::create(&said).unwrap();
        // A server that a command has left behind would be waited for through a pipe.
        let status = Command::new("bash")
            .args(["-uo", "pipefail", "-c", &script])
            .current_dir(dir.path())
            .envs(SMALL)
            .env("PATH", &path)
            .env("HOME", dir.path())
            .env("FILECLIENT_SERVER", format!("127.0.0.1:{}", ports[0]))
            .env("FILESERVER_PORT", &ports[0])
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .status()
            .unwrap();
        let failed = fs::read_to_string(dir.path().join("failed")).unwrap_or_default();
        let is_as_printed = status.success() && failed.lines().all(|command| command == REFUSED);
        assert!(is_as_printed, "{failed}{script}\n{}", fs::read_to_string(&said).unwrap());
    }
}
