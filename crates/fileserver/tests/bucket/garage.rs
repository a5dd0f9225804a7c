//! What is asked of s3s-fs elsewhere, and can only be shown with the whole of a store: Garage, where it is installed.

use std::{thread, time::Duration};

use testkit::{Garage, PATIENCE, eventually};

use crate::{
    DIR, MODES, builder_at, is_full, memory::expect_little_memory_with,
    shared::expect_nothing_lost_of,
};

#[test]
fn nothing_is_lost_or_mixed_up_while_servers_are_killed() {
    let Some(garage) = Garage::start() else { return };
    expect_nothing_lost_of(&garage.environment());
}

#[test]
fn fifty_downloads_stay_under_128_mib() {
    let Some(garage) = Garage::start() else { return };
    expect_little_memory_with(&garage.environment());
}

#[test]
fn a_store_that_is_killed_is_unavailable_and_then_well_again() {
    let Some(mut garage) = Garage::start() else { return };
    let environment = garage.environment();
    let servers = MODES.map(|mode| builder_at(&environment, DIR, mode).start());
    assert_eq!(servers[0].ask("UPLOAD a aGVsbG8=").outcome(), "OK");
    garage.kill();
    // Not a wait for anything: it is how long it is away.
    let away = if is_full() { 5 } else { 1 };
    thread::scope(|scope| {
        for server in &servers {
            scope.spawn(|| assert_eq!(server.ask("GET a").outcome(), "unavailable"));
        }
        thread::sleep(Duration::from_secs(away));
    });
    garage.start_again();
    for server in &servers {
        // It listens a moment before it answers for its objects.
        eventually(PATIENCE, "it is well again", || server.ask("GET a").outcome() == "OK");
        assert_eq!(server.ask("GET a").content(), b"hello");
    }
}

/// Garage 2.5 writes whatever the condition, so a server would promise what it cannot keep.
#[test]
fn no_replace_is_refused_where_the_store_replaces_nevertheless() {
    let Some(garage) = Garage::start() else { return };
    let builder = builder_at(&garage.environment(), DIR, "async").args(["--no-replace"]);
    let stopped = builder.run_to_end();
    assert_eq!(stopped.exit_code, Some(2));
    assert!(stopped.stderr.contains("so --no-replace cannot be kept"), "{}", stopped.stderr);
}
