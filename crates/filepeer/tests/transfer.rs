//! Transfers between processes, some of which are killed.
//!
//! `KOLAM_TRANSFER_MB` sets the size of the files; 200 is what a release has to bear.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use testkit::{PATIENCE, Signal, eventually, processes};

const FILEPEER: &str = env!("CARGO_BIN_EXE_filepeer");

/// How long a holder takes for the whole file, by the limit of its uploads.
const SECONDS: u64 = 5;

fn size() -> usize {
    let megabytes = env::var("KOLAM_TRANSFER_MB").map_or(24, |text| text.parse().unwrap());
    megabytes * 1_000_000
}

fn limit() -> String {
    format!("{}B", size() as u64 / SECONDS)
}

/// A process that is killed with the test.
struct Process(Child);

impl Process {
    fn start(args: &[&str], dir: &Path) -> Self {
        let mut command = Command::new(FILEPEER);
        command.args(args).current_dir(dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn kill(&mut self) {
        processes::send_signal(self.0.id(), Signal::SIGKILL);
        self.0.wait().unwrap();
    }

    /// What it has written to the one stream and the other, once it has ended.
    fn end(mut self) -> (ExitStatus, String, String) {
        eventually(PATIENCE, "the process ends", || self.0.try_wait().unwrap().is_some());
        let (mut out, mut err) = (String::new(), String::new());
        self.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.0.wait().unwrap(), out, err)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A file to send, and a folder to receive it in.
struct Files {
    dir: TempDir,
    content: Vec<u8>,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let content = testkit::content(5, size());
        fs::write(dir.path().join("a.bin"), &content).unwrap();
        fs::create_dir(dir.path().join("to")).unwrap();
        Self { dir, content }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("to")
    }

    /// A process that sends the file, and its ticket.
    fn sender(&self) -> (Process, String) {
        self.first_line_of(&["ticket", "a.bin", "--upload-limit", &limit()])
    }

    /// A node, and its address.
    fn node(&self, args: &[&str]) -> (Process, String) {
        let args: Vec<_> = ["serve", "--port", "0"].iter().chain(args).copied().collect();
        let (process, line) = self.first_line_of(&args);
        (process, line.strip_prefix("listening on ").unwrap().to_owned())
    }

    fn first_line_of(&self, args: &[&str]) -> (Process, String) {
        let mut process = Process::start(args, self.dir.path());
        let mut line = String::new();
        BufReader::new(process.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (process, line.trim_end().to_owned())
    }

    fn get(&self, args: &[&str]) -> Process {
        let args: Vec<_> = ["get"].iter().chain(args).copied().collect();
        Process::start(&args, &self.folder())
    }

    fn assert_whole(&self) {
        assert!(fs::read(self.folder().join("a.bin")).unwrap() == self.content);
        assert_eq!(fs::read_dir(self.folder()).unwrap().count(), 1, "nothing is left beside it");
    }

    /// Bytes on the disk, of the file under way or of the whole one.
    fn written(&self) -> u64 {
        let files = fs::read_dir(self.folder()).unwrap().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|file| file.blocks() * 512).sum()
    }

    fn wait_for_half(&self) {
        let half = self.content.len() as u64 / 2;
        eventually(PATIENCE, "half of the file", || self.written() >= half);
    }

    /// The longest time in which nothing more was written, until the process ended.
    fn longest_gap(&self, process: &mut Process) -> Duration {
        let (mut written, mut since, mut longest) = (0, Instant::now(), Duration::ZERO);
        eventually(PATIENCE, "the process ends", || {
            let now = self.written();
            if now > written {
                (written, since) = (now, Instant::now());
            }
            longest = longest.max(since.elapsed());
            process.0.try_wait().unwrap().is_some()
        });
        longest
    }
}

/// The number of MiB before these words.
fn mib_before(words: &str, text: &str) -> f64 {
    let before = text.split(&format!(" MiB {words}")).next().unwrap();
    before.rsplit(char::is_whitespace).next().unwrap().parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn a_file_is_found_by_its_name_and_comes_from_both_who_share_it() {
    let files = Files::new();
    let share = ["--share", ".", "--upload-limit", &limit()];
    let ((_one, first), (_two, second)) = (files.node(&share), files.node(&share));
    let (_between, via) = files.node(&["--neighbour", &first, "--neighbour", &second]);
    // What a node shares is hashed first, and neighbours are met meanwhile.
    let both = format!("{first}\n{second}");
    eventually(PATIENCE, "both are found", || {
        let search = Process::start(&["search", "a.bin", "--via", &via], &files.folder());
        let (_, out, _) = search.end();
        both.lines().all(|holder| out.contains(holder))
    });
    let (status, out, err) = files.get(&["a.bin", "--via", &via]).end();
    assert!(status.success(), "{out}{err}");
    files.assert_whole();
    assert!(both.lines().all(|holder| out.contains(holder)), "{out}");
}

#[test]
fn a_holder_that_is_killed_at_half_is_done_without() {
    let files = Files::new();
    let ((mut one, first), (two, second)) = (files.sender(), files.sender());
    let mut get = files.get(&[&first, &second]);
    files.wait_for_half();
    let written = files.written();
    one.kill();
    let gap = files.longest_gap(&mut get);
    let (status, out, err) = get.end();
    assert!(status.success(), "{out}{err}");
    files.assert_whole();
    assert!(gap < Duration::from_secs(3), "{gap:?}");

    processes::send_signal(two.0.id(), Signal::SIGINT);
    let sent = mib_before("to ", &two.end().2);
    // The other has sent about half of the first half, and all of the second but for what was on its way.
    let size = files.content.len() as f64;
    let most = (written as f64 * 0.75 + (size - written as f64)) / 1048576.0 + 8.0;
    assert!(sent < most, "{sent} MiB of {most}: {out}{err}");
}

#[test]
fn a_get_that_is_killed_at_half_goes_on_from_there() {
    let files = Files::new();
    let (_sender, ticket) = files.sender();
    let mut get = files.get(&[&ticket]);
    files.wait_for_half();
    get.kill();
    let written = files.written();
    let (status, out, err) = files.get(&[&ticket]).end();
    assert!(status.success(), "{err}");
    files.assert_whole();
    // Blocks of the disk may be a little more than what they hold.
    let found = mib_before("were there already", &out) * 1048576.0;
    assert!(found > written as f64 * 0.98, "{found} of {written}: {out}");
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_that_was_asked_for() {
    let files = Files::new();
    let (_sender, ticket) = files.sender();
    fs::write(files.folder().join("a.bin"), "old").unwrap();
    let (status, _, err) = files.get(&[&ticket]).end();
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("a.bin exists already; --replace replaces it"), "{err}");
    assert_eq!(fs::read(files.folder().join("a.bin")).unwrap(), b"old");
    let (status, _, err) = files.get(&[&ticket, "--replace"]).end();
    assert!(status.success(), "{err}");
    files.assert_whole();
}

#[test]
fn a_damaged_ticket_and_a_name_that_no_file_has_are_bad_usage() {
    let dir = TempDir::new().unwrap();
    for (what, why) in [("filepeer1-AAAA", "damaged"), ("../x", "'/'"), ("a", "no node to search")]
    {
        let (status, _, err) = Process::start(&["get", what], dir.path()).end();
        assert_eq!(status.code(), Some(2), "{err}");
        assert!(err.contains(why), "{err}");
    }
}
