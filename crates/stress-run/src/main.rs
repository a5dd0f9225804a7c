//! `stress-run`: see `stress-run --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use stress_run::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    match args.run() {
        Ok(code) => code,
        Err(err) => {
            eprintln!("stress-run: {err:#}");
            ExitCode::from(2)
        }
    }
}
