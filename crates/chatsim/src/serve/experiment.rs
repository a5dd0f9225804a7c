//! Runs experiments. What they do on the clock happens in the world, beside what people write, and touches
//! neither their network nor their totals; what they do at once has a thread of its own.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::Builder,
    time::Duration,
};

use delivery::{Totals, simulate};

use super::{
    measures::{Measured, Predicted, Sums},
    messages::{BatchShown, ErrorCode, ExperimentShown, Refusal, ServerMessage},
    room::{
        Flow, Room,
        plan::{self, CaseRun, Run},
        tally::Tally,
    },
};
use crate::{
    experiments::Case,
    live::{Stage, World},
};

/// Begins an experiment. One at a time: it is there for all pages.
pub(crate) fn begin(
    world: &Arc<World<Room>>,
    page: u64,
    number: u32,
    seed: Option<u64>,
) -> Result<(), Refusal> {
    let config = world.act(|stage| stage.watcher.config.clone());
    let Some(cases) = plan::cases_of(number, &config) else {
        let text = format!("experiments have the numbers 0 to 5, not {number}");
        return Err(ServerMessage::refusal(ErrorCode::UnknownExperiment, text));
    };
    // Integrals take their time, and meanwhile others go on.
    let tallies: Vec<_> = cases
        .iter()
        .map(|case| Tally::new(case.method, plan::live_outlook(case), Duration::ZERO))
        .collect();
    let begun = world.act(|stage| open(stage, page, number, seed, &cases, tallies));
    let Some((shown, is_cancelled)) = begun else {
        let text = "another experiment is under way";
        return Err(ServerMessage::refusal(ErrorCode::ExperimentRunning, text));
    };
    let run = shown.run;
    let of_thread = Arc::downgrade(world);
    let compute = move || simulate_all(&of_thread, &shown, &cases, &is_cancelled);
    if Builder::new().name("batch".to_owned()).spawn(compute).is_err() {
        world.act(|stage| cancel(stage, page, run));
        return Err(ServerMessage::refusal(ErrorCode::Busy, "the system gives no more threads"));
    }
    Ok(())
}

/// `None`: one is under way.
fn open(
    stage: &mut Stage<'_, Room>,
    page: u64,
    number: u32,
    seed: Option<u64>,
    cases: &[Case],
    tallies: Vec<Tally>,
) -> Option<(ExperimentShown, Arc<AtomicBool>)> {
    if stage.watcher.experiment.is_some() {
        return None;
    }
    stage.watcher.runs += 1;
    let shown = ExperimentShown {
        run: stage.watcher.runs,
        experiment: number,
        seed: seed.unwrap_or(stage.watcher.seed),
        by: page,
        cases: plan::show(cases),
    };
    let mut runs = Vec::new();
    for (number, (case, tally)) in cases.iter().zip(tallies).enumerate() {
        let flow = stage.open(case.config.clone(), case.method, shown.seed);
        let of_case = Flow { from: "A".to_owned(), method: case.method, case: Some(number) };
        stage.watcher.flows.insert(flow, of_case);
        runs.push(CaseRun {
            flow,
            case: case.clone(),
            tally,
            live: shown.cases[number].live,
            sent: 0,
            next_at: stage.now,
            is_told: false,
        });
    }
    let is_cancelled = Arc::<AtomicBool>::default();
    let room = &mut *stage.watcher;
    room.feed.say(ServerMessage::ExperimentStarted(shown.clone()));
    room.experiment = Some(Run {
        shown: shown.clone(),
        cases: runs,
        batch_done: 0,
        is_cancelled: Arc::clone(&is_cancelled),
    });
    Some((shown, is_cancelled))
}

/// Sends what is due on the clock, and tells what is over.
pub(crate) fn advance(stage: &mut Stage<'_, Room>) {
    while let Some(flow) = next_due(stage) {
        stage.send(flow);
    }
    let Some(run) = &mut stage.watcher.experiment else { return };
    for (number, case) in run.cases.iter_mut().enumerate() {
        if !case.is_told && case.is_over() {
            case.is_told = true;
            let live = Box::new(case.tally.measured(case.tally.throughput_per_s()));
            let run = run.shown.run;
            stage.watcher.feed.say(ServerMessage::ExperimentLive { run, case: number, live });
        }
    }
    if run.batch_done == run.cases.len() && run.cases.iter().all(|case| case.is_told) {
        let run = run.shown.run;
        stage.watcher.feed.say(ServerMessage::ExperimentDone { run });
        close(stage);
    }
}

/// Whose turn it is, if it is anybody's.
fn next_due(stage: &mut Stage<'_, Room>) -> Option<u32> {
    let now = stage.now;
    let cases = &stage.watcher.experiment.as_ref()?.cases;
    let is_due = |case: &CaseRun| {
        let has_room = || stage.delivery(case.flow).is_some_and(|delivery| delivery.has_room());
        case.sent < case.live
            && match plan::live_interval_ms(case.case.load) {
                Some(_) => case.next_at <= now,
                None => has_room(),
            }
    };
    let due = cases.iter().position(is_due)?;
    let case = &mut stage.watcher.experiment.as_mut()?.cases[due];
    case.sent += 1;
    let interval_ms = plan::live_interval_ms(case.case.load).unwrap_or(0);
    case.next_at += Duration::from_millis(interval_ms.into());
    Some(case.flow)
}

/// Tells how far it is.
pub(crate) fn tell_progress(room: &mut Room) {
    let Some(run) = &room.experiment else { return };
    let progress = ServerMessage::ExperimentProgress {
        run: run.shown.run,
        live_settled: run.cases.iter().map(|case| case.tally.settled()).sum(),
        live: run.cases.iter().map(|case| case.live * u64::from(case.subscribers())).sum(),
        batch_done: run.batch_done,
        batch: run.cases.len(),
    };
    room.feed.say(progress);
}

/// Ends an experiment; `false` where that one is not under way.
pub(crate) fn cancel(stage: &mut Stage<'_, Room>, page: u64, run: u64) -> bool {
    let is_this = |of: &Run| of.shown.run == run;
    if !stage.watcher.experiment.as_ref().is_some_and(is_this) {
        return false;
    }
    stage.watcher.feed.say(ServerMessage::ExperimentCancelled { run, by: page });
    close(stage);
    true
}

/// Whatever is still under way of it is forgotten.
pub(crate) fn close(stage: &mut Stage<'_, Room>) {
    let Some(run) = stage.watcher.experiment.take() else { return };
    run.is_cancelled.store(true, Relaxed);
    for case in run.cases {
        stage.close(case.flow);
        stage.watcher.close(case.flow);
        stage.watcher.conversation.forget(case.flow);
    }
}

fn simulate_all(
    world: &Weak<World<Room>>,
    shown: &ExperimentShown,
    cases: &[Case],
    is_cancelled: &AtomicBool,
) {
    for (case, of_case) in shown.cases.iter().zip(cases) {
        if is_cancelled.load(Relaxed) {
            return;
        }
        let is_stopped = || is_cancelled.load(Relaxed);
        let scenario = of_case.scenario(case.batch, shown.seed);
        let result = simulate::run_until(&scenario, is_stopped, |_| {});
        let result = result.ok().map(|totals| simulated(shown.run, case.case, of_case, &totals));
        let Some(world) = world.upgrade() else { return };
        world.act(|stage| {
            let room = &mut *stage.watcher;
            if let Some(run) = room.experiment.as_mut().filter(|run| run.shown.run == shown.run) {
                run.batch_done += 1;
                result.into_iter().for_each(|result| room.feed.say(result));
            }
        });
    }
}

/// What pages are told of a case in virtual time.
fn simulated(run: u64, number: usize, case: &Case, totals: &Totals) -> ServerMessage {
    let expectation = case.expectation();
    let measured = plan::batch_throughput(case, totals);
    let expected = plan::batch_throughput_expected(case, &expectation);
    ServerMessage::ExperimentBatch(Box::new(BatchShown {
        run,
        case: number,
        batch: Measured::of(totals, totals.targets, case.method, measured),
        predicted: Predicted::of(&expectation, expected),
        z: Sums::of(totals).scores(&expectation),
    }))
}
