//! The results that the README shows are those of `results/reference` and `results/reference-balance`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::PathBuf};

/// A line of `cells.csv` by the names of its columns.
type Line = BTreeMap<String, String>;

const HEAD: &str = "| mode | clients | workers | mean time per client (s) | last client done (s) | \
    per client (MiB/s) | all together (MiB/s) |";

const MIB: f64 = 1_048_576.0;

fn at_the_root(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn lines_of(path: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_path(at_the_root(path)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Of each cell in each repetition the last attempt.
fn reference() -> Vec<Line> {
    let mut last = BTreeMap::new();
    for line in lines_of("results/reference/cells.csv") {
        let key = ["mode", "operation", "volume_bytes", "clients", "server_workers", "repetition"];
        last.insert(key.map(|name| line[name].clone()), line);
    }
    last.into_values().collect()
}

fn number(line: &Line, column: &str) -> f64 {
    line[column].parse().unwrap_or_else(|_| panic!("{column} is {:?}", line[column]))
}

/// With three significant digits.
fn shown(value: f64) -> String {
    let decimals = (2 - value.log10().floor() as i32).max(0) as usize;
    format!("{value:.decimals$}")
}

/// The row of the README's table for these clients and workers: downloads of 100 MiB, the repetition
/// with the median time.
fn row(lines: &[Line], mode: &str, clients: &str, workers: &str) -> String {
    let is_of_row = |line: &&Line| {
        [("mode", mode), ("clients", clients), ("server_workers", workers)]
            .iter()
            .chain(&[("operation", "download"), ("volume_bytes", "104857600")])
            .all(|(column, value)| line[*column] == *value)
    };
    let mut repetitions: Vec<&Line> = lines.iter().filter(is_of_row).collect();
    assert!(repetitions.iter().all(|line| line["clients_failed"] == "0"));
    repetitions.sort_by(|a, b| number(a, "mean_s").total_cmp(&number(b, "mean_s")));
    let median = repetitions[(repetitions.len() - 1) / 2];
    let fields = [
        number(median, "mean_s"),
        number(median, "makespan_s"),
        number(median, "throughput_bytes_per_s") / MIB,
        number(median, "goodput_bytes_per_s") / MIB,
    ];
    let fields = fields.map(shown).join(" | ");
    format!("| {mode} | {clients} | {workers} | {fields} |")
}

#[test]
fn the_table_in_the_readme_is_made_of_the_reference() {
    let readme = fs::read_to_string(at_the_root("README.md")).unwrap();
    let mut lines = readme.lines().skip_while(|line| *line != HEAD);
    assert_eq!(lines.next(), Some(HEAD));
    let rows: Vec<&str> = lines.skip(1).take_while(|line| line.starts_with('|')).collect();
    let reference = reference();
    let made_again = |row_text: &&str| {
        let fields: Vec<&str> = row_text.split('|').map(str::trim).collect();
        row(&reference, fields[1], fields[2], fields[3])
    };
    let expected: Vec<String> = rows.iter().map(made_again).collect();
    assert!(rows.len() >= 12, "{rows:?}");
    assert_eq!(rows, expected, "the README should say:\n{}", expected.join("\n"));
}

/// How much longer, in percent, the slowest repetition of each row took than the fastest, in ascending
/// order.
fn ranges(lines: &[Line]) -> Vec<f64> {
    let mut rows: BTreeMap<[&str; 5], Vec<f64>> = BTreeMap::new();
    for line in lines {
        let row = ["mode", "operation", "volume_bytes", "clients", "server_workers"];
        rows.entry(row.map(|name| line[name].as_str())).or_default().push(number(line, "mean_s"));
    }
    let range = |times: &Vec<f64>| {
        let (min, max) = times
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(min, max), time| (min.min(*time), max.max(*time)));
        100.0 * (max / min - 1.0)
    };
    let mut ranges: Vec<f64> = rows.values().map(range).collect();
    ranges.sort_by(f64::total_cmp);
    ranges
}

/// The most memory of a mode with 50 workers.
fn peak_mib(lines: &[Line], mode: &str) -> f64 {
    let of_mode =
        lines.iter().filter(|line| line["mode"] == mode && line["server_workers"] == "50");
    of_mode.map(|line| number(line, "server_peak_pss_bytes") / MIB).fold(0.0, f64::max)
}

#[test]
fn the_sentences_in_the_readme_have_the_numbers_of_the_reference() {
    let readme = fs::read_to_string(at_the_root("README.md")).unwrap();
    let readme: Vec<&str> = readme.split_whitespace().collect();
    let (readme, reference) = (readme.join(" "), reference());
    let ranges = ranges(&reference);
    let (middle, widest) = (ranges[ranges.len() / 2], ranges[ranges.len() - 1]);
    let (processes, threads) = (peak_mib(&reference, "process"), peak_mib(&reference, "thread"));
    for sentence in [
        format!("the slowest repetition took at most {middle:.0}% longer than the fastest;"),
        format!("in the worst row it took {widest:.0}% longer."),
        format!("{processes:.0} MiB for 50 busy processes, {threads:.0} MiB for 50 threads."),
    ] {
        assert!(readme.contains(&sentence), "the README should say: {sentence}");
    }
}

#[test]
fn what_the_readme_says_of_policies_is_made_of_the_reference() {
    let readme = fs::read_to_string(at_the_root("README.md")).unwrap();
    let rows = lines_of("results/reference-balance/rows.csv");
    let of = |scenarios: &[&str]| -> Vec<&Line> {
        rows.iter().filter(|row| scenarios.contains(&row["scenario"].as_str())).collect()
    };
    for row in of(&["unequal"]) {
        let times = ["mean_ms", "p99_ms", "simulated_mean_ms", "simulated_p99_ms"];
        let times = times.map(|column| shown(number(row, column))).join(" | ");
        let share = 100.0 * number(row, "share_a");
        let share = if share < 10.0 { format!("{share:.1}") } else { format!("{share:.0}") };
        let expected = format!("| {} | {times} | {share}% |", row["policy"]);
        assert!(readme.contains(&expected), "the README should say: {expected}");
    }
    let away = of(&["killed", "stopped", "drained"]);
    let sum = |column: &str| away.iter().map(|row| number(row, column)).sum::<f64>();
    assert_eq!(
        [sum("requests_succeeded"), sum("requests_failed"), sum("retries")],
        [235_512.0, 0.0, 111.0]
    );
    let is_near =
        |row: &&Line| ["mean_off", "p99_off"].iter().all(|it| number(row, it).abs() <= 0.15);
    let near = rows.iter().filter(is_near).count();
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "no request of 235,512 failed, and 111 were sent again".to_owned(),
        format!("In {near} of {} rows the mean and the p99 are within 15%", rows.len()),
    ] {
        assert!(readme.contains(&sentence), "the README should say: {sentence}");
    }
}
