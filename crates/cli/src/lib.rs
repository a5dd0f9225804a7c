//! What the command lines of all programs share: arguments and their variables, groups of options,
//! help, completions and manual pages, units, tables, text that is safe for a terminal, and what
//! becomes of output that nobody reads. It knows no program and imports none of ours.
#![forbid(unsafe_code)]

pub mod addresses;
mod arguments;
mod choice;
mod connection;
mod documents;
mod grid;
mod limits;
pub mod output;
pub mod table;
pub mod text;
mod tls;
pub mod units;

pub use addresses::WatchArgs;
pub use arguments::{command, parse, rare, short_help};
pub use choice::choice;
pub use connection::{ConnectionArgs, Secret};
pub use documents::{Documents, NoSuchCommand};
pub use grid::Grid;
pub use limits::LimitArgs;
pub use text::{printable, printable_json};
pub use tls::{TlsArgs, TlsError};
