//! The options of `simulate` and `report`.

use std::{num::NonZero, path::PathBuf, thread, time::Duration};

use anyhow::ensure;
use clap::ValueHint;
use figures::Catalogue;
use runs::{ResultArgs, Results, TellingArgs, Vocabulary};
use searching::Config;
use simulation::Distribution;

use super::plan::{Case, Method, Plan, Seeds};
use crate::language::Language;

const SAMPLE: &str = "How much is simulated";

const NOTES: &str = "\
Examples:
  filepeer simulate                    four methods on three sizes of graphs
  filepeer simulate --nodes 1000 --degree 5 --searches 400 --seeds 1..20
  filepeer simulate --nodes 300 --away 0,10,20,40
  filepeer simulate --nodes 100 --gate 'method=flood: messages_max<=401'

Methods: flood asks all neighbours; rings flood 1, 2, 3 hops far until one has
found the file; walkers go to one neighbour at a time; bloom is one walk that
follows what neighbours tell of the files near them.

A run leaves a directory: a line for each search, then, made from these alone,
table.csv, table.md, table.xlsx and report.html. A gate is a condition on a
column of table.csv, perhaps behind conditions that select rows. The same seeds
give the same results. Ctrl-C stops, and reports what was done until then.

Exit status: 0 done, 2 bad usage or it could not start, 4 a gate was not met,
130 it was stopped.";

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES, next_help_heading = SAMPLE)]
pub(crate) struct SimulateArgs {
    /// Nodes of a graph; several sizes with commas
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "100,300,1000",
        value_parser = clap::value_parser!(u32).range(2..=100_000)
    )]
    nodes: Vec<u32>,

    /// Neighbours of each node, at most 64
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=64))]
    degree: u8,

    /// Searches with each seed, each for a file of its own
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    searches: u32,

    /// Seeds, from the first to the last
    ///
    /// Each gives another graph and other searches, the same for all methods.
    #[arg(long, value_name = "A..B", default_value = "1..2")]
    seeds: Seeds,

    /// How searches go about it; several with commas
    #[arg(
        long = "methods",
        value_name = "METHOD",
        value_delimiter = ',',
        default_value = "flood,rings,walkers,bloom",
        value_parser = cli::choice(Method::ALL.map(|it| (it, it.name(), "")))
    )]
    methods: Vec<Method>,

    /// Part of the time that each node is away, in percent; several with commas
    ///
    /// Nodes come and go by themselves. With 0 all stay.
    #[arg(
        long,
        value_name = "PERCENT",
        value_delimiter = ',',
        default_value = "0,20",
        value_parser = clap::value_parser!(u8).range(0..=90)
    )]
    away: Vec<u8>,

    /// Nodes that have a file, besides the one that asks
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=10_000),
        hide_short_help = true
    )]
    holders: u32,

    /// Hops that a flood goes
    #[arg(
        long,
        value_name = "HOPS",
        default_value_t = Config::TTL,
        value_parser = clap::value_parser!(u16).range(1..=16),
        hide_short_help = true
    )]
    ttl: u16,

    /// Walks that a search begins at once
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..),
        hide_short_help = true
    )]
    walkers: u8,

    /// Time for a hop: 20ms, exp:20ms or uniform:10ms..30ms
    ///
    /// It is drawn once for each two neighbours.
    #[arg(long, value_name = "TIME", default_value = "20ms", hide_short_help = true)]
    pub(super) latency: Distribution,

    /// How long a node stays that comes and goes, in the mean
    #[arg(
        long,
        value_name = "TIME",
        default_value = "60s",
        value_parser = cli::units::duration,
        hide_short_help = true
    )]
    online: Duration,

    /// Threads that simulate [default: one for each processor]
    #[arg(
        long,
        value_name = "N",
        hide_short_help = true,
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    threads: Option<u16>,

    #[command(flatten)]
    pub(super) results: ResultArgs<PeerResults>,
}

impl SimulateArgs {
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let sizes: Vec<usize> =
            ascending(&self.nodes).iter().map(|nodes| *nodes as usize).collect();
        let away = ascending(&self.away);
        let mut cases = Vec::new();
        for &nodes in &sizes {
            for &away in &away {
                let asked = Method::ALL.iter().filter(|method| self.methods.contains(method));
                cases.extend(asked.map(|method| Case::new(*method, nodes, away)));
            }
        }
        let plan = Plan {
            degree: self.degree.into(),
            searches: self.searches as usize,
            holders: self.holders as usize,
            ttl: self.ttl,
            walkers: self.walkers,
            seeds: self.seeds,
            latency: self.latency.to_string(),
            online_s: self.online.as_secs_f64(),
            cases,
        };
        plan.check()?;
        let fewest = sizes.first().copied().unwrap_or_default();
        ensure!(plan.holders < fewest, "{fewest} nodes are too few for {} holders", plan.holders);
        Ok(plan)
    }

    pub(super) fn threads(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, NonZero::get);
        self.threads.map_or_else(processors, usize::from)
    }
}

/// Each is simulated once, however often it was named.
fn ascending<T: Copy + Ord>(values: &[T]) -> Vec<T> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    values
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The directory of the run
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(super) dir: PathBuf,

    #[command(flatten)]
    pub(super) telling: TellingArgs<PeerResults>,
}

/// What the results of simulations are called.
#[derive(Debug)]
pub(crate) enum PeerResults {}

impl Results for PeerResults {
    type Language = Language;

    const OUT: &'static str = "results/peer";
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        words: &["case", "method"],
        aliases: &[],
        example: "method=flood:found>0.99",
    };
    const KEY: &'static [&'static str] = &["case"];

    fn texts(language: &Language) -> &'static Catalogue {
        language.catalogue()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        simulate: SimulateArgs,
    }

    fn plan(line: &str) -> anyhow::Result<Plan> {
        let words = std::iter::once("simulate").chain(line.split_whitespace());
        Line::try_parse_from(words)?.simulate.plan()
    }

    #[test]
    fn each_method_has_a_case_for_each_size_and_each_absence() {
        let plan = plan("--nodes 300,100,300 --away 20,0 --methods bloom,flood").unwrap();
        let names: Vec<_> = plan.cases.iter().map(|case| case.name.as_str()).collect();
        let expected = [
            "flood-100",
            "bloom-100",
            "flood-100-away20",
            "bloom-100-away20",
            "flood-300",
            "bloom-300",
            "flood-300-away20",
            "bloom-300-away20",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn graphs_that_cannot_be_are_refused_in_words() {
        for (line, why) in [
            ("--nodes 4 --degree 5", "4 nodes cannot have 5 neighbours each"),
            ("--nodes 101 --degree 5", "an even number of ends"),
            ("--nodes 10 --degree 3 --holders 10", "too few for 10 holders"),
            ("--away 91", "91 is not in 0..=90"),
            ("--methods it", "invalid value 'it'"),
            ("--seeds 2..1", "such as 1..20"),
            ("--latency 20", "is no duration"),
        ] {
            let refusal = plan(line).unwrap_err().to_string();
            assert!(refusal.contains(why), "{line}: {refusal}");
        }
    }
}
