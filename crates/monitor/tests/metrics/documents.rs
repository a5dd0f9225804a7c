//! `docs/METRICS.md` and the dashboard, held against the page.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

use crate::fixture::{busy_page, names};

fn document(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

/// METRICS.md without the parts on metrics that only a balancer or a peer has, which their own tests read.
fn manual() -> String {
    ["## Of a balancer", "## Of a peer"].iter().fold(document("METRICS.md"), |manual, part| {
        let (before, part) = manual.split_once(part).unwrap();
        let (_, after) = part.split_once("\n## ").unwrap();
        format!("{before}\n## {after}")
    })
}

/// The page's metrics: name and type.
fn on_the_page() -> Vec<(String, String)> {
    names(&busy_page())
}

/// Every word of the text that looks like the name of a metric.
fn mentioned(text: &str) -> BTreeSet<&str> {
    let is_of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c: char| !is_of_a_name(c));
    words.filter(|word| word.starts_with("kolam_")).collect()
}

/// Whether `word` names a metric of the page or a series of a histogram of it.
fn exists(word: &str) -> bool {
    let of_histogram = ["_bucket", "_sum", "_count"];
    on_the_page().iter().any(|(name, kind)| match word.strip_prefix(name.as_str()) {
        Some("") => true,
        Some(series) => kind == "histogram" && of_histogram.contains(&series),
        None => false,
    })
}

#[test]
fn every_name_in_the_documents_is_on_the_page() {
    for text in [manual(), document("grafana-dashboard.json")] {
        let mentioned = mentioned(&text);
        assert!(!mentioned.is_empty());
        for word in mentioned {
            assert!(exists(word), "the page does not have {word}");
        }
    }
}

#[test]
fn every_metric_of_the_page_has_a_row_with_its_type() {
    let text = manual();
    for (name, kind) in on_the_page() {
        let row = format!("| `{name}` | {kind} |");
        assert!(text.lines().any(|line| line.starts_with(&row)), "METRICS.md has no row {row}");
    }
}

#[test]
fn the_dashboard_shows_only_what_its_data_source_has() {
    let dashboard: Value = serde_json::from_str(&document("grafana-dashboard.json")).unwrap();
    assert_eq!(dashboard["__inputs"][0]["name"], "DS_PROMETHEUS");
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels with one id");
    for panel in panels {
        let title = &panel["title"];
        assert_eq!(panel["datasource"]["uid"], "${DS_PROMETHEUS}", "{title}");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            assert!(!mentioned(expression).is_empty(), "{title}: {expression}");
        }
    }
}

#[test]
fn the_dashboards_panels_do_not_overlap() {
    let dashboard: Value = serde_json::from_str(&document("grafana-dashboard.json")).unwrap();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{}", panel["title"]);
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "{} covers another panel", panel["title"]);
            }
        }
    }
}
