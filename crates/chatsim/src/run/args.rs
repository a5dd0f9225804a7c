//! The options of `run`, `sweep` and `report`.

use std::{num::NonZero, path::PathBuf, thread};

use clap::ValueHint;
use cli::WatchArgs;
use delivery::Percent;
use figures::Catalogue;
use runs::{ResultArgs, Results, TellingArgs, Vocabulary};

use super::{broker::BrokerArgs, live::LiveArgs};
use crate::{experiments::Experiment, language::Language, results::records::World};

const SAMPLE: &str = "How much is simulated";

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The experiment, 1 to 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5))]
    experiment: u32,

    #[command(flatten)]
    pub(crate) sample: SampleArgs,

    #[command(flatten)]
    pub(crate) live: LiveArgs,

    #[command(flatten)]
    pub(crate) broker: BrokerArgs,

    #[command(flatten)]
    pub(crate) results: ResultArgs<ChatResults>,

    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

impl RunArgs {
    pub(crate) fn experiment(&self) -> Experiment {
        Experiment::of_number(self.experiment).expect("the parser refuses other numbers")
    }

    /// In which there will be records.
    pub(super) fn worlds(&self) -> Vec<World> {
        let is_asked = |world: &World| match world {
            World::Simulated => true,
            World::Live => self.live.is_asked(),
            World::Broker => self.broker.is_asked(),
        };
        World::ALL.into_iter().filter(is_asked).collect()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// How often a message is sent again at most; several numbers with commas
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "0,1,2,5",
        value_parser = clap::value_parser!(u32).range(0..=20)
    )]
    pub(super) retries: Vec<u32>,

    /// Milliseconds that the sender waits for an acknowledgement
    #[arg(
        long,
        value_name = "MS",
        value_delimiter = ',',
        default_value = "300,600,1000",
        value_parser = clap::value_parser!(u32).range(1..=600_000)
    )]
    pub(super) timeouts: Vec<u32>,

    /// How many packets of a hundred are lost
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    pub(super) loss: Percent,

    #[command(flatten)]
    pub(crate) sample: SampleArgs,

    #[command(flatten)]
    pub(crate) results: ResultArgs<ChatResults>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The directory of the run
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(super) dir: PathBuf,

    #[command(flatten)]
    pub(super) telling: TellingArgs<ChatResults>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = SAMPLE)]
pub(crate) struct SampleArgs {
    /// Messages in each case
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000_000)
    )]
    pub(crate) messages: u64,

    /// What decides the fate of every packet
    ///
    /// The same seed gives the same results, on any number of threads.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    pub(crate) seed: u64,

    /// Threads that simulate [default: one for each processor]
    #[arg(long, value_name = "N", hide_short_help = true, value_parser = clap::value_parser!(u16).range(1..=1000))]
    threads: Option<u16>,
}

/// The largest that a page's script can hold as it is.
const SEED_MAX: u64 = (1 << 53) - 1;

impl SampleArgs {
    pub(crate) fn threads(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, NonZero::get);
        self.threads.map_or_else(processors, usize::from)
    }
}

/// What the results of experiments are called.
#[derive(Debug)]
pub(crate) enum ChatResults {}

impl Results for ChatResults {
    type Language = Language;

    const OUT: &'static str = "results/chat";
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        words: &["case", "method", "measure", "world"],
        aliases: &[],
        example: "measure=delivered:observed>0.99",
    };
    const KEY: &'static [&'static str] = &["case", "measure", "world"];

    fn texts(language: &Language) -> &'static Catalogue {
        language.catalogue()
    }
}

fn percent(text: &str) -> Result<Percent, &'static str> {
    match text.parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Percent(percent)),
        _ => Err("a percentage from 0 to 100 is needed, such as 10"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::experiments::grid;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        sweep: SweepArgs,
    }

    #[test]
    fn a_sweep_that_is_told_nothing_has_the_cases_of_the_fourth_experiment() {
        let SweepArgs { retries, timeouts, .. } = Line::parse_from(["sweep"]).sweep;
        let cases = grid(&delivery::Config::default(), &retries, &timeouts);
        assert_eq!(cases, Experiment::Parameters.cases());
    }
}
