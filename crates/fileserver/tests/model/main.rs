//! Model checking by repetition: whatever concurrent clients see, one client alone could have seen.
//!
//! A round lets clients loose on a new server: a few names, so that they collide, random requests,
//! uploads that are broken off, connections that are dropped, and in process mode workers that are
//! killed. Each client records when it asked, when it had the answer and what that said
//! ([`history`]). Afterwards the history of each name must be linearizable: there must be an order of
//! its requests that one file, replaced and removed by one client after another, could have had
//! ([`linearizability`], with the sources of the method). Linearizability is local, so names can be
//! judged apart; a LIST counts as a look at each name, which does not claim that all of them were
//! looked at in the same moment. In the end the directory and STATS must agree with the clients.
//!
//! With files in a bucket more is allowed, and no more than docs/BUCKET.md says.
//!
//! Which clients do what follows from a seed, which is printed; how the system interleaves them does
//! not. `KOLAM_MODEL_SEED` starts with the seed of a failed round, `KOLAM_MODEL_ROUNDS` sets how many
//! rounds each model is put through.
#![cfg(target_os = "linux")]

mod client;
mod contents;
mod history;
mod linearizability;
mod request;
mod round;

use std::env;

use round::Round;

/// Enough to meet most interleavings of two requests, in a few seconds.
const ROUNDS: u64 = 2;

#[test]
fn legacy_mode_is_linearizable() {
    play("legacy");
}

#[test]
fn thread_mode_is_linearizable() {
    play("thread");
}

#[test]
fn process_mode_is_linearizable() {
    play("process");
}

#[test]
fn process_mode_is_linearizable_when_workers_are_killed() {
    play_round_of("process", |round| round.with_deaths());
}

#[test]
fn async_mode_is_linearizable() {
    play("async");
}

#[test]
fn event_mode_is_linearizable() {
    play("event");
}

#[cfg(feature = "bucket")]
mod in_a_bucket {
    use super::play_round_of;

    #[test]
    fn thread_mode_is_linearizable_but_for_deletions() {
        play_round_of("thread", |round| round.in_a_bucket());
    }

    #[test]
    fn async_mode_is_linearizable_but_for_deletions() {
        play_round_of("async", |round| round.in_a_bucket());
    }
}

fn play(mode: &'static str) {
    play_round_of(mode, |round| round);
}

fn play_round_of(mode: &'static str, variation: fn(Round) -> Round) {
    let first_seed = from_environment("KOLAM_MODEL_SEED").unwrap_or_else(rand::random);
    let rounds = from_environment("KOLAM_MODEL_ROUNDS").unwrap_or(ROUNDS);
    for number in 0..rounds {
        let seed = first_seed.wrapping_add(number);
        // Shown when the round fails.
        println!("{mode} mode, round {number}: KOLAM_MODEL_SEED={seed}");
        variation(Round::new(mode, seed)).play();
    }
}

fn from_environment(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is not a number: {value}")))
}
