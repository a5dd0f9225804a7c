//! Whether the relay of the node is there. The endpoint connects with it by itself, and goes on trying.

use std::{future, sync::Arc, time::Duration};

use iroh::{Endpoint, RelayUrl, Watcher, endpoint::RelayStatus};
use tokio::time;

use super::{event::Event, local::Local};

/// How long it may take until a person is told that it is not there.
const RELAY_WAIT: Duration = Duration::from_secs(5);

/// Tells, once, where it is not reached.
pub(super) async fn look_for(relay: RelayUrl, endpoint: Endpoint, local: Arc<Local>) {
    let why = match time::timeout(RELAY_WAIT, first_try(&endpoint)).await {
        Ok(Ok(())) => return,
        Ok(Err(why)) => why,
        Err(_) => "it does not answer".to_owned(),
    };
    local.tell(Event::RelayUnreachable { relay: relay.to_string(), why });
}

/// Returns when it is connected, or when that has failed for the first time, and why.
async fn first_try(endpoint: &Endpoint) -> Result<(), String> {
    let mut status = endpoint.home_relay_status();
    let mut relays = status.get();
    loop {
        if relays.iter().any(RelayStatus::is_connected) {
            return Ok(());
        }
        if let Some(why) = relays.iter().find_map(RelayStatus::last_error) {
            return Err(cli::printable(&format!("{why:#}")));
        }
        match status.updated().await {
            Ok(changed) => relays = changed,
            // The endpoint is gone, and whoever waits with it.
            Err(_) => future::pending().await,
        }
    }
}
