//! Where and with what a run was made.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use runs::{Program, now};
use serde::{Deserialize, Serialize};

use crate::{
    machine::description::Machine,
    plan::{Mode, Needs, Operation, Plan, Volume},
    processes::offspring,
    servers::content::ContentHasher,
};

/// What the files of a run call this program.
pub(crate) const PROGRAM: &str = "stress-run";

const QUICK: &str = "quick";
const FULL: &str = "full";

/// Contents of `environment.json`: all that the raw numbers need to be understood, or made again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Environment {
    pub(crate) started: String,
    /// When the run was gone on with after a stop.
    #[serde(default)]
    pub(crate) resumed: Vec<String>,
    pub(crate) preset: String,
    #[serde(flatten)]
    pub(crate) program: Program,
    #[serde(flatten)]
    pub(crate) binaries: Binaries,
    #[serde(flatten)]
    pub(crate) machine: Machine,
    /// The server that was running already, where one was measured.
    pub(crate) connected_to: Option<String>,
    /// Faults that the servers were told to make.
    #[serde(default)]
    pub(crate) injected: Option<String>,
    /// The longest time for one transfer, where it was given.
    #[serde(default)]
    pub(crate) timeout_s: Option<f64>,
    pub(crate) plan: Plan,
    pub(crate) needs: Needs,
}

/// The programs that measure and are measured, by their BLAKE3.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Binaries {
    #[serde(default)]
    pub(crate) stress_run_digest: Option<String>,
    /// `None` for a server that was running already.
    #[serde(default)]
    pub(crate) fileserver_digest: Option<String>,
}

impl Environment {
    /// Whether a server of this mode serves all connections at once. With a service time that was injected
    /// downloads take turns in event mode too: it keeps a thread busy. That of an upload goes by while its
    /// content comes, between whose pieces its thread serves others.
    pub(crate) fn serves_all_at_once(&self, mode: Mode, operation: Operation) -> bool {
        let injected = self.injected.as_deref().unwrap_or_default();
        let is_busy = operation == Operation::Download && injected.contains("service-time");
        mode.serves_all_at_once() && !(mode == Mode::Event && is_busy)
    }

    /// Of a run that starts now.
    pub(crate) fn of_this_run(is_quick: bool, work_dir: &Path, plan: &Plan) -> Self {
        Self {
            started: now(),
            resumed: Vec::new(),
            preset: if is_quick { QUICK } else { FULL }.to_owned(),
            program: Program::this(),
            binaries: Binaries::default(),
            machine: Machine::of_this_run(work_dir),
            connected_to: None,
            injected: None,
            timeout_s: None,
            plan: plan.clone(),
            needs: plan.needs(),
        }
    }

    /// Refuses what no run can have: the file may have been changed by hand.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Plan { configurations, operations, encodings, volumes, clients, .. } = &self.plan;
        let has_cells = !(configurations.is_empty()
            || operations.is_empty()
            || encodings.is_empty()
            || (volumes.is_empty() && self.plan.moves_files())
            || clients.is_empty());
        ensure!(has_cells, "its plan has no cells");
        // As the command line allows them; a server that was running already has its own number.
        let is_count = |count: &u32| (1..=1000).contains(count);
        ensure!(
            clients.iter().all(is_count)
                && is_count(&self.plan.repetitions)
                && configurations.iter().all(|server| server.workers <= 1_000_000)
                && volumes.iter().all(|volume| (1..=Volume::BYTES_MAX).contains(&volume.bytes)),
            "its plan has numbers that no plan can have"
        );
        for seconds in [Some(self.plan.min_time_s), self.timeout_s].into_iter().flatten() {
            ensure!(
                Duration::try_from_secs_f64(seconds).is_ok(),
                "{seconds} is not a number of seconds"
            );
        }
        Ok(())
    }

    pub(crate) fn is_quick(&self) -> bool {
        self.preset == QUICK
    }

    /// Notes that the run goes on now.
    pub(crate) fn resume(&mut self) {
        self.resumed.push(now());
    }
}

impl Binaries {
    /// This program, and the server program where one is started.
    pub(crate) fn of_this_run(fileserver: Option<&PathBuf>) -> anyhow::Result<Self> {
        let this = offspring::executable().context("cannot find out where stress-run itself is")?;
        let digest = |path: &PathBuf| {
            ContentHasher::of_file(path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Self {
            stress_run_digest: Some(digest(&this)?),
            fileserver_digest: fileserver.map(digest).transpose()?,
        })
    }

    /// Refuses programs other than those that began the run.
    pub(crate) fn check_same(&self, now: &Self) -> anyhow::Result<()> {
        let same = |what, then: &Option<String>, now: &Option<String>| {
            ensure!(
                then == now,
                "this is not the {what} that began the run; its rows could not be set beside those \
                 that are there"
            );
            Ok(())
        };
        same("stress-run", &self.stress_run_digest, &now.stress_run_digest)?;
        same("fileserver", &self.fileserver_digest, &now.fileserver_digest)
    }
}

#[cfg(test)]
impl Environment {
    /// Of a run that nobody made: one client downloads 10 MiB from one worker in thread mode, once.
    pub(crate) fn made_up() -> Self {
        let plan = serde_json::json!({
            "configurations": [{"mode": "thread", "workers": 1}], "operations": ["download"],
            "volumes": [10 << 20], "clients": [1], "client_pool": "thread", "sink": "file",
            "repetitions": 1, "seed": 1,
        });
        let plan: Plan = serde_json::from_value(plan).expect("this is a plan");
        let machine = Machine {
            cpu: Some("AMD EPYC".to_owned()),
            cores: 2,
            memory_bytes: Some(25_276_502_016),
            kernel: Some("Linux 6.18".to_owned()),
            filesystem: Some("ext4".to_owned()),
            ..Machine::default()
        };
        let program = Program { build: "release".to_owned(), ..Program::this() };
        Self { machine, program, ..Self::of_this_run(false, Path::new("/"), &plan) }
    }
}
