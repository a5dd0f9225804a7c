//! Nodes as processes, and searches through them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;
use testkit::{
    PATIENCE, Server, ServerBuilder, eventually,
    network::{self, WITH_A_WAY_OUT, packets_out},
};

const FILEPEER: &str = env!("CARGO_BIN_EXE_filepeer");

/// Begins a node whose key is in its own directory.
fn node(args: &[&str]) -> ServerBuilder {
    let builder = ServerBuilder::new(FILEPEER).without_defaults();
    builder.args(["serve", "--port", "0", "--identity", "key"]).args(args)
}

/// A node that shares its own directory, with its key elsewhere.
fn sharing(files: &[(&str, &str)]) -> Server {
    let builder = ServerBuilder::new(FILEPEER).without_defaults();
    for (name, content) in files {
        fs::write(builder.dir().join(name), content).unwrap();
    }
    builder.args(["serve", "--port", "0", "--share", "."]).start()
}

fn beside(neighbour: &Server) -> Server {
    node(&["--neighbour", &neighbour.address().to_string()]).start()
}

/// A search that ends by itself.
fn search(args: &[&str]) -> Output {
    Command::new(FILEPEER).arg("search").args(args).output().unwrap()
}

fn lines(output: &Output) -> Vec<Vec<String>> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// What the search finds through `via`, once it finds it: files are read first, and links made.
fn found(name: &str, via: &Server) -> Vec<Vec<String>> {
    let via = via.address().to_string();
    let mut found = Vec::new();
    eventually(PATIENCE, "it is found", || {
        let output = search(&[name, "--via", &via]);
        found = lines(&output);
        output.status.success()
    });
    found
}

#[test]
fn a_search_through_the_end_of_a_chain_shows_who_has_the_file_at_the_other_end() {
    let first = sharing(&[("contoh.txt", "INI ADALAH KOMUNIKASI P2P")]);
    let second = beside(&first);
    let third = beside(&second);
    let [head, row] = &found("contoh.txt", &third)[..] else { panic!("one holder") };
    assert_eq!(head, &["NAME", "SIZE", "HASH", "AT", "HOPS"]);
    let [name, size, unit, hash, at, hops] = &row[..] else { panic!("{row:?}") };
    assert_eq!((&**name, &**size, &**unit), ("contoh.txt", "25", "B"));
    assert!(hash.len() == 16 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
    // The node that is asked is one hop away.
    assert_eq!((at, &**hops), (&first.address().to_string(), "3"));
}

#[test]
fn the_status_of_a_search_says_whether_somebody_has_it_and_whether_anybody_was_asked() {
    let node = sharing(&[("contoh.txt", "x")]);
    found("contoh.txt", &node);
    let via = node.address().to_string();
    let status = |args: &[&str]| search(args).status.code();
    assert_eq!(status(&["contoh.txt", "--via", &via]), Some(0));
    assert_eq!(status(&["toh.t", "--substring", "--via", &via]), Some(0));
    assert_eq!(status(&["absent.txt", "--via", &via]), Some(1));
    for wrong in [&["contoh.txt"][..], &["../x", "--via", &via], &["x", "--via", "127.0.0.1:1"]] {
        assert_eq!(status(wrong), Some(2), "{wrong:?}");
    }
}

#[test]
fn search_and_get_speak_the_language_that_is_asked_for() {
    let node = sharing(&[("contoh.txt", "x")]);
    found("contoh.txt", &node);
    let (via, dir) = (node.address().to_string(), TempDir::new().unwrap());
    let said = |command: &str, name: &str| {
        let mut program = Command::new(FILEPEER);
        program.args([command, name, "--lang", "id", "--via", &via]).current_dir(dir.path());
        let output = program.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let table = said("search", "contoh.txt");
    assert!(table.starts_with("NAMA ") && table.contains("jawaban pertama"), "{table}");
    let fetched = said("get", "contoh.txt");
    assert!(fetched.contains(" dalam ") && fetched.contains(", dari "), "{fetched}");
    assert!(said("get", "absent.txt").contains("tidak ada yang punya"));
}

#[test]
fn a_file_is_found_when_it_comes_and_not_when_it_is_gone() {
    let node = sharing(&[]);
    fs::write(node.dir().join("new.txt"), "new").unwrap();
    found("new.txt", &node);
    fs::remove_file(node.dir().join("new.txt")).unwrap();
    let via = node.address().to_string();
    let is_gone = || search(&["new.txt", "--via", &via]).status.code() == Some(1);
    eventually(PATIENCE, "it is not found any more", is_gone);
}

#[test]
fn a_node_that_shares_nothing_says_so() {
    for (share, says) in [(&[][..], true), (&["--share", "."], false)] {
        let ended = node(share).start().stop();
        assert_eq!(ended.stderr.contains("it shares nothing"), says, "{}", ended.stderr);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_node_keeps_its_identity_and_nobody_else_can_have_it() {
    let dir = TempDir::new().unwrap();
    let key = dir.path().join("key");
    let key_arg = key.to_str().unwrap();
    let start = || {
        let builder = ServerBuilder::new(FILEPEER).without_defaults();
        builder.args(["serve", "--port", "0", "--identity", key_arg])
    };
    let mut first = start().start();
    assert_eq!(mode(&key), 0o600);
    let made = fs::read(&key).unwrap();
    let refused = start().run_to_end();
    assert_eq!(refused.exit_code, Some(2));
    assert!(refused.stderr.contains("another filepeer has it open"), "{}", refused.stderr);
    assert_eq!(first.stop().exit_code, Some(0));
    assert_eq!(start().start().stop().exit_code, Some(0));
    assert_eq!(fs::read(&key).unwrap(), made);
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let refused = start().run_to_end();
    assert_eq!(refused.exit_code, Some(2));
    assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let node = sharing(&[]);
    let port = node.address().port().to_string();
    let builder = ServerBuilder::new(FILEPEER).without_defaults();
    let refused = builder.args(["serve", "--identity", "key", "--port", &port]).run_to_end();
    assert_eq!(refused.exit_code, Some(2));
    assert!(
        refused.stderr.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{}",
        refused.stderr
    );
}

#[test]
fn serving_searching_and_fetching_send_nothing_to_another_machine_without_an_option() {
    const SCENE: &str = r#"
        cd "$DIR"
        "$FILEPEER" serve --port 5001 --share shared --identity 1.key >&2 &
        "$FILEPEER" serve --port 5002 --neighbour 127.0.0.1:5001 --identity 2.key >&2 &
        "$FILEPEER" serve --port 5003 --neighbour localhost:5002 --identity 3.key >&2 &
        for try in $(seq 100); do
            "$FILEPEER" get contoh.txt --via 127.0.0.1:5003 >&2 && break
            sleep 0.1
        done
        "$FILEPEER" search absent.txt --via 127.0.0.1:5003 >&2 || true
        cat contoh.txt
        echo
        cat /proc/net/dev
    "#;
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("shared")).unwrap();
    fs::write(dir.path().join("shared/contoh.txt"), "INI ADALAH KOMUNIKASI P2P").unwrap();
    let variables = [("DIR", dir.path()), ("FILEPEER", Path::new(FILEPEER))];
    let script = format!("{WITH_A_WAY_OUT}{SCENE}");
    let Some(printed) = network::run(&script, &variables) else { return };
    assert!(printed.contains("INI ADALAH KOMUNIKASI P2P"), "{printed}");
    assert_eq!(packets_out(&printed), 0, "{printed}");
}
