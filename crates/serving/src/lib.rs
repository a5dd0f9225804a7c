//! Who runs a connection, never what it says.
//!
//! An [`Application`] makes a [`Conversation`] of each connection; a model ([`serve`]) decides which
//! thread, process or task takes its steps. Whoever drives connections in a way of its own uses the
//! parts: the [`Acceptor`] admits or turns away, and drains; the [`Server`] is what all share.
#![deny(unsafe_code)]

mod acceptor;
mod admission;
mod application;
mod error;
pub mod listener;
mod models;
pub mod os;
mod overload;
mod pause;
mod server;
pub mod shutdown;
pub mod timeouts;

pub use acceptor::Acceptor;
pub use admission::{Admitted, Network, ParseNetworkError};
pub use application::{Application, Conversation, FileRange, Reception, Step};
pub use error::ServeError;
pub use models::{Companion, serve};
pub use pause::GrowingPause;
pub use server::{Server, Settings};
pub use shutdown::{Drained, Hangup, Phase};
pub use timeouts::{Farewell, LINGER, Leaving, Overdue};
