//! How a server is watched.

use std::time::Duration;

use super::columns::Column;

const NOTES: &str = "\
Keys: q ends, ? explains the others and the columns.

Each look makes a new connection, so watching keeps no worker busy; the server counts these \
connections. While all workers are busy, a look waits in line like every client. The port of \
fileserver --status answers even then.

If standard output is no terminal, the view is printed once, as with --once.";

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct TopArgs {
    /// Time from one look to the next, from 0.1 to 3600
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
    pub(super) interval: Duration,

    /// Print the view once, as plain text with all columns
    ///
    /// This takes one interval, in which the rates are measured.
    #[arg(long)]
    pub(crate) once: bool,

    /// Column that the workers are sorted by
    ///
    /// One of worker, pid, state, client, request, progress, time, rate, cpu, memory, requests, failed and
    /// restarts.
    #[arg(
        long,
        value_enum,
        value_name = "COLUMN",
        hide_possible_values = true,
        default_value_t = Column::default()
    )]
    pub(super) sort: Column,
}

fn interval(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(100)..=Duration::from_secs(3600);
    let interval = cli::units::seconds(text).ok().filter(|interval| range.contains(interval));
    interval.ok_or("a number of seconds from 0.1 to 3600 is needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_neither_hurries_nor_sleeps() {
        assert_eq!(interval("0.1"), Ok(Duration::from_millis(100)));
        assert_eq!(interval("3600"), Ok(Duration::from_secs(3600)));
        for bad in ["0", "0.09", "3601", "-1", "NaN", "often"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }
}
