//! For tests only: servers on free ports, raw and hostile peers, waiting with a deadline.
//!
//! A server under test is a process of its own, so that killing it, its memory and its exit status
//! are what a user would see. Everything here panics with a sentence when what a test relies on
//! does not happen, and no wait is without an end.
#![forbid(unsafe_code)]

mod certificates;
mod content;
pub mod disk;
mod footprint;
mod installed;
mod peer;
pub mod processes;
mod reply;
mod server;
mod surroundings;
mod terminal;
mod wait;

pub use certificates::Certificates;
pub use content::{base64, content, decode_base64, upload_request, wrapped_base64};
pub use footprint::Footprint;
#[cfg(feature = "bucket")]
pub use installed::Garage;
pub use installed::{Nats, Postgres};
pub use nix::sys::signal::Signal;
pub use peer::{Peer, Told, Viewer};
pub use reply::Reply;
#[cfg(feature = "bucket")]
pub use server::s3;
pub use server::{Server, ServerBuilder, Stopped, fake as fake_server};
pub use surroundings::{network, program_for_everyone, skip};
pub use terminal::Terminal;
pub use wait::{PATIENCE, eventually};
