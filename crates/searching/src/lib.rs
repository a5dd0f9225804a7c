//! Search over a graph of neighbours, in which nobody knows everybody: who is asked, who answers, and how
//! the answer gets back. No socket, thread, clock or file is known here. Time is a
//! [`Duration`](std::time::Duration) since any fixed moment and is handed in, as chance is; so the same code
//! searches over real connections and in virtual time.
//!
//! A [`Searcher`] is one node. It is told what its neighbours say, and answers with [`Action`]s: what to send
//! to whom, and what its own searches have found. A query has a [`Guid`], by which a node knows that it has met
//! it and where it came from; hits go back that way, so no query has to say who asks. (A neighbour can tell:
//! what comes from no farther than there was asked there.) Each search says by which [`Strategy`] it goes.
//! [`codec`] turns messages into frames and back; [`grouped`] puts together what is the same content;
//! [`simulate`] has thousands of nodes search; [`theory`] says how many messages that takes.
#![forbid(unsafe_code)]

mod action;
pub mod codec;
mod config;
mod counts;
mod filter;
mod found;
mod message;
mod searcher;
pub mod simulate;
mod strategy;
pub mod theory;

pub use action::{Action, SearchId};
pub use config::Config;
pub use counts::Counts;
pub use filter::{Attenuated, Filter, NameHash};
pub use found::{Found, grouped};
pub use message::{Guid, Hit, Holder, Item, Message, NamePart, Query, Routing, Wanted};
pub use searcher::{ConnectError, Searcher};
pub use strategy::Strategy;
