//! `filebalancer simulate`: the policies in virtual time, at sizes that no machine here has.
//!
//! The balancer's own pool decides, so what is seen here is what it would do with as many servers. Nothing
//! is opened, and the outcome depends on the arguments alone.

mod report;

use std::{
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

use anyhow::ensure;
use balancing::{
    BackendSpec, PolicyName, Settings,
    simulate::{QueueLimits, Scenario, SimulatedBackend, run},
};
use simulation::{Arrivals, Distribution};

pub(crate) const SIMULATIONS: &str = "\
Examples:
  filebalancer simulate --policy two-choices
  filebalancer simulate --backends 4 --service exp:1ms,exp:4ms --rate 800
  filebalancer simulate --backends 3 --weights 5,1,1 --requests 7000 --json";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// How many backends there are
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    backends: u32,

    /// Which backend gets the next request
    #[arg(
        long,
        default_value_t = PolicyName::default(),
        value_parser = cli::choice(PolicyName::ALL.map(|it| (it, it.name(), it.summary())))
    )]
    policy: PolicyName,

    /// Requests a second [default: 90% of what the backends can serve]
    ///
    /// They arrive at random, independently of one another.
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,

    /// How long a request takes: 1ms, exp:1ms or uniform:1ms..3ms
    ///
    /// Several, with commas between them, are given to the backends in turn: exp:1ms,exp:4ms makes every
    /// second one four times as slow. The time of exp is the mean.
    #[arg(long, value_name = "TIME", default_value = "exp:1ms", value_delimiter = ',')]
    service: Vec<Distribution>,

    /// How many requests arrive
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u64).range(1..=1_000_000_000)
    )]
    requests: u64,

    /// What chance begins with: the same seed gives the same outcome
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Weights, which are given to the backends in turn, such as 5,1,1
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        value_delimiter = ',',
        hide_short_help = true
    )]
    weights: Vec<NonZeroU16>,

    /// Requests that a backend serves at once; others wait there for their turn
    #[arg(long, value_name = "N", default_value = "1", hide_short_help = true)]
    workers: NonZeroUsize,

    /// Requests that a backend has at once, in service and in wait
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        hide_short_help = true
    )]
    max: u32,

    /// Requests that wait in the balancer while all backends are full
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(0..=100_000),
        hide_short_help = true
    )]
    queue: u32,

    /// Seconds that one waits there before it fails
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = cli::units::seconds,
        hide_short_help = true
    )]
    queue_wait: Duration,

    /// Requests that arrive at the same moment, in bursts at equal distances
    ///
    /// The rate in the mean is the same. [default: each arrives on its own]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        hide_short_help = true
    )]
    burst: Option<u32>,

    /// Requests at the beginning that are in no figure [default: a tenth of all]
    ///
    /// They meet backends that have nothing to do yet.
    #[arg(long, value_name = "N", hide_short_help = true)]
    unmeasured: Option<u64>,

    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

impl SimulateArgs {
    /// Simulates what they say, and prints what comes out of it.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let scenario = self.scenario()?;
        let results = run(&scenario)?;
        let report = if self.json {
            report::json(&scenario, &results)
        } else {
            report::text(&scenario, &results)
        };
        cli::output::print(report.as_bytes());
        Ok(())
    }

    fn scenario(&self) -> anyhow::Result<Scenario> {
        let backends: Vec<_> =
            (0..self.backends as usize).map(|place| self.backend(place)).collect();
        let per_second = self.rate.unwrap_or_else(|| 0.9 * report::capacity(&backends));
        ensure!(per_second.is_finite(), "--rate is needed where requests take no time");
        let arrivals = match self.burst {
            None => Arrivals::Poisson { per_second },
            Some(size) => {
                let every = Duration::try_from_secs_f64(f64::from(size) / per_second)?;
                Arrivals::Bursts { size, every }
            }
        };
        Ok(Scenario {
            settings: Settings { policy: self.policy, ..Settings::default() },
            backends,
            arrivals,
            transit: Duration::ZERO,
            requests: self.requests,
            unmeasured: self.unmeasured.unwrap_or(self.requests / 10),
            queue: QueueLimits { len_max: self.queue as usize, wait_max: self.queue_wait },
            checks: None,
            incidents: Vec::new(),
            seed: self.seed,
        })
    }

    fn backend(&self, place: usize) -> SimulatedBackend {
        let spec = BackendSpec {
            name: (place + 1).to_string(),
            weight: self.weights[place % self.weights.len()],
            in_flight_max: self.max as usize,
        };
        let service = self.service[place % self.service.len()].clone();
        SimulatedBackend { spec, workers: self.workers, service }
    }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(rate) if (1e-3..=1e9).contains(&rate) => Ok(rate),
        _ => Err("a number of requests a second is needed, from 0.001 to a billion"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn scenario(line: &str) -> anyhow::Result<Scenario> {
        let words = ["simulate"].into_iter().chain(line.split_whitespace());
        Line::try_parse_from(words)?.args.scenario()
    }

    #[test]
    fn the_examples_are_command_lines() {
        let prefix = "  filebalancer simulate ";
        let examples = SIMULATIONS.lines().filter_map(|line| line.strip_prefix(prefix));
        assert_eq!(examples.filter(|line| scenario(line).is_ok()).count(), 3);
    }

    #[test]
    fn weights_and_times_are_given_in_turn() {
        let scenario =
            scenario("--backends 5 --weights 5,1 --service 1ms,exp:2ms,3ms --workers 2").unwrap();
        let backends = scenario.backends.iter();
        let of_each: Vec<_> = backends
            .map(|it| format!("{} {} {}", it.spec.name, it.spec.weight, it.service))
            .collect();
        assert_eq!(of_each, ["1 5 1ms", "2 1 exp:2ms", "3 5 3ms", "4 1 1ms", "5 5 exp:2ms"]);
    }

    #[test]
    fn the_rate_is_nine_tenths_of_what_can_be_served_unless_it_is_said() {
        let rate = |line| scenario(line).map(|scenario| scenario.arrivals.per_second());
        assert_eq!(rate("--backends 10 --workers 2 --service 1ms,4ms").unwrap(), 11_250.0);
        assert_eq!(rate("--rate 12.5").unwrap(), 12.5);
        assert_eq!(rate("--rate 1000 --burst 50").unwrap(), 1_000.0);
        assert!(rate("--service 0s").unwrap_err().to_string().contains("--rate is needed"));
    }

    #[test]
    fn arguments_that_mean_nothing_are_refused() {
        for line in [
            "--rate 0",
            "--rate nan",
            "--rate -1",
            "--rate 1e99",
            "--backends 0",
            "--requests 0",
            "--weights 0",
            "--workers 0",
            "--max 0",
            "--burst 0",
            "--service soon",
            "--service=",
        ] {
            assert!(scenario(line).is_err(), "{line}");
        }
    }
}
