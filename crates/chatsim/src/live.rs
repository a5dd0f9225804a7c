//! Deliveries in real time: the core of batch runs, on a clock that can stand, step and run faster.
//!
//! What is decided is the crate `delivery`, under one lock. Who waits until it is time, a thread for each
//! message, a pool or tasks, is a [runner](runners), and costs threads, memory and lateness, which are
//! [measured](cost).

mod clock;
mod cost;
mod run;
mod runners;
mod world;

pub(crate) use self::{
    clock::{SPEEDS, parse_speed},
    cost::{Cost, resident_bytes},
    run::run,
    runners::RunnerName,
    world::{Stage, Watcher, World},
};
