//! `stress-run`: see `stress-run --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use stress_run::args::Args;

fn main() -> ExitCode {
    match cli::parse::<Args>().run() {
        Ok(code) => code,
        Err(err) => {
            cli::errln!("stress-run: {}", fileclient::sentence(&err));
            ExitCode::from(2)
        }
    }
}
