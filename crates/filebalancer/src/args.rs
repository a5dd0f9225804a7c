//! The command line of `filebalancer`.

mod health;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use balancing::{EjectionRule, PolicyName};
use clap::{Parser, Subcommand, ValueHint};
use cli::{Documents, LimitArgs};
use monitor::{Config, RecordArgs, ServerRun};
use serving::{Hangup, Settings};
use telemetry::Mode;

use self::health::{HealthArgs, Text};
use crate::{
    backend::BackendConfig,
    balancer::{Layout, Level, Limits},
    checks::{CheckSettings, Question},
    control::Request,
    security::{Security, SecurityArgs},
    simulate::{SIMULATIONS, SimulateArgs},
};

const EXAMPLES: &str = "\
Examples:
  filebalancer --backend 127.0.0.1:8080 --backend 127.0.0.1:8081
  filebalancer --backend big=10.0.0.1:46666,weight=5 --backend 10.0.0.2
  filebalancer --level connection --backend 10.0.0.1:80 --port 8080

A client that is connected to the balancer is served by one of the backends. A
backend that fails gets nothing new until it answers again. SIGTERM or Ctrl-C
stops accepting and lets what is open finish; a second signal closes that too.
Exit status: 0 after a clean drain, 1 when connections were cut, 2 when it could
not start.";

const CTL_EXAMPLES: &str = "\
Examples, with FILEBALANCER_CONTROL=/run/user/1000/balancer.sock:
  filebalancer ctl show
  filebalancer ctl add c=127.0.0.1:8082,weight=5
  filebalancer ctl drain a --wait 30

States of a backend: up; warming, back and given a growing part of its share;
ejected, its requests failed and it gets none for a time; down, its checks fail;
draining, an operator wants it to get nothing new. A request that is lost counts
as retried where it was lost, and as failed only where its last attempt failed.";

/// Put one address in front of several servers
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub(crate) serve: ServeArgs,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a balancer that runs, at its --control, or change it
    #[command(after_long_help = CTL_EXAMPLES)]
    Ctl(CtlArgs),

    /// Try a policy on backends that exist in virtual time only
    #[command(after_help = SIMULATIONS)]
    Simulate(SimulateArgs),

    #[command(flatten)]
    Documents(Documents),
}

#[derive(Debug, clap::Args)]
pub(crate) struct CtlArgs {
    /// Unix socket that the balancer was started with
    #[arg(long, value_name = "SOCKET", value_hint = ValueHint::FilePath, global = true)]
    pub(crate) control: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) request: Request,
}

#[derive(Debug, clap::Args)]
// Its commands do not write to the database.
#[command(mut_arg("log_db", |option| option.global(false)))]
pub(crate) struct ServeArgs {
    /// Server to forward to, [NAME=]HOST:PORT; once for each
    ///
    /// A port alone is one of this machine, and a host alone is meant with port 46666. More may follow:
    /// ,weight=N for its share of the work; ,max=N requests or connections at once, by default as many as it
    /// says that it has workers, at level connection any number; ,check=HOST:PORT where it is asked whether it
    /// is well, for example its --status. In a variable there is a space between two servers.
    #[arg(long = "backend", value_name = "SERVER", value_delimiter = ' ')]
    pub(crate) backends: Vec<BackendConfig>,

    /// What stands alone, which is no command: servers, for whoever does not know yet how they are named.
    #[arg(hide = true)]
    stray: Vec<String>,

    /// Address to listen on, or a name of this machine
    ///
    /// Anything but loopback lets others reach the servers behind it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Port to listen on; 0 takes a free one
    ///
    /// The first line that is printed names it.
    #[arg(long, default_value_t = 8000)]
    pub(crate) port: u16,

    /// Which backend gets the next request
    #[arg(
        long,
        default_value_t = PolicyName::RoundRobin,
        value_parser = cli::choice(PolicyName::ALL.map(|it| (it, it.name(), it.summary())))
    )]
    pub(crate) policy: PolicyName,

    /// What is forwarded
    ///
    /// At level connection the limits on heads, rates and numbers of requests mean nothing.
    #[arg(long, default_value = "request", value_parser = cli::choice([
        (
            Level::Request,
            "request",
            "Each request on its own, of clients that speak this project's protocol; what can be repeated \
             is, where a backend fails"
        ),
        (Level::Connection, "connection", "Whole connections of any protocol, as they come"),
    ]))]
    pub(crate) level: Level,

    /// Which backends have a file
    #[arg(long, hide_short_help = true, default_value = "shared", value_parser = cli::choice([
        (Layout::Shared, "shared", "Each: all serve one directory"),
        (
            Layout::ByName,
            "by-name",
            "One, which its name decides: each serves a directory of its own (level request)"
        ),
    ]))]
    pub(crate) layout: Layout,

    /// Requests that wait while all backends are full; one more is answered `busy`
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(0..=100_000),
        hide_short_help = true
    )]
    pub(crate) queue: u32,

    /// Time that one waits before it is answered `busy`
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        value_parser = cli::units::duration,
        hide_short_help = true
    )]
    pub(crate) queue_wait: Duration,

    /// For experiments: what a policy leaves to chance is then as in a simulation with this seed
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) seed: Option<u64>,

    /// Tell the backends who is asking: with the PROXY protocol, version 2, before each connection
    ///
    /// They must expect it, as `fileserver --accept-proxy` does.
    #[arg(long, hide_short_help = true)]
    pub(crate) send_proxy: bool,

    /// Threads that forward [default: one for each processor]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000),
        hide_short_help = true
    )]
    pub(crate) threads: Option<u32>,

    /// Take the backends from this file
    ///
    /// SIGHUP and `ctl reload` read it again; one that is wrong changes nothing. docs/BALANCER.md has
    /// an example.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,

    /// Unix socket at which `filebalancer ctl` is answered
    ///
    /// Only the user who started the balancer can use it.
    #[arg(long, value_name = "SOCKET", value_hint = ValueHint::FilePath)]
    pub(crate) control: Option<PathBuf>,

    /// Seconds that open connections get to finish at shutdown
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = cli::units::seconds,
        hide_short_help = true
    )]
    pub(crate) drain: Duration,

    #[command(flatten)]
    pub(crate) health: HealthArgs,

    #[command(flatten)]
    pub(crate) security: SecurityArgs,

    #[command(flatten)]
    pub(crate) log: RecordArgs,

    #[command(flatten)]
    pub(crate) connections: LimitArgs,
}

impl ServeArgs {
    /// What is wrong with arguments that are right one by one.
    pub(crate) fn misuse(&self) -> Option<&'static str> {
        let checks_by_text = self.health.check_send.is_some() || self.health.check_expect.is_some();
        if !self.stray.is_empty() {
            Some(
                "there is no such command; servers are named with --backend, as in --backend 127.0.0.1:8080",
            )
        } else if self.config.is_some() && !self.backends.is_empty() {
            Some("--backend and --config are two places for the servers; use one")
        } else if self.config.is_none() && self.backends.is_empty() {
            Some("no server is named to forward to; say for example --backend 127.0.0.1:8080")
        } else if self.level == Level::Connection && self.layout == Layout::ByName {
            Some("--layout by-name reads the names in requests, which --level connection does not")
        } else if self.level == Level::Connection && self.security.is_used() {
            Some(
                "--level connection passes TLS through as it comes; --tls-cert and --backend-tls are for \
                 --level request",
            )
        } else if self.level == Level::Request && checks_by_text {
            Some(
                "--check-send and --check-expect are for --level connection; at level request a check \
                 is a PING",
            )
        } else if self.health.check_timeout > self.health.check_interval {
            Some("--check-timeout must not be longer than --check-interval")
        } else {
            None
        }
    }

    fn has_files_to_reload(&self) -> bool {
        self.log.log_file.is_some() || self.config.is_some() || self.security.is_used()
    }

    pub(crate) fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(processors, |threads| threads as usize)
    }

    pub(crate) fn server_settings(&self) -> Settings {
        Settings {
            mode: Mode::Async,
            connections_max: self.connections.max_connections as usize,
            per_address_max: self.connections.max_per_address as usize,
            backlog: self.connections.backlog as usize,
            drain: self.drain,
            hangup: match self.has_files_to_reload() {
                true => Hangup::ReopensLog,
                false => Hangup::Stops,
            },
        }
    }

    pub(crate) fn pool_settings(&self) -> balancing::Settings {
        let HealthArgs { fall, rise, warm_up, .. } = self.health;
        let (policy, ejection) = (self.policy, EjectionRule::default());
        balancing::Settings { policy, fall, rise, ejection, warm_up }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            connect_timeout: self.health.connect_timeout,
            idle_timeout: self.connections.idle_timeout,
            head_timeout: self.connections.head_timeout,
            min_rate: self.connections.min_rate.as_u64(),
            requests_max: self.connections.max_requests,
        }
    }

    pub(crate) fn check_settings(&self, security: &Arc<Security>) -> CheckSettings {
        let bytes = |text: &Option<Text>| text.as_ref().map(|Text(bytes)| bytes.clone());
        let HealthArgs { check_interval, check_timeout, check_send, check_expect, .. } =
            &self.health;
        CheckSettings {
            interval: *check_interval,
            timeout: *check_timeout,
            sends_proxy: self.send_proxy,
            security: Arc::clone(security),
            question: match self.level {
                Level::Request => Question::Ping,
                Level::Connection => Question::Text {
                    send: bytes(check_send).unwrap_or_default(),
                    expect: bytes(check_expect).unwrap_or_default(),
                },
            },
        }
    }

    /// What becomes of the events of a balancer that listens there.
    pub(crate) fn monitor_config(&self, address: SocketAddr) -> Config {
        self.log.config(ServerRun::starting("filebalancer", Mode::Async, 1, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_command_lines() {
        let examples = EXAMPLES.lines().chain(CTL_EXAMPLES.lines());
        let examples = examples.filter(|line| line.starts_with("  filebalancer"));
        let parsed: Vec<Args> =
            examples.map(|line| Args::try_parse_from(line.split_whitespace()).unwrap()).collect();
        assert_eq!(parsed.len(), 6);
        let of_ctl = parsed.iter().filter(|args| args.command.is_some());
        assert_eq!(of_ctl.count(), 3);
        assert!(parsed.iter().all(|args| args.command.is_some() || args.serve.misuse().is_none()));
    }

    #[test]
    fn arguments_that_do_not_go_together_are_told_why() {
        for (line, why) in [
            ("", "no server is named"),
            ("127.0.0.1:8080 127.0.0.1:8081", "servers are named with --backend"),
            ("--backend a --level connection --layout by-name", "by-name reads the names"),
            ("--backend a --config b", "are two places"),
            ("--backend a --level connection --backend-tls", "passes TLS through"),
            ("--backend a --level connection --tls-cert b --tls-key c", "passes TLS through"),
            ("--backend a --check-send PING", "are for --level connection"),
            ("--backend a --check-timeout 2", "must not be longer"),
        ] {
            let line = format!("filebalancer {line}");
            let args = Args::try_parse_from(line.split_whitespace()).unwrap();
            let misuse = args.serve.misuse().unwrap_or_else(|| panic!("{line}"));
            assert!(misuse.contains(why), "{line}: {misuse}");
        }
    }

    #[test]
    fn backends_are_named_one_by_one_or_all_in_one_variable() {
        for line in ["filebalancer|--backend=a:1|--backend=b:2", "filebalancer|--backend=a:1 b:2"] {
            let args = Args::try_parse_from(line.split('|')).unwrap();
            let names: Vec<_> = args.serve.backends.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, ["a:1", "b:2"]);
        }
    }

    #[test]
    fn the_short_help_fits_a_terminal_of_24_lines() {
        for page in cli::short_help::<Args>() {
            assert!(page.lines().count() < 24, "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
