//! What `deny.toml` allows to be built in, held against what the lock file has.
//!
//! cargo-deny reads the same file and says more; compiling it takes longer than all our tests.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;
use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The texts of an array in `deny.toml`.
fn texts(section: &str, key: &str) -> Vec<String> {
    let deny: Table = fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let array = deny[section][key].as_array().unwrap();
    array.iter().map(|text| Value::as_str(text).unwrap().to_owned()).collect()
}

/// Every package of the workspace with all its features, and those that they need on Linux.
fn packages() -> Vec<Json> {
    let arguments = "metadata --locked --offline --format-version 1 --all-features \
         --filter-platform x86_64-unknown-linux-gnu";
    let output = Command::new(env!("CARGO"))
        .args(arguments.split(' '))
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Json = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether an expression of SPDX names licences that are allowed. `/` is how older packages say OR.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let tokens = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = tokens.split_whitespace().collect();
    let (holds, rest) = alternatives(&tokens, allowed);
    assert!(rest.is_empty(), "{expression}");
    holds
}

fn alternatives<'a>(tokens: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    let (mut holds, mut rest) = all_of(tokens, allowed);
    while let Some(("OR", after)) = rest.split_first().map(|(token, after)| (*token, after)) {
        let (other, after) = all_of(after, allowed);
        (holds, rest) = (holds || other, after);
    }
    (holds, rest)
}

fn all_of<'a>(tokens: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    let (mut holds, mut rest) = one(tokens, allowed);
    while let Some(("AND", after)) = rest.split_first().map(|(token, after)| (*token, after)) {
        let (other, after) = one(after, allowed);
        (holds, rest) = (holds && other, after);
    }
    (holds, rest)
}

fn one<'a>(tokens: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    match tokens {
        ["(", inner @ ..] => {
            let (holds, rest) = alternatives(inner, allowed);
            (holds, rest.strip_prefix(&[")"]).expect("a bracket is closed"))
        }
        [licence, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{licence} WITH {exception}")), rest)
        }
        [licence, rest @ ..] => (allowed.iter().any(|allowed| allowed == licence), rest),
        [] => panic!("an expression ends too soon"),
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = texts("licenses", "allow");
    let mut forbidden = Vec::new();
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_allowed(licence, &allowed) {
            forbidden.push(format!("{}: {licence}", package["name"]));
        }
    }
    assert!(forbidden.is_empty(), "{forbidden:?}");
}

#[test]
fn every_dependency_comes_from_a_source_that_is_allowed() {
    let allowed = texts("sources", "allow-registry");
    for package in packages() {
        let Some(source) = package["source"].as_str() else { continue };
        let is_known = allowed.iter().any(|registry| source == format!("registry+{registry}"));
        assert!(is_known, "{}: {source}", package["name"]);
    }
}

#[test]
fn every_second_version_of_a_dependency_is_on_the_list() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        let of = |key: &str| package[key].as_str().unwrap().to_owned();
        versions.entry(of("name")).or_default().push(of("version"));
    }
    let skipped = texts("bans", "skip");
    let is_skipped = |name: &str, version: &str| {
        let starts = |wanted: &str| format!("{version}.").starts_with(&format!("{wanted}."));
        skipped
            .iter()
            .filter_map(|skip| skip.split_once('@'))
            .any(|it| it.0 == name && starts(it.1))
    };
    for (name, versions) in &versions {
        let kept: Vec<_> = versions.iter().filter(|it| !is_skipped(name, it)).collect();
        assert_eq!(kept.len(), 1, "{name} {versions:?}: on the list are all but one");
    }
    assert_eq!(skipped.len(), versions.values().filter(|versions| versions.len() > 1).count());
}

/// CI has that version, so that it is true; clippy complains about what a later one has brought.
#[test]
fn the_oldest_compiler_is_said_alike_everywhere() {
    let text = |path: &str| fs::read_to_string(root().join(path)).unwrap();
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
fn licences_are_read_as_their_expressions_mean_them() {
    let allowed = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT OR Apache-2.0 AND GPL-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
