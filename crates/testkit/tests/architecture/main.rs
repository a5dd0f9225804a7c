//! The rules of the layout that hold because something is absent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

mod imports;
mod source_file;

use self::imports::Imports;

/// Most modules at the top of a crate.
const MODULES_MAX: usize = 12;

/// Longest source file, its tests aside.
const LINES_MAX: usize = 600;

/// Each package, and which of ours it may be built on.
const MAY_IMPORT: [(&str, &[&str]); 23] = [
    ("cli", &[]),
    ("figures", &[]),
    ("listening", &[]),
    ("runs", &["cli", "figures", "listening"]),
    ("protocol", &[]),
    ("simulation", &[]),
    ("balancing", &["simulation"]),
    ("delivery", &["simulation"]),
    ("theory", &["delivery"]),
    ("searching", &["protocol", "simulation"]),
    ("telemetry", &[]),
    ("storage", &["protocol"]),
    ("monitor", &["cli", "listening", "protocol", "telemetry"]),
    ("serving", &["telemetry"]),
    ("file-service", &["protocol", "serving", "storage", "telemetry"]),
    (
        "fileserver",
        &["cli", "file-service", "monitor", "protocol", "serving", "storage", "telemetry"],
    ),
    (
        "filebalancer",
        &[
            "balancing",
            "cli",
            "client",
            "monitor",
            "protocol",
            "serving",
            "simulation",
            "telemetry",
        ],
    ),
    ("client", &["protocol"]),
    ("fileclient", &["cli", "client", "protocol"]),
    ("stress-run", &["balancing", "cli", "client", "figures", "runs", "simulation", "telemetry"]),
    ("chatsim", &["cli", "delivery", "figures", "runs", "simulation", "theory"]),
    (
        "filepeer",
        &[
            "cli",
            "figures",
            "monitor",
            "protocol",
            "runs",
            "searching",
            "simulation",
            "storage",
            "telemetry",
        ],
    ),
    ("testkit", &["protocol"]),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn manifest(package: &str) -> Table {
    fs::read_to_string(crates().join(package).join("Cargo.toml")).unwrap().parse().unwrap()
}

fn dependencies(package: &str, section: &str) -> Vec<String> {
    let table = manifest(package).get(section).and_then(Value::as_table).cloned();
    table.unwrap_or_default().keys().cloned().collect()
}

/// Everything that a package is built with, tests aside.
fn all_dependencies(package: &str) -> BTreeSet<String> {
    let lock: Table = fs::read_to_string(crates().join("../Cargo.lock")).unwrap().parse().unwrap();
    let direct = |name: &String| {
        if MAY_IMPORT.iter().any(|(ours, _)| ours == name) {
            return dependencies(name, "dependencies");
        }
        let packages = lock["package"].as_array().unwrap().iter();
        let versions = packages.filter(|package| package["name"].as_str() == Some(name));
        let lists = versions.filter_map(|package| package.get("dependencies")?.as_array());
        let name_of =
            |dependency: &Value| dependency.as_str().unwrap().split(' ').next().unwrap().to_owned();
        lists.flatten().map(name_of).collect()
    };
    let mut found = BTreeSet::new();
    let mut unseen = vec![package.to_owned()];
    while let Some(name) = unseen.pop() {
        unseen.extend(direct(&name).into_iter().filter(|name| found.insert(name.clone())));
    }
    found
}

/// Every source file below `dir`, with its text.
fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The text before the tests at the end of the file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn assert_absent(sources: &[(PathBuf, String)], words: &[&str]) {
    for (path, text) in sources {
        for word in words {
            let found = without_tests(text).contains(word);
            assert!(!found, "{} must not name {word}", path.display());
        }
    }
}

#[test]
fn every_package_is_in_the_table_of_imports() {
    for entry in fs::read_dir(crates()).unwrap() {
        let entry = entry.unwrap();
        if entry.path().join("Cargo.toml").is_file() {
            let name = entry.file_name().into_string().unwrap();
            assert!(MAY_IMPORT.iter().any(|(package, _)| *package == name), "{name} is missing");
        }
    }
}

#[test]
fn imports_point_one_way() {
    for (package, allowed) in MAY_IMPORT {
        for dependency in dependencies(package, "dependencies") {
            let ours = MAY_IMPORT.iter().any(|(ours, _)| *ours == dependency);
            assert!(
                !ours || allowed.contains(&dependency.as_str()),
                "{package} imports {dependency}"
            );
        }
    }
}

/// Whoever makes connections need not talk to people.
#[test]
fn a_connection_brings_no_terminal_and_no_argument_parser() {
    let of_connection = all_dependencies("client");
    assert!(of_connection.contains("rustls") && of_connection.contains("ring"));
    for absent in ["anyhow", "clap_builder", "cli", "crossterm", "indicatif", "rustyline"] {
        assert!(!of_connection.contains(absent), "client brings {absent}");
    }
    let of_runner = all_dependencies("stress-run");
    for absent in ["crossterm", "ratatui", "rustyline"] {
        assert!(!of_runner.contains(absent), "stress-run brings {absent}");
    }
}

/// CI has that version, so that it is true; clippy complains about what a later one has brought.
#[test]
fn the_oldest_compiler_is_said_alike_everywhere() {
    let text = |path: &str| fs::read_to_string(crates().join("..").join(path)).unwrap();
    let manifest: Table = text("Cargo.toml").parse().unwrap();
    let version = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    for (path, sentence) in [
        ("README.md", format!("You need Rust {version} or newer ")),
        ("README.id.md", format!(" Rust {version} atau lebih baru ")),
        ("Dockerfile", format!("FROM rust:{version}-slim")),
    ] {
        assert!(text(path).contains(&sentence), "{path} should say: {sentence}");
    }
}

#[test]
fn versions_are_stated_once() {
    for (package, _) in MAY_IMPORT {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest(package).get(section).and_then(Value::as_table).cloned();
            for (dependency, value) in table.unwrap_or_default() {
                let from_workspace = value.get("workspace").and_then(Value::as_bool);
                assert_eq!(from_workspace, Some(true), "{package}: {dependency}");
            }
        }
    }
}

#[test]
fn the_protocol_knows_no_socket_file_thread_or_clock() {
    let words = ["std::net", "std::fs", "std::thread", "tokio", "Instant::now", "SystemTime"];
    assert_absent(&sources(&crates().join("protocol/src")), &words);
}

/// The time of day jumps when a clock is set. Deadlines, durations and pauses are of a clock that only
/// goes forward; the log alone, in another package, says when something was. What outlasts the server can
/// have no such age.
#[test]
fn a_clock_that_jumps_means_nothing_to_the_server() {
    for package in ["file-service", "filebalancer", "fileserver", "serving", "storage"] {
        let mut all = sources(&crates().join(package).join("src"));
        all.retain(|(path, _)| !path.ends_with("storage/src/part/expiry.rs"));
        assert!(!all.is_empty());
        assert_absent(&all, &["SystemTime", "UNIX_EPOCH", "ClockId::CLOCK_REALTIME"]);
        assert!(!dependencies(package, "dependencies").iter().any(|name| name == "jiff"));
    }
}

#[test]
fn the_file_service_knows_no_socket_thread_or_clock() {
    let words = ["std::net", "std::thread", "tokio", "Instant::now", "SystemTime"];
    let mut all = sources(&crates().join("file-service/src"));
    all.retain(|(path, _)| !path.iter().any(|part| part == "tests" || part == "tests.rs"));
    assert_absent(&all, &words);
}

/// Time and chance come in from outside, so the same code runs in virtual time and in real time.
#[test]
fn what_decides_or_is_simulated_knows_no_socket_file_thread_or_clock() {
    let words = ["std::net", "std::fs", "std::thread", "tokio", "Instant", "SystemTime", "rand::"];
    for package in ["balancing", "delivery", "searching", "simulation", "theory"] {
        assert_absent(&sources(&crates().join(package).join("src")), &words);
    }
}

/// They panic when nobody reads, or a disk is full.
#[test]
fn what_programs_say_goes_through_one_module() {
    for (package, _) in MAY_IMPORT.iter().filter(|(package, _)| *package != "testkit") {
        let mut all = sources(&crates().join(package).join("src"));
        all.retain(|(path, _)| !path.ends_with("tests.rs") && !path.ends_with("cli/src/output.rs"));
        assert_absent(&all, &["println!(", "print!("]);
    }
}

/// The sources of a package that are in none of its rooms.
fn outside(package: &str, rooms: &[&str]) -> Vec<(PathBuf, String)> {
    let src = crates().join(package).join("src");
    let rooms: Vec<_> = rooms.iter().map(|name| src.join(name)).collect();
    let mut all = sources(&src);
    all.retain(|(path, _)| !rooms.iter().any(|room| path.with_extension("").starts_with(room)));
    assert!(!all.is_empty());
    all
}

#[test]
fn tokio_appears_in_the_async_model_buckets_the_balancer_and_what_is_live_elsewhere_alone() {
    for (package, _) in MAY_IMPORT {
        let uses = dependencies(package, "dependencies").iter().any(|name| name == "tokio");
        let may = ["chatsim", "filebalancer", "filepeer", "serving", "storage", "testkit"];
        let may = may.contains(&package);
        assert_eq!(uses, may, "{package}");
    }
    assert_absent(&outside("serving", &["models/async_tasks"]), &["tokio"]);
    assert_absent(&outside("storage", &["store/bucket"]), &["tokio", "object_store"]);
    assert_absent(&outside("testkit", &["server/s3"]), &["tokio"]);
    let of_chatsim = outside("chatsim", &["live", "serve", "broker"]);
    assert_absent(&of_chatsim, &["tokio", "axum", "async_nats"]);
    // What is simulated, shown and written down there knows no connection.
    let of_filepeer = outside("filepeer", &["node", "blobs", "fetch", "commands", "demo"]);
    assert_absent(&of_filepeer, &["tokio", "iroh::"]);
}

#[test]
fn unsafe_code_is_in_one_module() {
    for (package, _) in MAY_IMPORT {
        let mut all = sources(&crates().join(package).join("src"));
        all.retain(|(path, _)| !path.ends_with("serving/src/os.rs"));
        assert_absent(&all, &["unsafe {", "unsafe fn", "unsafe impl"]);
    }
}

/// A promise of SECURITY.md is shown by the tests that it names.
#[test]
fn every_test_that_security_md_names_is_there() {
    let text = fs::read_to_string(crates().join("../SECURITY.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|') && line.matches('|').count() == 4);
    let cells = rows.filter_map(|row| row.split('|').nth(3));
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names: Vec<_> = words.filter(|word| word.contains('_') && !word.contains(' ')).collect();
    assert!(names.len() > 40, "found only {}", names.len());
    let all: String = MAY_IMPORT
        .iter()
        .flat_map(|(package, _)| {
            let dir = crates().join(package);
            ["src", "tests"].map(|part| dir.join(part)).into_iter().filter(|dir| dir.is_dir())
        })
        .flat_map(|dir| sources(&dir))
        .map(|(_, text)| text)
        .collect();
    for name in names {
        assert!(all.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

#[test]
fn no_source_file_is_too_long_to_read() {
    for (package, _) in MAY_IMPORT {
        for (path, text) in sources(&crates().join(package).join("src")) {
            if path.ends_with("tests.rs") {
                continue;
            }
            let lines = without_tests(&text).lines().count();
            assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn a_crate_has_few_modules_at_its_top() {
    for (package, _) in MAY_IMPORT {
        let src = crates().join(package).join("src");
        let entries = fs::read_dir(src).unwrap().map(|entry| entry.unwrap().path());
        let stems = entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
        let mut modules: BTreeSet<_> = stems.collect();
        modules.retain(|module| !["lib", "main", "tests"].contains(&module.as_str()));
        assert!(modules.len() <= MODULES_MAX, "{package} has {}: {modules:?}", modules.len());
    }
}

/// So there is an order to read them in, each after what it builds on.
#[test]
fn no_files_of_a_crate_import_one_another_in_a_circle() {
    for (package, _) in MAY_IMPORT {
        let src = crates().join(package).join("src");
        let imports = Imports::of_crate(|path| fs::read_to_string(src.join(path)).unwrap());
        let cycles = imports.cycles();
        assert!(cycles.is_empty(), "{package}: {cycles:#?}");
    }
}
