//! `filepeer`: see `filepeer --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use filepeer::Args;

fn main() -> ExitCode {
    match filepeer::run(&cli::parse::<Args>()) {
        Ok(code) => code,
        Err(err) => {
            cli::errln!("filepeer: {}", cli::printable(&format!("{err:#}")));
            ExitCode::from(2)
        }
    }
}
