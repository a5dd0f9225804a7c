//! `stress-run`: see `stress-run --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use stress_run::args::Args;

fn main() -> ExitCode {
    match stress_run::run(cli::parse::<Args>()) {
        Ok(code) => code,
        Err(err) => {
            cli::errln!("stress-run: {}", cli::printable(&client::sentence(err.as_ref())));
            ExitCode::from(2)
        }
    }
}
