//! What a running server can still do: it serves, as before, and has given up the rest.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    process,
};

use tempfile::TempDir;
use testkit::{
    PATIENCE, Server, ServerBuilder, Signal, base64, content, eventually, processes,
    program_for_everyone, skip,
};

const MODES: [&str; 5] = ["legacy", "thread", "process", "async", "event"];

/// Everyone's least privileged user, and its number.
const NOBODY: &str = "nobody";
const NOBODY_ID: u32 = 65534;

fn fileserver(mode: &str) -> ServerBuilder {
    ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")).args(["--mode", mode, "--workers", "3"])
}

#[test]
fn a_confined_server_does_all_it_is_asked() {
    for mode in MODES {
        let mut server = fileserver(mode).start();
        expect_all_requests_work(&server);
        // Enough connections for each worker to meet what it is refused and does need.
        for _ in 0..10 {
            assert_eq!(server.ask("LIST").outcome(), "OK", "{mode}");
        }
        let stopped = server.stop();
        assert_eq!(stopped.exit_code, Some(0), "{mode}: {}", stopped.stderr);
        assert!(stopped.stderr.contains("confined"), "{mode}: {}", stopped.stderr);
        assert!(!stopped.stderr.contains("ERROR"), "{mode}: {}", stopped.stderr);
    }
}

#[test]
fn no_process_gets_new_privileges_and_all_lose_system_calls() {
    for mode in MODES {
        let server = fileserver(mode).start();
        assert_eq!(status(server.pid(), "NoNewPrivs"), "1", "{mode}");
        // There may be those of a container around it.
        assert_eq!(filters(server.pid()), filters(process::id()) + 1, "{mode}");
        let workers = server.workers();
        assert_eq!(workers.len(), if mode == "process" { 3 } else { 0 });
        for pid in workers {
            assert_eq!(status(pid, "NoNewPrivs"), "1");
            assert_eq!(filters(pid), filters(server.pid()) + 1);
        }
    }
}

#[test]
fn a_worker_that_is_replaced_is_confined_too() {
    let server = fileserver("process").start();
    let before = server.workers();
    processes::send_signal(before[0], Signal::SIGKILL);
    let mut workers = Vec::new();
    eventually(PATIENCE, "another worker runs", || {
        workers = server.workers();
        workers.len() == 3 && !workers.contains(&before[0])
    });
    for pid in workers {
        eventually(PATIENCE, "it gives up system calls", || {
            filters(pid) == filters(server.pid()) + 1
        });
    }
    expect_all_requests_work(&server);
}

#[test]
fn confinement_can_be_switched_off() {
    for switch in [
        fileserver("process").args(["--no-confinement"]),
        fileserver("process").env("FILESERVER_NO_CONFINEMENT", "true"),
    ] {
        let mut server = switch.start();
        for pid in processes::children(server.pid()).into_iter().chain([server.pid()]) {
            for field in ["NoNewPrivs", "Seccomp"] {
                assert_eq!(status(pid, field), status(process::id(), field), "{field}");
            }
        }
        let log = server.stop().stderr;
        assert!(log.contains("not confined"), "{log}");
    }
}

#[test]
fn root_is_given_up_for_the_user_by_all_processes() {
    if !is_root() {
        return skip("only root can give up root");
    }
    for mode in MODES {
        for confinement in [&["--no-confinement"][..], &[]] {
            let builder = fileserver(mode).owned_by(NOBODY_ID).args(["--user", NOBODY]);
            let mut server = builder.args(confinement).start();
            expect_all_requests_work(&server);
            assert_eq!(server.ask("UPLOAD mine.txt aGk=").outcome(), "OK");
            assert_eq!(fs::metadata(server.dir().join("mine.txt")).unwrap().uid(), NOBODY_ID);
            for pid in processes::children(server.pid()).into_iter().chain([server.pid()]) {
                // Real, effective, saved and that of the file system.
                let all_four = format!("{NOBODY_ID}\t").repeat(4);
                assert_eq!(status(pid, "Uid"), all_four.trim_end(), "{mode}");
                assert!(!status(pid, "Gid").split('\t').any(|id| id == "0"), "{mode}");
                let groups = status(pid, "Groups");
                let is_in = |id: u32| groups.split(' ').any(|group| group == id.to_string());
                assert!(is_in(NOBODY_ID) && !is_in(0), "{mode}: {groups}");
                assert_eq!(u64::from_str_radix(&status(pid, "CapEff"), 16), Ok(0), "{mode}");
            }
            let stopped = server.stop();
            assert_eq!(stopped.exit_code, Some(0), "{mode}: {}", stopped.stderr);
            assert!(!stopped.stderr.contains("running as root"), "{}", stopped.stderr);
        }
    }
}

#[test]
fn a_file_that_the_user_may_not_read_is_told_from_one_that_is_missing() {
    if !is_root() {
        return skip("only root can have a file that the server cannot read");
    }
    let server = fileserver("thread").owned_by(NOBODY_ID).args(["--user", NOBODY]).start();
    server.place("roots.txt", b"hello");
    let path = server.dir().join("roots.txt");
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    for request in ["GET roots.txt", "DIGEST roots.txt"] {
        assert_eq!(server.ask(request).outcome(), "internal", "{request}");
    }
    eventually(PATIENCE, "the log names the file", || server.stderr().contains("roots.txt"));
    assert_eq!(server.ask("GET missing.txt").outcome(), "not-found");
}

#[test]
fn no_worker_outlives_its_supervisor_without_root_either() {
    if !is_root() {
        return skip("only root can give up root");
    }
    let mut server = fileserver("process").owned_by(NOBODY_ID).args(["--user", NOBODY]).start();
    let workers = server.workers();
    server.kill(Signal::SIGKILL);
    eventually(PATIENCE, "all workers are gone", || {
        !workers.iter().any(|pid| processes::is_running(*pid))
    });
    server.wait(PATIENCE);
}

#[test]
fn a_directory_that_the_user_cannot_write_is_refused_at_the_start() {
    if !is_root() {
        return skip("only root can give up root");
    }
    // A temporary directory is its owner's alone: here root's.
    expect_refusal(fileserver("thread").args(["--user", NOBODY]), "read and write --dir");
    let read_only = fileserver("thread").args(["--user", NOBODY, "--read-only"]);
    fs::set_permissions(read_only.dir(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(read_only.start().ask("LIST").outcome(), "OK");
}

/// Nobody may look at the path, but the directory was opened as root.
#[test]
fn a_directory_that_the_user_cannot_find_again_is_served_until_it_is_removed() {
    if !is_root() {
        return skip("only root can give up root");
    }
    for mode in MODES {
        let parent = TempDir::with_prefix("kolam-").unwrap();
        fs::set_permissions(parent.path(), Permissions::from_mode(0o700)).unwrap();
        let dir = parent.path().join("vol");
        fs::create_dir(&dir).unwrap();
        chown(&dir, Some(NOBODY_ID), Some(NOBODY_ID)).unwrap();
        let options = ["--user", NOBODY, "--port", "0", "--dir", dir.to_str().unwrap()];
        let server = fileserver(mode).without_defaults().args(options).start();
        assert_eq!(server.ask("UPLOAD a.txt aGk=").outcome(), "OK", "{mode}");
        assert_eq!(server.ask("GET a.txt").content(), b"hi", "{mode}");
        fs::remove_dir_all(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        assert_eq!(server.ask("LIST").outcome(), "internal", "{mode}");
    }
}

#[test]
fn a_user_that_cannot_be_is_refused() {
    if !is_root() {
        return expect_refusal(fileserver("thread").args(["--user", NOBODY]), "started as root");
    }
    expect_refusal(fileserver("thread").args(["--user", "no-such-user"]), "\"no-such-user\"");
    expect_refusal(fileserver("thread").env("FILESERVER_USER", "root"), "is root itself");
    let (_dir, binary) = program_for_everyone(env!("CARGO_BIN_EXE_fileserver"));
    let by_nobody = ServerBuilder::new(binary).as_user(NOBODY_ID).args(["--user", NOBODY]);
    expect_refusal(by_nobody, "started as root");
}

#[test]
fn root_is_warned_and_nobody_else_is() {
    let (_dir, binary) = program_for_everyone(env!("CARGO_BIN_EXE_fileserver"));
    let warned = |builder: ServerBuilder| {
        let mut server = builder.start();
        assert_eq!(server.ask("PING").outcome(), "OK");
        server.stop().stderr.contains("running as root; --user")
    };
    assert_eq!(warned(fileserver("thread")), is_root());
    if is_root() {
        assert!(!warned(ServerBuilder::new(binary).as_user(NOBODY_ID)));
    }
}

#[test]
fn what_the_user_may_not_do_is_told_at_the_start_in_a_sentence() {
    if !is_root() {
        return skip("only root can start a server as somebody else");
    }
    let (_dir, binary) = program_for_everyone(env!("CARGO_BIN_EXE_fileserver"));
    let by_nobody = || ServerBuilder::new(&binary).as_user(NOBODY_ID);
    let roots = |mode| {
        let dir = TempDir::with_prefix("kolam-").unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
        (dir.path().to_str().unwrap().to_owned(), dir)
    };
    let ((closed, _closed), (open, _open)) = (roots(0o700), roots(0o755));
    let log = format!("{open}/log");
    for (options, sentence) in [
        (
            &["--dir", &closed][..],
            format!("this user may not read the directory {closed}; name another with --dir"),
        ),
        (
            &["--dir", &open],
            format!(
                "files cannot be stored in {open} (Permission denied (os error 13)); --read-only serves it without UPLOAD and DELETE"
            ),
        ),
        (
            &["--dir", ".", "--log-file", &log],
            format!(
                "--log-file {log} cannot be opened for writing: Permission denied (os error 13); name another"
            ),
        ),
    ] {
        let stopped =
            by_nobody().env("FILESERVER_PORT", "0").without_defaults().args(options).run_to_end();
        assert_eq!(stopped.stderr, format!("fileserver: {sentence}\n"));
        assert_eq!(stopped.exit_code, Some(2));
    }
    let read_only = by_nobody().without_defaults().args(["--port", "0", "--read-only", &open]);
    assert_eq!(read_only.start().ask("LIST").outcome(), "OK");
    let first_of_all = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if first_of_all.trim() != "0" {
        let stopped =
            by_nobody().without_defaults().args(["--dir", ".", "--port", "1"]).run_to_end();
        let sentence = "fileserver: this user may not listen on port 1; choose one from 1024 up";
        assert!(stopped.stderr.starts_with(sentence), "{}", stopped.stderr);
    }
}

#[test]
fn a_limit_of_processes_is_told_once() {
    // Nobody else's processes count with those of this user.
    const USER_ID: u32 = 61_234;
    if !is_root() {
        return skip("only root can start a server as somebody else");
    }
    let (_dir, binary) = program_for_everyone(env!("CARGO_BIN_EXE_fileserver"));
    for mode in MODES {
        let limited = ServerBuilder::new("prlimit")
            .as_user(USER_ID)
            .args(["--nproc=1".as_ref(), binary.as_os_str()]);
        let stopped = limited.args(["--mode", mode]).run_to_end();
        assert_eq!(stopped.exit_code, Some(2), "{mode}: {}", stopped.stderr);
        let told = stopped.stderr.lines().filter(|line| line.contains("temporarily unavailable"));
        assert!(told.count() == 1 && stopped.stderr.contains("pids"), "{mode}: {}", stopped.stderr);
    }
}

#[track_caller]
fn expect_all_requests_work(server: &Server) {
    let content = content(1, 300_000);
    let mut peer = server.connect();
    for name in ["a.bin", "b.bin", "a.bin"] {
        let upload = format!("UPLOAD {name} {}", base64(&content));
        assert_eq!(peer.request(&upload)["data_size"], 300_000);
    }
    assert!(peer.request("GET a.bin").content() == content);
    assert_eq!(peer.request("DIGEST b.bin")["data_size"], 300_000);
    assert_eq!(peer.request("DELETE b.bin").outcome(), "OK");
    assert_eq!(peer.request("GET b.bin").outcome(), "not-found");
    assert_eq!(peer.request("LIST")["data"][0], "a.bin");
    assert_eq!(server.temporary_files(), 0);
    let stats = server.stats();
    assert!(stats.worker.iter().all(|worker| worker.memory_bytes > Some(0)), "{stats:?}");
    assert!(stats.worker.iter().all(|worker| worker.cpu_seconds.is_some()), "{stats:?}");
}

#[track_caller]
fn expect_refusal(builder: ServerBuilder, why: &str) {
    let stopped = builder.run_to_end();
    assert_eq!(stopped.exit_code, Some(2), "{}", stopped.stderr);
    let last = stopped.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("fileserver: ") && last.contains(why), "{}", stopped.stderr);
}

/// A line of what the kernel says about a process.
#[track_caller]
fn status(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.unwrap().trim().to_owned()
}

/// How many seccomp filters its system calls pass.
fn filters(pid: u32) -> u32 {
    status(pid, "Seccomp_filters").parse().unwrap()
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
