//! `chatsim run --broker`: a NATS server carries messages of the same cases, in real time.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use delivery::Method;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::{
    broker::{Address, BrokerError, Ending, Happening, JetStream, carry},
    experiments::{Case, Load},
    language::Language,
    results::{
        records::{self, World},
        saved::Plan,
    },
};

/// A case that would take longer is left out.
const CASE_MAX: Duration = Duration::from_secs(600);

/// The exit status of a program that SIGINT ended.
const EXIT_INTERRUPTED: i32 = 130;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Worlds")]
pub(crate) struct BrokerArgs {
    /// Have the NATS server at URL carry messages as well, in real time
    ///
    /// It needs JetStream: nats-server -js, at nats://127.0.0.1:4222. A case
    /// that would take more than ten minutes is left out.
    #[arg(long, value_name = "URL")]
    broker: Option<Address>,

    /// Messages of each case through the broker
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        hide_short_help = true,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    broker_messages: u32,
}

impl BrokerArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.broker.is_some()
    }

    /// An error where the server cannot be had. What runs that were killed have left there is removed.
    pub(super) fn check(&self, plan: &Plan) -> anyhow::Result<()> {
        // Those of PubSub ask more of a server.
        let case = plan.cases.iter().max_by_key(|case| case.method == Method::PubSub);
        if let (Some(address), Some(case)) = (&self.broker, case) {
            open(address, case, plan)?.close()?;
        }
        Ok(())
    }

    /// Writes what became of the messages of each case, all of which are carried at once. Ctrl-C ends it with an
    /// error, and leaves nothing on the server.
    pub(super) fn measure(&self, dir: &Path, plan: &Plan, lang: Language) -> anyhow::Result<()> {
        let Some(address) = &self.broker else { return Ok(()) };
        let (cases, long): (Vec<_>, Vec<_>) =
            plan.cases.iter().partition(|case| self.sends_for(case) <= CASE_MAX);
        let minutes = |case: &Case| self.sends_for(case).as_secs() / 60;
        long.iter()
            .for_each(|case| cli::errln!("{}", lang.broker_leaves_out(&case.name, minutes(case))));
        if cases.is_empty() {
            return Ok(());
        }
        let sends_for = cases.iter().map(|case| self.sends_for(case)).max().unwrap_or_default();
        cli::errln!("{}", lang.broker_carries(cases.len(), address, sends_for.as_secs()));

        let stop = told_to_stop()?;
        let carry = |is_first, case| {
            let carried = self.carry(dir, plan, case, address, is_first, &stop);
            // The other cases need not go on for a result that there will not be.
            stop.fetch_or(carried.is_err(), Relaxed);
            carried
        };
        let carry = &carry;
        let done = thread::scope(|scope| {
            let cases = cases.iter().enumerate();
            let runs: Vec<_> =
                cases.map(|(index, case)| scope.spawn(move || carry(index == 0, case))).collect();
            runs.into_iter().try_for_each(|run| run.join().expect("no broker panics"))
        });
        // From now on a signal ends the program, as it does without a broker.
        stop.store(true, Relaxed);
        done
    }

    fn carry(
        &self,
        dir: &Path,
        plan: &Plan,
        case: &Case,
        address: &Address,
        is_first: bool,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        let mut writer = records::Writer::create(dir, World::Broker, &case.name)?;
        let mut written = Ok(());
        let mut broker = open(address, case, plan)?;
        let ending = carry(
            &mut broker,
            self.moments(case),
            || stop.load(Relaxed),
            |happening| {
                match happening {
                    Happening::Settled(records) if written.is_ok() => {
                        written = writer.push(&records)
                    }
                    // The same happens to the connections of all cases.
                    Happening::Connection(connection) if is_first => cli::errln!("{connection}"),
                    _ => {}
                }
            },
        )?;
        broker.close()?;
        written?;
        match ending {
            Ending::Complete => writer.finish(),
            Ending::Stopped => bail!("stopped before all messages were settled"),
        }
    }

    fn moments(&self, case: &Case) -> impl Iterator<Item = Duration> + use<> {
        let interval = match case.load {
            Load::Every { interval_ms } => Duration::from_millis(interval_ms.into()),
            // They wait in the server for its window.
            Load::Saturated => Duration::ZERO,
        };
        (0..self.broker_messages).map(move |number| interval * number)
    }

    /// Until the last message.
    fn sends_for(&self, case: &Case) -> Duration {
        self.moments(case).last().unwrap_or_default()
    }
}

fn open(address: &Address, case: &Case, plan: &Plan) -> Result<JetStream, BrokerError> {
    JetStream::open(address, &case.config, case.method, plan.seed)
}

/// A second signal ends the program at once.
fn told_to_stop() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, EXIT_INTERRUPTED, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .context("signals cannot be waited for")?;
    }
    Ok(stop)
}
