//! A server as a process: started on a free port, with a directory of its own, and always ended.

mod container;
pub mod fake;
#[cfg(feature = "bucket")]
pub mod s3;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use protocol::Stats;
use tempfile::TempDir;

use crate::{Footprint, PATIENCE, Peer, Reply, disk, eventually, peer::sockets, processes};

/// Between two looks at the memory of all processes.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// What the process is called that writes the log.
const MONITOR_NAME: &str = "monitor";

/// How to start a server. Unless told otherwise it listens on a free port and serves an empty
/// temporary directory.
#[derive(Debug)]
pub struct ServerBuilder {
    binary: PathBuf,
    /// What goes before the binary on the command line.
    launcher: Vec<OsString>,
    dir: TempDir,
    has_own_disk: bool,
    defaults: Vec<OsString>,
    args: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    user_id: Option<u32>,
    is_first_process: bool,
    #[cfg(feature = "bucket")]
    bucket: Option<s3::S3Server>,
}

impl ServerBuilder {
    /// A server whose program is `binary`, which a test knows as `env!("CARGO_BIN_EXE_fileserver")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let dir = TempDir::with_prefix("kolam-").expect("a temporary directory can be made");
        let defaults = ["--port".into(), "0".into(), "--dir".into(), dir.path().into()].into();
        Self {
            binary: binary.into(),
            launcher: Vec::new(),
            dir,
            has_own_disk: false,
            defaults,
            args: Vec::new(),
            environment: Vec::new(),
            user_id: None,
            is_first_process: false,
            #[cfg(feature = "bucket")]
            bucket: None,
        }
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Passes neither `--port` nor `--dir`: the test says both in another way.
    pub fn without_defaults(mut self) -> Self {
        self.defaults.clear();
        self
    }

    /// Has the server keep its files in a bucket of its own. The objects are the files of [`dir`](Self::dir).
    #[cfg(feature = "bucket")]
    #[track_caller]
    pub fn with_a_bucket(mut self) -> Self {
        let bucket = s3::S3Server::start();
        self.dir =
            TempDir::with_prefix_in("files-", bucket.bucket()).expect("a bucket is a directory");
        let prefix = self.dir().file_name().and_then(OsStr::to_str).expect("it was just named");
        let url = format!("s3://{}/{prefix}", s3::BUCKET);
        self.defaults = ["--port".into(), "0".into(), "--dir".into(), url.into()].into();
        for (name, value) in bucket.environment() {
            self = self.env(name, value);
        }
        self.bucket = Some(bucket);
        self
    }

    /// Starts the server as another user, who also gets the directory. Only root can.
    #[track_caller]
    pub fn as_user(mut self, user_id: u32) -> Self {
        self.user_id = Some(user_id);
        self.owned_by(user_id)
    }

    /// Gives the directory to another user. Only root can.
    #[track_caller]
    pub fn owned_by(self, user_id: u32) -> Self {
        chown(self.dir(), Some(user_id), Some(user_id)).expect("root may change the owner");
        self
    }

    /// Lays a tmpfs, mounted with these options, over the served directory. `None` where the system
    /// lets nobody mount.
    pub fn on_own_disk(mut self, options: &str) -> Option<Self> {
        self.launcher = disk::launcher(self.dir.path(), options)?;
        self.has_own_disk = true;
        Some(self)
    }

    /// Lays such a tmpfs over another directory than the served one.
    pub fn with_disk_at(mut self, dir: &Path, options: &str) -> Option<Self> {
        self.launcher = disk::launcher(dir, options)?;
        Some(self)
    }

    /// Starts the server as a container does, as process 1. `None` where the user, who has to be chosen
    /// before, may not.
    pub fn as_first_process(mut self) -> Option<Self> {
        self.launcher = container::launcher(self.user_id)?;
        self.is_first_process = true;
        Some(self)
    }

    /// The temporary directory, which is also the working directory of the server.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts the server; returns once it says where it listens.
    #[track_caller]
    pub fn start(self) -> Server {
        let (process, first_line) = Process::start(&self);
        // What it wrote to standard error is shown when the process is dropped.
        let Ok(line) = first_line.recv_timeout(PATIENCE) else {
            panic!("the server does not say where it listens")
        };
        let address = line.strip_prefix("listening on ").and_then(|address| address.parse().ok());
        let Some(address) = address else { panic!("the first line names no address: {line:?}") };
        let pid = process.server_pid();
        eventually(PATIENCE, "its monitor can be told from its workers", || {
            let children = processes::children(pid);
            let mut names = children.iter().map(|pid| processes::name(*pid));
            children.is_empty() || names.any(|name| name == MONITOR_NAME)
        });
        let served = match self.has_own_disk {
            true => disk::seen_by(pid, self.dir.path()),
            false => self.dir.path().to_owned(),
        };
        Server {
            process,
            pid,
            address,
            listeners: sockets::listening_at(address),
            connections_made: AtomicU64::new(0),
            dir: self.dir,
            served,
            #[cfg(feature = "bucket")]
            _bucket: self.bucket,
        }
    }

    /// Runs a command line that is expected to end by itself.
    #[track_caller]
    pub fn run_to_end(self) -> Stopped {
        self.run_to_end_while(|_| {})
    }

    /// The same, where `meanwhile` does something to the process that was started.
    #[track_caller]
    pub fn run_to_end_while(self, meanwhile: impl FnOnce(u32)) -> Stopped {
        let (mut process, _) = Process::start(&self);
        meanwhile(process.server_pid());
        process.wait(PATIENCE)
    }

    fn command(&self) -> Command {
        let mut words = self.launcher.iter().map(OsString::as_os_str).chain([self.binary.as_ref()]);
        let mut command = Command::new(words.next().expect("the binary is one of them"));
        command.args(words);
        // The shell of whoever runs the tests may configure a server.
        for (name, _) in env::vars_os() {
            let prefixes = ["FILEBALANCER_", "FILESERVER_"];
            if name.to_str().is_some_and(|name| prefixes.iter().any(|it| name.starts_with(it))) {
                command.env_remove(name);
            }
        }
        command.args(&self.args).args(&self.defaults).envs(self.environment.iter().cloned());
        command.current_dir(self.dir.path());
        if let Some(id) = self.user_id {
            command.uid(id).gid(id);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// A running server. Killed when dropped, also by a test that panics.
#[derive(Debug)]
pub struct Server {
    process: Process,
    pid: u32,
    address: SocketAddr,
    /// The sockets it listens with, where that is known.
    listeners: Vec<u64>,
    connections_made: AtomicU64,
    /// Removed when the server is dropped.
    dir: TempDir,
    /// The same directory as the server sees it, which may be another than what we see there.
    served: PathBuf,
    #[cfg(feature = "bucket")]
    _bucket: Option<s3::S3Server>,
}

/// How a server ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stopped {
    /// `None` when a signal killed it.
    pub exit_code: Option<i32>,
    /// All that it wrote to standard error.
    pub stderr: String,
}

impl Server {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The served directory.
    pub fn dir(&self) -> &Path {
        &self.served
    }

    /// Changes the disk of a server that has its own, for example to `ro`.
    #[track_caller]
    pub fn remount_disk(&self, option: &str) {
        self.remount_disk_at(self.dir.path(), option);
    }

    /// The same for a disk of its own at another directory.
    #[track_caller]
    pub fn remount_disk_at(&self, dir: &Path, option: &str) {
        disk::remount(self.pid(), dir, option);
    }

    /// Lays another disk over that of a server that has its own.
    #[track_caller]
    pub fn cover_disk(&self) {
        disk::cover(self.pid(), self.dir.path());
    }

    /// Takes that away again.
    #[track_caller]
    pub fn uncover_disk(&self) {
        disk::uncover(self.pid(), self.dir.path());
    }

    /// The way to a file as the running server sees it.
    pub fn sees(&self, path: &Path) -> PathBuf {
        disk::seen_by(self.pid(), path)
    }

    /// The process that writes the log, which there is in process mode.
    pub fn monitor(&self) -> Option<u32> {
        let mut children = processes::children(self.pid()).into_iter();
        children.find(|pid| processes::name(*pid) == MONITOR_NAME)
    }

    #[track_caller]
    pub fn connect(&self) -> Peer {
        self.connections_made.fetch_add(1, Relaxed);
        Peer::connect(self.address)
    }

    /// How many connections were made with [`connect`](Self::connect) and what builds on it.
    pub fn connections_made(&self) -> u64 {
        self.connections_made.load(Relaxed)
    }

    /// Nobody listens at the server's address any more; or the system has given it to somebody else since.
    pub fn refuses_connections(&self) -> bool {
        let is_its = |socket: &u64| self.listeners.contains(socket);
        let was_given_away =
            !self.listeners.is_empty() && !sockets::listening_at(self.address).iter().any(is_its);
        was_given_away || Peer::try_connect(self.address).is_err()
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn ask(&self, request: &str) -> Reply {
        self.connect().request(request)
    }

    #[track_caller]
    pub fn stats(&self) -> Stats {
        let reply = self.ask("STATS");
        serde_json::from_value(reply["data"].clone())
            .unwrap_or_else(|err| panic!("not statistics ({err}): {}", reply.text()))
    }

    /// What all processes of the server hold now.
    pub fn footprint(&self) -> Footprint {
        Footprint::of_tree(self.pid())
    }

    /// Its worker processes, which it has in process mode.
    #[track_caller]
    pub fn workers(&self) -> Vec<u32> {
        let mut workers = Vec::new();
        // A monitor takes its name a moment after it was started.
        eventually(PATIENCE, "one of the server's processes is the monitor", || {
            workers = processes::children(self.pid());
            let count = workers.len();
            workers.retain(|pid| processes::name(*pid) != MONITOR_NAME);
            workers.len() < count || count == 0
        });
        workers
    }

    /// Sooner or later the server holds no more than `before`, but for so much memory.
    #[track_caller]
    pub fn expect_back_at(&self, before: &Footprint, memory_allowance_kib: u64) {
        let deadline = Instant::now() + PATIENCE;
        let mut now = self.footprint();
        while !now.is_back_at(before, memory_allowance_kib) {
            assert!(Instant::now() < deadline, "before: {before:?}\n   now: {now:?}");
            // Looking costs CPU time itself.
            thread::sleep(LOOK_PAUSE);
            now = self.footprint();
        }
    }

    /// Puts a file into the served directory behind the server's back.
    #[track_caller]
    pub fn place(&self, name: &str, content: &[u8]) {
        fs::write(self.dir().join(name), content).expect("the served directory is writable");
    }

    /// What is stored under `name`; `None` when nothing is.
    pub fn stored(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.dir().join(name)).ok()
    }

    /// Uploads that are under way, or were left behind.
    #[track_caller]
    pub fn temporary_files(&self) -> usize {
        let entries = fs::read_dir(self.dir()).expect("the served directory is readable");
        let names = entries.flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_str().is_some_and(|name| name.starts_with(".upload-"))).count()
    }

    /// The lengths of what is kept of files that were not stored whole.
    #[track_caller]
    pub fn parts(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.dir()).expect("the served directory is readable");
        let is_part = |entry: &fs::DirEntry| {
            entry.file_name().to_str().is_some_and(|name| name.starts_with(".part-"))
        };
        let parts = entries.flatten().filter(is_part).flat_map(|entry| entry.metadata());
        parts.map(|metadata| metadata.len()).collect()
    }

    /// Sends a signal to the process that was started, which supervises the others if there are any.
    #[track_caller]
    pub fn kill(&self, signal: Signal) {
        processes::send_signal(self.pid(), signal);
    }

    /// Waits until the server has ended by itself.
    #[track_caller]
    pub fn wait(&mut self, timeout: Duration) -> Stopped {
        self.process.wait(timeout)
    }

    /// SIGTERM, and the end that follows from it.
    #[track_caller]
    pub fn stop(&mut self) -> Stopped {
        self.kill(Signal::SIGTERM);
        self.wait(PATIENCE)
    }

    /// What the server has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.process.stderr.text()
    }
}

/// A child process whose output is read as it comes, so that it never waits for us.
#[derive(Debug)]
struct Process {
    child: Child,
    /// It is the child of ours that is the server.
    is_grandchild: bool,
    stderr: Collected,
}

impl Process {
    #[track_caller]
    fn start(builder: &ServerBuilder) -> (Self, mpsc::Receiver<String>) {
        let mut child = builder
            .command()
            .spawn()
            .unwrap_or_else(|err| panic!("cannot run {}: {err}", builder.binary.display()));
        let first_line = first_line(child.stdout.take().expect("standard output is piped"));
        let stderr = Collected::start(child.stderr.take().expect("standard error is piped"));
        (Self { child, is_grandchild: builder.is_first_process, stderr }, first_line)
    }

    /// The server itself, which a launcher may have started.
    #[track_caller]
    fn server_pid(&self) -> u32 {
        let mut pid = (!self.is_grandchild).then(|| self.child.id());
        eventually(PATIENCE, "the launcher starts the server", || {
            pid = pid.or_else(|| processes::children(self.child.id()).first().copied());
            pid.is_some()
        });
        pid.expect("just waited for")
    }

    #[track_caller]
    fn wait(&mut self, timeout: Duration) -> Stopped {
        let mut status = None;
        eventually(timeout, "the server ends", || {
            status = self.child.try_wait().expect("the server is our child");
            status.is_some()
        });
        // A worker process may hold the pipe a moment longer.
        eventually(PATIENCE, "standard error ends", || self.stderr.reader.is_finished());
        let exit_code = status.expect("just waited for").code();
        Stopped { exit_code, stderr: self.stderr.text() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- what the server wrote to standard error:\n{}---", self.stderr.text());
        }
    }
}

/// The first line goes to the receiver, the rest nowhere.
fn first_line(stdout: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Only the first line has a reader for sure.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// What was read from a pipe so far.
#[derive(Debug)]
struct Collected {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Collected {
    fn start(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let reader = thread::spawn({
            let text = Arc::clone(&text);
            move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.push_str(&line);
                    text.push('\n');
                }
            }
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
