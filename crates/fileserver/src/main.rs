//! `fileserver`: see `fileserver --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use fileserver::args::Args;

fn main() -> ExitCode {
    match fileserver::run(&cli::parse::<Args>()) {
        Ok(code) => code,
        Err(err) => {
            cli::errln!("fileserver: {err:#}");
            ExitCode::from(2)
        }
    }
}
