//! What a monitor takes, wherever it runs.

use std::sync::Arc;

use monitor::Watch;
use serving::Server;

use super::watched::Watched;
use crate::confinement::Confinement;

pub(super) struct Work {
    pub(super) watch: Watch<Watched>,
    pub(super) server: Arc<Server>,
    pub(super) confinement: Confinement,
}
