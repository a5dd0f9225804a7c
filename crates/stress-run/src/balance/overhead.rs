//! What a request takes beside the service time that its server is told to take. It is measured before all rows,
//! and part of what is simulated and known on paper.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use simulation::Arrivals;

use super::{measured::workload, plan::BalancePlan, stage::Stage};
use crate::{
    load::{self, Measured, Pace},
    processes::interrupt::Interrupt,
};

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Overhead {
    /// For so long it keeps its worker busy: that is as a longer service.
    pub(crate) worker_ms: f64,
    /// For so long it is under way, and keeps nobody from being served.
    pub(crate) transit_ms: f64,
}

/// How long each of the two parts is measured, about, unless its fewest requests take longer.
const TIME_MS: u32 = 3_000;

/// How many requests tell what one takes that is alone, and how long none is under way between two of them, about.
const ALONE: RangeInclusive<u32> = 50..=200;
const PAUSE_MS: u32 = 10;

/// So many clients for each worker leave none of them idle, and each makes so many requests.
const CLIENTS: u32 = 8;
const REQUESTS_EACH: RangeInclusive<u32> = 7..=60;

impl Overhead {
    /// Of requests to the servers of a stage, which are all alike.
    pub(crate) fn measure(
        plan: &BalancePlan,
        stage: &Stage<'_>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let service = Duration::from_millis(plan.service_ms.into());
        let alone = alone(plan, stage, interrupt)?;
        let worker = busy(plan, stage, interrupt)?.saturating_sub(service);
        let transit = alone.saturating_sub(service + worker);
        Ok(Self { worker_ms: in_ms(worker), transit_ms: in_ms(transit) })
    }

    pub(crate) fn worker(self) -> Duration {
        from_ms(self.worker_ms)
    }

    pub(crate) fn transit(self) -> Duration {
        from_ms(self.transit_ms)
    }
}

/// How long a request takes that is alone, in the median: the mean would be that of what else the machine does.
fn alone(plan: &BalancePlan, stage: &Stage<'_>, interrupt: &Interrupt) -> anyhow::Result<Duration> {
    // At moments as in the rows, for which clients have to wake up.
    let every_ms = plan.service_ms + PAUSE_MS;
    let pace = Pace::Open {
        arrivals: Arrivals::Steady { per_second: 1e3 / f64::from(every_ms) },
        duration: Duration::from_millis((in_time(every_ms, &ALONE) * every_ms).into()),
    };
    let measured = calibrate(plan, stage, (2, pace), interrupt)?;
    measured.all.response.quantile(0.5).context("no request was answered, one by one")
}

/// How long a request keeps a worker that is never idle.
fn busy(plan: &BalancePlan, stage: &Stage<'_>, interrupt: &Interrupt) -> anyhow::Result<Duration> {
    let workers = plan.servers * plan.workers;
    let pace = Pace::Each(in_time(CLIENTS * plan.service_ms, &REQUESTS_EACH));
    let measured = calibrate(plan, stage, (workers * CLIENTS, pace), interrupt)?;
    let answered = u32::try_from(measured.all.outcomes.ok)?;
    ensure!(answered > 0, "no request was answered by busy servers");
    Ok(measured.all.end * workers / answered)
}

/// How many there is time for, one after the other.
fn in_time(each_ms: u32, allowed: &RangeInclusive<u32>) -> u32 {
    (TIME_MS / each_ms).clamp(*allowed.start(), *allowed.end())
}

fn calibrate(
    plan: &BalancePlan,
    stage: &Stage<'_>,
    (clients, pace): (u32, Pace),
    interrupt: &Interrupt,
) -> anyhow::Result<Measured> {
    let workload = workload(&stage.address(), clients, pace, plan.seed)?;
    let measured = load::measure(&workload, interrupt, &mut |_, _, _| Ok(()))?;
    let failed = measured.all.outcomes.failed;
    ensure!(failed == 0, "{failed} requests failed before the first row");
    Ok(measured)
}

/// To the microsecond.
fn in_ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// A file may say anything.
fn from_ms(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_requests_tell_what_one_takes_the_longer_their_service_is() {
        for (service_ms, alone, each) in [(1, 200, 60), (5, 200, 60), (20, 100, 18), (1_000, 50, 7)]
        {
            assert_eq!(in_time(service_ms + PAUSE_MS, &ALONE), alone, "{service_ms}");
            assert_eq!(in_time(CLIENTS * service_ms, &REQUESTS_EACH), each, "{service_ms}");
        }
    }
}
