//! Whom the monitor watches.

use std::{sync::Arc, time::Instant};

use file_service::FileService;
use monitor::status::Status;
use protocol::{Stats, Token};
use serving::Server;

use crate::stats;

#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) server: Arc<Server>,
    pub(crate) service: Arc<FileService>,
}

impl Status for Watched {
    fn stats(&self) -> Stats {
        stats::collect(&self.server, &self.service, Instant::now())
    }

    fn asks_for_token(&self) -> bool {
        self.service.tokens.is_some()
    }

    fn identify(&self, token: &Token) -> Option<String> {
        let identity = self.service.tokens.as_ref()?.identify(token);
        if identity.is_none() {
            tracing::warn!("a wrong token was given at the status address");
        }
        identity.map(|identity| identity.name.clone())
    }
}
