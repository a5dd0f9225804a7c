//! One log that the balancer and its servers write at once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use regex::Regex;
use tempfile::TempDir;
use testkit::{PATIENCE, Server, Signal, eventually};

use crate::{balancer, fileserver, named};

/// As long as a name may be, so that fewer requests fill the log.
const NAME_LEN: usize = 255;
const REQUESTS: usize = 12_000;
const CLIENTS: usize = 6;
const LOG_LEN_MIN: u64 = 10 << 20;

/// The regular expression of docs/LOG.md, which every line of a text log matches.
static DOCUMENTED_LINE: LazyLock<Regex> = LazyLock::new(|| {
    let manual = include_str!("../../../../docs/LOG.md");
    let (_, after) = manual.split_once("```regex\n").unwrap();
    Regex::new(after.lines().next().unwrap()).unwrap()
});

/// Who told of a request, as program and port; and the backend that it went to.
type Teller = (String, Option<String>);

#[test]
fn two_servers_and_their_balancer_write_one_log_that_is_rotated_with_each_line_whole_and_once() {
    let dir = TempDir::with_prefix("kolam-records-").unwrap();
    let log = dir.path().join("combined_log.txt");
    let options = ["--log-file", log.to_str().unwrap()];
    let [a, b] = ["process", "event"]
        .map(|mode| fileserver().args(["--mode", mode, "--workers", "10"]).args(options).start());
    let balancer = balancer([named("a", &a), named("b", &b)]).args(options).start();
    let programs = [balancer, a, b];
    let rotated = ["log.1", "log.2"].map(|name| dir.path().join(name));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let balancer = &programs[0];
                    move || ask_for_all(balancer, client)
                })
            })
            .collect();
        let rotates = scope.spawn(|| {
            rotated.iter().for_each(|old| rotate(&log, old, &programs, &over));
        });
        let ended: Vec<_> = clients.into_iter().map(|client| client.join()).collect();
        over.store(true, Relaxed);
        rotates.join().unwrap();
        ended.into_iter().for_each(|end| end.unwrap());
    });
    let ports = programs.each_ref().map(|program| program.address().port());
    for mut program in programs {
        assert_eq!(program.stats().events_lost, 0);
        let stopped = program.stop();
        assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
    }
    let files: Vec<PathBuf> = rotated.into_iter().chain([log]).collect();
    let written: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(written >= LOG_LEN_MIN, "only {written} bytes");
    expect_each_once(requests(&files), ports);
}

/// One client of the balancer asks for its share of the names.
fn ask_for_all(balancer: &Server, client: usize) {
    let mut peer = balancer.connect();
    for number in (client..REQUESTS).step_by(CLIENTS) {
        let name = format!("{number:0>NAME_LEN$}");
        assert_eq!(peer.request(&format!("GET {name}")).outcome(), "not-found");
    }
}

/// Renames the log once it has grown, and has every program go on in a new one.
fn rotate(log: &Path, old: &Path, programs: &[Server], over: &AtomicBool) {
    let len = || fs::metadata(log).map_or(0, |metadata| metadata.len());
    eventually(PATIENCE, "the log grows", || len() > LOG_LEN_MIN / 5 || over.load(Relaxed));
    fs::rename(log, old).unwrap();
    programs.iter().for_each(|program| program.kill(Signal::SIGHUP));
    let reopened = || {
        let text = fs::read_to_string(log).unwrap_or_default();
        text.matches(" - log-reopened\n").count()
    };
    eventually(PATIENCE, "all have opened it again", || reopened() == programs.len());
}

/// Who told of each request, by the number that it has as a name, in lines that are all whole.
fn requests(files: &[PathBuf]) -> BTreeMap<usize, Vec<Teller>> {
    let mut requests = BTreeMap::<usize, Vec<Teller>>::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            let parts = DOCUMENTED_LINE.captures(line);
            let parts = parts.unwrap_or_else(|| panic!("not a line: {line}"));
            let program = format!("{}:{}", &parts["program"], &parts["port"]);
            if parts.name("event").is_none_or(|event| event.as_str() != "request") {
                continue;
            }
            // STATS names no file.
            let Some(number) = field(&parts["fields"], "file") else { continue };
            let teller = (program, field(&parts["fields"], "backend").map(str::to_owned));
            requests.entry(number.parse().unwrap()).or_default().push(teller);
        }
    }
    requests
}

fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = fields.split_once(&format!(" {name}="))?;
    after.split(' ').next()
}

/// The balancer has told of each request once, and so has the server that it names.
fn expect_each_once(mut requests: BTreeMap<usize, Vec<Teller>>, [balancer, a, b]: [u16; 3]) {
    let through = |name: &str, port: u16| {
        let balancer = (format!("filebalancer:{balancer}"), Some(name.to_owned()));
        [balancer, (format!("fileserver:{port}"), None)]
    };
    let ways = [through("a", a), through("b", b)];
    for number in 0..REQUESTS {
        let mut tellers = requests.remove(&number).unwrap_or_default();
        tellers.sort();
        assert!(ways.iter().any(|way| tellers == *way), "{number}: {tellers:?}");
    }
    assert!(requests.is_empty(), "{requests:?}");
}
