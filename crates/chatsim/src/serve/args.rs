//! The command line of `chatsim serve`.

use std::time::Duration;

use super::limits::SEED_MAX;
use crate::live::{RunnerName, parse_speed};

pub(crate) const EXAMPLES: &str = "\
Examples:
  chatsim serve --open
  chatsim serve --port 0 --runner async
  chatsim serve --host 0.0.0.0 --allow-host lab.example

Ctrl-C stops it. Whoever can reach the address can use the page, and everybody
who does sees the same network.";

/// Serve the page that shows messages on their way
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Address to listen on, or a name of this machine
    ///
    /// Anything but loopback lets others use the page: a class, or anybody else on the network.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Port to listen on; 0 takes a free one
    ///
    /// The first line that is printed names it.
    #[arg(long, default_value_t = 5000)]
    pub(crate) port: u16,

    /// Show the page in a browser
    #[arg(long)]
    pub(crate) open: bool,

    /// What runs a delivery
    #[arg(
        long,
        default_value = "thread",
        value_parser = cli::choice(RunnerName::ALL.map(|it| (it, it.name(), it.summary())))
    )]
    pub(crate) runner: RunnerName,

    /// Number that all chance follows from
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=SEED_MAX))]
    pub(crate) seed: u64,

    /// How many times as fast as real time the simulated time runs: 0.1 to 10
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = parse_speed)]
    pub(crate) speed: f64,

    /// Another name under which browsers may ask for the page; once for each
    ///
    /// Addresses and localhost always work. Other names are refused, since anybody can have a name of theirs
    /// lead to this machine and so have a browser here talk to it.
    #[arg(long = "allow-host", value_name = "NAME", value_delimiter = ' ', hide_short_help = true)]
    pub(crate) allowed_hosts: Vec<String>,

    /// Pages from one address; one more is refused
    ///
    /// Of IPv6, from one /64 network. From all addresses together the server takes 256 pages.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(1..=256),
        hide_short_help = true
    )]
    pub(crate) max_per_address: u32,

    /// Time without a sign of life after which a page is closed
    #[arg(
        long,
        value_name = "TIME",
        default_value = "60s",
        value_parser = cli::units::duration,
        hide_short_help = true
    )]
    pub(crate) idle_timeout: Duration,
}
