//! List, fetch and store files on a file server.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use fileclient::args::Args;

fn main() -> ExitCode {
    fileclient::run(Args::from_command_line())
}
