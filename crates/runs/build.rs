//! Tells the program which commit and which compiler it was built from.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Every commit and every checkout appends to this log.
    println!("cargo:rerun-if-changed=../../.git/logs/HEAD");
    let commit = output_of(Command::new("git").args(["rev-parse", "HEAD"]));
    println!("cargo:rustc-env=KOLAM_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = output_of(Command::new(rustc).arg("--version"));
    println!("cargo:rustc-env=KOLAM_RUSTC={}", version.as_deref().unwrap_or("unknown"));
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
