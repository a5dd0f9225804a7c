//! A PostgreSQL server of a test's own, where its programs are installed.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{
    surroundings::skip,
    wait::{PATIENCE, eventually},
};

/// Where Debian keeps the programs, a directory for each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The server does not run as root.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// Another program may take the port that was free a moment ago.
const TRIES: usize = 5;

/// Everybody on this machine may use it. It ends when dropped, and when the test is killed.
#[derive(Debug)]
pub struct Postgres {
    server: Child,
    port: u16,
    _dir: TempDir,
}

impl Postgres {
    /// `None` where the programs are missing, which is said.
    #[track_caller]
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            skip("no PostgreSQL is installed (package postgresql)");
            return None;
        };
        let dir =
            TempDir::with_prefix("kolam-postgres-").expect("a temporary directory can be made");
        let user = User::of(dir.path());
        let mut initdb = user.command(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=kolam", "--no-sync", "--pgdata"]);
        let made = initdb.arg(dir.path().join("data")).output().expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let started = (0..TRIES).find_map(|_| serve(&programs, dir.path(), &user));
        let (server, port) = started.expect("one of some ports is free");
        Some(Self { server, port, _dir: dir })
    }

    /// Of its one database.
    pub fn url(&self) -> String {
        format!("postgres://kolam@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It ends its own processes with it.
        let _ = kill(Pid::from_raw(self.server.id() as i32), Signal::SIGQUIT);
        let _ = self.server.wait();
    }
}

/// The newest programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.flatten();
    let complete = versions.map(|version| version.path().join("bin"));
    complete.filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists()).max()
}

/// `None` when the server ended, as it does where its port is taken.
fn serve(programs: &Path, dir: &Path, user: &User) -> Option<(Child, u16)> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let log = dir.join("log");
    let mut server = user
        .command(&programs.join("postgres"))
        .args(["-F", "-k", "", "-h", "127.0.0.1", "-p", &port.to_string(), "-D"])
        .arg(dir.join("data"))
        .stderr(File::create(&log).expect("the directory is ours"))
        .spawn()
        .expect("setpriv runs");
    let mut has_ended = false;
    eventually(PATIENCE, "PostgreSQL serves or ends", || {
        has_ended = server.try_wait().is_ok_and(|status| status.is_some());
        has_ended || is_ready(programs, port)
    });
    (!has_ended).then_some((server, port))
}

fn is_ready(programs: &Path, port: u16) -> bool {
    let mut probe = Command::new(programs.join("pg_isready"));
    probe.args(["--quiet", "--host=127.0.0.1", "--port"]).arg(port.to_string());
    probe.status().is_ok_and(|status| status.success())
}

/// Who runs the server: this user, or another one where this is root.
struct User(Option<&'static str>);

impl User {
    /// Gives the directory to the user.
    #[track_caller]
    fn of(dir: &Path) -> Self {
        let owner = fs::metadata(dir).expect("it was just made").uid();
        if owner != 0 {
            return Self(None);
        }
        let id_of = |name: &&str| {
            let output = Command::new("id").arg("-u").arg(name).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
        };
        let found = USERS.iter().find_map(|name| Some((*name, id_of(name)?)));
        let (name, id) = found.expect("every machine has the user nobody");
        chown(dir, Some(id), None).expect("root may");
        Self(Some(name))
    }

    /// The program ends with the thread that starts it.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig=QUIT");
        if let Self(Some(name)) = self {
            command.args(["--clear-groups", "--reuid", name, "--regid"]).arg(group_of(name));
        }
        command.arg("--").arg(program).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

fn group_of(name: &str) -> String {
    let output = Command::new("id").arg("-g").arg(name).output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
