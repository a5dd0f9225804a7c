//! What a load says and writes.

use std::fs;

use super::{counts, finish, number, server};

#[test]
fn the_directory_has_every_request_the_tables_and_the_environment() {
    let server = server(&["--mode", "async"]);
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("load");
    let options =
        format!("--clients 3 --requests 7 --mix list,echo --message halo --out {}", out.display());
    let finished = finish(&server.address().to_string(), &options);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let mut requests = csv::Reader::from_path(out.join("requests.csv")).unwrap();
    let heads = ["client", "request", "due_s", "first_byte_s", "finished_s", "bytes", "failure"];
    assert_eq!(requests.headers().unwrap(), &heads[..]);
    let rows: Vec<csv::StringRecord> = requests.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 21);
    for row in &rows {
        let times = [2, 3, 4].map(|column| row[column].parse::<f64>().unwrap());
        assert!(times.is_sorted() && ["list", "echo"].contains(&&row[1]), "{row:?}");
    }
    let text = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(counts(&summary["rows"][0]), (21, 0));
    let last = rows.iter().map(|row| row[4].parse::<f64>().unwrap()).fold(0.0, f64::max);
    assert!((number(&summary, "elapsed_s") - last).abs() < 1e-6);
    let table = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(table.starts_with("3 clients, 7 requests each"), "{table}");
    assert!(table.contains("| all | 21 / 0 |") && table.contains("\n| 3 | 7 / 0 |"), "{table}");
    let workbook = fs::read(out.join("table.xlsx")).unwrap();
    assert!(workbook.starts_with(b"PK\x03\x04"), "a workbook is a zip archive");
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    for part in [
        "<p class=\"verdict\">The target answers ",
        "<dd class=\"value\">21</dd>",
        "<path class=\"mark s2\"",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(!report.contains("banner\"") && !report.contains("src="), "{report}");
    let environment = fs::read_to_string(out.join("environment.json")).unwrap();
    for name in ["git_commit", "kernel", "\"mix\": \"list=1,echo=1\"", "\"message\": \"halo\""] {
        assert!(environment.contains(name), "{name}: {environment}");
    }
    let again = finish(&server.address().to_string(), &options);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    assert!(again.stderr.contains("holds a load already"), "{}", again.stderr);
}

#[test]
fn tables_of_an_invalid_load_say_so_at_their_top() {
    let server = server(&["--mode", "async", "--inject", "flip-byte"]);
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("load");
    let options = format!("--clients 1 --requests 2 --mix get --out {}", out.display());
    let finished = finish(&server.address().to_string(), &options);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    let last = finished.stdout.lines().last();
    assert_eq!(last, Some("INVALID: 2 answers were wrong"), "{}", finished.stdout);
    let table = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(table.starts_with("> **INVALID: 2 answers were wrong**\n"), "{table}");
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("<li>INVALID: 2 answers were wrong</li>"), "{report}");
}

#[test]
fn the_screen_fits_a_terminal_and_speaks_indonesian() {
    let server = server(&["--mode", "async"]);
    for (lang, words) in [
        (
            "en",
            ["Response time", "Latency to the first byte", "Each client", "count the same: list "],
        ),
        (
            "id",
            ["Waktu respon", "Latency sampai byte pertama", "Tiap client", "server sama: list "],
        ),
    ] {
        let options = format!("--clients 12 --requests 5 --mix get,list --lang {lang}");
        let finished = finish(&server.address().to_string(), &options);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        for word in words {
            assert!(finished.stdout.contains(word), "{word}: {}", finished.stdout);
        }
        let widest = finished.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{}", finished.stdout);
        assert_eq!(finished.stderr, "");
    }
}

#[test]
fn gates_are_held_against_the_rows() {
    let server = server(&["--mode", "async"]);
    let load = "--clients 2 --requests 5 --mix get,list";
    let gated = |gates: &str| finish(&server.address().to_string(), &format!("{load} {gates}"));
    let met = gated("--gate failed==0 --gate row=get:p99_ms<60000");
    assert_eq!(met.code, Some(0), "{}", met.stderr);
    assert!(met.stdout.contains("gate 'failed==0': met (3 checked)"), "{}", met.stdout);
    let broken = gated("--gate row=all:requests_per_s>1e9");
    assert_eq!(broken.code, Some(4), "{}", broken.stderr);
    assert!(broken.stdout.contains("\n  row=all: requests_per_s is "), "{}", broken.stdout);
}
