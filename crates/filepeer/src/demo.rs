//! `filepeer demo`: the three nodes of the seed in one go. 5001 shares `contoh.txt`, 5003 knows 5002 alone, which knows
//! 5001; 5003 searches and fetches.
//!
//! Nothing leaves the machine. The files are in a temporary directory that ends with the demo; what stays is the log.

mod log;
mod scene;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::ValueHint;
use cli::text::wrapped;
use figures::Numbers;
use tempfile::TempDir;

use self::{
    log::DemoLog,
    scene::{FILE, Scene, Seen},
};
use crate::{
    commands::{
        ending::{EXIT_STOPPED, Ending},
        runtime,
    },
    language::Language,
};

const NOTES: &str = "\
Examples:
  filepeer demo
  filepeer demo --lang id        in the words of the course

The nodes are at the ports 5001, 5002 and 5003 of this machine, or at others if
these are taken. The total response time is that of the search and of the file
together. The log is appended to; everything else is removed again.

Exit status: 0 the file came whole, 1 it did not, 2 it could not start.";

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct DemoArgs {
    /// Append the lines of all three nodes to this file
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        default_value = "combined_log.txt"
    )]
    log_file: PathBuf,

    /// Language of the lines
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// An error means that a node could not start, or that the file did not come.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let log = Arc::new(DemoLog::open(&args.log_file, args.lang)?);
    let folder = TempDir::with_prefix("filepeer-demo-").context("cannot make a directory")?;
    let runtime = runtime()?;
    let seen = runtime.block_on(async {
        let mut ending = Ending::by_signals()?;
        tokio::select! {
            seen = play(&log, &folder, args.lang) => seen.map(Some),
            () = ending.asked() => Ok(None),
        }
    })?;
    log.finish()?;
    let Some(seen) = seen else { return Ok(EXIT_STOPPED.into()) };
    cli::outln!("\n{}", wrapped(&result(&seen, args.lang)));
    cli::outln!("{}", wrapped(&args.lang.demo_left(args.log_file.display())));
    Ok(ExitCode::SUCCESS)
}

/// Starts the nodes, has the last one search and fetch, and stops them.
async fn play(log: &Arc<DemoLog>, folder: &TempDir, language: Language) -> anyhow::Result<Seen> {
    let (scene, moved) = Scene::open(log, folder.path()).await?;
    if let Some(why) = moved {
        let taken = scene.ports().map(|port| port.to_string()).join(", ");
        let wanted = scene::PORTS.map(|port| port.to_string()).join(", ");
        cli::errln!("{}", wrapped(&language.demo_ports(wanted, why, taken)));
    }
    let seen = scene.search_and_fetch(log, folder.path()).await;
    log.end();
    scene.close().await;
    seen
}

fn result(seen: &Seen, language: Language) -> String {
    let Seen { holder, hops, response, bytes } = seen;
    let milliseconds = language.number(response.as_secs_f64() * 1e3);
    language.demo_result(FILE, holder, hops, milliseconds, bytes)
}
