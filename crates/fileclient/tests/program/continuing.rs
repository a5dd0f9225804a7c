//! Downloads and uploads that go on where they broke off.
//!
//! `KOLAM_FAULT=full` breaks 100 MB at ten random places, ten times over; without it they are few and small.

use std::{env, path::PathBuf};

use testkit::{PATIENCE, Server, ServerBuilder, Signal, eventually};

use super::{
    link::{AtTheEnd, Link, fileserver},
    *,
};

/// Heads, replies and what the kernel held when a connection broke.
const ALLOWANCE: u64 = 1 << 20;

struct Scale {
    len: usize,
    /// How far each transfer comes before it breaks, and how that happens.
    breaks: Vec<(u64, Killed)>,
}

fn scale() -> Scale {
    if env::var("KOLAM_FAULT").is_ok_and(|scale| scale == "full") {
        let len = 100_000_000;
        let seed = env::var("KOLAM_SEED");
        let seed = seed.map_or(std::process::id().into(), |seed| seed.parse().unwrap());
        println!("KOLAM_SEED={seed}");
        let words = testkit::content(seed, 8 * 100);
        let random = words.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let places = random.map(|word| word % len as u64);
        Scale { len, breaks: places.zip(KILLED.into_iter().cycle()).collect() }
    } else {
        let at = |place| KILLED.map(|killed| (place, killed));
        Scale { len: 4_000_000, breaks: [at(100), at(1_500_000), at(3_900_000)].concat() }
    }
}

/// What is here of a download that broke off.
fn part_len(directory: &Path) -> u64 {
    let parts: Vec<_> = names(directory)
        .into_iter()
        .filter(|name| name.starts_with(".fileclient-part-"))
        .map(|name| fs::metadata(directory.join(name)).unwrap().len())
        .collect();
    assert!(parts.len() <= 1, "{parts:?}");
    parts.first().copied().unwrap_or_default()
}

fn stored_part_len(server: &Server) -> u64 {
    server.parts().first().copied().unwrap_or_default()
}

/// The same directory served by another process.
fn again(old: &Server) -> Server {
    let dir = old.dir().to_str().unwrap();
    fileserver().without_defaults().args(["--port", "0", "--dir", dir]).start()
}

fn continue_at(address: &str, directory: &Path, args: &[&str]) -> Command {
    let mut command = fileclient_that_asks(address, directory);
    command.args(args).arg("--continue");
    command
}

/// Goes on until it is through: a server may take a moment to see that the connection before is over.
fn go_on(server: &Server, directory: &Path, args: &[&str]) -> (String, u64) {
    let link = Link::without_limit(server.address());
    let mut out = String::new();
    eventually(PATIENCE, "the transfer goes on", || {
        let (code, said, err) = told(continue_at(&link.address, directory, args).output().unwrap());
        assert!(code == 0 || err.contains("being added to on another connection"), "{err}");
        out = said;
        code == 0
    });
    (out, link.moved())
}

/// Has a transfer come as far as `place` and then loses one side; what was there before is kept.
fn break_at(place: u64, killed: Killed, server: &mut Server, directory: &Path, args: &[&str]) {
    let at_the_end = if killed == Killed::Nobody { AtTheEnd::Breaks } else { AtTheEnd::HoldsStill };
    let link = Link::to(server.address(), at_the_end, move |_| place);
    let mut command = continue_at(&link.address, directory, args);
    let mut client = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    match killed {
        Killed::Nobody => {}
        Killed::Client => {
            eventually(PATIENCE, "the link is used up", || link.moved() >= place);
            client.kill().unwrap();
        }
        Killed::Server => {
            eventually(PATIENCE, "the link is used up", || link.moved() >= place);
            server.kill(Signal::SIGKILL);
            server.wait(PATIENCE);
        }
    }
    link.release();
    assert!(!client.wait().unwrap().success());
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Killed {
    Nobody,
    Client,
    Server,
}

const KILLED: [Killed; 3] = [Killed::Nobody, Killed::Client, Killed::Server];

#[test]
fn a_download_goes_on_where_either_side_broke_it_off() {
    let Scale { len, breaks } = scale();
    let content = testkit::content(1, len);
    for (place, killed) in breaks {
        let first = fileserver().start();
        first.place("a", &content);
        let mut server = again(&first);
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        break_at(place, killed, &mut server, here, &["get", "a"]);
        let kept = part_len(here);
        assert!(kept <= place && !here.join("a").exists(), "{killed:?} at {place}");
        let (out, moved) = go_on(&first, here, &["get", "a"]);
        assert!(out.starts_with("saved a ("), "{out}");
        assert_eq!(out.contains(" of it before"), kept > 0, "{out}");
        assert!(fs::read(here.join("a")).unwrap() == content, "{killed:?} at {place}");
        assert!(moved <= len as u64 - kept + ALLOWANCE, "{killed:?} at {place}: {moved}");
        assert_eq!(names(here), ["a"]);
    }
}

#[test]
fn an_upload_goes_on_where_either_side_broke_it_off() {
    let Scale { len, breaks } = scale();
    let content = testkit::content(2, len);
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("a"), &content).unwrap();
    for (place, killed) in breaks {
        let first = fileserver().start();
        let mut server = again(&first);
        break_at(place, killed, &mut server, here, &["upload", "a"]);
        assert_eq!(first.stored("a"), None, "{killed:?} at {place}");
        let kept = stored_part_len(&first);
        let (out, moved) = go_on(&first, here, &["upload", "a"]);
        assert!(out.starts_with("stored a ("), "{out}");
        assert!(first.stored("a").unwrap() == content, "{killed:?} at {place}");
        assert!(moved <= len as u64 - kept + ALLOWANCE, "{killed:?} at {place}: {moved}");
        assert_eq!(first.parts(), [0; 0]);
    }
}

#[test]
fn a_download_of_a_file_that_was_replaced_begins_again() {
    let mut server = fileserver().start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    server.place("a", &testkit::content(1, 2_000_000));
    break_at(1_000_000, Killed::Nobody, &mut server, here, &["get", "a"]);
    assert!(part_len(here) > 0);
    let content = testkit::content(2, 2_000_000);
    server.place("new", &content);
    fs::rename(server.dir().join("new"), server.dir().join("a")).unwrap();
    let (out, moved) = go_on(&server, here, &["get", "a"]);
    assert!(!out.contains("before") && moved >= 2_000_000, "{out}");
    assert!(fs::read(here.join("a")).unwrap() == content);
    assert_eq!(names(here), ["a"]);
}

#[test]
fn a_part_that_is_not_of_the_file_is_found_and_given_up() {
    let mut server = fileserver().start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let content = testkit::content(1, 2_000_000);
    server.place("a", &content);
    break_at(1_000_000, Killed::Nobody, &mut server, here, &["get", "a"]);
    let part = here.join(&names(here)[0]);
    let mut damaged = fs::read(&part).unwrap();
    damaged[0] ^= 1;
    fs::write(&part, damaged).unwrap();
    let address = server.address().to_string();
    let (code, out, err) = told(continue_at(&address, here, &["get", "a"]).output().unwrap());
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("what came of a is not what ") && err.contains("begin again"), "{err}");
    assert!(names(here).is_empty());
    go_on(&server, here, &["get", "a"]);
    assert!(fs::read(here.join("a")).unwrap() == content);
}

#[test]
fn a_part_that_is_whole_stays_where_its_digest_cannot_be_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::start(1, |_, stream| {
        let head = |len| {
            format!(
                "{{\"status\":\"OK\",\"data_namafile\":\"a\",\"data_size\":5,\"data_offset\":0,\
                 \"data_length\":{len},\"data_version\":\"v\"}}\r\n\r\n"
            )
        };
        let pong = "{\"status\":\"OK\",\"data\":\"pong\",\"data_features\":[\"fetch\"]}\r\n\r\n";
        for reply in [pong.to_owned(), head(0), head(5) + "hello"] {
            read_request(stream);
            stream.write_all(reply.as_bytes()).unwrap();
        }
        read_request(stream)
    });
    let mut command = continue_at(&server.address, directory.path(), &["get", "a"]);
    let (code, _, err) = told(command.output().unwrap());
    assert!(code == 1 && err.starts_with("error: cannot compare a with what came"), "{err}");
    assert_eq!(server.finish(), ["DIGEST a\r\n\r\n"]);
    assert_eq!(part_len(directory.path()), 5);
}

#[test]
fn two_downloads_do_not_add_to_one_part() {
    let server = fileserver().start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    server.place("a", &testkit::content(1, 2_000_000));
    let link = Link::to(server.address(), AtTheEnd::HoldsStill, |_| 1_000_000);
    let mut first = continue_at(&link.address, here, &["get", "a"]).spawn().unwrap();
    eventually(PATIENCE, "it is under way", || part_len(here) > 0);
    let address = server.address().to_string();
    let (code, _, err) = told(continue_at(&address, here, &["get", "a"]).output().unwrap());
    assert_eq!(code, 1);
    assert!(err.contains("another download of it is under way"), "{err}");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn an_upload_of_a_file_that_was_changed_begins_again() {
    let mut server = fileserver().start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("a"), testkit::content(1, 2_000_000)).unwrap();
    break_at(1_000_000, Killed::Nobody, &mut server, here, &["upload", "a"]);
    let content = testkit::content(2, 2_000_000);
    fs::write(here.join("a"), &content).unwrap();
    let (_, moved) = go_on(&server, here, &["upload", "a"]);
    assert!(moved >= 2_000_000 && server.stored("a").unwrap() == content);
}

/// Two servers of one directory behind a balancer, of which one at a time gets what is new.
struct Balanced {
    servers: [Server; 2],
    balancer: Server,
}

impl Balanced {
    fn start() -> Self {
        let first = fileserver().start();
        let servers = [again(&first), first];
        let [a, b] = servers.each_ref().map(Server::address);
        let balancer = ServerBuilder::new(Self::program())
            .without_defaults()
            .args(["--port", "0", "--control", "control.sock"])
            .args(["--backend", &format!("a={a}"), "--backend", &format!("b={b}")])
            .start();
        Self { servers, balancer }
    }

    fn program() -> PathBuf {
        PathBuf::from(env!("CARGO_BIN_EXE_fileclient")).with_file_name("filebalancer")
    }

    fn stored(&self) -> &Server {
        &self.servers[1]
    }

    fn has_only(&self, backend: &str, other: &str) {
        for words in [["enable", backend], ["drain", other]] {
            let mut command = Command::new(Self::program());
            command.arg("ctl").args(["--control", "control.sock"]).args(words);
            let told = command.current_dir(self.balancer.dir()).output().unwrap();
            assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        }
    }
}

#[test]
fn a_transfer_goes_on_at_another_server_behind_a_balancer() {
    let mut balanced = Balanced::start();
    let directory = tempfile::tempdir().unwrap();
    let (here, content) = (directory.path(), testkit::content(3, 4_000_000));
    let len = content.len() as u64;
    balanced.stored().place("a", &content);
    fs::write(here.join("b"), &content).unwrap();
    for (args, place) in [(&["get", "a"], 1_500_000), (&["upload", "b"], 2_500_000)] {
        balanced.has_only("a", "b");
        break_at(place, Killed::Nobody, &mut balanced.balancer, here, args);
        let kept = part_len(here) + stored_part_len(balanced.stored());
        assert!(kept <= place, "{args:?}: {kept}");
        balanced.has_only("b", "a");
        let (out, moved) = go_on(&balanced.balancer, here, args);
        assert!(out.contains(" of it before"), "{out}");
        assert!(moved <= len - kept + ALLOWANCE, "{args:?}: {moved} after {kept}");
    }
    assert!(fs::read(here.join("a")).unwrap() == content);
    assert!(balanced.stored().stored("b").unwrap() == content);
    assert_eq!(balanced.stored().parts(), [0; 0]);
}

#[test]
fn what_cannot_be_continued_is_told_before_anything_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    for (args, sentence) in [
        (&["get", "-c", "a", "-o", "-"][..], "standard output cannot be continued"),
        (&["get", "-c", "a", "--parallel", "2"], "goes on with one connection"),
        (&["upload", "-c", "-", "--as", "a"], "standard input cannot be continued"),
    ] {
        let (code, _, err) = run("127.0.0.1:1", directory.path(), args);
        assert!(code == 2 && err.contains(sentence), "{err}");
    }
}
