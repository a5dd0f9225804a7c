//! The servers and the balancer of a row: processes on free ports, which end with it.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::plan::{
    BalancePlan, Cell, FALL, Incident, PLACES, QUEUE_LEN, QUEUE_WAIT, RISE, WARM_UP,
};
use crate::{
    processes::{
        interrupt::Interrupt,
        offspring::{Offspring, other_program},
    },
    servers::process::first_line,
};

/// The programs of a run.
pub(crate) struct Programs {
    pub(crate) fileserver: PathBuf,
    pub(crate) filebalancer: PathBuf,
}

/// A row's servers, and the balancer in front of them.
pub(crate) struct Stage<'a> {
    programs: &'a Programs,
    dir: PathBuf,
    interrupt: Interrupt,
    workers: u32,
    servers: Vec<Server>,
    balancer: Listening,
}

struct Server {
    service_ms: u32,
    /// `None` from when it is killed until it is started again, at the same address.
    process: Option<Listening>,
    address: SocketAddr,
}

/// A process that has said where it listens.
struct Listening {
    process: Offspring,
    address: SocketAddr,
}

/// All clients have one address, for which the programs' defaults are too small.
const CONNECTIONS_MAX: &str = "10000";
/// A connection that closes in the middle of a row would be measured too.
const REQUESTS_MAX: &str = "1000000000";

impl<'a> Stage<'a> {
    /// Starts everything in an empty directory. Only the main thread may, here and in [`Stage::undo`].
    pub(crate) fn start(
        plan: &BalancePlan,
        cell: Cell,
        programs: &'a Programs,
        dir: &Path,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        fs::create_dir(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        fs::create_dir(dir.join(SERVED))?;
        let services = plan.services_ms(cell.scenario);
        let start = |service_ms: u32| {
            let mut command = server(programs, dir, (0, service_ms, plan.workers))?;
            let process = Listening::start(&mut command, &dir.join("fileserver.log"), interrupt)?;
            Ok(Server { service_ms, address: process.address, process: Some(process) })
        };
        let servers = services.into_iter().map(start).collect::<anyhow::Result<Vec<Server>>>()?;
        let mut command = balancer(plan, cell, programs, dir)?;
        for (name, server) in plan.server_names().iter().zip(&servers) {
            let backend = format!("{name}={},max={PLACES}", server.address);
            command.args(["--backend", &backend]);
        }
        let balancer = Listening::start(&mut command, &dir.join("filebalancer.log"), interrupt)?;
        Ok(Self {
            programs,
            dir: dir.to_owned(),
            interrupt: interrupt.clone(),
            workers: plan.workers,
            servers,
            balancer,
        })
    }

    /// Of the balancer.
    pub(crate) fn address(&self) -> String {
        self.balancer.address.to_string()
    }

    /// Of the servers, in the order of their names.
    pub(crate) fn server_addresses(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.address.to_string()).collect()
    }

    /// Of the balancer and the servers.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let servers = self.servers.iter().filter_map(|server| server.process.as_ref());
        servers.chain([&self.balancer]).map(|listening| listening.process.id()).collect()
    }

    /// Has it happen to the first server.
    pub(crate) fn strike(&mut self, incident: Incident) -> anyhow::Result<()> {
        match incident {
            Incident::Death => {
                // Dropped, it is killed.
                self.servers[0].process = None;
                Ok(())
            }
            Incident::Stop => self.signal(Signal::SIGSTOP),
            Incident::Drain => self.control("drain"),
        }
    }

    /// Has the first server as it was before.
    pub(crate) fn undo(&mut self, incident: Incident) -> anyhow::Result<()> {
        match incident {
            Incident::Death => {
                let Server { address, service_ms, .. } = self.servers[0];
                let place = (address.port(), service_ms, self.workers);
                let mut command = server(self.programs, &self.dir, place)?;
                let log = self.dir.join("fileserver-again.log");
                let again = Listening::start(&mut command, &log, &self.interrupt)?;
                self.servers[0].process = Some(again);
                Ok(())
            }
            Incident::Stop => self.signal(Signal::SIGCONT),
            Incident::Drain => self.control("enable"),
        }
    }

    /// Ends the balancer, and with it its connections to the servers.
    pub(crate) fn stop_balancer(&mut self) {
        self.balancer.process.kill();
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let Some(server) = &self.servers[0].process else { return Ok(()) };
        killpg(Pid::from_raw(server.process.id() as i32), signal)
            .with_context(|| format!("cannot send {signal} to a server"))
    }

    /// As an operator does it.
    fn control(&self, command: &str) -> anyhow::Result<()> {
        let output = Command::new(&self.programs.filebalancer)
            .args(["ctl", command, "a", "--control"])
            .arg(self.dir.join(CONTROL))
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.programs.filebalancer.display()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "filebalancer ctl {command}: {}", complaint.trim());
        Ok(())
    }
}

const SERVED: &str = "served";
const CONTROL: &str = "control.socket";

/// A server on a port, 0 for a free one, with its service time and its workers. In event mode any number of
/// requests wait before them, first come, first served.
fn server(
    programs: &Programs,
    dir: &Path,
    (port, service_ms, workers): (u16, u32, u32),
) -> anyhow::Result<Command> {
    let mut command = other_program(&programs.fileserver)?;
    command
        .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--mode", "event"])
        .args(["--workers", &workers.to_string()])
        .args(["--inject", &format!("service-time={service_ms}")])
        .args(["--max-requests", REQUESTS_MAX, "--max-per-address", CONNECTIONS_MAX])
        .args(["--log-level", "error", "--dir"])
        .arg(dir.join(SERVED));
    Ok(command)
}

fn balancer(
    plan: &BalancePlan,
    cell: Cell,
    programs: &Programs,
    dir: &Path,
) -> anyhow::Result<Command> {
    let mut command = other_program(&programs.filebalancer)?;
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    let check_interval = seconds(plan.check_interval(cell.scenario));
    command
        .args(["--host", "127.0.0.1", "--port", "0", "--policy", cell.policy.name()])
        .args(["--seed", &plan.seed_of(cell.repetition).to_string()])
        .args(["--max-connections", CONNECTIONS_MAX, "--max-per-address", CONNECTIONS_MAX])
        .args(["--max-requests", REQUESTS_MAX, "--queue", &QUEUE_LEN.to_string()])
        .args(["--queue-wait", &seconds(QUEUE_WAIT), "--warm-up", &seconds(WARM_UP)])
        .args(["--check-interval", &check_interval, "--check-timeout", &check_interval])
        .args(["--fall", &FALL.to_string(), "--rise", &RISE.to_string()])
        .args(["--log-level", "error", "--control"])
        .arg(dir.join(CONTROL));
    Ok(command)
}

impl Listening {
    /// What it says on its standard error goes to a file, which explains why one did not start.
    fn start(command: &mut Command, log: &Path, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let stderr = File::options().append(true).create(true).open(log)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut process = Offspring::start(command, interrupt)
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let line = first_line(stdout);
        let address = line.as_deref().and_then(|line| line.strip_prefix("listening on "));
        match address.and_then(|address| address.parse().ok()) {
            Some(address) => Ok(Self { process, address }),
            None => {
                process.kill();
                let said = fs::read_to_string(log).unwrap_or_default();
                bail!("a program did not start; it said last:\n  {}", said.trim())
            }
        }
    }
}
