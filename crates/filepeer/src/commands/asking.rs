//! What the commands that search have in common: through whom, how far, for how long.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use cli::units;
use searching::{Strategy, Wanted};

use super::reach::ReachArgs;
use crate::{
    language::Language,
    node::{Event, Listener, NeighbourAddress, Node, Nothing, OpenError, Search, Until},
};

/// After this time without another answer nobody else is expected to have a file.
const QUIET: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub(crate) struct AskingArgs {
    /// Node to search through: HOST:PORT, or its identity; may be repeated
    #[arg(long, value_name = "NODE")]
    via: Vec<NeighbourAddress>,

    /// How many hops a search goes
    #[arg(
        long,
        value_name = "N",
        default_value_t = searching::Config::TTL,
        value_parser = clap::value_parser!(u16).range(1..=16)
    )]
    pub(super) ttl: u16,

    /// How long a search may take
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "5",
        value_parser = units::seconds_not_zero
    )]
    wait: Duration,

    /// Language of what is said
    #[arg(long, value_enum, default_value = "en")]
    pub(super) lang: Language,

    #[command(flatten)]
    reach: ReachArgs,
}

impl AskingArgs {
    pub(super) fn expect_somebody(&self) -> anyhow::Result<()> {
        ensure!(
            !self.via.is_empty() || self.reach.lan,
            "no node to search through: name one with --via, or look for some with --lan"
        );
        Ok(())
    }

    /// A node for the command, which begins to link with those it searches through.
    pub(super) async fn start(&self) -> Result<Node, OpenError> {
        let options = self.reach.passing_node(&self.via, tell_unreachable(self.lang));
        Node::start(options, Arc::new(Nothing), |router| router).await
    }

    /// Returns when the node can search.
    pub(super) async fn until_linked(&self, node: &Node) -> anyhow::Result<()> {
        let is_anybody_there = node.neighbours_tried(self.wait).await;
        ensure!(is_anybody_there, "no node to search through was reached");
        Ok(())
    }

    pub(super) fn search(&self, wanted: Wanted) -> Search {
        let (ttl, wait) = (self.ttl, self.wait);
        Search { wanted, strategy: Strategy::Flood, ttl, wait, until: Until::Quiet(QUIET) }
    }
}

/// Says why a node behind `--via`, or behind a relay, is not asked.
fn tell_unreachable(language: Language) -> Listener {
    Arc::new(move |event| match event {
        Event::NeighbourUnreachable { neighbour, why, .. } => {
            cli::errln!("filepeer: {neighbour}: {}", cli::printable(&why));
        }
        Event::RelayUnreachable { relay, why } => {
            cli::errln!("filepeer: {}", language.log_relay_unreachable(relay, why));
        }
        _ => {}
    })
}
