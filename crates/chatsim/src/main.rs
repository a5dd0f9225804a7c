//! `chatsim`: see `chatsim --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use chatsim::Args;

fn main() -> ExitCode {
    match chatsim::run(&cli::parse::<Args>()) {
        Ok(code) => code,
        Err(err) => {
            cli::errln!("chatsim: {}", cli::printable(&format!("{err:#}")));
            ExitCode::from(2)
        }
    }
}
