//! `chatsim check`: every number of every case, held against its closed form.
//!
//! The cases are those of the experiments and some at the edges. A check that finds nothing is worth something only
//! if it would have found a fault, so it can be given one.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::{Context, ensure};
use clap::ValueEnum;
use delivery::{Backoff, Config, Method, Percent, simulate};
use figures::Numbers;

use crate::{
    experiments::{Case, Experiment, Load},
    language::Language,
    report::summary,
    results::{
        numbers::{CHANCE_MIN, Distance, ERRORS_MAX, Number},
        parallel,
        records::World,
        saved::CaseResult,
        tally::Tally,
    },
    run::{args::SampleArgs, stop::Stop},
};

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Give the simulator a fault, which the check must find
    #[arg(long = "break", value_name = "FAULT", value_enum)]
    fault: Option<Fault>,

    #[command(flatten)]
    sample: SampleArgs,

    /// Language of the table and the messages
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// What the simulator gets wrong, and theory does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Fault {
    /// No ACK is ever lost
    NoAckLoss,
    /// Messages are sent again once more than they may be
    RetriesOffByOne,
    /// The sender waits 600 ms, whatever it is told
    TimeoutIgnored,
}

impl Fault {
    fn in_config(self, config: &Config) -> Config {
        let config = config.clone();
        match self {
            Self::NoAckLoss => Config { ack_loss: Some(Percent(0.0)), ..config },
            Self::RetriesOffByOne => Config { max_retries: config.max_retries + 1, ..config },
            Self::TimeoutIgnored => {
                Config { ack_timeout_ms: Config::default().ack_timeout_ms, ..config }
            }
        }
    }
}

/// The exit status when a number does not agree.
const EXIT_DISAGREES: u8 = 1;

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let CheckArgs { fault, sample, lang } = args;
    let language = *lang;
    let cases = cases();
    let stop = Stop::on_signal()?;
    let check = |case: &Case| checked(case, *fault, sample, &stop);
    let results: anyhow::Result<Vec<CaseResult>> =
        parallel::each(sample.threads(), &cases, check).into_iter().collect();
    if stop.is_asked() {
        cli::errln!("{}", language.stopped_nothing());
        return Ok(Stop::code());
    }
    let results = results?;
    cli::output::print(summary::on_screen(&results, language).as_bytes());
    let verdicts = Verdicts::of(&results);
    for line in &verdicts.disagreeing {
        cli::outln!("{}", line.in_words(language));
    }
    let Verdicts { agreeing, silent, disagreeing } = &verdicts;
    let all = agreeing + disagreeing.len();
    cli::outln!("{}", language.check_agree(agreeing, all, cases.len(), sample.messages, silent));
    Ok(if disagreeing.is_empty() { ExitCode::SUCCESS } else { EXIT_DISAGREES.into() })
}

/// Those of all experiments, and what they do not reach.
fn cases() -> Vec<Case> {
    let of_experiments = Experiment::ALL.into_iter().flat_map(|experiment| {
        let number = experiment.number();
        experiment
            .cases()
            .into_iter()
            .map(move |case| Case { name: format!("{number}: {}", case.name), ..case })
    });
    of_experiments.chain(edges()).collect()
}

fn edges() -> Vec<Case> {
    let normal = Config::default;
    let lossy = || Config { loss: Percent(30.0), ..normal() };
    let pub_sub = [
        ("nothing lost", Config { loss: Percent(0.0), ..normal() }),
        ("all lost", Config { loss: Percent(100.0), ..normal() }),
        ("half ACKs lost", Config { ack_loss: Some(Percent(50.0)), ..normal() }),
        ("always 130 ms", Config { latency_min_ms: 130, latency_max_ms: 130, ..normal() }),
        ("1 ms timeout", Config { ack_timeout_ms: 1, ..normal() }),
        (
            "backoff",
            Config {
                ack_timeout_ms: 150,
                max_retries: 4,
                backoff: Backoff::Exponential,
                ..lossy()
            },
        ),
        ("PubSub to 3", Config { subscribers: 3, ..lossy() }),
    ];
    let window = |window| Config { window: Some(window), ..lossy() };
    let case =
        |name: &str, method, config, load| Case { name: name.to_owned(), method, config, load };
    let typing = Load::Every { interval_ms: 100 };
    let mut cases: Vec<Case> =
        pub_sub.map(|(name, config)| case(name, Method::PubSub, config, typing)).into();
    cases.push(case("window of 1", Method::PubSub, window(1), Load::Saturated));
    let fan_out = Config { subscribers: 3, ..window(8) };
    cases.push(case("3 in a window", Method::PubSub, fan_out, Load::Saturated));
    let direct = Config { subscribers: 3, ..lossy() };
    cases.push(case("Direct to 3", Method::Direct, direct, typing));
    cases
}

/// An error, or of fewer messages, once it is stopped.
fn checked(
    case: &Case,
    fault: Option<Fault>,
    sample: &SampleArgs,
    stop: &Stop,
) -> anyhow::Result<CaseResult> {
    ensure!(!stop.is_asked(), "stopped");
    let expectation = case.expectation();
    let mut tally = Tally::expecting(&expectation);
    let mut scenario = case.scenario(sample.messages, sample.seed);
    if let Some(fault) = fault {
        scenario.config = fault.in_config(&case.config);
    }
    simulate::run_until(&scenario, || stop.is_asked(), |records| tally.add(records))
        .with_context(|| format!("the case {:?}", case.name))?;
    let worlds = BTreeMap::from([(World::Simulated, tally)]);
    Ok(CaseResult { case: case.clone(), expectation, worlds })
}

/// What became of all numbers.
struct Verdicts<'a> {
    agreeing: usize,
    /// Of which theory says nothing.
    silent: usize,
    disagreeing: Vec<Disagreement<'a>>,
}

struct Disagreement<'a> {
    case: &'a Case,
    number: Number,
}

impl<'a> Verdicts<'a> {
    fn of(results: &'a [CaseResult]) -> Self {
        let mut verdicts = Self { agreeing: 0, silent: 0, disagreeing: Vec::new() };
        for result in results {
            for number in result.numbers(World::Simulated) {
                match number.distance {
                    None => verdicts.silent += 1,
                    Some(distance) if distance.agrees() => verdicts.agreeing += 1,
                    Some(_) => {
                        verdicts.disagreeing.push(Disagreement { case: &result.case, number });
                    }
                }
            }
        }
        verdicts
    }
}

impl Disagreement<'_> {
    fn in_words(&self, language: Language) -> String {
        let Self { case, number } = self;
        let value = |value: Option<f64>| {
            value.map_or_else(
                || language.unknown(),
                |value| summary::shown(number.measure, value, language),
            )
        };
        let (name, measure) = (&case.name, number.measure);
        let [observed, predicted] = [number.observed, number.predicted].map(value);
        match number.distance {
            Some(Distance::Chance(p)) => {
                let p = format!("{p:.1e}");
                language.check_rare(
                    name,
                    measure,
                    observed,
                    predicted,
                    p,
                    format!("{CHANCE_MIN:.1e}"),
                )
            }
            Some(Distance::Errors(z)) => {
                let z = language.decimal(z, 1);
                let most = language.decimal(ERRORS_MAX, 1);
                language.check_far(name, measure, observed, predicted, z, most)
            }
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_accepted_also_with_a_fault() {
        for Case { name, config, .. } in cases() {
            assert_eq!(config.check(), Ok(()), "{name}");
            for fault in Fault::value_variants() {
                assert_eq!(fault.in_config(&config).check(), Ok(()), "{name} with {fault:?}");
            }
        }
    }

    #[test]
    fn each_fault_is_one_that_some_case_shows() {
        for fault in Fault::value_variants() {
            assert!(cases().iter().any(|case| fault.in_config(&case.config) != case.config));
        }
    }
}
