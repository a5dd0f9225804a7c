//! The seed's three nodes.

use std::net::TcpListener;

use super::{TempDir, assert_code, filepeer, files, said};

/// The lines of the log without their times, with the ports by the place of their node.
fn lines(log: &str, ports: &[String]) -> Vec<String> {
    let named = |line: &str| {
        let (_, sentence) = line.split_once(" - ").unwrap();
        let nodes = ports.iter().zip(["A", "B", "C"]);
        nodes.fold(sentence.to_owned(), |line, (port, name)| {
            line.replace(&format!("localhost:{port}"), name)
        })
    };
    log.lines().map(named).collect()
}

/// The ports of the nodes that said that they are ready, in order.
fn ports(log: &str, ready: &str) -> Vec<String> {
    let of_line = |line: &str| {
        let (_, rest) = line.split_once(" - Node localhost:")?;
        let (port, what) = rest.split_once(' ')?;
        what.starts_with(ready).then(|| port.to_owned())
    };
    let mut ports: Vec<_> = log.lines().filter_map(of_line).collect();
    // Those before were taken by another demo at the last moment.
    ports.split_off(ports.len().saturating_sub(3))
}

/// Without what took time: its digits are another number each time.
fn is_said(lines: &[String], line: &str) -> bool {
    lines.iter().any(|said| said.starts_with(line))
}

#[test]
fn the_demo_finds_and_fetches_the_file_and_leaves_the_log_alone() {
    let dir = TempDir::new().unwrap();
    for (lang, ready, told) in [
        (
            "id",
            "siap menerima koneksi...",
            [
                "Node C menambahkan tetangga node B.",
                "Node B menerima permintaan pencarian file 'contoh.txt'.",
                "File 'contoh.txt' ditemukan di node A.",
                "Waktu respon pencarian file di node A: 0.",
                "Waktu respon total: ",
            ],
        ),
        (
            "en",
            "is ready for connections...",
            [
                "Node C added the neighbour node B.",
                "Node B received a search for the file 'contoh.txt'.",
                "File 'contoh.txt' found at node A.",
                "Response time of the file search at node A: 0.",
                "Total response time: ",
            ],
        ),
    ] {
        let output = filepeer(&format!("demo --lang {lang} --log-file {lang}.txt"), dir.path());
        assert_code(&output, 0);
        let log = std::fs::read_to_string(dir.path().join(format!("{lang}.txt"))).unwrap();
        let ports = ports(&log, ready);
        assert_eq!(ports.len(), 3, "{log}");
        let lines = lines(&log, &ports);
        assert!(told.iter().all(|line| is_said(&lines, line)), "{lines:#?}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.starts_with(&log), "the terminal has the same lines: {stdout}");
        assert!(stdout.contains("2 hop") && stdout.contains("25"), "{stdout}");
    }
    assert_eq!(files(dir.path()).len(), 2, "the two logs");
}

/// The number in the log between two texts.
fn between(log: &str, before: &str, after: &str) -> f64 {
    let (_, rest) = log.split_once(before).unwrap();
    let (number, _) = rest.split_once(after).unwrap();
    number.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_total_time_has_the_search_in_it_and_throughput_is_the_content_by_that_time() {
    let dir = TempDir::new().unwrap();
    assert_code(&filepeer("demo", dir.path()), 0);
    let log = std::fs::read_to_string(dir.path().join("combined_log.txt")).unwrap();
    let search = between(&log, "Response time of the file search at node ", "s.");
    let total = between(&log, "Total response time: ", "s, throughput");
    assert!(total > search, "{total} s of which the search took {search} s");
    let throughput = between(&log, "s, throughput: ", " bytes/s.");
    // The seconds are rounded to microseconds.
    assert!((total * throughput - 25.0).abs() < 0.5, "{total} s, {throughput} bytes/s");
}

#[test]
fn ports_that_are_taken_are_replaced_and_named() {
    // Where somebody else has it, it is taken all the same.
    let _taken = TcpListener::bind("127.0.0.1:5002");
    let dir = TempDir::new().unwrap();
    let output = filepeer("demo", dir.path());
    assert_code(&output, 0);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("so the nodes are at the ports"), "{}", said(&output));
}
