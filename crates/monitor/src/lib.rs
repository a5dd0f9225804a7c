//! What watches a server: writes its events down, answers questions about them, serves metrics.
//!
//! Nothing here is on the path of a transfer. The server tells its events to a journal that never
//! waits; the [`Recorder`] reads them on threads or in a process of its own.
#![forbid(unsafe_code)]

mod args;
mod config;
mod database;
mod line;
pub mod metrics;
mod questions;
mod recorder;
mod shared;
pub mod stats;
pub mod status;
mod table;
mod watch;

pub use args::RecordArgs;
pub use config::{
    Config, DatabaseTarget, DatabaseTargetError, LogFormat, LogLanguage, LogTarget, ServerRun,
};
pub use listening::ListenerError;
pub use questions::{LogArgs, QueryError, answer};
pub use recorder::{OpenError, Recorder, Recording};
pub use table::Table;
pub use watch::{
    FINISH_TIMEOUT, LOOK_PAUSE, ListenError, Listeners, Watch, Watching, warn_of_unfinished,
};
