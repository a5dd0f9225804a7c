//! Search over a graph of neighbours, without sockets or clocks.
#![forbid(unsafe_code)]
