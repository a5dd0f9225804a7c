//! A row in the real world: clients, a balancer, servers, and what is done to one of them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context;
use client::{ConnectionOptions, EchoText, Outcomes, Verb};
use simulation::Latencies;

use super::{
    plan::{BalancePlan, Cell, Incident},
    stage::Stage,
};
use crate::{
    load::{
        self, Accounting, Connections, Counted, Outcome, Pace, Requests, Snapshot, Tally, Workload,
    },
    machine::resources::Watch,
    processes::interrupt::Interrupt,
    servers::{access::Access, target::Target},
};

/// A row that was measured.
pub(crate) struct Measurement {
    pub(crate) load: load::Measured,
    pub(crate) accounting: Accounting,
    /// ECHOs that the servers have answered, as they count themselves; one that was killed has forgotten
    /// those before that.
    pub(crate) servers_requests: u64,
    pub(crate) timeline: Timeline,
    /// What kept the machine from giving all it has.
    pub(crate) disturbance: Option<String>,
}

/// What happened in each part of the time.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// Of requests that were due in it.
    pub(crate) slices: Vec<Slice>,
    /// What the servers had answered by a moment, in the order of their names.
    pub(crate) samples: Vec<(Duration, Vec<u64>)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slice {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) longest: Duration,
}

/// How many parts the time of a row has.
pub(crate) const SLICES: u32 = 60;

/// Longer than any queue of these rows; also how long is waited for those that are late.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Measures a row on its stage. `None`: the run was interrupted.
pub(crate) fn measure(
    plan: &BalancePlan,
    cell: Cell,
    mut stage: Stage<'_>,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Measurement>> {
    let arrivals = plan.arrivals(cell.scenario);
    let duration = plan.duration(cell.scenario);
    let pace = Pace::Open { arrivals, duration };
    let seed = plan.seed_of(cell.repetition);
    let workload = workload(&stage.address(), plan.clients, pace, seed)?;
    let balancer = target(&stage.address())?;
    let before = Snapshot::take(&balancer).context("cannot read the balancer's counts")?;
    let mut observer = Observer::new(duration, cell.scenario.incident(), &balancer);
    let mut watch = Watch::start_beside(&stage.pids());
    let mut see = |elapsed: Duration, _: &Tally, outcome: Option<&Outcome>| {
        observer.see(&mut stage, elapsed, outcome)
    };
    let load = watch.burst(|| load::measure(&workload, interrupt, &mut see))?;
    let disturbance = watch.stop().disturbance();
    if interrupt.is_told() {
        return Ok(None);
    }
    observer.finish(&mut stage)?;
    let after = Snapshot::take(&balancer);
    let accounting = Accounting::of(before.as_ref(), after, &load, false);
    stage.stop_balancer();
    let servers_requests = servers_requests(&stage)?;
    let timeline = observer.timeline;
    Ok(Some(Measurement { load, accounting, servers_requests, timeline, disturbance }))
}

/// What clients send, over connections that they keep.
pub(crate) fn workload(
    address: &str,
    clients: u32,
    pace: Pace,
    seed: u64,
) -> anyhow::Result<Arc<Workload>> {
    let message: EchoText = "halo".parse()?;
    Ok(Arc::new(Workload {
        address: address.to_owned(),
        options: ConnectionOptions { timeout: TIMEOUT, ..Access::default().options() },
        clients,
        pace,
        connections: Connections::Kept,
        requests: Requests::echo(message, seed),
    }))
}

fn target(address: &str) -> anyhow::Result<Target> {
    Target::new(address, &Access::default(), Some(TIMEOUT))
        .with_context(|| format!("cannot ask {address} for its counts"))
}

/// Once they have closed what the balancer has left open.
fn servers_requests(stage: &Stage<'_>) -> anyhow::Result<u64> {
    let mut sum = 0;
    for address in stage.server_addresses() {
        let stats = target(&address)?.settled_stats()?;
        sum += stats.map_or(0, |stats| stats.requests[Verb::Echo].ok);
    }
    Ok(sum)
}

/// Sees the outcomes, looks at the balancer's counts, and does to a server what is to be done.
struct Observer<'a> {
    balancer: &'a Target,
    duration: Duration,
    /// What has not been done yet, with its moment; the last first.
    to_do: Vec<(Duration, Deed)>,
    timeline: Timeline,
}

#[derive(Clone, Copy)]
enum Deed {
    Strike(Incident),
    Undo(Incident),
}

impl<'a> Observer<'a> {
    fn new(duration: Duration, incident: Option<Incident>, balancer: &'a Target) -> Self {
        let deeds = |incident| {
            [(duration * 2 / 3, Deed::Undo(incident)), (duration / 3, Deed::Strike(incident))]
        };
        Self {
            balancer,
            duration,
            to_do: incident.map_or_else(Vec::new, |incident| deeds(incident).into()),
            timeline: Timeline {
                slices: vec![Slice::default(); SLICES as usize],
                samples: Vec::new(),
            },
        }
    }

    fn see(
        &mut self,
        stage: &mut Stage<'_>,
        elapsed: Duration,
        outcome: Option<&Outcome>,
    ) -> anyhow::Result<()> {
        if let Some(outcome) = outcome {
            self.timeline.add(outcome, self.duration);
        }
        while let Some((_, deed)) = self.to_do.pop_if(|(moment, _)| *moment <= elapsed) {
            deed.perform(stage)?;
        }
        let next = self.timeline.samples.len() as u32 + 1;
        if elapsed >= self.duration * next / SLICES && next <= SLICES {
            self.sample(elapsed)?;
        }
        Ok(())
    }

    /// What a short row has not reached is done all the same: a server that stands still would not end.
    fn finish(&mut self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        while let Some((_, deed)) = self.to_do.pop() {
            deed.perform(stage)?;
        }
        Ok(())
    }

    fn sample(&mut self, elapsed: Duration) -> anyhow::Result<()> {
        let stats = self.balancer.stats().context("cannot read the balancer's counts")?;
        let backends = stats.map_or_else(Vec::new, |stats| stats.backend);
        let answered = backends.iter().map(|backend| backend.requests.ok).collect();
        self.timeline.samples.push((elapsed, answered));
        Ok(())
    }
}

impl Deed {
    fn perform(self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        match self {
            Self::Strike(incident) => stage.strike(incident),
            Self::Undo(incident) => stage.undo(incident),
        }
    }
}

impl Timeline {
    fn add(&mut self, outcome: &Outcome, duration: Duration) {
        let share = outcome.due.as_secs_f64() / duration.as_secs_f64();
        let index = (share * f64::from(SLICES)) as usize;
        let Some(slice) = self.slices.get_mut(index) else { return };
        if outcome.failure.is_some() {
            slice.failed += 1;
        } else {
            slice.succeeded += 1;
            slice.longest = slice.longest.max(outcome.response_time());
        }
    }
}

impl Measurement {
    pub(crate) fn outcomes(&self) -> Outcomes {
        self.load.all.outcomes
    }

    pub(crate) fn response(&self) -> &Latencies {
        &self.load.all.response
    }

    fn counted(&self) -> Option<&Counted> {
        match &self.accounting {
            Accounting::Counted(counted) => Some(counted),
            Accounting::NotAsked | Accounting::CountsNothing | Accounting::Unknown(_) => None,
        }
    }

    /// Of all that was forwarded, as the balancer counts it.
    pub(crate) fn share_a(&self) -> Option<f64> {
        let backends = &self.counted()?.backends;
        let all: u64 = backends.iter().map(|backend| backend.requests.ok).sum();
        let first = backends.first()?.requests.ok;
        (all > 0).then(|| first as f64 / all as f64)
    }

    pub(crate) fn balancer_requests(&self) -> Option<u64> {
        Some(self.counted()?.backends.iter().map(|backend| backend.requests.ok).sum())
    }

    pub(crate) fn retries(&self) -> u64 {
        self.counted()
            .map_or(0, |counted| counted.backends.iter().map(|backend| backend.retries).sum())
    }

    pub(crate) fn failure_causes(&self) -> BTreeMap<&str, u64> {
        self.load.causes.iter().map(|(cause, of)| (cause.as_str(), of.count)).collect()
    }

    /// Why the counts of clients, balancer and servers contradict one another.
    pub(crate) fn contradiction(&self, incident: Option<Incident>) -> Option<String> {
        let Outcomes { ok, failed } = self.outcomes();
        let (servers, retries) = (self.servers_requests, self.retries());
        let counted = match &self.accounting {
            Accounting::Counted(_) if self.accounting.disagrees() => {
                Some("the clients and the balancer count differently".to_owned())
            }
            Accounting::Counted(_) => None,
            Accounting::NotAsked | Accounting::CountsNothing => {
                Some("the balancer has counted nothing".to_owned())
            }
            Accounting::Unknown(why) => Some(why.clone()),
        };
        // What a server has answered without its answer having come is asked of another once more. One that
        // was killed counts from its second life on.
        let least = if incident == Some(Incident::Death) { 0 } else { ok };
        let servers_fit = (least..=ok + failed + retries).contains(&servers);
        let of_servers = (!servers_fit).then(|| {
            format!("the clients count {ok}, the servers {servers}, with {retries} retries")
        });
        counted.or(of_servers)
    }
}
