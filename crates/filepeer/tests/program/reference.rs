//! The run that is kept in `results/reference-peer`, and what docs/PEER.md says of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{MADE, TempDir, assert_code, differing, filepeer, files};

const REFERENCE: &str = "results/reference-peer";

fn at_the_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn copy(from: &Path, to: &Path) {
    for (path, content) in files(from) {
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn the_reference_is_made_again_from_its_raw_files() {
    let dir = TempDir::new().unwrap();
    let run = dir.path().join("run");
    copy(&at_the_root(REFERENCE), &run);
    let before = files(&run);
    for name in MADE {
        fs::remove_file(run.join(name)).unwrap();
    }
    assert_code(&filepeer("report run", dir.path()), 0);
    let differing = differing(&before, &files(&run));
    assert!(differing.is_empty(), "{differing:?}");
}

/// The table of the reference.
struct Table {
    heads: csv::StringRecord,
    lines: Vec<csv::StringRecord>,
}

impl Table {
    fn of_the_reference() -> Self {
        let path = at_the_root(REFERENCE).join("table.csv");
        let mut reader = csv::Reader::from_path(path).unwrap();
        let heads = reader.headers().unwrap().clone();
        Self { heads, lines: reader.records().map(Result::unwrap).collect() }
    }

    fn value(&self, method: &str, nodes: &str, away_percent: &str, column: &str) -> f64 {
        let at = |name: &str| self.heads.iter().position(|head| head == name).unwrap();
        let wanted = [("method", method), ("nodes", nodes), ("away_percent", away_percent)];
        let is_wanted = |line: &&csv::StringRecord| {
            wanted.iter().all(|(column, value)| &line[at(column)] == *value)
        };
        self.lines.iter().find(is_wanted).unwrap()[at(column)].parse().unwrap()
    }
}

const METHODS: [&str; 4] = ["flood", "rings", "walkers", "bloom"];

fn shown(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// Nodes, then the mean messages of each method and the hops of a flood.
fn row(nodes: &str, table: &Table) -> String {
    let value = |method, column| shown(table.value(method, nodes, "0", column));
    let messages = METHODS.map(|method| value(method, "messages_mean")).join(" | ");
    let (predicted, hops) = (value("flood", "predicted_least"), value("flood", "hops_mean"));
    format!("| {nodes} | {predicted} | {messages} | {hops} |")
}

#[test]
fn what_the_page_of_peers_says_is_made_of_the_reference() {
    let page = fs::read_to_string(at_the_root("docs/PEER.md")).unwrap();
    let table = Table::of_the_reference();
    let head = "| nodes | flood, predicted | flood | rings | walkers | Bloom | hops |";
    let (_, rows) = page.split_once(head).expect("the page has the table");
    let rows: Vec<&str> = rows.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 3, "{rows:?}");
    let nodes = rows.iter().map(|line| line.split('|').nth(1).unwrap().trim());
    let expected: Vec<String> = nodes.map(|nodes| row(nodes, &table)).collect();
    assert_eq!(rows, expected, "the page should say:\n{}", expected.join("\n"));
}

#[test]
fn what_the_page_of_peers_says_of_those_found_is_made_of_the_reference() {
    let page = fs::read_to_string(at_the_root("docs/PEER.md")).unwrap();
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let table = Table::of_the_reference();
    for (nodes, away) in [("10000", "0"), ("1000", "20")] {
        let found = METHODS.map(|method| 100.0 * table.value(method, nodes, away, "found"));
        let [flood, rings, walkers, bloom] = found.map(|percent| format!("{percent:.0}%"));
        let sentence = format!(
            "floods find {flood} of the files, rings {rings}, walkers {walkers}, Bloom filters {bloom}"
        );
        assert!(page.contains(&sentence), "the page should say: {sentence}");
    }
}
