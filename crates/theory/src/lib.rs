//! What probability theory expects of a delivery, in closed form or as an integral.
//!
//! It shares nothing with the crate `delivery` but the configuration, so that each can find the
//! other's faults. So no formula rests on how a delivery is programmed: each is derived here, from
//! what the network and the sender do.
//!
//! | symbol | is |
//! |---|---|
//! | p, q = 1-p; p' | the chance that a message is lost, that it arrives; that an ACK is lost |
//! | s = q (1-p') | the chance that an attempt is acknowledged in the end |
//! | R, n = R+1 | repetitions, attempts |
//! | T, `tau_k` | the first wait; when attempt k = 0 … R is sent if no ACK has come by then: k T, with exponential backoff (2^k - 1) T |
//! | E | when the sender gives up: after the wait that follows attempt R |
//! | a, b; w = b-a | the shortest and the longest latency of a packet, which is uniform between them |
//! | D, A, S | from the first attempt to the first delivery, to the first ACK, to the end of the message's place in the window |
//! | W, M; δ | messages in the window, subscribers; the time between two sendings |
//! | π, L, r | of bursts: the part of the time, their mean length, how fast the link forgets |
//!
//! The subscriber acknowledges every copy. An ACK that comes at the very moment when a wait ends
//! still counts. What is built on what: [`Attempts`](attempts::Attempts) has the distributions of D
//! and A, from which come [`Latency`], the [counts] and the [time in the window](slot);
//! [`Expectation`] puts them together, and [`Moments`] and [`Binomial`] say how far a measurement
//! may be away.
//!
//! All times are numbers of milliseconds.
#![forbid(unsafe_code)]

mod attempts;
mod binomial;
mod bursts;
mod comparison;
mod counts;
mod expectation;
mod integral;
mod latency;
mod moments;
mod slot;
mod travel;

pub use binomial::Binomial;
pub use comparison::{Comparison, Fates, swapped};
pub use expectation::{Expectation, expect, expect_apart};
pub use latency::Latency;
pub use moments::Moments;
