//! The report of runs that are made up: what must be on the page, whatever the run lacks.

use std::{fs, io::Read, ops::Range, path::Path};

use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

use super::{page, table};
use crate::{
    language::Language,
    plan::{Attempt, Encoding, Mode, Operation, Plan},
    results::{CellLine, Environment, Run},
};

/// Modes thread and async, pools of 1 and 5, one volume, both operations, 1 and 5 clients.
fn environment(preset: &str) -> Value {
    let server = |mode: &str, workers: u32| json!({"mode": mode, "workers": workers});
    let servers =
        [server("thread", 1), server("thread", 5), server("async", 1), server("async", 5)];
    json!({
        "started": "2026-11-26T19-17-02", "preset": preset, "command_line": ["stress-run", "<b>&"],
        "version": "0.1.0", "git_commit": "abc", "rustc": "rustc", "build": "release",
        "cpu": "<script>alert(1)</script>", "cores": 2, "memory_bytes": 1_000_000,
        "kernel": "Linux", "filesystem": "ext4", "connected_to": null,
        "plan": {
            "configurations": servers, "operations": ["download", "upload"],
            "volumes": [1_048_576], "clients": [1, 5], "client_pool": "thread", "sink": "file",
            "repetitions": 2, "seed": 1, "min_time_s": 0.5,
        },
        "needs": {
            "rows": 16, "cells": 32, "payload_bytes": 0, "disk_bytes": 0, "memory_bytes": 0,
        },
    })
}

/// The planned cells, with times that grow from one to the next.
fn lines(plan: &Plan) -> Vec<CellLine> {
    let attempts = plan.blocks().into_iter().flatten();
    let line = |(index, attempt): (u32, Attempt)| {
        let mean_s = 0.1 + f64::from(index) / 100.0;
        CellLine { bursts: 1, ..with_times(CellLine::unmeasured(attempt), mean_s) }
    };
    (0..).zip(attempts).map(line).collect()
}

fn with_times(line: CellLine, mean_s: f64) -> CellLine {
    let bytes = line.volume_bytes as f64;
    let clients = f64::from(line.clients);
    CellLine {
        clients_succeeded: u64::from(line.clients),
        mean_s: Some(mean_s),
        max_s: Some(1.5 * mean_s),
        queue_mean_s: Some(mean_s / 4.0),
        client_cpu_mean_s: Some(mean_s / 4.0),
        client_run_queue_mean_s: Some(mean_s / 4.0),
        client_blocked_mean_s: Some(mean_s / 4.0),
        throughput_bytes_per_s: Some(bytes / mean_s),
        makespan_s: Some(1.5 * mean_s),
        goodput_bytes_per_s: Some(clients * bytes / (1.5 * mean_s)),
        server_cpu_s: Some(0.02 * clients),
        generator_cpu_s: Some(0.02 * clients),
        server_peak_pss_bytes: Some(5_000_000 + u64::from(line.server_workers)),
        ..line
    }
}

fn without_times(line: CellLine) -> CellLine {
    let failed = CellLine {
        mean_s: None,
        max_s: None,
        queue_mean_s: None,
        client_cpu_mean_s: None,
        throughput_bytes_per_s: None,
        makespan_s: None,
        goodput_bytes_per_s: None,
        server_peak_pss_bytes: None,
        ..line
    };
    let clients_failed = u64::from(failed.clients);
    CellLine { clients_succeeded: 0, clients_failed, failure_causes: "timeout 5".into(), ..failed }
}

/// Of downloads by five clients, in bytes per second.
const CEILING: f64 = 10_000_000.0;

/// A directory with a run of these lines; `workers` says whether there is a `workers.jsonl`, as earlier
/// versions wrote it.
fn write(dir: &Path, environment: &Value, lines: &[CellLine], workers: bool) {
    fs::write(dir.join("environment.json"), environment.to_string()).unwrap();
    let mut csv = csv::Writer::from_path(dir.join("cells.csv")).unwrap();
    for line in lines {
        csv.serialize(line).unwrap();
    }
    csv.flush().unwrap();
    if workers {
        fs::write(dir.join("workers.jsonl"), lines.iter().map(clients).collect::<String>())
            .unwrap();
    }
    let heads = "operation,volume_bytes,clients,repetition,bursts,clients_failed,failure_causes,\
                 mean_s,makespan_s,goodput_bytes_per_s,generator_cpu_s,disturbed";
    let ceiling = format!("{heads}\ndownload,1048576,5,1,1,0,,0.1,0.1,{CEILING},0.1,\n");
    fs::write(dir.join("ceilings.csv"), ceiling).unwrap();
}

/// What each client of a cell did, as `workers.jsonl` has it.
fn clients(line: &CellLine) -> String {
    let client = |client: u32| {
        let picked_up_ns = 1_000_000 * u64::from(client);
        let line = json!({
            "mode": line.mode.map(|mode| mode.to_string()), "operation": line.operation,
            "encoding": line.encoding, "volume_bytes": line.volume_bytes, "clients": line.clients,
            "server_workers": line.server_workers, "repetition": line.repetition, "attempt": 1,
            "client": client, "burst": 1, "released_ns": 0, "connected_ns": 1,
            "finished_ns": picked_up_ns + 50_000_000, "bytes": line.volume_bytes,
            "server_worker": "<i>-1", "accepted_ns": 1, "picked_up_ns": picked_up_ns,
            "began_ns": picked_up_ns,
        });
        format!("{line}\n")
    };
    (1..=line.clients).map(client).collect()
}

/// The pages of a run in both languages.
fn pages(
    environment: &Value,
    workers: bool,
    change: impl Fn(Vec<CellLine>) -> Vec<CellLine>,
) -> [String; 2] {
    let dir = tempfile::tempdir().unwrap();
    let run = run(dir.path(), environment, workers, change);
    [Language::En, Language::Id].map(|language| page::page(&run, language).unwrap().html())
}

fn run(
    dir: &Path,
    environment: &Value,
    workers: bool,
    change: impl Fn(Vec<CellLine>) -> Vec<CellLine>,
) -> Run {
    let plan: Plan = serde_json::from_value(environment["plan"].clone()).unwrap();
    write(dir, environment, &change(lines(&plan)), workers);
    Run::open(dir).unwrap()
}

fn count(page: &str, text: &str) -> usize {
    page.matches(text).count()
}

fn assert_whole(page: &str) {
    assert_eq!((count(page, "<figure "), count(page, "<figcaption>")), (6, 6));
    for external in ["http", "src=", "@import", "url(", "<link", "NaN", ">inf", "\"inf"] {
        let at = page.find(external);
        let around: Range<usize> = at.map_or(0..0, |at| at.saturating_sub(60)..at + 20);
        assert_eq!(at, None, "{external}: {}", &page[around]);
    }
}

#[test]
fn a_page_has_six_figures_every_row_and_nothing_from_elsewhere() {
    for page in pages(&environment("full"), true, |lines| lines) {
        assert_whole(&page);
        assert_eq!(count(&page, "</figcaption><details>"), 6);
        assert_eq!(count(&page, "class=\"missing\""), 0);
        for mode in [Mode::Thread, Mode::Async] {
            for number in 1..=8 {
                assert_eq!(count(&page, &format!("id=\"{mode}-{number}\"")), 1, "{mode} {number}");
            }
        }
        let findings = &page[page.find("<ol>").unwrap()..page.find("</ol>").unwrap()];
        assert_eq!(count(findings, "<li>"), 3);
        assert!(count(findings, "href=\"#thread-") >= 3, "{findings}");
    }
}

/// Of two repetitions the faster one is the median.
#[test]
fn a_row_has_the_same_numbers_in_every_table_and_says_that_it_had_bursts() {
    let dir = tempfile::tempdir().unwrap();
    let in_bursts = |line| CellLine {
        bursts: 33,
        server_workers_succeeded: Some(4),
        server_workers_failed: Some(0),
        ..line
    };
    let change = |lines: Vec<CellLine>| lines.into_iter().map(in_bursts).collect();
    let run = run(dir.path(), &environment("full"), false, change);
    let language = Language::En;
    let csv =
        String::from_utf8(table::csv(&run, table::Part::all(&run)[0], language).unwrap()).unwrap();
    let row = "1,download,1 MB,1,1,0.130000,8065969,\"1 succeeded, 0 failed\",\
               \"4 succeeded, 0 failed (in 33 bursts)\"";
    assert_eq!(csv.lines().nth(1), Some(row));
    let markdown = table::markdown(&run, language);
    assert!(markdown.contains("| 0.130000 | 8065969 |"), "{markdown}");
    let screen = table::on_screen(&run, language);
    let on_screen = screen.lines().find(|line| line.contains("download")).unwrap();
    let words: Vec<&str> = on_screen.trim_matches('│').split_whitespace().collect();
    assert_eq!(words.join(" "), "1 download 1 1 1 0.130 7.69 1 / 0 4 / 0 (33)");
    let page = page::page(&run, language).unwrap().html();
    let of_row = page.split("<tr id=\"thread-1\"").nth(1).unwrap().split("</tr>").next().unwrap();
    for field in
        [">0.130000</td>", ">8065969</td>", "<td>4 succeeded, 0 failed <span>(in 33 bursts)"]
    {
        assert!(of_row.contains(field), "{field}: {of_row}");
    }
    // Four workers for one client surprise.
    assert!(of_row.contains("href=\"#thread-note-1\"") && page.contains(&language.note_bursts()));
}

#[test]
fn a_row_is_in_the_group_of_its_volume_and_its_details_say_where_its_raw_records_are() {
    let [page, _] = pages(&environment("full"), true, |lines| lines);
    assert_eq!(count(&page, ">download, 1 MB</th>") + count(&page, ">upload, 1 MB</th>"), 4);
    let more = page.split("<tr id=\"async-8\"").nth(1).unwrap().split("</table>").next().unwrap();
    let raw = "cells.csv and workers.jsonl.gz: mode=async operation=upload encoding=base64 \
               volume_bytes=1048576 clients=5 server_workers=5 repetition=1 attempt=1";
    assert!(more.contains("<tr class=\"more\">") && more.contains(raw), "{more}");
}

#[test]
fn the_first_screen_says_what_was_found_and_counts_what_was_verified() {
    let [page, _] = pages(&environment("full"), true, |lines| lines);
    let first = &page[..page.find("<figure ").unwrap()];
    // 2 modes, 2 pools, 2 operations, 1 and 5 clients, 2 repetitions: 96 transfers of 1 MiB.
    for words in
        ["96.0 MiB", "every byte of 96 transfers", "of 96 clients", "cannot be told from 2"]
    {
        assert!(first.contains(words), "{words}: {first}");
    }
    assert!(!first.contains("class=\"bad\""), "{first}");
    let fail = |lines: Vec<CellLine>| lines.into_iter().map(without_times).collect();
    let [page, _] = pages(&environment("full"), true, fail);
    assert!(page.contains("class=\"bad\"") && page.contains("96 of 96 clients failed."));
    let mut of_one_mode = environment("full");
    of_one_mode["plan"]["configurations"].as_array_mut().unwrap().truncate(2);
    let [page, _] = pages(&of_one_mode, true, |lines| lines);
    assert!(page.contains("In thread mode the best server for "), "{page}");
}

/// With base64 everything takes 2.5 times as long, and twice the processor time.
fn in_both_encodings(lines: Vec<CellLine>) -> Vec<CellLine> {
    let measured = |line: CellLine| match line.encoding {
        Some(Encoding::Raw) => {
            CellLine { generator_cpu_s: Some(0.0), bursts: 1, ..with_times(line, 0.1) }
        }
        _ => CellLine { bursts: 1, ..with_times(line, 0.25) },
    };
    lines.into_iter().map(measured).collect()
}

#[test]
fn a_run_in_both_encodings_has_a_table_for_each_and_a_figure_of_what_base64_costs() {
    let mut environment = environment("full");
    environment["plan"]["encodings"] = json!(["base64", "raw"]);
    environment["needs"]["cells"] = json!(64);
    let pages = pages(&environment, true, in_both_encodings);
    let found = [
        ("What base64 costs", "download time × 2.50, CPU seconds a GB × 2.00, goodput ÷ 2.50"),
        ("Biaya base64", "upload waktu × 2,50, detik CPU per GB × 2,00, goodput ÷ 2,50"),
    ];
    for (page, (title, costs)) in pages.iter().zip(found) {
        assert_eq!((count(page, "<figure "), count(page, "class=\"missing\"")), (7, 0));
        // Among the findings and below the figure.
        assert_eq!(count(page, costs), 2, "{page}");
        let figure = page.split("<figure ").find(|figure| figure.contains(title)).unwrap();
        // Two modes, two pools, two operations and two loads, in three panels each.
        assert_eq!((count(figure, "<path class=\"mark"), count(figure, "<title>")), (48 + 2, 48));
        for table in ["thread", "thread-raw", "async", "async-raw"] {
            assert_eq!(count(page, &format!("<details class=\"part\" id=\"mode-{table}\"")), 1);
            assert_eq!(count(page, &format!("<tr id=\"{table}-8\"")), 1, "{table}");
        }
    }
    let hint = "thread, row 1: 0.250 s with base64, 0.100 s without it: 2.50 times";
    assert_eq!(count(&pages[0], hint), 1);
    let [page, _] = self::pages(&environment, true, |mut lines| {
        lines.retain(|line| line.encoding == Some(Encoding::Raw));
        in_both_encodings(lines)
    });
    assert_eq!((count(&page, "class=\"missing\""), count(&page, "id=\"thread-1\"")), (1, 0));
    assert!(page.contains(&Language::En.no_cost()) && page.contains("thread-raw, row "));
}

#[test]
fn the_tables_of_a_run_without_base64_have_names_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut environment = environment("full");
    environment["plan"]["encodings"] = json!(["raw"]);
    let run = run(dir.path(), &environment, true, |lines| lines);
    let names: Vec<String> =
        table::Part::all(&run).into_iter().map(|part| part.csv_name(&run)).collect();
    assert_eq!(names, ["table-thread-raw.csv", "table-async-raw.csv"]);
    assert!(table::possible_names(&run).contains(&"table-thread.csv".to_owned()));
}

#[test]
fn one_repetition_is_nothing_to_base_a_prediction_on() {
    let mut once = environment("full");
    once["plan"]["repetitions"] = json!(1);
    for page in pages(&once, true, |lines| lines) {
        assert_eq!((count(&page, "<figure "), count(&page, "class=\"missing\"")), (5, 0));
    }
}

/// Four repetitions, written as an earlier version might have: other columns are missing. The times of the
/// first row have the medians 0.3 and 0.4 s, of which the smaller stands for the row, with 10 MiB in 0.3 s. In
/// the second row one repetition had failures, which stands for it, and one was measured again. Nothing is left
/// of the third row, and in the fourth nobody succeeded.
const BY_HAND: &str = "\
repetition,attempt,mode,operation,volume_bytes,clients,server_workers,clients_succeeded,clients_failed,mean_s,\
throughput_bytes_per_s,goodput_bytes_per_s,server_workers_succeeded,server_workers_failed,bursts,disturbed,invalid
1,1,thread,download,10485760,1,1,1,0,0.5,20971520,20971520,1,0,1,,
2,1,thread,download,10485760,1,1,1,0,0.2,52428800,52428800,1,0,1,,
3,1,thread,download,10485760,1,1,1,0,0.4,26214400,26214400,1,0,1,,
4,1,thread,download,10485760,1,1,1,0,0.3,34952533.33,34952533.33,1,0,3,,
1,1,thread,download,10485760,5,1,5,0,1,10485760,9e6,1,0,1,,
2,1,thread,download,10485760,5,1,5,0,9,1165084,1e6,1,0,1,swapped,
3,1,thread,download,10485760,5,1,3,2,0.8,13107200,12e6,0,1,1,,
4,1,thread,download,10485760,5,1,5,0,1.1,9532509,8e6,1,0,1,,
2,2,thread,download,10485760,5,1,5,0,1.2,8738133,7e6,1,0,1,,
1,1,thread,upload,10485760,5,1,0,5,,,,,,1,,
";

/// The run that these cells are of.
fn by_hand(dir: &Path) -> Run {
    let mut environment = Environment::made_up();
    environment.plan.operations.push(Operation::Upload);
    environment.plan.clients.push(5);
    environment.plan.repetitions = 4;
    let environment = serde_json::to_string(&environment).unwrap();
    fs::write(dir.join("environment.json"), environment).unwrap();
    fs::write(dir.join("cells.csv"), BY_HAND).unwrap();
    Run::open(dir).unwrap()
}

#[test]
fn a_table_has_the_rows_that_follow_from_its_cells() {
    let dir = tempfile::tempdir().unwrap();
    let run = by_hand(dir.path());
    let part = table::Part::all(&run)[0];
    assert_eq!(part.csv_name(&run), "table-thread-PARTIAL.csv");
    let csv = |language| String::from_utf8(table::csv(&run, part, language).unwrap()).unwrap();
    let rows = "\
1,download,10 MB,1,1,0.300000,34952533,\"1 succeeded, 0 failed\",\"1 succeeded, 0 failed (in 3 bursts)\"
2,download,10 MB,5,1,0.800000,13107200,\"3 succeeded, 2 failed\",\"0 succeeded, 1 failed\"
4,upload,10 MB,5,1,,,\"0 succeeded, 5 failed\",
";
    let heads = "Number,Operation,Volume,Client workers,Server workers,Total time per client (s),\
                 Throughput per client (bytes/s),Client workers succeeded/failed,\
                 Server workers succeeded/failed";
    assert_eq!(csv(Language::En), format!("{heads}\n{rows}"));
    let rows = rows.replace("succeeded", "sukses").replace("failed", "gagal");
    let rows = rows.replace("in 3 bursts", "dalam 3 burst");
    assert_eq!(csv(Language::Id).split_once('\n').unwrap().1, rows);
    let row = &run.rows(Some(Mode::Thread), Encoding::Base64)[1];
    let spread = row.spread(|line| line.mean_s).unwrap();
    // Of the three repetitions without a failure.
    assert_eq!((spread.count, spread.min, spread.median, spread.max), (3, 1.0, 1.1, 1.2));
}

/// A file of a workbook, which is a zip archive.
fn file_in(workbook: &[u8], name: &str) -> String {
    const HEADER_LEN: usize = 30;
    let is_at = |at: &usize| {
        workbook[*at..].starts_with(b"PK\x03\x04")
            && workbook[at + HEADER_LEN..].starts_with(name.as_bytes())
    };
    let at = (0..workbook.len() - HEADER_LEN - name.len()).find(is_at).unwrap();
    let extra_len = usize::from(u16::from_le_bytes([workbook[at + 28], workbook[at + 29]]));
    let content = &workbook[at + HEADER_LEN + name.len() + extra_len..];
    let mut text = String::new();
    DeflateDecoder::new(content).read_to_string(&mut text).unwrap();
    text
}

/// The fields of a line of the first sheet, words in quotes.
fn fields_in(workbook: &[u8], line: u32) -> Vec<String> {
    let between = |text: &str, start: &str, end: &str| -> Vec<String> {
        let parts = text.split(start).skip(1);
        parts.filter_map(|part| Some(part.split_once(end)?.0.to_owned())).collect()
    };
    let words = between(&file_in(workbook, "xl/sharedStrings.xml"), "<t>", "</t>");
    let sheet = file_in(workbook, "xl/worksheets/sheet1.xml");
    let line = between(&sheet, &format!("<row r=\"{line}\""), "</row>").remove(0);
    let field = |field: String| match field.split_once("<v>").unwrap() {
        (kind, index) if kind.contains("t=\"s\"") => {
            format!("{:?}", words[index.parse::<usize>().unwrap()])
        }
        (_, number) => number.to_owned(),
    };
    between(&line, "<c ", "</v>").into_iter().map(field).collect()
}

#[test]
fn a_workbook_has_the_rows_of_its_table_with_numbers_as_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let workbook = table::workbook(&by_hand(dir.path()), Language::En).unwrap();
    // Below the mark and the heads; what was not measured has no field.
    let rows = [3, 4, 5].map(|line| fields_in(&workbook, line).join(" "));
    assert_eq!(
        rows,
        [
            r#"1 "download" "10 MB" 1 1 0.3 34952533 "1 succeeded, 0 failed" "1 succeeded, 0 failed (in 3 bursts)""#,
            r#"2 "download" "10 MB" 5 1 0.8 13107200 "3 succeeded, 2 failed" "0 succeeded, 1 failed""#,
            r#"4 "upload" "10 MB" 5 1 "0 succeeded, 5 failed""#,
        ]
    );
    assert!(fields_in(&workbook, 1)[0].starts_with("\"PARTIAL"));
}

#[test]
fn the_tables_on_a_terminal_fit_into_80_columns() {
    let dir = tempfile::tempdir().unwrap();
    let wide = |line| CellLine {
        bursts: 50,
        server_workers_succeeded: Some(50),
        server_workers_failed: Some(10),
        mean_s: Some(0.012_345),
        throughput_bytes_per_s: Some(1.5e9),
        ..line
    };
    let change = |lines: Vec<CellLine>| lines.into_iter().map(wide).collect();
    let run = run(dir.path(), &environment("full"), false, change);
    for language in [Language::En, Language::Id] {
        let screen = table::on_screen(&run, language);
        let widest = screen.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 80, "{screen}");
    }
}

#[test]
fn modes_are_compared_where_there_are_several_and_the_run_may_be_used() {
    let [english, indonesian] = pages(&environment("full"), true, |lines| lines);
    for (page, sentence) in [
        (&english, "cannot be told from so few repetitions; --repeat 5 can show it"),
        (&indonesian, "dengan ulangan sesedikit ini; --repeat 5 bisa menunjukkannya"),
    ] {
        assert_eq!(count(page, "<section id=\"modes\">"), 1);
        // In the contents and in the findings; in the findings and in the section.
        assert_eq!((count(page, "href=\"#modes\""), count(page, sentence)), (2, 2), "{page}");
        // For each operation every mode against the other, both ways round.
        assert_eq!((count(page, "class=\"matrix scroll\""), count(page, "<b>× ")), (2, 4));
    }
    let mut of_one_mode = environment("full");
    of_one_mode["plan"]["configurations"].as_array_mut().unwrap().truncate(2);
    for page in pages(&of_one_mode, true, |lines| lines) {
        assert_eq!((count(&page, "hand in these"), count(&page, "modes\"")), (0, 0));
    }
}

#[test]
fn only_a_run_that_must_not_be_used_has_a_banner() {
    let [english, indonesian] = pages(&environment("full"), true, |lines| lines);
    assert!(!english.contains("hand in these") && english.contains("lang=\"en\""));
    assert!(!indonesian.contains("jangan dikumpulkan") && indonesian.contains("lang=\"id\""));
    let all_but_one = |lines: Vec<CellLine>| lines.into_iter().skip(1).collect();
    let [english, indonesian] = pages(&environment("quick"), true, all_but_one);
    for reason in ["Trial run: do not hand in these numbers", "QUICK", "PARTIAL"] {
        assert!(english.contains(reason), "{reason}");
    }
    assert!(indonesian.contains("Uji coba: angka ini jangan dikumpulkan"));
}

#[test]
fn a_run_without_rows_says_so_six_times() {
    for page in pages(&environment("full"), false, |_| Vec::new()) {
        assert_whole(&page);
        assert_eq!(count(&page, "class=\"missing\""), 6);
        assert_eq!(count(&page, "<details"), 0);
    }
}

#[test]
fn failures_and_missing_files_leave_their_figures_out() {
    let fail = |lines: Vec<CellLine>| lines.into_iter().map(without_times).collect();
    for page in pages(&environment("full"), false, fail) {
        assert_whole(&page);
        assert_eq!(count(&page, "class=\"missing\""), 6);
        assert!(page.contains("timeout 5"));
    }
    // One row, of which the clients are not known.
    let one = |lines: Vec<CellLine>| lines.into_iter().take(1).collect();
    for page in pages(&environment("full"), false, one) {
        assert_whole(&page);
        assert_eq!(count(&page, "class=\"missing\""), 3, "gantt, dots, prediction");
    }
}

#[test]
fn a_row_at_the_ceiling_is_limited_by_the_client_and_one_far_above_it_says_nothing() {
    let page = |share: f64| {
        let goodput = Some(share * CEILING);
        let with_goodput = |line| CellLine { goodput_bytes_per_s: goodput, ..line };
        let change = |lines: Vec<CellLine>| lines.into_iter().map(with_goodput).collect();
        let [page, _] = pages(&environment("full"), true, change);
        page
    };
    // Four rows of downloads have five clients, and so a ceiling.
    assert!(page(0.95).contains("4 of 4 rows are limited by the clients"));
    // The note is below the table of each mode.
    let note = Language::En.note_limited("90%");
    assert_eq!(count(&page(1.05), &note), 2);
    assert!(page(0.5).contains("0 of 4 rows are limited by the clients"));
    assert_eq!(count(&page(1.5), &note), 0);
}
