//! The command line of `stress-run load`.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use bytesize::ByteSize;
use cli::{WatchArgs, units};
use client::{Address, EchoText, EchoTextError};

use super::{
    mix::{Kind, Mix},
    prompt,
    settings::Settings,
};
use crate::{
    args::{AccessArgs, ResultArgs},
    language::Language,
    servers::access::Access,
};

/// Below the options of `stress-run load --help`.
pub(crate) const NOTES: &str = "\
Examples:
  stress-run load --connect 8000 --clients 20 --message halo
                              each client sends it 10 times
  stress-run load --connect 8000 --clients 50 --mix get=8,upload=1,list=1
                              downloads, uploads and lists of files
  stress-run load --connect 8000 --clients 50 --mix get --rate 200 --duration 9s
                              200 a second, whether they are answered or not
  stress-run load --connect 8000 --clients 5 --mix ping --gate 'p99_ms<2'
                              exit status 4 if it takes longer

In the closed loop a client sends its next request when the last is answered. If the server stands still, \
so do the clients, and the requests that they would have sent meanwhile are not measured. With --rate requests are due at \
random moments (a Poisson process), and their time counts from that moment, also while they wait for a free \
client (--clients are the most requests at once). So a server that stands still for a second shows up in the \
times of all requests of that second. Requests that no client was free to send, not even within --timeout \
after the end, are counted as unsent and are in none of the times.

Times are those of requests that succeeded. A connection that is made for a request is in its time. Every \
answer is checked: the text, each byte of a file, the names in a list, and at the end what was uploaded.

A gate names a column of --json, such as p99_ms, requests_failed or bytes_per_s, and holds for all rows, or \
for one kind of request: row=get:p99_ms<5. The row of everything is row=all.

Exit status: 0 all well, 1 some requests failed or were not sent, 2 bad usage or it could not start, 3 wrong \
answers or counts that disagree, 4 a gate was not met, 130 interrupted. If several apply, the first of 130, \
3, 4, 1 counts.";

const METHOD: &str = "How it is measured";

/// What is sent, by how many, and when.
#[derive(Debug, clap::Args)]
pub(crate) struct LoadArgs {
    /// The server or the balancer to send to
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<Address>,

    /// How many clients at once; asked for on a terminal
    ///
    /// A server takes 256 connections from one address and 1024 in all, unless its --max-per-address and
    /// --max-connections say otherwise.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=CLIENTS_MAX))]
    clients: Option<u32>,

    /// Text to send as ECHO; asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    message: Option<EchoText>,

    /// Requests of each client [default: 10]
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "duration",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    requests: Option<u32>,

    /// Send for so long instead, such as 10s or 2min
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    duration: Option<Duration>,

    /// Send so many requests a second, whether they are answered or not
    #[arg(long, value_name = "N", requires = "duration", value_parser = rate)]
    rate: Option<f64>,

    /// Requests with their weights, of echo, get, upload, list and ping [default: echo]
    #[arg(long, value_name = "REQUEST=N,...")]
    mix: Option<Mix>,

    /// Print JSON, in English whatever the language
    #[arg(long, help_heading = "Results")]
    pub(super) json: bool,

    /// Directory for results: every request, the tables, and the environment
    #[arg(long, hide_short_help = true, value_name = "DIR", help_heading = "Results")]
    pub(super) out: Option<PathBuf>,

    #[command(flatten)]
    method: MethodArgs,

    #[command(flatten)]
    access: AccessArgs,

    #[command(flatten)]
    pub(super) results: ResultArgs,

    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = METHOD, mut_args(cli::rare(METHOD)))]
struct MethodArgs {
    /// Size of each file that is moved
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = file_size)]
    file_size: ByteSize,

    /// How many files there are to download
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    files: u32,

    /// Make a new connection for each request
    #[arg(long)]
    new_connection: bool,

    /// Do not hold the target's counts (STATS) against the clients': for a balancer that forwards
    /// whole connections, behind which each STATS may reach another server
    #[arg(long)]
    no_stats: bool,

    /// Longest wait without a byte moving, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = units::seconds_not_zero)]
    timeout: Duration,

    /// Seed of the arrivals, of the choice among the mix and of the file contents
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Each is a thread; more of them measure this machine's scheduler.
const CLIENTS_MAX: i64 = 5_000;

/// All are counted, also those that cannot be sent.
const ARRIVALS_MAX: f64 = 1e8;

/// The files of a load are in memory, once for all clients.
const FILE_SIZE_MAX: u64 = 1 << 30;

fn file_size(text: &str) -> Result<ByteSize, String> {
    match text.parse::<ByteSize>() {
        Ok(size) if (1..=FILE_SIZE_MAX).contains(&size.as_u64()) => Ok(size),
        _ => Err("a size from 1B to 1GiB is needed, such as 64KiB".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.001 to 1000000 is needed"),
    }
}

fn ask_clients(language: Language) -> anyhow::Result<u32> {
    prompt::ask("--clients", &language.ask_clients(), |text| match text.trim().parse::<u32>() {
        Ok(clients) if (1..=CLIENTS_MAX).contains(&clients.into()) => Ok(clients),
        _ => Err(language.clients_needed(CLIENTS_MAX)),
    })
}

/// An empty answer is a slip; who means an empty text says `--message ''`.
fn ask_message(language: Language) -> anyhow::Result<EchoText> {
    prompt::ask("--message", &language.ask_message(), |text| match text.trim() {
        "" => Err(language.message_needed()),
        _ => text.parse().map_err(|err: EchoTextError| err.to_string()),
    })
}

impl LoadArgs {
    /// What was said, and what is asked for where it was not.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let (connect, language) = (self.connect()?.to_string(), self.results.lang);
        let MethodArgs { file_size, files, new_connection, timeout, seed, .. } = self.method;
        let mix = self.mix.clone().unwrap_or_else(|| Mix::only(Kind::Echo));
        self.check(&mix)?;
        let clients = match self.clients {
            Some(clients) => clients,
            None => ask_clients(language)?,
        };
        let message = match &self.message {
            Some(message) => message.clone(),
            None if mix.has(Kind::Echo) => ask_message(language)?,
            None => EchoText::default(),
        };
        Ok(Settings {
            connect,
            clients,
            requests: self.requests.or(self.duration.is_none().then_some(REQUESTS)),
            duration_s: self.duration.map(|duration| duration.as_secs_f64()),
            rate_per_s: self.rate,
            mix,
            message,
            file_size_bytes: file_size.as_u64(),
            files,
            new_connection,
            timeout_s: timeout.as_secs_f64(),
            seed,
        })
    }

    /// Refuses options that cannot be meant together.
    fn check(&self, mix: &Mix) -> anyhow::Result<()> {
        ensure!(
            self.message.is_none() || mix.has(Kind::Echo),
            "--message is the text of ECHO, which --mix leaves out"
        );
        let duration_s = self.duration.unwrap_or_default().as_secs_f64();
        let arrivals = self.rate.unwrap_or_default() * duration_s;
        ensure!(
            arrivals <= ARRIVALS_MAX,
            "--rate and --duration make {arrivals} requests; at most {ARRIVALS_MAX} can be sent"
        );
        Ok(())
    }

    pub(super) fn connect(&self) -> anyhow::Result<&Address> {
        self.connect.as_ref().context(
            "--connect is missing; it says where the server or the balancer is, as in --connect 8000",
        )
    }

    pub(super) fn access(&self) -> anyhow::Result<Access> {
        self.access.read()
    }

    pub(super) fn asks_for_counts(&self) -> bool {
        !self.method.no_stats
    }

    pub(super) fn timeout(&self) -> Duration {
        self.method.timeout
    }
}

/// Of each client, where nothing else is said.
const REQUESTS: u32 = 10;

#[cfg(test)]
mod tests {
    use clap::Parser;
    use simulation::Arrivals;

    use super::*;
    use crate::load::schedule::Pace;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        load: LoadArgs,
    }

    fn settings(line: &str) -> Result<Settings, String> {
        let line = format!("load --connect 8000 {line}");
        let parsed =
            Line::try_parse_from(line.split_whitespace()).map_err(|err| err.to_string())?;
        parsed.load.settings().map_err(|err| err.to_string())
    }

    #[test]
    fn a_load_is_closed_with_ten_requests_unless_another_is_asked_for() {
        let pace =
            |line: &str| settings(&format!("--clients 2 --message halo {line}")).unwrap().pace();
        let duration = Duration::from_millis(1_500);
        assert_eq!(pace(""), Pace::Each(10));
        assert_eq!(pace("--requests 3"), Pace::Each(3));
        assert_eq!(pace("--duration 1.5s"), Pace::For(duration));
        let arrivals = Arrivals::Poisson { per_second: 20.0 };
        assert_eq!(pace("--rate 20 --duration 1500ms"), Pace::Open { arrivals, duration });
    }

    #[test]
    fn only_an_echo_has_a_message() {
        assert_eq!(settings("--clients 2 --mix get=1,list").unwrap().message.as_str(), "");
        let refusal = settings("--clients 2 --mix get --message halo").unwrap_err();
        assert!(refusal.contains("--message is the text of ECHO"), "{refusal}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        for (line, why) in [
            ("--clients 0", "0 is not in 1..=5000"),
            ("--rate 5", "--duration <TIME>"),
            ("--requests 5 --duration 5s", "cannot be used with"),
            ("--rate 0 --duration 5s", "a number from 0.001 to 1000000"),
            ("--rate 1e6 --duration 1h", "3600000000 requests; at most 100000000"),
            ("--file-size 2GiB", "a size from 1B to 1GiB"),
            ("--mix delete=1", "there is no request \"delete\""),
        ] {
            let refusal = settings(line).unwrap_err();
            assert!(refusal.contains(why), "{line}: {refusal}");
        }
    }
}
