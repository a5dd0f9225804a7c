//! One run of the program in directories of its own.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn stress_run() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stress-run"))
}

/// Cargo builds all programs of the workspace into one directory.
pub(crate) fn fileserver() -> PathBuf {
    let path = stress_run().with_file_name("fileserver");
    assert!(path.is_file(), "build the whole workspace first: cargo test --workspace does");
    path
}

/// Each cell is measured once: tests look at counts, have no use for steady times, and disturb each
/// other.
pub(crate) const ALONE_ONCE: [(&str, &str); 2] = [("STRESS_MIN_TIME", "0"), ("STRESS_RERUNS", "0")];

/// How long a run may take until cells are on disk: all its ceilings are measured before, and only a test
/// that fails ever waits so long.
pub(crate) const UNTIL_MEASURED: Duration = Duration::from_secs(180);

pub(crate) struct Run {
    temp: TempDir,
}

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new() -> Self {
        let temp = TempDir::new().unwrap();
        fs::create_dir(temp.path().join("work")).unwrap();
        Self { temp }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.temp.path().join("out")
    }

    /// In the directories of this run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        fileserver();
        let mut command = Command::new(stress_run());
        command.args(args).args(self.directories()).envs(ALONE_ONCE);
        command
    }

    pub(crate) fn directories(&self) -> [PathBuf; 4] {
        ["--out".into(), self.out(), "--work-dir".into(), self.work_dir()]
    }

    pub(crate) fn finish(&self, args: &[&str]) -> Finished {
        self.finish_with(args, &[])
    }

    /// The directories come first, so that `args` may name others.
    pub(crate) fn finish_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Finished {
        fileserver();
        let mut command = Command::new(stress_run());
        if !args.contains(&"--work-dir") {
            command.arg("--work-dir").arg(self.work_dir());
        }
        command.arg("--out").arg(self.out()).args(args);
        finished(command.envs(ALONE_ONCE).envs(variables.iter().copied()))
    }

    /// Goes on with the newest run.
    pub(crate) fn resume(&self, more: &[&str]) -> Finished {
        let mut command = Command::new(stress_run());
        command.arg("resume").arg(self.out().join("latest"));
        finished(command.arg("--work-dir").arg(self.work_dir()).args(more).envs(ALONE_ONCE))
    }

    /// How many cells are on disk, in however many attempts.
    pub(crate) fn cells(&self) -> usize {
        let cells = fs::read_to_string(self.out().join("latest/cells.csv")).unwrap_or_default();
        last_attempts(&cells).len()
    }

    /// A file of the newest run.
    pub(crate) fn latest(&self, name: &str) -> String {
        let path = self.out().join("latest").join(name);
        fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
    }

    /// The transfers of the newest run, one for each line of `workers.jsonl.gz`.
    pub(crate) fn transfers(&self) -> Vec<Value> {
        let file = fs::File::open(self.out().join("latest/workers.jsonl.gz")).unwrap();
        let mut text = String::new();
        MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Temporary files that the run left behind.
    pub(crate) fn leftovers(&self) -> usize {
        fs::read_dir(self.work_dir()).unwrap().count()
    }

    pub(crate) fn work_dir(&self) -> PathBuf {
        self.temp.path().join("work")
    }
}

/// What becomes of a command that measures nothing.
pub(crate) fn command(args: &[&str]) -> Finished {
    finished(Command::new(stress_run()).args(args))
}

fn finished(command: &mut Command) -> Finished {
    let output = command.output().unwrap();
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The fields of every row below the heads.
pub(crate) fn rows(csv: &str) -> Vec<Vec<String>> {
    csv::Reader::from_reader(csv.as_bytes())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// Ends a process that a failed test leaves running.
pub(crate) struct KillOnDrop(pub(crate) u32);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0 as i32), Signal::SIGKILL);
    }
}

/// A control group below the one of these tests; removed when dropped.
pub(crate) struct Group(PathBuf);

impl Group {
    /// One of version 1. `None` where there are none, or this user may not make one.
    pub(crate) fn with_limit(controller: &str, file: &str, limit: &str) -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        let is_it = |line: &str| Some(line.split_once(&format!(":{controller}:"))?.1.to_owned());
        let own = groups.lines().find_map(is_it)?;
        let mount = Path::new("/sys/fs/cgroup").join(controller);
        let name = format!("stress-run-test-{}", std::process::id());
        let group = mount.join(own.trim_start_matches('/')).join(name);
        fs::create_dir(&group).ok()?;
        let group = Self(group);
        fs::write(group.0.join(file), limit).ok()?;
        Some(group)
    }

    /// Runs a program in it.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]);
        command.arg(self.0.join("cgroup.procs")).arg(program);
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel refuses while something still runs in it.
        let _ = fs::remove_dir(&self.0);
    }
}

/// Of each cell and repetition in `cells.csv` the last attempt: a machine that runs other tests
/// beside this one disturbs cells, which are then measured again.
pub(crate) fn last_attempts(csv: &str) -> Vec<Vec<String>> {
    // Mode, operation, volume, clients, server workers, repetition; at the end the encoding.
    const KEY: usize = 6;
    let key = |row: &[String]| [&row[..KEY], &row[row.len() - 1..]].concat();
    let whole = &csv[..csv.rfind('\n').map_or(0, |end| end + 1)];
    let last: BTreeMap<Vec<String>, Vec<String>> =
        rows(whole).into_iter().map(|row| (key(&row), row)).collect();
    last.into_values().collect()
}
