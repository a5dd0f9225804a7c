//! One log that several servers write at once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use testkit::{PATIENCE, Server, Signal, eventually};

use crate::{
    Model,
    records::{Records, documented_line, lines},
};

/// As long as a name may be, so that fewer requests fill the log.
const NAME_LEN: usize = 255;
const REQUESTS_OF_EACH: usize = 8200;
const CLIENTS_OF_EACH: usize = 3;
const LOG_LEN_MIN: u64 = 10 << 20;

/// A request, by the port of its server and the number of its name.
type Request = (u16, usize);

#[test]
fn three_servers_fill_one_log_that_is_rotated_twice_with_whole_lines_and_each_request_once() {
    let records = Records::new();
    let servers = ["thread", "process", "event"]
        .map(|mode| Model(mode).server().args(records.text_log()).start());
    let rotated = ["log.1", "log.2"].map(|name| records.dir().join(name));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS_OF_EACH)
            .flat_map(|client| servers.iter().map(move |server| (client, server)))
            .map(|(client, server)| scope.spawn(move || ask_for_all(server, client)))
            .collect();
        let rotate = scope.spawn(|| {
            for old in &rotated {
                rotate(&records.log(), old, &servers, &over);
            }
        });
        clients.into_iter().for_each(|client| client.join().unwrap());
        over.store(true, Relaxed);
        rotate.join().unwrap();
    });
    let ports = servers.each_ref().map(|server| server.address().port());
    for mut server in servers {
        assert_eq!(server.stats().events_lost, 0);
        let stopped = server.stop();
        assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
    }
    let files: Vec<PathBuf> = rotated.into_iter().chain([records.log()]).collect();
    let written: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(written >= LOG_LEN_MIN, "only {written} bytes");
    expect_each_once(&files, &ports);
}

/// One client of a server asks for its share of the names.
fn ask_for_all(server: &Server, client: usize) {
    let mut peer = server.connect();
    for number in (client..REQUESTS_OF_EACH).step_by(CLIENTS_OF_EACH) {
        let name = format!("{number:0>NAME_LEN$}");
        assert_eq!(peer.request(&format!("GET {name}")).outcome(), "not-found");
    }
}

/// Renames the log once it has grown, and has every server go on in a new one.
fn rotate(log: &Path, old: &Path, servers: &[Server], over: &AtomicBool) {
    let len = || fs::metadata(log).map_or(0, |metadata| metadata.len());
    eventually(PATIENCE, "the log grows", || len() > LOG_LEN_MIN / 5 || over.load(Relaxed));
    fs::rename(log, old).unwrap();
    servers.iter().for_each(|server| server.kill(Signal::SIGHUP));
    let reopened = || lines(log).iter().filter(|line| line.ends_with("log-reopened")).count();
    eventually(PATIENCE, "all have opened it again", || reopened() == servers.len());
}

fn expect_each_once(files: &[PathBuf], ports: &[u16]) {
    let mut requests = BTreeMap::<Request, usize>::new();
    for file in files {
        assert_eq!(fs::read(file).unwrap().last(), Some(&b'\n'));
        for line in lines(file) {
            let Some(parts) = documented_line().captures(&line) else { panic!("no line: {line}") };
            assert_eq!(&parts["program"], "fileserver");
            if parts.name("event").is_none_or(|event| event.as_str() != "request") {
                continue;
            }
            // STATS names no file.
            let Some((_, after)) = parts["fields"].split_once(" file=") else { continue };
            let number = after.split(' ').next().unwrap().parse().unwrap();
            *requests.entry((parts["port"].parse().unwrap(), number)).or_default() += 1;
        }
    }
    for port in ports {
        for number in 0..REQUESTS_OF_EACH {
            assert_eq!(requests.remove(&(*port, number)), Some(1), "request {number} of {port}");
        }
    }
    assert!(requests.is_empty(), "{requests:?}");
}
