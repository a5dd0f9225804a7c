//! What an operator changes while the balancer runs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    slice,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use testkit::{PATIENCE, Server, ServerBuilder, Signal, content, eventually};

use crate::{
    LEVELS, await_log, await_state, backend, balancer, named, row, start_with_status, stats, who,
};

const SOCKET: &str = "control.sock";

/// With a control socket in its directory.
fn controlled(builder: ServerBuilder) -> ServerBuilder {
    builder.args(["--control", SOCKET])
}

fn ctl(balancer: &Server, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filebalancer"));
    command.arg("ctl").args(line.split_whitespace()).current_dir(balancer.dir());
    command.env("FILEBALANCER_CONTROL", SOCKET).output().unwrap()
}

/// What `ctl` prints when it does what it is told.
#[track_caller]
fn done(balancer: &Server, line: &str) -> String {
    let output = ctl(balancer, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What `ctl` says when nothing is changed.
#[track_caller]
fn refused(balancer: &Server, line: &str) -> String {
    let output = ctl(balancer, line);
    assert_eq!(output.status.code(), Some(1), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_drained_backend_gets_nothing_new_and_finishes_what_it_has() {
    LEVELS.iter().for_each(|level| expect_drained(level));
}

fn expect_drained(level: &str) {
    let (a, b) = (backend("a"), backend("b"));
    let content = content(1, 20 << 20);
    b.place("large.bin", &content);
    let builder = controlled(balancer([named("a", &a), named("b", &b)]));
    let (balancer, status) = start_with_status(builder.args(["--level", level]));
    assert_eq!(who(&balancer), "a");
    let mut transfer = balancer.connect();
    transfer.send("GET large.bin\r\n\r\n");
    transfer.await_bytes(1000);
    assert_eq!(done(&balancer, "drain b"), "b gets nothing new\n");
    assert_eq!(row(status, "b").state, "draining");
    assert_eq!([(); 4].map(|()| who(&balancer)), ["a"; 4]);
    assert_eq!(row(status, "b").in_flight, 1);
    let said = refused(&balancer, "drain b --wait 0.2");
    assert_eq!(said, "filebalancer: b still has 1 in flight\n");
    assert!(transfer.read_long_reply().content() == content);
    drop(transfer);
    assert!(done(&balancer, "drain b --wait 10").ends_with("\nb has nothing left to do\n"));
    assert_eq!(row(status, "b").in_flight, 0);
    done(&balancer, "enable b");
    let mut served = [(); 12].map(|()| who(&balancer));
    served.sort();
    assert_eq!(served[11], "b", "{served:?}");
}

#[test]
fn weights_backends_and_all_are_changed_while_it_runs() {
    let servers = ["a", "b", "c"].map(|name| (name, backend(name)));
    let [a, b, c] = servers.each_ref().map(|(name, server)| named(name, server));
    let balancer = controlled(balancer([&a, &b])).args(["--warm-up", "0"]).start();
    done(&balancer, "weight a 3");
    let mut served = [(); 8].map(|()| who(&balancer));
    served.sort();
    assert_eq!(served.concat(), "aaaaaabb");
    done(&balancer, "remove a");
    assert_eq!([(); 2].map(|()| who(&balancer)).concat(), "bb");
    assert_eq!(
        done(&balancer, &format!("add {c}")),
        "c is added, and gets work unless its checks fail\n"
    );
    let mut served = [(); 4].map(|()| who(&balancer));
    served.sort();
    assert_eq!(served.concat(), "bbcc");
    let shown = done(&balancer, "show");
    let names: Vec<_> = shown.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["backend", "b", "c"], "{shown}");
    assert!(shown.contains(&format!("\nb        {}", servers[1].1.address())), "{shown}");
    let rows: serde_json::Value = serde_json::from_str(&done(&balancer, "show --json")).unwrap();
    assert_eq!(rows[1]["name"], "c");
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let server = backend("a");
    let (balancer, status) = start_with_status(controlled(balancer([named("a", &server)])));
    let before = stats(status).backend.len();
    for (line, why) in [
        ("drain z", "no backend is called z"),
        ("remove z", "no backend is called z"),
        ("add localhost:0", "the port must be a number"),
        ("add a=127.0.0.1:1", "a backend is called \"a\" already"),
        (&format!("add b={}", balancer.address()), "is where the balancer itself listens"),
        (&format!("add b={}", server.address()), "is where backend a is already"),
        ("reload", "without --config"),
    ] {
        let said = refused(&balancer, line);
        assert!(said.contains(why), "{line}: {said}");
    }
    assert_eq!(stats(status).backend.len(), before);
    assert_eq!(who(&balancer), "a");
}

#[test]
fn clients_are_told_that_all_servers_are_drained() {
    let server = backend("a");
    let balancer = controlled(balancer([named("a", &server)])).start();
    done(&balancer, "drain a");
    let reply = balancer.ask("GET who.txt");
    assert_eq!(reply.outcome(), "unavailable");
    assert!(reply.text().contains("all servers are drained"), "{}", reply.text());
}

/// The socket is the user's alone, and gone with the balancer; one that is left behind is replaced.
#[test]
fn the_control_socket_comes_and_goes_with_its_balancer() {
    use std::os::unix::fs::PermissionsExt;

    let server = backend("a");
    let builder = controlled(balancer([named("a", &server)]));
    let path = builder.dir().join(SOCKET);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut balancer = builder.start();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(done(&balancer, "show").contains("\na "));
    let again = ["--control", path.to_str().unwrap()];
    let second = crate::balancer([named("a", &server)]).args(again).run_to_end();
    assert_eq!(second.exit_code, Some(2));
    assert!(second.stderr.contains("another balancer answers there"), "{}", second.stderr);
    assert_eq!(balancer.stop().exit_code, Some(0));
    assert!(!path.exists());
    assert_eq!(ctl(&balancer, "show").status.code(), Some(2));
}

/// Writes a configuration in one step, as an editor does.
fn configure(path: &Path, backends: &[String]) {
    let unready = path.with_extension("new");
    fs::write(&unready, entries(backends)).unwrap();
    fs::rename(&unready, path).unwrap();
}

fn entries(backends: &[String]) -> String {
    let entry = |backend: &String| {
        let (name, address) = backend.split_once('=').unwrap();
        format!("[[backend]]\nname = \"{name}\"\naddress = \"{address}\"\n")
    };
    backends.iter().map(entry).collect()
}

/// A balancer whose configuration names these; and where that is.
fn configured(backends: &[String]) -> (ServerBuilder, PathBuf) {
    let builder = controlled(balancer::<&str>([])).args(["--config", "balancer.toml"]);
    let path = builder.dir().join("balancer.toml");
    configure(&path, backends);
    (builder, path)
}

#[test]
fn a_hangup_puts_the_configuration_into_force_and_a_wrong_one_changes_nothing() {
    let (a, b) = (backend("a"), backend("b"));
    let (builder, path) = configured(&[named("a", &a)]);
    let (balancer, status) = start_with_status(builder.args(["--warm-up", "0"]));
    assert_eq!(who(&balancer), "a");
    configure(&path, &[named("b", &b)]);
    balancer.kill(Signal::SIGHUP);
    eventually(PATIENCE, "b has taken the place of a", || {
        stats(status).backend.iter().map(|row| row.name.as_str()).eq(["b"])
    });
    assert_eq!([(); 2].map(|()| who(&balancer)).concat(), "bb");
    fs::write(&path, "[[backend]]\naddress = 5\n").unwrap();
    balancer.kill(Signal::SIGHUP);
    await_log(&balancer, &["the configuration stays as it was", "line 2"]);
    assert_eq!(who(&balancer), "b");
}

#[test]
fn a_reload_says_what_is_in_force_or_why_it_is_not_and_so_does_the_log() {
    let a = backend("a");
    let (builder, path) = configured(&[named("a", &a)]);
    let balancer = builder.start();
    fs::write(&path, "policy = \"chance\"\n").unwrap();
    assert!(refused(&balancer, "reload").contains("line 1"));
    await_log(&balancer, &["the configuration stays as it was", "line 1"]);
    configure(&path, &[named("a", &a), format!("b={}", balancer.address())]);
    assert!(refused(&balancer, "reload").contains("b: "));
    await_log(&balancer, &["the configuration stays as it was", "the balancer itself listens"]);
    let text = format!("policy = \"two-choices\"\n{}", entries(&[named("a", &a)]));
    fs::write(&path, text).unwrap();
    let in_force = "is in force: policy two-choices, 0 backends added, removed or changed";
    assert!(done(&balancer, "reload").contains(in_force));
    await_log(&balancer, &[in_force]);
}

/// Ends the load when it is dropped, also by a test that fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn reloads_under_load_reset_nobody() {
    LEVELS.iter().for_each(|level| expect_undisturbed_by_reloads(level));
}

fn expect_undisturbed_by_reloads(level: &str) {
    let servers = ["a", "b", "c"].map(|name| (name, backend(name)));
    let all = servers.each_ref().map(|(name, server)| named(name, server));
    let (builder, path) = configured(&all);
    let balancer = builder.args(["--level", level]).start();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = Over(&is_over);
        let clients: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    let mut kept = balancer.connect();
                    while !is_over.load(Relaxed) {
                        assert_eq!(kept.request("GET who.txt").outcome(), "OK", "{level}");
                        who(&balancer);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        for round in 0..50 {
            // Those that were there are always gone.
            configure(&path, slice::from_ref(&all[round % 3]));
            done(&balancer, "reload");
        }
        drop(over);
        let served: u32 = clients.into_iter().map(|client| client.join().unwrap()).sum();
        assert!(served > 50, "{served}");
    });
}

#[test]
fn a_backend_that_is_added_dead_is_found_out() {
    let server = backend("a");
    let (balancer, status) = start_with_status(controlled(balancer([named("a", &server)])));
    done(&balancer, "add dead=127.0.0.1:1");
    await_state(status, "dead", "down");
    let shown = done(&balancer, "show");
    assert!(shown.contains("\ndead is down: it cannot be reached: "), "{shown}");
    assert!(!shown.contains("\na is "), "{shown}");
    await_log(&balancer, &["backend=dead change=added reason=\"at 127.0.0.1:1\""]);
    assert_eq!(who(&balancer), "a");
}
