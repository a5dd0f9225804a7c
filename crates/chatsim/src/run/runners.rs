//! `chatsim runners`: what each way of waiting for deliveries costs, by how many messages are in flight.
//!
//! The messages are those of experiment 1 behind a window that is always full, so as many are in flight as
//! the window has room for. Memory is counted from what the program had before, so what an earlier line left
//! behind is not counted again: the line with the most threads comes last.

use std::process::ExitCode;

use anyhow::Context;
use cli::Grid;
use delivery::{
    Config, Method,
    simulate::{Load, Scenario},
};
use figures::Numbers;
use serde::Serialize;

use super::stop::Stop;
use crate::{
    language::Language,
    live::{self, Cost, RunnerName, parse_speed},
};

/// Messages of a line, for each that is in flight.
const ROUNDS: u64 = 5;

/// The cheapest first.
const ORDER: [RunnerName; 3] = [RunnerName::Async, RunnerName::Pool, RunnerName::Thread];

#[derive(Debug, clap::Args)]
pub(crate) struct RunnersArgs {
    /// Messages in flight at once; several numbers with commas
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "10,100,1000",
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    in_flight: Vec<u32>,

    /// How many times as fast as real time the simulated time runs: 0.1 to 10
    ///
    /// Timers are late by the wall clock, however fast the other one runs.
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = parse_speed)]
    speed: f64,

    /// Print the lines as JSON
    #[arg(long)]
    json: bool,

    /// Language of the table
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// What one runner cost.
#[derive(Debug, Serialize)]
struct Line {
    in_flight: u32,
    /// Beyond what the program had before.
    memory_more_bytes: Option<u64>,
    #[serde(flatten)]
    cost: Cost,
}

/// An error means that the system gives no threads at all.
pub(crate) fn compare(args: &RunnersArgs) -> anyhow::Result<ExitCode> {
    let stop = Stop::on_signal()?;
    let mut lines = Vec::new();
    for &in_flight in &args.in_flight {
        for runner in ORDER {
            lines.push(measure(in_flight, runner, args.speed, &stop)?);
            if stop.is_asked() {
                cli::errln!("{}", args.lang.stopped_nothing());
                return Ok(Stop::code());
            }
            let name = format!("{}, {in_flight}", runner.name());
            let all = args.in_flight.len() * ORDER.len();
            cli::errln!("{}", args.lang.case_done(lines.len(), all, &name));
        }
    }
    if args.json {
        cli::outln!("{}", serde_json::to_string_pretty(&lines)?);
    } else {
        cli::output::print(grid(&lines, args.lang).on_screen().as_bytes());
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(in_flight: u32, runner: RunnerName, speed: f64, stop: &Stop) -> anyhow::Result<Line> {
    let scenario = Scenario {
        config: Config { window: Some(in_flight), ..Config::default() },
        method: Method::PubSub,
        messages: ROUNDS * u64::from(in_flight),
        load: Load::Saturated,
        seed: 1,
    };
    let before = live::resident_bytes();
    let cost = live::run(&scenario, runner, speed, || stop.is_asked(), |_| {});
    let cost = cost.context("no threads can be had")?;
    let more = |bytes: u64| Some(bytes.saturating_sub(before?));
    Ok(Line { in_flight, memory_more_bytes: cost.memory_bytes.and_then(more), cost })
}

fn grid(lines: &[Line], language: Language) -> Grid {
    let number = |value: Option<f64>| value.map_or_else(String::new, |it| language.decimal(it, 1));
    let mib = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64 / 1_048_576.0);
    let row = |line: &Line| {
        vec![
            line.cost.runner.name().to_owned(),
            line.in_flight.to_string(),
            line.cost.threads.to_string(),
            number(mib(line.memory_more_bytes)),
            line.cost.timers_handled.to_string(),
            number(line.cost.lateness_p50_ms),
            number(line.cost.lateness_p99_ms),
            number(line.cost.lateness_max_ms),
        ]
    };
    let heads: Vec<&'static str> = language.runner_columns().into();
    Grid { numbers: (1..heads.len()).collect(), heads, rows: lines.iter().map(row).collect() }
}
