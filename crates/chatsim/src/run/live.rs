//! `chatsim run --live`: the cases once more, in real time, and what that costs.
//!
//! The deliveries are those of the simulation: the same core, seed and fates. What differs is that somebody
//! has to wait for each of them, and is sometimes late.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::stop::Stop;
use crate::{
    experiments::Case,
    language::Language,
    live::{self, Cost, RunnerName, parse_speed},
    results::{
        records::{self, World},
        saved::Plan,
    },
};

/// What each case cost, a line each.
const COSTS: &str = "live.csv";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Worlds")]
pub(crate) struct LiveArgs {
    /// Have each case happen in real time too, beside its simulation
    ///
    /// One after the other: at ten times the speed, 1,000 messages of experiment 1 take ten seconds a case.
    #[arg(long)]
    live: bool,

    /// What runs a delivery in real time
    #[arg(
        long,
        requires = "live",
        default_value = "thread",
        value_parser = cli::choice(RunnerName::ALL.map(|it| (it, it.name(), it.summary()))),
        hide_short_help = true
    )]
    runner: RunnerName,

    /// How many times as fast as real time the simulated time runs: 0.1 to 10
    #[arg(
        long,
        value_name = "TIMES",
        requires = "live",
        default_value = "10",
        value_parser = parse_speed,
        hide_short_help = true
    )]
    speed: f64,
}

/// What one case cost.
#[derive(Serialize)]
struct CostLine<'a> {
    case: &'a str,
    runner: &'static str,
    speed: f64,
    messages: u64,
    threads: usize,
    memory_bytes: Option<u64>,
    timers: usize,
    timers_handled: u64,
    lateness_p50_ms: Option<f64>,
    lateness_p99_ms: Option<f64>,
    lateness_max_ms: Option<f64>,
}

impl LiveArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.live
    }

    /// Runs all cases, if that was asked for, and writes what became of their messages, and what that cost.
    pub(super) fn measure(
        &self,
        dir: &Path,
        plan: &Plan,
        language: Language,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        if !self.live {
            return Ok(());
        }
        let mut costs = Vec::new();
        for (number, case) in (1..).zip(&plan.cases) {
            let Some(cost) = self.run_case(dir, plan, case, stop)? else { break };
            costs.push(cost);
            let name = format!("{}, {}", case.name, World::Live);
            cli::errln!("{}", language.case_done(number, plan.cases.len(), &name));
        }
        let path = dir.join(COSTS);
        let write = || -> csv::Result<()> {
            let mut writer = csv::Writer::from_path(&path)?;
            for (case, cost) in plan.cases.iter().zip(&costs) {
                writer.serialize(self.line(plan, case, cost))?;
            }
            Ok(writer.flush()?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// `None`: it was stopped.
    fn run_case(
        &self,
        dir: &Path,
        plan: &Plan,
        case: &Case,
        stop: &Stop,
    ) -> anyhow::Result<Option<Cost>> {
        let mut writer = records::Writer::create(dir, World::Live, &case.name)?;
        let mut written = Ok(());
        let scenario = case.scenario(plan.messages, plan.seed);
        let is_stopped = || stop.is_asked();
        let cost = live::run(&scenario, self.runner, self.speed, is_stopped, |records| {
            // One that cannot be written is the last that is tried.
            if written.is_ok() {
                written = writer.push(records);
            }
        });
        let cost = cost.context("the system gives no threads")?;
        written?;
        if stop.is_asked() {
            writer.discard()?;
            return Ok(None);
        }
        writer.finish()?;
        Ok(Some(cost))
    }

    fn line<'a>(&self, plan: &Plan, case: &'a Case, cost: &Cost) -> CostLine<'a> {
        CostLine {
            case: &case.name,
            runner: cost.runner.name(),
            speed: self.speed,
            messages: plan.messages,
            threads: cost.threads,
            memory_bytes: cost.memory_bytes,
            timers: cost.timers,
            timers_handled: cost.timers_handled,
            lateness_p50_ms: cost.lateness_p50_ms,
            lateness_p99_ms: cost.lateness_p99_ms,
            lateness_max_ms: cost.lateness_max_ms,
        }
    }
}
