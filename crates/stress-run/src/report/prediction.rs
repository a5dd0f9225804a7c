//! What a cell should take, from what one transfer alone takes.
//!
//! A cell is a burst of C jobs for W workers on K processors. One job alone takes R1 seconds and D
//! seconds of processor time, the clients' included. a = min(C, W) jobs are served at once, and the
//! jobs leave at the rate X = min(a / R1, K / D): either the jobs at once limit it, or the processors.
//! All are done after C / X; the workers take turns, so a client waits for (⌈C/W⌉ + 1) / 2 of the
//! rounds of a / X in the mean (a closed batch served round by round; the bounds are those of operational
//! analysis, Denning and Buzen 1978).

use crate::{
    plan::Cell,
    results::{Environment, Row, Run},
};

/// What one job takes when it is alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Alone {
    /// R1: seconds from the release to the last byte.
    pub(crate) seconds: f64,
    /// D: processor seconds of client and server, the looks at the server's memory included.
    pub(crate) cpu_s: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prediction {
    pub(crate) mean_s: f64,
    pub(crate) makespan_s: f64,
}

impl Prediction {
    /// Of so many clients, of whom so many are served at once.
    fn of(alone: Alone, (clients, workers): (u32, u32), cores: usize) -> Self {
        let [clients, workers] = [clients, workers].map(f64::from);
        let at_once = clients.min(workers);
        let rate = (at_once / alone.seconds).min(cores as f64 / alone.cpu_s);
        let rounds = (clients / workers).ceil();
        Self { mean_s: at_once * (rounds + 1.0) / (2.0 * rate), makespan_s: clients / rate }
    }
}

/// W: in async and event mode workers are threads, and as a rule every connection is served at once.
fn served_at_once(environment: &Environment, cell: &Cell) -> u32 {
    match cell.server.mode {
        Some(mode) if environment.serves_all_at_once(mode, cell.operation) => cell.clients,
        _ => cell.server.workers,
    }
}

impl Run {
    /// What one client alone took, of the same mode, operation and volume, with the smallest pool;
    /// `None` where that was not measured.
    pub(crate) fn alone(&self, cell: &Cell) -> Option<Alone> {
        let configurations = self.environment.plan.configurations.iter();
        let of_mode = configurations.filter(|server| server.mode == cell.server.mode);
        let server = *of_mode.min_by_key(|server| server.workers)?;
        let alone = Cell { clients: 1, server, ..*cell };
        let repetitions = self.cells().remove(&alone)?;
        let median = Row { number: 0, cell: alone, repetitions }.median()?;
        let cpu_s = median.cpu_s_per_transfer().filter(|cpu_s| *cpu_s > 0.0)?;
        Some(Alone { seconds: median.mean_s?, cpu_s })
    }

    /// What the row should have taken.
    pub(crate) fn prediction(&self, cell: &Cell) -> Option<Prediction> {
        let clients_and_workers = (cell.clients, served_at_once(&self.environment, cell));
        let cores = self.environment.machine.cores;
        Some(Prediction::of(self.alone(cell)?, clients_and_workers, cores))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{Attempt, Configuration, Encoding, Mode, Operation, Volume},
        results::CellLine,
    };

    fn predict(clients: u32, workers: u32) -> Prediction {
        // Two processors finish a job each second.
        Prediction::of(Alone { seconds: 1.0, cpu_s: 2.0 }, (clients, workers), 2)
    }

    #[test]
    fn saturated_means_differ_while_the_makespan_does_not() {
        for (workers, mean_s) in [(1, 25.5), (5, 27.5), (50, 50.0)] {
            let prediction = predict(50, workers);
            assert_eq!((prediction.mean_s, prediction.makespan_s), (mean_s, 50.0), "{workers}");
        }
    }

    #[test]
    fn few_workers_limit_jobs_that_need_little_processor_time() {
        let prediction = Prediction::of(Alone { seconds: 0.2, cpu_s: 0.001 }, (50, 5), 2);
        assert!((prediction.mean_s - 1.1).abs() < 1e-12, "{prediction:?}");
        assert!((prediction.makespan_s - 2.0).abs() < 1e-12, "{prediction:?}");
        // One client alone is what was measured.
        assert_eq!(predict(1, 1).mean_s, 1.0);
    }

    #[test]
    fn an_injected_service_time_has_those_take_turns_whom_threads_serve() {
        let mut environment = Environment::made_up();
        let mut at_once = |injected: Option<&str>, operation| {
            environment.injected = injected.map(str::to_owned);
            [Mode::Thread, Mode::Event, Mode::Async].map(|mode| {
                let server = Configuration { mode: Some(mode), workers: 5 };
                let (encoding, volume) = (Encoding::Base64, Volume::NONE);
                let cell = Cell { encoding, operation, volume, clients: 50, server };
                served_at_once(&environment, &cell)
            })
        };
        assert_eq!(at_once(None, Operation::Download), [5, 50, 50]);
        assert_eq!(at_once(Some("flip-byte,service-time=5"), Operation::Download), [5, 5, 50]);
        // Others are served while the content of an upload comes.
        assert_eq!(at_once(Some("service-time=5"), Operation::Upload), [5, 50, 50]);
        // It is no part of a LIST.
        assert_eq!(at_once(Some("service-time=5"), Operation::List), [5, 50, 50]);
    }

    /// One client alone, in one burst or two, with a pool of so many.
    fn alone(workers: u32, repetition: u32, mean_s: f64, bursts: u32) -> CellLine {
        let server = Configuration { mode: Some(Mode::Thread), workers };
        let (operation, volume) = (Operation::Download, Volume { bytes: 10 << 20 });
        let cell = Cell { encoding: Encoding::Base64, operation, volume, clients: 1, server };
        CellLine {
            bursts,
            mean_s: Some(mean_s),
            server_cpu_s: Some(0.3),
            generator_cpu_s: Some(0.1),
            ..CellLine::unmeasured(Attempt { cell, repetition, number: 1 })
        }
    }

    /// Of the smallest pool the median of 0.1, 0.2 and 0.9 s counts, and its 0.4 s of processors for two
    /// transfers: five clients of five workers on two cores leave at the rate min(5 / 0.2, 2 / 0.2).
    #[test]
    fn a_run_predicts_from_its_median_client_alone_with_the_smallest_pool() {
        let mut environment = Environment::made_up();
        let server = |workers| Configuration { mode: Some(Mode::Thread), workers };
        environment.plan.configurations = vec![server(50), server(5)];
        let failed = CellLine { clients_failed: 1, ..alone(5, 4, 0.15, 1) };
        let attempts = vec![
            alone(50, 1, 0.01, 1),
            alone(5, 1, 0.9, 1),
            alone(5, 2, 0.2, 2),
            alone(5, 3, 0.1, 1),
            failed,
        ];
        let run = Run { dir: "made/up".into(), environment, attempts, ceilings: Vec::new() };
        let cell = Cell { clients: 5, ..run.attempts[1].cell() };
        assert_eq!(run.alone(&cell), Some(Alone { seconds: 0.2, cpu_s: 0.2 }));
        let expected = Prediction { mean_s: 0.5, makespan_s: 0.5 };
        assert_eq!(run.prediction(&cell), Some(expected));
        let upload = Cell { operation: Operation::Upload, ..cell };
        assert_eq!(run.prediction(&upload), None);
    }
}
