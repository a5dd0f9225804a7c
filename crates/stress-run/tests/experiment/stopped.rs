//! Runs that are stopped, in whatever way: what they started ends, what they measured has its tables.

use std::{
    fs::{self, File},
    io::Read,
    os::{
        fd::OwnedFd,
        unix::{
            ffi::OsStrExt,
            fs::{OpenOptionsExt, PermissionsExt},
        },
    },
    process::{Child, Command, Stdio},
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use nix::{
    fcntl::OFlag,
    pty::{grantpt, posix_openpt, ptsname_r, unlockpt},
};
use testkit::{PATIENCE, Signal, eventually, processes};

use super::{
    foreign_server::{self, Fault},
    run::{self, Run},
};

/// Not through before it is stopped.
const LONG: [&str; 8] =
    ["--modes", "process", "--volumes", "0.1", "--servers", "3", "--repeat", "500"];

/// A run that is ended with the test.
struct Going {
    child: Child,
    /// Its server's processes and its clients', as far as they run now.
    offspring: Vec<u32>,
}

impl Going {
    /// Returns when the first cell is on disk.
    fn start(run: &Run, command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut going = Self { child, offspring: Vec::new() };
        eventually(run::UNTIL_MEASURED, "the first cell is on disk", || run.cells() > 0);
        eventually(PATIENCE, "a server and its workers run", || {
            let children = processes::children(going.child.id());
            let below = children.iter().copied().flat_map(processes::children);
            going.offspring = children.iter().copied().chain(below).collect();
            going.offspring.len() > 3
        });
        going
    }

    fn signal(&self, signal: Signal) {
        processes::send_signal(self.child.id(), signal);
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    #[track_caller]
    fn expect_no_offspring(&self) {
        eventually(PATIENCE, "all that it started has ended", || {
            self.offspring.iter().all(|&pid| !processes::is_running(pid))
        });
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_a_killed_run_started_ends_with_it_and_the_next_run_removes_its_files() {
    for pool in ["thread", "process"] {
        let run = Run::new();
        let args = [&LONG[..], &["--clients", "5", "--client-pool", pool]].concat();
        let mut killed = Going::start(&run, &mut run.command(&args));
        killed.signal(Signal::SIGKILL);
        assert_eq!(killed.code(), None);
        killed.expect_no_offspring();
        assert_eq!(run.leftovers(), 1);
        let next = run.finish(&["--volumes", "0.1", "--clients", "1", "--servers", "1"]);
        assert_eq!(next.code, Some(0), "{}", next.stderr);
        assert!(next.stderr.contains("which a run that was killed had left"), "{}", next.stderr);
        assert_eq!(run.leftovers(), 0);
    }
}

#[test]
fn a_server_behind_a_script_ends_with_the_run() {
    let run = Run::new();
    let script = run.work_dir().join("server.sh");
    // The shell stays, and the server is its child.
    let text = format!("#!/bin/sh\n'{}' \"$@\"\nexit 1\n", run::fileserver().display());
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let args = ["--modes", "process", "--volumes", "0.1", "--clients", "1", "--servers", "2"];
    let finished = run.finish(&[&args[..], &["--fileserver", script.to_str().unwrap()]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let work_dir = run.work_dir().into_os_string();
    eventually(PATIENCE, "no process has a directory of the run", || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut commands = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
        !commands.any(|line| line.windows(work_dir.len()).any(|part| part == work_dir.as_bytes()))
    });
}

#[test]
fn a_run_leaves_the_files_of_another_alone() {
    let (run, beside) = (Run::new(), Run::new());
    let mut other =
        Going::start(&run, &mut run.command(&[&LONG[..], &["--clients", "1"]].concat()));
    let work_dir = run.work_dir();
    let args = ["--volumes", "0.1", "--clients", "1", "--servers", "1", "--work-dir"];
    let finished = beside.finish(&[&args[..], &[work_dir.to_str().unwrap()]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(!finished.stderr.contains("removed"), "{}", finished.stderr);
    assert_eq!(run.leftovers(), 1);
    other.signal(Signal::SIGTERM);
    assert_eq!(other.code(), Some(130));
    assert!(run.latest("table.md").contains("PARTIAL"));
}

#[test]
fn signals_that_come_together_are_one_and_the_tables_are_written() {
    for signals in [
        &[Signal::SIGINT, Signal::SIGINT, Signal::SIGINT][..],
        &[Signal::SIGTERM],
        &[Signal::SIGHUP, Signal::SIGCONT],
    ] {
        let run = Run::new();
        let mut going = Going::start(&run, &mut with_default_hangup(&run));
        signals.iter().for_each(|&signal| going.signal(signal));
        assert_eq!(going.code(), Some(130), "{signals:?}");
        going.expect_no_offspring();
        assert!(run.latest("table.md").starts_with("> **PARTIAL"), "{signals:?}");
        assert_eq!(run.leftovers(), 0, "{signals:?}");
    }
}

#[test]
fn a_run_whose_terminal_is_closed_writes_its_tables() {
    let run = Run::new();
    let (mut screen, slave) = terminal();
    let mut command = Command::new("setsid");
    command.args(["--ctty", "env", "--default-signal=HUP"]).arg(run::stress_run());
    command.args(LONG).args(["--clients", "1"]).args(run.directories()).envs(run::ALONE_ONCE);
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut child = command.spawn().unwrap();
    let _guard = run::KillOnDrop(child.id());
    // What it is left holding would keep the terminal open.
    drop(command);
    while run.cells() == 0 {
        // Whatever is shown must be read, or else the run waits for room.
        let _ = screen.read(&mut [0; 4096]).unwrap();
    }
    drop(screen);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(run.latest("table.md").starts_with("> **PARTIAL"));
    assert_eq!(run.leftovers(), 0);
}

/// A pseudo terminal: what a person sees, and what a program has. No other test's child inherits either.
fn terminal() -> (File, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    // It must not become the terminal of these tests.
    let mut open = File::options();
    open.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
    let slave = open.open(ptsname_r(&master).unwrap()).unwrap();
    (File::from(OwnedFd::from(master)), slave)
}

/// A run that hangs up where its terminal does, however these tests were started.
fn with_default_hangup(run: &Run) -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(run::stress_run()).args(LONG);
    command.args(["--clients", "1"]).args(run.directories()).envs(run::ALONE_ONCE);
    command
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let run = Run::new();
    let mut command = Command::new("nohup");
    command.arg(run::stress_run()).args(LONG).args(["--clients", "1"]);
    command.args(run.directories()).envs(run::ALONE_ONCE).stdin(Stdio::null());
    let mut going = Going::start(&run, &mut command);
    going.signal(Signal::SIGHUP);
    let before = run.cells();
    eventually(PATIENCE, "more cells are on disk", || run.cells() > before + 1);
    going.signal(Signal::SIGINT);
    assert_eq!(going.code(), Some(130));
}

#[test]
fn an_interrupt_does_not_wait_for_a_server_elsewhere_that_stalls() {
    let run = Run::new();
    let (address, stalled) = foreign_server::start_counted(Fault::StallsDownloads);
    let args = [
        "--connect",
        &address,
        "--volumes",
        "0.1",
        "--clients",
        "2",
        "--ops",
        "download",
        "--servers",
        "1",
    ];
    let mut command = run.command(&args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _guard = run::KillOnDrop(child.id());
    eventually(run::UNTIL_MEASURED, "both clients wait for the server", || {
        stalled.load(Relaxed) == 2
    });
    let interrupted = Instant::now();
    processes::send_signal(child.id(), Signal::SIGINT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(interrupted.elapsed() < Duration::from_secs(30), "{:?}", interrupted.elapsed());
}
