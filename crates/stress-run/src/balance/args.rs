//! The command line of `stress-run balance`.

use std::path::PathBuf;

use balancing::PolicyName;
use cli::WatchArgs;

use super::plan::{BalancePlan, ScenarioName};
use crate::args::ResultArgs;

/// Below the options of `stress-run balance --help`.
pub(crate) const NOTES: &str = "\
Examples:
  stress-run balance --quick        try it out: a minute
  stress-run balance                all policies, all scenarios: half an hour
  stress-run balance --scenarios unequal,killed --repeat 3
                                    what one slow or one lost server does
  stress-run balance --quick --gate 'failed==0' --gate 'scenario=equal:p99_ms<30'

For each row real servers are started, and a real filebalancer in front of them. Each server is told to take \
a constant time for a request, so that this time decides and not the machine. Requests are due at random \
moments, whether those before them are answered or not (an open loop), and their time counts from then. They \
wait at the servers (event mode), each of which has a queue of its own: so it matters who is sent where. The \
balancer sends a server 100 at once at most, which only one that gets more than it can serve ever has.

Beside what is measured stands what a simulation says, in which the balancer's own policies decide in \
virtual time, and where a formula is known, what that says. A request takes some time beside its service: \
what keeps its worker busy, and what it is under way. Both are measured before, and part of what is simulated.

A gate is a condition on a column of rows.csv, or on `failed`, which means requests_failed.

Exit status: 0 all well, 1 some requests failed or were not sent, 2 bad usage or it could not start, 3 counts \
that disagree, 4 a gate was not met, 130 interrupted. If several apply, the first of 130, 3, 4, 1 counts.";

const METHOD: &str = "How it is measured";
const PLACES: &str = "Programs and places";

/// What is measured, and with what.
#[derive(Debug, clap::Args)]
pub(crate) struct BalanceArgs {
    /// Try it out, with two policies, three scenarios and a tenth of the requests
    ///
    /// The results are marked QUICK.
    #[arg(long)]
    pub(super) quick: bool,

    /// Policies of the balancer [default: all; with --quick round-robin and
    /// least-connections]
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = cli::choice(PolicyName::ALL.map(|it| (it, it.name(), it.summary())))
    )]
    policies: Option<Vec<PolicyName>>,

    /// What happens to the servers [default: all; with --quick equal, unequal and
    /// killed]
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = cli::choice(ScenarioName::ALL.map(|it| (it, it.name(), it.summary())))
    )]
    scenarios: Option<Vec<ScenarioName>>,

    /// How often everything is measured, each time with other arrivals
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: u32,

    /// Requests in each row, about [default: 20000, with --quick 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    requests: Option<u32>,

    #[command(flatten)]
    method: MethodArgs,

    #[command(flatten)]
    pub(super) places: ProgramArgs,

    #[command(flatten)]
    pub(super) results: ResultArgs,

    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = METHOD, mut_args(cli::rare(METHOD)))]
struct MethodArgs {
    /// Servers behind the balancer
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=6))]
    backends: u32,

    /// Workers of each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
    workers: u32,

    /// Milliseconds that a server is told to take for a request
    #[arg(long, value_name = "MS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    service_time: u32,

    /// How busy the servers are together; those that are left, where something happens
    /// to one
    #[arg(long, value_name = "SHARE", default_value_t = 0.75, value_parser = utilisation)]
    utilisation: f64,

    /// Most requests at once; each takes a thread
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    in_flight: u32,

    /// Seed of the arrivals, and of what a policy leaves to chance
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..1_000_000))]
    seed: u64,
}

/// With what, and where to.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = PLACES, mut_args(cli::rare(PLACES)))]
pub(crate) struct ProgramArgs {
    /// The server program to start [default: the fileserver beside stress-run]
    #[arg(long, value_name = "PATH")]
    pub(super) fileserver: Option<PathBuf>,

    /// The balancer to start [default: the filebalancer beside stress-run]
    #[arg(long, value_name = "PATH")]
    pub(super) filebalancer: Option<PathBuf>,

    /// Directory for results; each run gets a directory in it, and `latest` points to the newest
    #[arg(long, value_name = "DIR", default_value = "results/balance")]
    pub(super) out: PathBuf,
}

fn utilisation(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(share) if (0.01..=0.95).contains(&share) => Ok(share),
        _ => Err("a share from 0.01 to 0.95 is needed, such as 0.75"),
    }
}

const REQUESTS: u32 = 20_000;
const QUICK_REQUESTS: u32 = 2_000;
const QUICK_POLICIES: [PolicyName; 2] = [PolicyName::RoundRobin, PolicyName::LeastConnections];
const QUICK_SCENARIOS: [ScenarioName; 3] =
    [ScenarioName::Equal, ScenarioName::Unequal, ScenarioName::Killed];

impl BalanceArgs {
    pub(super) fn plan(&self) -> BalancePlan {
        let MethodArgs { backends, workers, service_time, utilisation, in_flight, seed } =
            self.method;
        let (policies, scenarios, requests) = match self.quick {
            true => (&QUICK_POLICIES[..], &QUICK_SCENARIOS[..], QUICK_REQUESTS),
            false => (&PolicyName::ALL[..], &ScenarioName::ALL[..], REQUESTS),
        };
        BalancePlan {
            policies: unique(self.policies.as_deref().unwrap_or(policies)),
            scenarios: unique(self.scenarios.as_deref().unwrap_or(scenarios)),
            repetitions: self.repeat,
            servers: backends,
            workers,
            service_ms: service_time,
            utilisation,
            requests: self.requests.unwrap_or(requests),
            clients: in_flight,
            seed,
        }
    }
}

/// Each is measured once, however often it was named.
fn unique<T: Copy + PartialEq>(values: &[T]) -> Vec<T> {
    let mut unique = Vec::new();
    for &value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        balance: BalanceArgs,
    }

    fn plan(line: &str) -> Result<BalancePlan, String> {
        let line = format!("balance {line}");
        let parsed = Line::try_parse_from(line.split_whitespace());
        parsed.map(|line| line.balance.plan()).map_err(|err| err.to_string())
    }

    #[test]
    fn quick_rows_take_less_than_a_minute_together_and_whole_ones_half_an_hour() {
        for (line, rows, seconds_max) in [("--quick", 6, 40), ("", 24, 1_800)] {
            let plan = plan(line).unwrap();
            let cells = plan.cells();
            let duration: Duration = cells.iter().map(|it| plan.duration(it.scenario)).sum();
            assert_eq!(cells.len(), rows);
            assert!(duration < Duration::from_secs(seconds_max), "{duration:?}");
        }
    }

    #[test]
    fn what_is_named_is_measured_once_also_with_quick() {
        let plan = plan("--quick --scenarios burst,drained,burst --policies peak-ewma").unwrap();
        assert_eq!(plan.scenarios, [ScenarioName::Burst, ScenarioName::Drained]);
        assert_eq!(plan.policies, [PolicyName::PeakEwma]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        for (line, why) in [
            ("--utilisation 1", "a share from 0.01 to 0.95"),
            ("--backends 1", "1 is not in 2..=6"),
            ("--scenarios earthquake", "invalid value 'earthquake'"),
            ("--requests 5", "5 is not in 100..="),
        ] {
            let refusal = plan(line).unwrap_err();
            assert!(refusal.contains(why), "{line}: {refusal}");
        }
    }
}
