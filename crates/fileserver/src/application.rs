//! The file service as a server's application.

use std::{sync::Arc, time::Instant};

use file_service::{Conversation, FileService, Limits};
use protocol::{ErrorCode, Reply};
use serving::{Admitted, Application, Farewell, LINGER, Reception};
use telemetry::OpenConnection;

use crate::confinement::Confinement;

/// The file service, and what becomes of the processes that run its sessions.
pub(crate) struct FileServer {
    pub(crate) service: Arc<FileService>,
    pub(crate) confinement: Confinement,
}

impl Application for FileServer {
    type Conversation = Conversation;

    fn converse(
        &self,
        connection: OpenConnection,
        admitted: &Admitted,
        now: Instant,
    ) -> Option<Conversation> {
        Conversation::new(&self.service, connection, admitted, now)
    }

    fn confine_worker(&self) {
        self.confinement.confine_worker(&self.service);
    }

    fn clean_up_after_workers(&self) {
        // In a bucket they leave nothing that is a file.
        let Some(directory) = self.service.store.directory() else { return };
        if let Err(err) = directory.remove_abandoned_uploads() {
            tracing::error!("cannot remove what a worker left in the served directory: {err}");
        }
    }
}

impl Reception for FileServer {
    /// Whoever comes for TLS could not read a plain reply.
    fn busy(&self, why: &str) -> Option<Vec<u8>> {
        self.service.tls.is_none().then(|| Reply::error(ErrorCode::Busy, why).to_wire())
    }

    fn farewell(&self) -> Farewell {
        let Limits { idle_timeout, min_rate, .. } = self.service.limits;
        Farewell { silence_max: LINGER, time_max: idle_timeout, bytes_per_second_min: min_rate }
    }
}
