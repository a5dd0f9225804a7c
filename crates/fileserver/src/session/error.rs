//! Why a connection ended before its peer closed it.

use std::{io, time::Duration};

use protocol::FrameError;

/// Why a connection ended before its peer closed it. For the log: a client is told by a reply,
/// where one still makes sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("malformed frame: {0}")]
    Frame(FrameError),
    #[error("the peer moved no byte for {0:?}")]
    Stalled(Duration),
    #[error("peer lost: {0}")]
    Peer(io::Error),
    /// Half a reply was sent, so the client must see the connection end without the rest.
    #[error("could not read the file being sent: {0}")]
    Disk(io::Error),
    #[error("closed by the shutdown of the server")]
    ShutDown,
}
