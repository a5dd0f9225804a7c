//! The five experiments that are kept in `results/reference-chat`, and what README and docs/CHAT.md say of them.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::{assert_code, chatsim, files, latest, lines, run};

type Line = BTreeMap<String, String>;

fn at_the_root(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn reference(experiment: u32) -> PathBuf {
    at_the_root(&format!("results/reference-chat/experiment-{experiment}"))
}

fn copied(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for (path, content) in files(from) {
        let path = to.path().join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    to
}

/// Whether the fields are the same words, or numbers that differ by what another machine's logarithm may.
fn is_same(field: &str, other: &str) -> bool {
    let [number, other_number] = [field, other].map(|it| it.parse::<f64>().unwrap_or(f64::NAN));
    field == other || (number - other_number).abs() <= 1e-9 * number.abs()
}

#[test]
fn what_people_read_of_the_reference_is_made_of_its_records() {
    for experiment in 1..=5 {
        let kept = reference(experiment);
        let again = copied(&kept);
        for made in ["table.csv", "table.md", "table.xlsx", "report.html"] {
            fs::remove_file(again.path().join(made)).unwrap();
        }
        let output = chatsim(&format!("report {}", again.path().display()));
        assert_code(&output, 0);
        for text in ["table.md", "report.html"] {
            let [kept, again] =
                [&kept, again.path()].map(|dir| fs::read_to_string(dir.join(text)).unwrap());
            assert!(kept == again, "{text} of experiment {experiment} is another one now");
        }
        let (kept, again) = (lines(&kept), lines(again.path()));
        assert_eq!(kept.len(), again.len());
        for (kept, again) in kept.iter().zip(&again) {
            assert!(kept.iter().all(|(column, field)| is_same(field, &again[column])), "{kept:?}");
        }
    }
}

#[test]
fn a_simulation_of_today_does_what_that_of_the_reference_did() {
    let out = TempDir::new().unwrap();
    assert_code(&run("run --experiment 1 --messages 1000", &out), 0);
    for case in ["direct", "pubsub"] {
        let records = |dir: &Path| {
            let path = dir.join("records/simulated").join(format!("{case}.csv.gz"));
            let mut text = String::new();
            GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
            text
        };
        assert!(records(&latest(&out)) == records(&reference(1)), "{case}");
    }
}

#[test]
fn every_number_of_the_reference_agrees_with_theory() {
    for experiment in 1..=5 {
        let disagreeing: Vec<Line> = lines(&reference(experiment))
            .into_iter()
            .filter(|line| line["agrees"] == "0")
            .collect();
        assert_eq!(disagreeing, [], "experiment {experiment}");
    }
}

/// Of the table in docs/CHAT.md: the experiment, what a row says, and where its numbers are.
const ROWS: [(u32, &str, &str, &str); 12] = [
    (1, "Direct, 10% lost: delivered", "direct", "delivered"),
    (1, "PubSub, 10% lost: delivered", "pubsub", "delivered"),
    (2, "PubSub, 50% lost: delivered", "pubsub", "delivered"),
    (2, "the same: reported as failed, though delivered", "pubsub", "failed_though_delivered"),
    (3, "window of 32, 10 to 50 ms: delivered a second", "fast-window", "throughput_per_s"),
    (3, "window of 32, 200 to 500 ms: delivered a second", "slow-window", "throughput_per_s"),
    (3, "no window, 200 to 500 ms: delivered a second", "slow-open", "throughput_per_s"),
    (4, "timeout of 300 ms: duplicates a message", "r2-t300", "duplicates"),
    (4, "timeout of 300 ms: mean latency (ms)", "r2-t300", "latency_ms"),
    (4, "timeout of 1000 ms: duplicates a message", "r2-t1000", "duplicates"),
    (4, "timeout of 1000 ms: mean latency (ms)", "r2-t1000", "latency_ms"),
    (5, "PubSub, 10% lost in bursts of 2 s: delivered", "pubsub-bursts", "delivered"),
];

/// Shares in percent, everything else with three significant digits.
fn shown(field: &str, measure: &str) -> String {
    let Ok(value) = field.parse::<f64>() else { return "–".to_owned() };
    if ["delivered", "failed_though_delivered"].contains(&measure) {
        return format!("{:.1}%", value * 100.0);
    }
    let decimals = (2 - value.log10().floor() as i32).max(0) as usize;
    format!("{value:.decimals$}")
}

fn row((experiment, words, case, measure): (u32, &str, &str, &str)) -> String {
    let lines = lines(&reference(experiment));
    let field = |world: &str, column: &str| {
        let mut lines = lines.iter().filter(|it| it["case"] == case && it["measure"] == measure);
        let line = lines.find(|line| line["world"] == world);
        line.map_or_else(|| "–".to_owned(), |line| shown(&line[column], measure))
    };
    let predicted = field("simulated", "predicted");
    let observed = ["simulated", "live", "broker"].map(|world| field(world, "observed"));
    format!("| {experiment} | {words} | {predicted} | {} |", observed.join(" | "))
}

#[test]
fn what_the_documents_say_of_the_experiments_is_made_of_the_reference() {
    let [readme, chat] =
        ["README.md", "docs/CHAT.md"].map(|it| fs::read_to_string(at_the_root(it)).unwrap());
    let rows = ROWS.map(row).join("\n");
    assert!(chat.contains(&rows), "docs/CHAT.md should say:\n{rows}");
    let found = fs::read_to_string(reference(1).join("table.md")).unwrap();
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    let ties = found.split("in ").find(|it| it.contains("classes of ten")).unwrap();
    let ties = ties.split(" classes").next().unwrap();
    assert!(readme.contains(&format!("in {ties} classes")), "the README should say: in {ties}");
}
