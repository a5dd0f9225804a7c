//! `chatsim run --broker`: a NATS server carries messages of the same cases, in real time.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use delivery::Method;
use figures::Numbers;

use super::{progress::Progress, reach::within_reach, stop::Stop};
use crate::{
    broker::{Address, BrokerError, Connection, Ending, Happening, JetStream, carry},
    experiments::Case,
    language::Language,
    results::{
        records::{self, World},
        saved::Plan,
    },
};

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

    /// Writes what became of the messages of each case, all of which are carried at once. However it ends, it
    /// leaves nothing on the server.
    pub(super) fn measure(
        &self,
        progress: &Progress,
        plan: &Plan,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let Some(address) = &self.broker else { return Ok(()) };
        let (dir, lang) = (&progress.dir, progress.language);
        let takes = |case: &Case| self.sends_for(case);
        let cases = within_reach(&plan.cases, World::Broker, takes, lang);
        if cases.is_empty() {
            return Ok(());
        }
        let sends_for = cases.iter().map(|case| self.sends_for(case)).max().unwrap_or_default();
        let open = |&case| Ok((case, open(address, case, plan)?));
        let brokers: Vec<(&Case, _)> =
            cases.iter().map(open).collect::<Result<_, BrokerError>>()?;
        let carries = || lang.broker_carries(cases.len(), address, sends_for.as_secs());
        cli::errln!("{}", carries());
        progress.tell(0.0, carries);

        let banner = &Banner { lang, is_away: AtomicBool::new(false) };
        // The other cases need not go on for a result that there will not be.
        let has_failed = AtomicBool::new(false);
        let is_over = || stop.is_asked() || has_failed.load(Relaxed);
        let carry = |case: &Case, broker| {
            let carried = self.carry(dir, case, broker, banner, is_over);
            has_failed.fetch_or(carried.is_err(), Relaxed);
            carried
        };
        let carry = &carry;
        thread::scope(|scope| {
            let brokers = brokers.into_iter();
            let runs: Vec<_> =
                brokers.map(|(case, broker)| scope.spawn(move || carry(case, broker))).collect();
            let done: Vec<_> =
                runs.into_iter().map(|run| run.join().expect("no broker panics")).collect();
            done.into_iter().collect()
        })
    }

    fn carry(
        &self,
        dir: &Path,
        case: &Case,
        mut broker: JetStream,
        banner: &Banner,
        is_over: impl Fn() -> bool,
    ) -> anyhow::Result<()> {
        let mut writer = records::Writer::create(dir, World::Broker, &case.name)?;
        let mut written = Ok(());
        let ending =
            carry(&mut broker, self.moments(case), is_over, |happening| match happening {
                Happening::Settled(records) if written.is_ok() => written = writer.push(&records),
                Happening::Connection(connection) => banner.tell(&connection),
                _ => {}
            })?;
        broker.close()?;
        written?;
        match ending {
            Ending::Complete => writer.finish(),
            Ending::Stopped => writer.discard(),
        }
    }

    fn moments(&self, case: &Case) -> impl Iterator<Item = Duration> + use<> {
        // Those that are there at the beginning wait in the server for its window.
        let interval = case.load.interval();
        (0..self.broker_messages).map(move |number| interval * number)
    }

    /// Until the last message.
    fn sends_for(&self, case: &Case) -> Duration {
        self.moments(case).last().unwrap_or_default()
    }
}

/// Says that the server is away, and that it is back: once, though the same happens to the connections of all
/// cases.
struct Banner {
    lang: Language,
    is_away: AtomicBool,
}

impl Banner {
    fn tell(&self, connection: &Connection) {
        let is_away = matches!(connection, Connection::Lost { .. });
        if self.is_away.swap(is_away, Relaxed) == is_away {
            return;
        }
        let said = match connection {
            Connection::Lost { address, waits } => {
                self.lang.broker_away(address, time_of_day(), waits.as_secs())
            }
            Connection::Back { address, away } => {
                self.lang.broker_back(address, self.lang.decimal(away.as_secs_f64(), 1))
            }
        };
        cli::errln!("{said}");
    }
}

/// As `14:05:09`, of a moment written for the names of files.
fn time_of_day() -> String {
    runs::now().split('T').next_back().unwrap_or_default().replace('-', ":")
}

fn open(address: &Address, case: &Case, plan: &Plan) -> Result<JetStream, BrokerError> {
    JetStream::open(address, &case.config, case.method, plan.seed)
}
