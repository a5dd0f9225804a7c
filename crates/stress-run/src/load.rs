//! `stress-run load`: clients in numbers send requests to a server or a balancer that is running, and say
//! how long the answers take.
//!
//! [`schedule`] says which request is due when, [`clients`] make the requests, [`measured`] counts them, and
//! [`accounting`] holds the target's counts against theirs; [`rows`] and [`tables`] say it. [`measure`] is also
//! what the experiment with balancers loads its servers with. The memory that this takes depends on the
//! number of clients, not on how long a load goes on.

mod accounting;
mod args;
mod backends;
mod clients;
mod files;
mod gaps;
mod measured;
mod mix;
mod output;
mod progress;
mod prompt;
mod remarks;
mod report;
mod request;
mod rows;
mod schedule;
mod settings;
mod tables;

use std::{
    path::Path,
    process::ExitCode,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::Context;
use client::ClientError;
use runs::{Sheet, Watch};

pub(crate) use self::{
    accounting::{Accounting, Counted, Snapshot},
    args::{LoadArgs, NOTES},
    clients::{Connections, Workload},
    measured::{Measured, Tally},
    request::{Outcome, Requests},
    schedule::Pace,
};
use self::{
    clients::{Crew, Event},
    output::Output,
    progress::Progress,
    rows::{ALL, Row, Summary},
    settings::Settings,
};
use crate::{
    args::ResultArgs, language::Language, machine::resources, processes::interrupt::Interrupt,
    results::Ending, servers::target::Target,
};

/// How long clients that are in the middle of a request are waited for after Ctrl-C.
const INTERRUPT_WAIT: Duration = Duration::from_secs(1);

/// Sends the load that the options ask for, and says what came of it. An error means that it could not
/// start, or that a result could not be written.
pub(crate) fn run(options: &LoadArgs) -> anyhow::Result<ExitCode> {
    let (language, access) = (options.results.lang, options.access()?);
    let settings = options.settings()?;
    check_gates_fit(&options.results, &settings)?;
    if let Some(warning) = access.options().warning(options.connect()?) {
        cli::errln!("warning: {warning}");
    }
    let target = Target::new(&settings.connect, &access, Some(options.timeout()))
        .with_context(|| format!("cannot send anything to {}", settings.connect))?;
    let mut watch = Watch::open(options.watch.watch, language.tag(), language.catalogue())?;
    watch.show(|| Ok(report::begun(&settings, language)));
    let output = options.out.as_deref().map(|dir| Output::create(dir, &settings)).transpose()?;
    resources::allow_many_descriptors();
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    let workload = Arc::new(settings.workload(&access));
    let asks_for_counts = options.asks_for_counts();
    let mut load = Load { target, workload, asks_for_counts, output, watch, interrupt, language };
    let (measured, accounting) = load.run()?;
    let uploads = load.clean_up(&measured);
    let is_interrupted = load.interrupt.is_told();
    let summary = Summary::of(settings, measured, accounting, uploads, is_interrupted);
    let place = options.out.as_deref().unwrap_or(Path::new("."));
    let origin = report::origin(place, language);
    if let Some(output) = load.output {
        output.finish(&summary, &origin, language)?;
    }
    print(&summary, options)?;
    load.watch.end(|| Ok(report::page(&summary, &origin, language)));
    let ending = Ending {
        is_interrupted,
        is_invalid: summary.is_invalid(),
        meets_gates: is_interrupted || passes_gates(&summary, options)?,
        any_failed: summary.any_failed(),
    };
    Ok(ending.code())
}

/// A load that can begin.
struct Load {
    target: Target,
    workload: Arc<Workload>,
    asks_for_counts: bool,
    output: Option<Output>,
    watch: Watch,
    interrupt: Interrupt,
    language: Language,
}

impl Load {
    /// Stores the files, has the clients send everything, and holds the counts against each other.
    fn run(&mut self) -> anyhow::Result<(Measured, Accounting)> {
        let prepared = self.workload.requests.files.provide(&self.target);
        let measured = prepared.and_then(|()| {
            if !self.asks_for_counts {
                return Ok((self.measure()?, Accounting::NotAsked));
            }
            let before = Snapshot::take(&self.target).context("cannot read the target's counts")?;
            self.warn_of_few_workers(before.as_ref());
            let measured = self.measure()?;
            let accounting = self.hold_against(before.as_ref(), &measured);
            Ok((measured, accounting))
        });
        measured.inspect_err(|_| {
            // That it could not be measured is the error to tell.
            let _ = self.workload.requests.files.remove(&self.target, &[]);
        })
    }

    fn hold_against(&self, before: Option<&Snapshot>, measured: &Measured) -> Accounting {
        if measured.unfinished > 0 {
            return Accounting::Unknown("some requests were not waited for".to_owned());
        }
        let has_token = self.workload.options.token.is_some();
        Accounting::of(before, Snapshot::take(&self.target), measured, has_token)
    }

    /// A worker of a pool that serves a connection until it closes has no time for another one.
    fn warn_of_few_workers(&self, before: Option<&Snapshot>) {
        let Workload { clients, connections, .. } = *self.workload;
        if let Some(workers) = before.and_then(Snapshot::pool)
            && workers < clients
            && connections == Connections::Kept
        {
            cli::errln!("{}", self.language.too_few_workers(workers, clients));
        }
    }

    fn measure(&mut self) -> anyhow::Result<Measured> {
        let Workload { pace, clients, .. } = *self.workload;
        let mut progress = Progress::new(pace, clients, self.language, &self.watch);
        let measured = measure(&self.workload, &self.interrupt, &mut |elapsed, tally, outcome| {
            progress.show(elapsed, tally.outcomes());
            match (&mut self.output, outcome) {
                (Some(output), Some(outcome)) => output.append(outcome),
                _ => Ok(()),
            }
        });
        progress.finish();
        measured
    }

    /// Looks at what was uploaded, and removes all files; how many uploads are wrong.
    fn clean_up(&self, measured: &Measured) -> Result<u64, ClientError> {
        let files = &self.workload.requests.files;
        let [succeeded, tried] = [&measured.uploaders.succeeded, &measured.uploaders.tried]
            .map(|clients| clients.iter().copied().collect::<Vec<u32>>());
        let wrong = files.wrong_uploads(&self.target, &succeeded);
        match files.remove(&self.target, &tried) {
            Ok(names) if names.is_empty() => {}
            Ok(names) => {
                cli::errln!("{}", self.language.left_behind(self.language.names(&names)));
            }
            Err(err) => cli::errln!("{}", self.language.perhaps_left_behind(err)),
        }
        wrong
    }
}

/// Sees each outcome, and at least every 50 ms how long the load goes on. An error of its ends the load.
pub(crate) type Observer<'a> =
    dyn FnMut(Duration, &Tally, Option<&Outcome>) -> anyhow::Result<()> + 'a;

/// Has the clients of a workload send everything.
pub(crate) fn measure(
    workload: &Arc<Workload>,
    interrupt: &Interrupt,
    see: &mut Observer<'_>,
) -> anyhow::Result<Measured> {
    let mut crew = Crew::start(workload)?;
    let mut tally = Tally::new(workload.clients, workload.requests.mix.kinds());
    let mut unready = workload.clients;
    let mut told: Option<Instant> = None;
    loop {
        let event = crew.next();
        match &event {
            Ok(Event::Ready { has_connected }) => {
                tally.ready(*has_connected);
                unready -= 1;
                if unready == 0 {
                    crew.release();
                }
            }
            Ok(Event::Made(outcome)) => tally.add(outcome),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let outcome = match &event {
            Ok(Event::Made(outcome)) => Some(outcome),
            _ => None,
        };
        see(crew.elapsed(), &tally, outcome).inspect_err(|_| crew.stop())?;
        if interrupt.is_told() {
            crew.stop();
            if told.get_or_insert_with(Instant::now).elapsed() >= INTERRUPT_WAIT {
                break;
            }
        }
    }
    Ok(tally.finish(crew.unsent(), crew.begun()))
}

fn print(summary: &Summary, options: &LoadArgs) -> anyhow::Result<()> {
    if options.json {
        cli::outln!("{}", serde_json::to_string_pretty(summary)?);
    } else {
        let screen = tables::on_screen(summary, options.results.lang);
        cli::output::print(screen.as_bytes());
    }
    Ok(())
}

/// Refuses gates that this load could not break.
fn check_gates_fit(results: &ResultArgs, settings: &Settings) -> anyhow::Result<()> {
    let kinds: Vec<String> = settings.mix.kinds().map(|kind| kind.to_string()).collect();
    let several = if kinds.len() > 1 { kinds } else { Vec::new() };
    let rows = [ALL.to_owned()].into_iter().chain(several);
    let planned = Sheet::of(rows.map(Row::unmeasured))?;
    results.gates.iter().try_for_each(|gate| gate.check_fits(&planned))
}

/// Holds the rows against the gates, and says what became of each.
fn passes_gates(summary: &Summary, options: &LoadArgs) -> anyhow::Result<bool> {
    let sheet = Sheet::of(&summary.rows)?;
    let mut is_through = true;
    for gate in &options.results.gates {
        let result = gate.check(&sheet, &["row"])?;
        is_through &= result.broken.is_empty();
        for line in result.lines(options.results.lang.catalogue()) {
            // Programs read the standard output as a whole.
            if options.json { cli::errln!("{line}") } else { cli::outln!("{line}") }
        }
    }
    Ok(is_through)
}
