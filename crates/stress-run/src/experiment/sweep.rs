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
    timeline,
};
use crate::{
    plan::{Attempt, Cell, Configuration, Operation, Plan},
    results::{CellLine, Environment, JobOutcome, Record, Run, RunFiles, ServerAfter},
    servers::{Running, Servers, content::SourceFile, null_server::NullServer, target::Target},
};

/// The cause of a client that was not even started: its server, or the clients' pool, was not there.
const NOT_MEASURED: &str = "not-measured";

pub(super) struct Sweep {
    pub(super) servers: Servers,
    pub(super) sources: Vec<SourceFile>,
    pub(super) instruments: Instruments,
    pub(super) files: RunFiles,
    pub(super) progress: Progress,
    pub(super) environment: Environment,
    pub(super) done: Done,
}

/// What is measured already.
pub(super) struct Done {
    /// The last attempt at each cell and repetition, and whether it calls for another.
    attempts: BTreeMap<(Cell, u32), (u32, bool)>,
    /// How many attempts an earlier part of the run made. They count as one: what disturbed them may be over.
    earlier: BTreeMap<(Cell, u32), u32>,
    /// Cells and repetitions whose ceiling is known.
    ceilings: BTreeSet<(Cell, u32)>,
    /// Servers of which was said that they failed.
    failed: BTreeSet<Configuration>,
    /// Most attempts at a cell that others disturb, in one part of the run.
    attempts_max: u32,
}

impl Done {
    pub(super) fn new(reruns: u32) -> Self {
        Self {
            attempts: BTreeMap::new(),
            earlier: BTreeMap::new(),
            ceilings: BTreeSet::new(),
            failed: BTreeSet::new(),
            attempts_max: 1 + reruns,
        }
    }

    /// By an earlier part of the run.
    pub(super) fn of(run: &Run) -> Self {
        let mut done = Self::new(run.environment.plan.reruns);
        run.attempts.iter().for_each(|line| done.add(line));
        done.earlier.extend(done.attempts.iter().map(|(cell, (last, _))| (*cell, *last)));
        done.ceilings.extend(run.ceilings.iter().map(|line| (line.cell(), line.repetition)));
        done
    }

    fn add(&mut self, line: &CellLine) {
        let last = (line.attempt, line.calls_for_another());
        self.attempts.insert((line.cell(), line.repetition), last);
    }

    /// Which attempt at a cell comes next; `None` when it needs none.
    fn next_attempt(&self, first: Attempt) -> Option<Attempt> {
        let key = (first.cell, first.repetition);
        let earlier = self.earlier.get(&key).map_or(0, |attempts| attempts - 1);
        match self.attempts.get(&key) {
            None => Some(first),
            Some((last, true)) if last - earlier < self.attempts_max => {
                Some(Attempt { number: last + 1, ..first })
            }
            Some(_) => None,
        }
    }

    /// Whether nothing of the plan is left to measure.
    pub(super) fn is_complete(&self, plan: &Plan) -> bool {
        plan.blocks().into_iter().flatten().all(|attempt| self.next_attempt(attempt).is_none())
    }
}

impl Sweep {
    /// Measures what of the plan is not measured yet, until it is interrupted.
    pub(super) fn measure(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let mut calibrated = 0;
        for block in plan.blocks() {
            let repetition = block[0].repetition;
            if repetition > calibrated {
                calibrated = repetition;
                self.measure_ceilings(plan, repetition)?;
            }
            self.measure_block(block, plan)?;
        }
        Ok(())
    }

    /// Measures what the clients reach with a server that does nothing.
    fn measure_ceilings(&mut self, plan: &Plan, repetition: u32) -> anyhow::Result<()> {
        let server = Configuration::UNKNOWN;
        let mut cells = plan.cells_of(server);
        // The null server sends bytes, and no names.
        cells.retain(|cell| {
            cell.operation.moves_files() && !self.done.ceilings.contains(&(*cell, repetition))
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
            let line = self.ceiling(cell, repetition, &target);
            if self.is_interrupted() {
                break;
            }
            match line {
                Ok(line) if line.clients_failed == 0 => self.files.append_ceiling(&line)?,
                Ok(line) => self.progress.no_ceiling(&anyhow!(line.failure_causes)),
                Err(err) => self.progress.no_ceiling(&err),
            }
        }
        Ok(())
    }

    /// The first attempt that nothing disturbed, or else the last.
    fn ceiling(&self, cell: Cell, repetition: u32, target: &Target) -> anyhow::Result<CellLine> {
        let mut attempt = Attempt { cell, repetition, number: 1 };
        loop {
            let record = cell::measure(attempt, target, self.work(&cell), &self.instruments)?;
            let line = CellLine::of(&record);
            if line.disturbed.is_none() || attempt.number >= self.done.attempts_max {
                return Ok(line);
            }
            attempt.number += 1;
        }
    }

    /// Measures the cells of one server that are not measured yet. A server that fails is recorded, not an
    /// error.
    fn measure_block(&mut self, block: Vec<Attempt>, plan: &Plan) -> anyhow::Result<()> {
        let configuration = block[0].cell.server;
        let next = |first| self.done.next_attempt(first);
        let attempts: Vec<Attempt> = block.into_iter().filter_map(next).collect();
        if attempts.is_empty() || self.is_interrupted() {
            return Ok(());
        }
        self.progress.block_started(configuration);
        let mut server = self.start_warm(configuration, plan);
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
        let mut next = Some(first);
        while let Some(attempt) = next {
            self.progress.cell_started(&attempt.cell);
            let mut record = self.attempt(attempt, server);
            if self.is_interrupted() {
                return Ok(());
            }
            if let (ServerAfter::Unsettled(why), Ok(running)) = (&record.server, &mut *server) {
                if let Some(how) = running.how_it_died() {
                    record.server = ServerAfter::Failed(format!("{why}; {how}"));
                }
                // Whatever the server is still doing must not run into the next cell, and its port and
                // directory are the next one's.
                *server = Err(anyhow!("the server is being replaced"));
                *server = self.start_warm(first.cell.server, plan);
            }
            self.keep(&record)?;
            next = self.done.next_attempt(first);
        }
        Ok(())
    }

    fn attempt(&self, attempt: Attempt, server: &mut anyhow::Result<Running>) -> Record {
        let running = match server {
            Ok(running) => running,
            // It did not start, or not again: the rest of its cells need no other try.
            Err(err) => {
                let why = format!("{err:#}");
                return Record::all_failed(attempt, ServerAfter::Failed(why), NOT_MEASURED);
            }
        };
        let work = self.work(&attempt.cell);
        let measured = cell::measure(attempt, &running.target, work, &self.instruments);
        let mut record = measured.unwrap_or_else(|err| {
            let why = format!("{err:#}");
            Record::all_failed(attempt, ServerAfter::Unsettled(why), NOT_MEASURED)
        });
        if let Some(process) = &mut running.process {
            timeline::join(process.events(), attempt.cell.verb(), &mut record.outcomes);
        }
        // Before any statistics, which whoever has the file can then compute again.
        record.outcomes.iter_mut().for_each(JobOutcome::count_from_release);
        record
    }

    fn keep(&mut self, record: &Record) -> anyhow::Result<()> {
        let (line, server) = (CellLine::of(record), record.attempt.cell.server);
        self.files.append(&line, &record.outcomes)?;
        self.progress.cell_done(&line);
        self.progress.show(self.files.dir());
        if let Some(why) = record.server_failure()
            && self.done.failed.insert(server)
        {
            self.progress.not_measured(server, why);
        }
        self.done.add(&line);
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

    /// A burst of as many clients as there will be, of each operation in each encoding, which nobody looks at.
    /// An error says that the server has not come through it.
    fn warm_up(&self, server: Configuration, target: &Target, plan: &Plan) -> anyhow::Result<()> {
        let instruments = Instruments { min_time: Duration::ZERO, ..self.instruments.clone() };
        let mut cells = plan.cells_of(server);
        cells.retain(|cell| cell.operation.moves_files() || target.has_content);
        // Of each kind the last one stays: of the smallest volume that with the most clients.
        cells.sort_by_key(|cell| (Reverse(cell.volume), cell.clients));
        let by_kind = cells.into_iter().map(|cell| ((cell.operation, cell.encoding), cell));
        for cell in by_kind.collect::<BTreeMap<_, Cell>>().into_values() {
            let attempt = Attempt { cell, repetition: 0, number: 1 };
            let record = cell::measure(attempt, target, self.work(&cell), &instruments)?;
            if let ServerAfter::Unsettled(why) = record.server {
                bail!(why);
            }
        }
        Ok(())
    }

    fn work(&self, cell: &Cell) -> Work<'_> {
        let source = || {
            let of_volume = |source: &&SourceFile| source.volume == cell.volume;
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
    use crate::plan::{Encoding, Mode, Volume};

    #[test]
    fn only_what_is_missing_or_was_disturbed_is_measured_and_again_only_so_often() {
        let server = Configuration { mode: Some(Mode::Thread), workers: 1 };
        let volume = Volume { bytes: 1 };
        let (encoding, operation) = (Encoding::Base64, Operation::Upload);
        let cell = Cell { encoding, operation, volume, clients: 1, server };
        let next_after = |earlier: Option<u32>, last: Option<(u32, bool)>, reruns| {
            let mut done = Done::new(reruns);
            done.attempts.extend(last.map(|last| ((cell, 1), last)));
            done.earlier.extend(earlier.map(|earlier| ((cell, 1), earlier)));
            let next = done.next_attempt(Attempt { cell, repetition: 1, number: 1 });
            next.map(|attempt| attempt.number)
        };
        let next = |last| next_after(None, last, 2);
        assert_eq!(next(None), Some(1));
        assert_eq!((next(Some((1, true))), next(Some((2, true)))), (Some(2), Some(3)));
        assert_eq!((next(Some((1, false))), next(Some((3, true)))), (None, None));
        let resumed = |last, reruns| next_after(Some(3), Some((last, true)), reruns);
        assert_eq!((resumed(3, 2), resumed(4, 2), resumed(5, 2)), (Some(4), Some(5), None));
        assert_eq!(resumed(3, 0), None);
    }
}
