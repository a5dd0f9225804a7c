use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::*;
use crate::{
    contents::MIXED,
    history::Observation::{self, *},
};

const A: Version = Version(1);
const B: Version = Version(2);

/// A call on a connection of its own, from one moment to another.
fn call(invoked: u64, responded: u64, observation: Observation) -> Call {
    static CONNECTION: AtomicU64 = AtomicU64::new(0);
    Call {
        observation,
        connection: CONNECTION.fetch_add(1, Relaxed),
        invoked: Duration::from_secs(invoked),
        responded: Some(Duration::from_secs(responded)),
    }
}

/// A call whose answer never came.
fn broken(invoked: u64, observation: Observation) -> Call {
    Call { responded: None, ..call(invoked, invoked, observation) }
}

#[track_caller]
fn accepted(history: &[Call]) {
    if let Err(violation) = check(history) {
        panic!("{violation}");
    }
}

#[track_caller]
fn refused(history: &[Call]) {
    assert!(check(history).is_err());
}

#[test]
fn requests_one_after_another_are_explained() {
    accepted(&[]);
    accepted(&[
        call(0, 1, Is(None)),
        call(2, 3, Stored(A)),
        call(4, 5, Is(Some(A))),
        call(6, 7, Listed(true)),
        call(8, 9, Stored(B)),
        call(10, 11, Is(Some(B))),
        call(12, 13, Deleted),
        call(14, 15, Listed(false)),
        call(16, 17, Is(None)),
    ]);
}

#[test]
fn concurrent_requests_are_explained_by_either_order() {
    for last in [A, B] {
        accepted(&[call(0, 9, Stored(A)), call(1, 8, Stored(B)), call(10, 11, Is(Some(last)))]);
    }
    for seen in [None, Some(A)] {
        accepted(&[call(0, 9, Stored(A)), call(1, 2, Is(seen))]);
    }
    // The same moment is no order.
    accepted(&[call(0, 1, Is(Some(A))), call(1, 2, Stored(A))]);
}

#[test]
fn a_stale_read_is_found() {
    let replaced = [call(0, 1, Stored(A)), call(2, 3, Stored(B))];
    refused(&[&replaced[..], &[call(4, 5, Is(Some(A)))]].concat());
    // Who has seen the new file cannot see the old one afterwards, even while it is being replaced.
    let replacing = [call(0, 1, Stored(A)), call(2, 9, Stored(B)), call(3, 4, Is(Some(B)))];
    refused(&[&replacing[..], &[call(5, 6, Is(Some(A)))]].concat());
}

#[test]
fn mixed_content_is_found() {
    refused(&[call(0, 9, Stored(A)), call(0, 9, Stored(B)), call(1, 8, Is(Some(MIXED)))]);
    // Also that of an upload that was broken off, and which nobody knows.
    refused(&[call(0, 9, Stored(A)), call(1, 8, Is(Some(B)))]);
}

#[test]
fn a_lost_update_is_found() {
    refused(&[call(0, 1, Stored(A)), call(2, 3, Is(None))]);
    let both = [call(0, 9, Stored(A)), call(0, 9, Stored(B))];
    refused(&[&both[..], &[call(10, 11, Is(None))]].concat());
    // Each of two was the last one, to somebody.
    let seen = [call(10, 11, Is(Some(A))), call(12, 13, Is(Some(B)))];
    refused(&[&both[..], &seen].concat());
}

#[test]
fn a_resurrection_after_a_delete_is_found() {
    let deleted = [call(0, 1, Stored(A)), call(2, 3, Deleted)];
    refused(&[&deleted[..], &[call(4, 5, Is(Some(A)))]].concat());
    refused(&[&deleted[..], &[call(4, 5, Listed(true))]].concat());
    refused(&[&deleted[..], &[call(4, 5, Deleted)]].concat());
}

#[test]
fn a_file_that_must_be_there_and_is_not_found_is_found() {
    let stored = [call(0, 1, Stored(A)), call(4, 9, Stored(B))];
    // While it is replaced, too.
    refused(&[&stored[..], &[call(5, 6, Is(None))]].concat());
    refused(&[&stored[..], &[call(5, 6, Listed(false))]].concat());
}

#[test]
fn what_is_not_known_happened_late_or_never_but_not_early_or_twice() {
    let upload = [call(0, 1, Stored(A)), broken(2, PerhapsStored(B))];
    accepted(&[&upload[..], &[call(8, 9, Is(Some(A)))]].concat());
    accepted(&[&upload[..], &[call(6, 7, Is(Some(A))), call(8, 9, Is(Some(B)))]].concat());
    refused(&[&upload[..], &[call(6, 7, Is(Some(B))), call(8, 9, Is(Some(A)))]].concat());
    refused(&[call(0, 1, Is(Some(B))), broken(2, PerhapsStored(B))]);
    let delete = [call(0, 1, Stored(A)), broken(2, PerhapsDeleted)];
    accepted(&[&delete[..], &[call(4, 5, Is(Some(A))), call(6, 7, Is(None))]].concat());
    refused(&[&delete[..], &[call(4, 5, Is(None)), call(6, 7, Is(Some(A)))]].concat());
    let twice = [call(4, 5, Deleted), call(6, 7, Stored(B)), call(8, 9, Is(None))];
    accepted(&[&delete[..], &twice].concat());
    refused(&[&delete[..], &twice, &[call(10, 11, Stored(A)), call(12, 13, Is(None))]].concat());
}

#[test]
fn requests_sent_at_once_are_executed_in_their_order() {
    let on_one = |observations: [Observation; 2]| {
        observations.map(|observation| Call { connection: 1, ..call(0, 9, observation) })
    };
    accepted(&on_one([Stored(A), Is(Some(A))]));
    refused(&on_one([Is(Some(A)), Stored(A)]));
}

#[test]
fn a_long_history_is_judged_in_no_time() {
    let mut history = Vec::new();
    for round in 0..30 {
        let start = 10 * round;
        for client in 0..8 {
            history.push(call(start, start + 9, Stored(Version(8 * round + client))));
        }
        history.push(call(start + 10, start + 10, Is(Some(Version(8 * round + 5)))));
    }
    accepted(&history);
}

/// The definition itself, without any of the search's shortcuts.
#[test]
fn the_search_agrees_with_trying_every_order() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut judged = [0, 0];
    for _ in 0..5000 {
        let history: Vec<Call> = (0..5).map(|_| random_call(&mut rng)).collect();
        let expected = some_order_fits(&mut history.clone(), 0);
        assert_eq!(check(&history).is_ok(), expected, "{history:?}");
        judged[usize::from(expected)] += 1;
    }
    // Both verdicts were put to the test.
    assert!(judged.iter().all(|count| *count > 500), "{judged:?}");
}

fn random_call(rng: &mut StdRng) -> Call {
    let mut observations = [
        Stored(A),
        Stored(B),
        Deleted,
        Is(None),
        Is(Some(A)),
        Is(Some(B)),
        Listed(true),
        Listed(false),
        PerhapsStored(B),
        PerhapsDeleted,
    ];
    observations.shuffle(rng);
    let invoked = rng.random_range(0..10);
    match observations[0] {
        perhaps @ (PerhapsStored(_) | PerhapsDeleted) => broken(invoked, perhaps),
        certain => call(invoked, rng.random_range(invoked..=invoked + 6), certain),
    }
}

/// Tries every permutation of the calls from `fixed` on.
fn some_order_fits(calls: &mut [Call], fixed: usize) -> bool {
    if fixed == calls.len() {
        return fits(calls, None);
    }
    (fixed..calls.len()).any(|next| {
        calls.swap(fixed, next);
        let found = some_order_fits(calls, fixed + 1);
        calls.swap(fixed, next);
        found
    })
}

/// Whether the calls can have happened in this order, with or without those that are not certain.
fn fits(order: &[Call], file: Option<Version>) -> bool {
    let Some((first, rest)) = order.split_first() else { return true };
    let too_early = rest.iter().any(|later| later.responded.is_some_and(|end| end < first.invoked));
    let happened = || {
        let after = match first.observation {
            PerhapsStored(version) => Some(Some(version)),
            PerhapsDeleted => Some(None),
            certain => certain.apply(file),
        };
        !too_early && after.is_some_and(|after| fits(rest, after))
    };
    happened() || (!first.is_certain() && fits(rest, file))
}
