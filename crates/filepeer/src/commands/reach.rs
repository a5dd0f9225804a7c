//! The options of every command with a node: whom it reaches, and who reaches it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use iroh::RelayUrl;

use crate::node::{Identity, Listener, NeighbourAddress, Options};

/// What a hop may take between machines that are far apart, or busy.
pub(crate) const HOP_TIME: Duration = Duration::from_millis(300);

const HEADING: &str = "Beyond this machine";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct ReachArgs {
    /// Address of this machine to send from and to listen on
    ///
    /// By default it is 127.0.0.1: nothing leaves the machine, and nobody else reaches it.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) host: Option<IpAddr>,

    /// Find neighbours on the local network, and be found (mDNS)
    #[arg(long)]
    pub(crate) lan: bool,

    /// Reach peers behind a NAT through this relay; it sees who talks to whom, not what
    ///
    /// It is a server of iroh that somebody runs, and all peers name the same one. They name each other by
    /// identity or ticket. Not yet tried with a relay that answers.
    #[arg(long, value_name = "URL")]
    pub(crate) relay: Option<RelayUrl>,
}

impl ReachArgs {
    /// A node for one command: its identity ends with it, and it takes any port.
    pub(crate) fn passing_node(
        &self,
        neighbours: &[NeighbourAddress],
        events: Listener,
    ) -> Options {
        Options {
            host: self.host,
            port: 0,
            identity: Identity::passing(),
            neighbours: neighbours.to_vec(),
            lan: self.lan,
            relay: self.relay.clone(),
            search: searching::Config { hop_time: HOP_TIME, ..searching::Config::default() },
            events,
            // Nobody looks at what so short a life counts.
            stats: Arc::new(|| "{}".to_owned()),
            bandwidth: Arc::default(),
        }
    }

    pub(crate) fn is_on_this_machine_alone(&self) -> bool {
        let is_on_loopback = self.host.map_or(!self.lan, |host| host.is_loopback());
        is_on_loopback && self.relay.is_none()
    }
}
