//! `filebalancer`: see `filebalancer --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use filebalancer::Args;

fn main() -> ExitCode {
    match filebalancer::run(&cli::parse::<Args>()) {
        Ok(code) => code,
        Err(err) => {
            cli::errln!("filebalancer: {err:#}");
            ExitCode::from(2)
        }
    }
}
