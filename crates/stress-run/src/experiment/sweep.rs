//! One cell after another, server by server.
//!
//! Each repetition begins with the ceilings (what the clients reach with a server that does nothing), then
//! come its blocks. A cell that was disturbed is measured again; every attempt at a cell is kept.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{anyhow, bail};

use super::{
    cell::{self, Instruments, Work},
    progress::Progress,
};
use crate::{
    plan::{Block, Cell, Configuration, Operation, Plan, Volume},
    results::{Attempt, Environment, Record, Run, RunFiles},
    servers::{Running, Servers, content::Source, null_server::NullServer, target::Target},
};

/// The cause of a client that was not even started: its server, or the clients' pool, was not there.
const NOT_MEASURED: &str = "not-measured";

pub(super) struct Sweep {
    pub(super) servers: Servers,
    pub(super) sources: Vec<Source>,
    pub(super) instruments: Instruments,
    pub(super) files: RunFiles,
    pub(super) progress: Progress,
    pub(super) environment: Environment,
    pub(super) done: Done,
}

/// What is measured already.
pub(super) struct Done {
    /// The last attempt at each cell and repetition, and whether it calls for another: it was
    /// disturbed. Clients that failed are data, which no later attempt may replace.
    attempts: BTreeMap<(Cell, u32), (u32, bool)>,
    /// Repetitions and cells whose ceiling is known.
    ceilings: BTreeSet<(u32, Operation, Volume, u32)>,
    /// Servers of which was said that they failed.
    failed: BTreeSet<Configuration>,
    /// Most attempts at a cell that others disturb.
    attempts_max: u32,
}

impl Done {
    pub(super) fn new(reruns: u32) -> Self {
        Self {
            attempts: BTreeMap::new(),
            ceilings: BTreeSet::new(),
            failed: BTreeSet::new(),
            attempts_max: 1 + reruns,
        }
    }

    /// By an earlier part of the run.
    pub(super) fn of(run: &Run) -> Self {
        let ceilings = run.ceilings.iter().map(|line| {
            (line.repetition, line.operation, Volume { bytes: line.volume_bytes }, line.clients)
        });
        let attempts = run.counted().into_iter();
        Self {
            attempts: attempts
                .map(|(key, line)| {
                    let calls = line.disturbed.is_some() && line.clients_failed == 0;
                    (key, (line.attempt, calls))
                })
                .collect(),
            ceilings: ceilings.collect(),
            ..Self::new(run.environment.plan.reruns)
        }
    }

    /// Which attempt at a cell comes next; `None` when it needs none.
    fn next_attempt(&self, cell: &Cell, repetition: u32) -> Option<u32> {
        match self.attempts.get(&(*cell, repetition)) {
            None => Some(1),
            Some((attempt, true)) if *attempt < self.attempts_max => Some(attempt + 1),
            Some(_) => None,
        }
    }

    /// Whether nothing of the plan is left to measure.
    pub(super) fn is_complete(&self, plan: &Plan) -> bool {
        let is_left = |block: &Block| {
            block.cells.iter().any(|cell| self.next_attempt(cell, block.repetition).is_some())
        };
        !plan.blocks().iter().any(is_left)
    }

    fn has_ceiling(&self, repetition: u32, cell: &Cell) -> bool {
        self.ceilings.contains(&(repetition, cell.operation, cell.volume, cell.clients))
    }
}

impl Sweep {
    /// Measures what of the plan is not measured yet, until it is interrupted.
    pub(super) fn measure(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let mut calibrated = 0;
        for block in plan.blocks() {
            if block.repetition > calibrated {
                calibrated = block.repetition;
                self.measure_ceilings(plan, block.repetition)?;
            }
            self.measure_block(&block, plan)?;
        }
        Ok(())
    }

    /// Measures what the clients reach with a server that does nothing.
    fn measure_ceilings(&mut self, plan: &Plan, repetition: u32) -> anyhow::Result<()> {
        let server =
            Configuration { mode: None, workers: plan.clients.iter().copied().max().unwrap_or(1) };
        let mut cells = plan.cells_of(server);
        // The null server sends bytes, and no names.
        cells.retain(|cell| {
            cell.operation.moves_files() && !self.done.has_ceiling(repetition, cell)
        });
        if cells.is_empty() || self.is_interrupted() {
            return Ok(());
        }
        self.progress.calibrating();
        let null_server = match NullServer::start(&self.instruments.interrupt) {
            Ok(null_server) => null_server,
            Err(err) => {
                self.progress.no_ceiling(&err);
                return Ok(());
            }
        };
        let target = Target::null(null_server.address(), null_server.pid());
        // What is wrong with it the first ceiling will tell.
        let _ = self.warm_up(server, &target, plan);
        for cell in cells {
            let record = self.ceiling(cell, repetition, &target);
            if self.is_interrupted() {
                break;
            }
            match record {
                Ok(record) if record.clients_failed() == 0 => self.files.append_ceiling(&record)?,
                Ok(record) => self.progress.no_ceiling(&anyhow!("{:?}", record.causes())),
                Err(err) => self.progress.no_ceiling(&err),
            }
        }
        Ok(())
    }

    /// The first attempt that nothing disturbed, or else the last.
    fn ceiling(&self, cell: Cell, repetition: u32, target: &Target) -> anyhow::Result<Record> {
        let mut attempt = Attempt { cell, repetition, attempt: 1 };
        loop {
            let mut record = cell::measure(attempt, target, self.work(&cell), &self.instruments)?;
            record.disturbance = record.resources.disturbance();
            if record.disturbance.is_none() || attempt.attempt >= self.done.attempts_max {
                return Ok(record);
            }
            attempt.attempt += 1;
        }
    }

    /// Measures the cells of one server that are not measured yet. A server that fails is booked, not an
    /// error.
    fn measure_block(&mut self, block: &Block, plan: &Plan) -> anyhow::Result<()> {
        let next = |cell: &Cell| {
            Some(Attempt {
                cell: *cell,
                repetition: block.repetition,
                attempt: self.done.next_attempt(cell, block.repetition)?,
            })
        };
        let attempts: Vec<Attempt> = block.cells.iter().filter_map(next).collect();
        if attempts.is_empty() || self.is_interrupted() {
            return Ok(());
        }
        self.progress.block_started(block);
        let mut server = self.start_warm(block.server, plan);
        if let Ok(running) = &server {
            self.note_faults(running)?;
        }
        for attempt in attempts {
            self.measure_until_undisturbed(attempt, &mut server, plan)?;
            if self.is_interrupted() {
                break;
            }
        }
        if let Ok(running) = server {
            self.servers.stop(running);
        }
        Ok(())
    }

    /// A server that makes faults by order says so, and whoever reads the results must know.
    fn note_faults(&mut self, running: &Running) -> anyhow::Result<()> {
        let faults = running.target.stats().ok().flatten().and_then(|stats| stats.injected);
        if faults.is_none() || faults == self.environment.injected {
            return Ok(());
        }
        self.environment.injected = faults;
        self.files.set_environment(&self.environment)
    }

    /// Keeps the record of every attempt, and leaves a server that is ready for the next cell.
    fn measure_until_undisturbed(
        &mut self,
        first: Attempt,
        server: &mut anyhow::Result<Running>,
        plan: &Plan,
    ) -> anyhow::Result<()> {
        let mut next = Some(first.attempt);
        while let Some(number) = next {
            let attempt = Attempt { attempt: number, ..first };
            let mut record = self.attempt(attempt, server);
            if self.is_interrupted() {
                return Ok(());
            }
            if let (Some(why), Ok(running)) = (record.unsettled.clone(), &mut *server) {
                match running.how_it_died() {
                    Some(how) => record.server_failure = Some(format!("{why}; {how}")),
                    None => record.doubt(&why),
                }
                // Whatever the server is still doing must not run into the next cell, and its port and
                // directory are the next one's.
                *server = Err(anyhow!("the server is being replaced"));
                *server = self.start_warm(first.cell.server, plan);
            }
            self.keep(&record)?;
            next = self.done.next_attempt(&first.cell, first.repetition);
        }
        Ok(())
    }

    fn attempt(&self, attempt: Attempt, server: &mut anyhow::Result<Running>) -> Record {
        let running = match server {
            Ok(running) => running,
            // It did not start, or not again: the rest of its cells need no other try.
            Err(err) => {
                let why = format!("{err:#}");
                let failure = Some(why.clone());
                let record = Record::all_failed(attempt, NOT_MEASURED, &why);
                return Record { server_failure: failure, ..record };
            }
        };
        let work = self.work(&attempt.cell);
        let measured = cell::measure(attempt, &running.target, work, &self.instruments);
        let mut record = measured.unwrap_or_else(|err| {
            let why = format!("{err:#}");
            let record = Record::all_failed(attempt, NOT_MEASURED, &why);
            Record { unsettled: Some(why), ..record }
        });
        record.disturbance = record.resources.disturbance();
        if let Some(process) = &mut running.process {
            process.events().join(attempt.cell.operation, &mut record.outcomes);
        }
        record
    }

    fn keep(&mut self, record: &Record) -> anyhow::Result<()> {
        self.files.append(record)?;
        self.progress.cell_done(record);
        let Attempt { cell, repetition, attempt } = record.attempt;
        if let Some(why) = &record.server_failure
            && self.done.failed.insert(cell.server)
        {
            self.progress.not_measured(cell.server, why);
        }
        let calls_for_another = record.disturbance.is_some() && record.clients_failed() == 0;
        self.done.attempts.insert((cell, repetition), (attempt, calls_for_another));
        Ok(())
    }

    /// A server that has served as many clients as it will, so that the first cell does not pay for
    /// memory that is touched first or workers that ran never.
    fn start_warm(&self, configuration: Configuration, plan: &Plan) -> anyhow::Result<Running> {
        let mut running = self.servers.start(configuration)?;
        if running.process.is_none() {
            return Ok(running);
        }
        let Err(why) = self.warm_up(configuration, &running.target, plan) else {
            return Ok(running);
        };
        if !self.is_interrupted() {
            let why = running.how_it_died().unwrap_or_else(|| format!("{why:#}"));
            self.progress.replaced_when_warm(configuration, &why);
        }
        self.servers.stop(running);
        // The first cell will tell what is wrong with it, if it is wrong again.
        self.servers.start(configuration)
    }

    /// A burst of as many clients as there will be, of each operation, which nobody looks at. An error
    /// says that the server has not come through it.
    fn warm_up(&self, server: Configuration, target: &Target, plan: &Plan) -> anyhow::Result<()> {
        let instruments = Instruments { min_time: Duration::ZERO, ..self.instruments.clone() };
        for &operation in &plan.operations {
            if !operation.moves_files() && !target.has_content {
                continue;
            }
            let cells = plan.cells_of(server).into_iter();
            let of_operation = cells.filter(|cell| cell.operation == operation);
            let heaviest_small =
                of_operation.max_by_key(|cell| (Reverse(cell.volume), cell.clients));
            let cell = heaviest_small.expect("an operation of the plan has a cell");
            let attempt = Attempt { cell, repetition: 0, attempt: 1 };
            let record = cell::measure(attempt, target, self.work(&cell), &instruments)?;
            if let Some(why) = record.unsettled {
                bail!(why);
            }
        }
        Ok(())
    }

    fn work(&self, cell: &Cell) -> Work<'_> {
        let source = || {
            let of_volume = |source: &&Source| source.volume == cell.volume;
            self.sources.iter().find(of_volume).expect("every volume of the plan has a source")
        };
        match cell.operation {
            Operation::Download => Work::Download(source()),
            Operation::Upload => Work::Upload(source()),
            Operation::List => Work::List,
        }
    }

    fn is_interrupted(&self) -> bool {
        self.instruments.interrupt.is_told()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Mode;

    #[test]
    fn only_what_is_missing_or_was_disturbed_is_measured_and_again_only_so_often() {
        let server = Configuration { mode: Some(Mode::Thread), workers: 1 };
        let volume = Volume { bytes: 1 };
        let cell = Cell { operation: Operation::Upload, volume, clients: 1, server };
        let next = |last: Option<(u32, bool)>| {
            let mut done = Done::new(2);
            done.attempts.extend(last.map(|last| ((cell, 1), last)));
            done.next_attempt(&cell, 1)
        };
        assert_eq!(next(None), Some(1));
        assert_eq!((next(Some((1, true))), next(Some((2, true)))), (Some(2), Some(3)));
        assert_eq!((next(Some((1, false))), next(Some((3, true)))), (None, None));
    }
}
