//! `fileserver`: see `fileserver --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use fileserver::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    match args.run() {
        Ok(code) => code,
        Err(err) => {
            eprintln!("fileserver: {err:#}");
            ExitCode::from(2)
        }
    }
}
