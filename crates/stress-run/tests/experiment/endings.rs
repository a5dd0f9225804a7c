//! What cannot begin is refused at once and leaves nothing; what goes wrong on the way is told.

use std::{
    ffi::OsStr,
    fs,
    net::TcpListener,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::run::{self, Group, Run};

/// How soon a run that cannot begin must have said so.
const AT_ONCE: Duration = Duration::from_secs(2);

#[test]
fn a_port_that_is_taken_is_refused_at_once_and_nothing_is_written() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Run::new();
    let started = Instant::now();
    let finished = run.finish(&["--port", &port]);
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{}", finished.stderr);
    assert!(finished.stderr.contains(&format!("port {port}")), "{}", finished.stderr);
    assert!(!run.out().exists() && run.leftovers() == 0);
}

#[test]
fn a_port_can_be_chosen_for_all_servers_of_a_run() {
    // Below the range that the kernel gives to the clients of other tests.
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = (21_000..22_000).find(is_free).unwrap().to_string();
    let run = Run::new();
    let finished = run.finish(&[
        "--port",
        &port,
        "--modes",
        "thread,process",
        "--volumes",
        "0.25",
        "--clients",
        "1",
        "--servers",
        "1,2",
        "--ops",
        "upload",
    ]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.contains("\nConfigurations completed: 4/4, failed: 0/4\n"));
}

#[test]
fn a_full_disk_for_the_results_is_refused_at_once_and_nothing_is_written() {
    let run = Run::new();
    fs::create_dir(run.out()).unwrap();
    let Some(launcher) = testkit::disk::launcher(&run.out(), "size=64k") else {
        testkit::skip("this user may not mount a small disk");
        return;
    };
    // What is on a disk of its own can only be seen there.
    let script = "\"$@\"; code=$?; find \"$0\" -mindepth 1; exit $code";
    let started = Instant::now();
    let output = Command::new(&launcher[0])
        .args(&launcher[1..])
        .args(["sh", "-c", script])
        .arg(run.out())
        .arg(run::stress_run())
        .args(run.directories())
        .args(["--volumes", "0.25"])
        .output()
        .unwrap();
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("the results of this run need"), "{stderr}");
    assert_eq!(run.leftovers(), 0);
}

#[test]
fn files_in_memory_that_do_not_fit_into_the_container_are_refused_at_once() {
    let Some(group) = Group::with_limit("memory", "memory.limit_in_bytes", "400M") else {
        testkit::skip("this user may not limit the memory of a group");
        return;
    };
    let run = Run::new();
    let output = group
        .command(run::stress_run())
        .args(["--work-dir", "/dev/shm", "--volumes", "10", "--clients", "50"])
        .arg("--out")
        .arg(run.out())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &[][..]), "{stderr}");
    assert!(stderr.contains(" MiB of memory are available"), "{stderr}");
    assert!(stderr.contains(" MiB of it for files in memory; choose smaller"), "{stderr}");
    assert!(!run.out().exists());
}

#[test]
fn paths_that_are_no_text_are_paths_all_the_same() {
    let temp = TempDir::new().unwrap();
    let path = |name: &[u8]| temp.path().join(OsStr::from_bytes(name));
    let (out, work_dir, program) = (path(b"out\xff"), path(b"w\xfe\n"), path(b"server\xfd"));
    fs::create_dir(&work_dir).unwrap();
    std::os::unix::fs::symlink(run::fileserver(), &program).unwrap();
    for pool in ["thread", "process"] {
        let mut command = Command::new(run::stress_run());
        command.arg("--out").arg(&out).arg("--work-dir").arg(&work_dir).arg("--fileserver");
        command.arg(&program).args(["--client-pool", pool, "--modes", "thread", "--volumes"]);
        command.args(["0.1", "--clients", "2", "--servers", "1"]).envs(run::ALONE_ONCE);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", output.stderr.escape_ascii());
        let latest = out.join("latest");
        let report = Command::new(run::stress_run()).arg("report").arg(&latest).output().unwrap();
        assert!(report.status.success(), "{}", report.stderr.escape_ascii());
        let environment = fs::read_to_string(latest.join("environment.json")).unwrap();
        assert!(environment.contains("server\u{fffd}"), "{environment}");
    }
    assert_eq!(fs::read_dir(&work_dir).unwrap().count(), 0);
}

#[test]
fn where_the_link_to_the_newest_run_cannot_be_made_nothing_is() {
    let run = Run::new();
    let latest = run.out().join("latest");
    fs::create_dir_all(&latest).unwrap();
    let finished = run.finish(&["--volumes", "0.1"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{}", finished.stderr);
    assert!(finished.stderr.contains("give what is there another name"), "{}", finished.stderr);
    assert_eq!(fs::read_dir(run.out()).unwrap().count(), 1);
    assert_eq!(run.leftovers(), 0);
}

#[test]
fn a_byte_that_a_real_server_flips_makes_the_run_invalid() {
    let run = Run::new();
    let args = ["--modes", "thread", "--volumes", "0.25", "--clients", "2", "--servers", "1"];
    let finished = run.finish_with(&args, &[("FILESERVER_INJECT", "flip-byte")]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stdout.contains("INJECTED"), "{}", finished.stdout);
    assert!(run.latest("table.md").contains("> **INVALID"));
    let rows = run::rows(&run.latest("table-thread-INVALID.csv"));
    assert_eq!((rows[0][5].as_str(), rows[0][7].as_str()), ("", "0 succeeded, 2 failed"));
    // Uploads of the same run are right.
    assert_eq!(rows[1][7], "2 succeeded, 0 failed");
}

#[test]
fn a_real_server_that_stalls_fails_all_clients_and_no_time_is_reported() {
    let run = Run::new();
    let args = [
        "--modes",
        "process",
        "--volumes",
        "0.25",
        "--clients",
        "3",
        "--servers",
        "2",
        "--ops",
        "download",
        "--timeout",
        "1",
    ];
    let finished = run.finish_with(&args, &[("FILESERVER_INJECT", "service-time=3600000")]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let row = &run::rows(&run.latest("table-process.csv"))[0];
    assert_eq!((row[5].as_str(), row[6].as_str()), ("", ""));
    assert_eq!(row[7], "0 succeeded, 3 failed");
}

#[test]
fn a_table_that_was_rendered_again_is_the_same_and_the_raw_files_are_enough() {
    let run = Run::new();
    let args = ["--modes", "thread", "--volumes", "0.25", "--clients", "1,2", "--servers", "1"];
    assert_eq!(run.finish(&args).code, Some(0));
    let dir = run.out().join("latest");
    let derived = ["table-thread.csv", "table.md", "report.html"];
    let before = derived.map(|name| run.latest(name));
    for name in derived {
        fs::remove_file(dir.join(name)).unwrap();
    }
    let again = run::command(&["report", dir.to_str().unwrap()]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(derived.map(|name| run.latest(name)), before);
    assert!(again.stdout.lines().all(|line| Path::new(line).is_file()), "{}", again.stdout);
    let indonesian = run::command(&["report", dir.to_str().unwrap(), "--lang", "id"]);
    assert_eq!(indonesian.code, Some(0), "{}", indonesian.stderr);
    assert!(run.latest("table-thread.csv").starts_with("Nomor,Operasi"));
    assert_eq!(run::command(&["report", "/no/such/run"]).code, Some(2));
    for (gate, code) in [("failed==0", 0), ("failed==1", 4), ("nonsense<3", 2)] {
        let gated = run::command(&["report", dir.to_str().unwrap(), "--gate", gate]);
        assert_eq!(gated.code, Some(code), "{gate}: {}", gated.stderr);
    }
}
