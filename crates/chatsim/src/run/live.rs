//! `chatsim run --live`: the cases once more, in real time, and what that costs.
//!
//! The deliveries are those of the simulation: the same core, seed and fates. What differs is that somebody
//! has to wait for each of them, and is sometimes late.

use std::{path::Path, time::Duration};

use anyhow::Context;
use runs::Pace;

use super::{progress::Progress, reach::within_reach, stop::Stop};
use crate::{
    experiments::Case,
    live::{self, Cost, RunnerName, parse_speed},
    results::{
        costs::{self, CostLine},
        records::{self, World},
        saved::Plan,
    },
};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Worlds")]
pub(crate) struct LiveArgs {
    /// Have each case happen in real time too, beside its simulation
    ///
    /// One after the other: at ten times the speed, 1,000 messages of experiment 1 take ten seconds a case. A case
    /// that would take more than ten minutes is left out.
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

impl LiveArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.live
    }

    /// Runs all cases, if that was asked for, and writes what became of their messages, and what that cost.
    pub(super) fn measure(
        &self,
        progress: &Progress,
        plan: &Plan,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        if !self.live {
            return Ok(());
        }
        let (dir, language) = (&progress.dir, progress.language);
        let takes = |case: &Case| self.takes(plan.messages, case);
        let cases = within_reach(&plan.cases, World::Live, takes, language);
        let ms = |case: &Case| takes(case).as_millis() as u64;
        let mut pace = Pace::new(cases.iter().map(|case| ms(case)).sum(), 0);
        for (number, case) in (1..).zip(&cases) {
            let name = format!("{}, {}", case.name, language.world(World::Live));
            progress.case_begun(&name, [number - 1, cases.len()], pace.left());
            let Some(cost) = self.run_case(dir, plan, case, stop)? else { break };
            costs::append(dir, CostLine::new(&case.name, self.speed, plan.messages, &cost))?;
            pace.add(ms(case));
            progress.case_done(&name, [number, cases.len()]);
        }
        Ok(())
    }

    /// Until the last message is sent, by the wall clock.
    fn takes(&self, messages: u64, case: &Case) -> Duration {
        let seconds = case.load.interval().as_secs_f64() * messages as f64 / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
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
}
