//! Nodes in networks of their own: with nothing but loopback, with a way out that must not be used, and two on
//! one local network.
//!
//! A namespace takes rights that not everybody has; without them these tests say that they were skipped. What
//! runs in one is this test program again.

use std::{env, time::Instant};

use testkit::network::{self, WITH_A_WAY_OUT, packets_out};

use super::*;

/// Two networks that a cable joins: this one, and that of the process `$other`.
const LOCAL_NETWORK: &str = r#"
    set -e
    unshare -n sleep 60 &
    other=$!
    while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
    there="nsenter -t $other -n"
    ip link add near type veth peer name far
    ip link set far netns $other
    ip addr add 10.77.0.1/24 dev near
    ip link set near up
    ip link set lo up
    $there ip addr add 10.77.0.2/24 dev far
    $there ip link set far up
    $there ip link set lo up
"#;

/// What the script prints in a network of its own; `$TESTS` there is this program.
fn in_a_network(script: &str) -> Option<String> {
    network::run(script, &[("TESTS", &env::current_exe().unwrap())])
}

#[test]
fn all_of_it_works_where_nothing_but_loopback_is_up() {
    let script = "ip link set lo up && $TESTS node:: --skip node::tests::namespaces";
    let Some(printed) = in_a_network(script) else { return };
    assert!(
        printed.contains("test node::tests::network::the_chain_of_the_seed_finds_its_file"),
        "{printed}"
    );
}

#[test]
fn nothing_is_sent_to_another_machine_without_an_option() {
    let script = format!(
        "{WITH_A_WAY_OUT} $TESTS node::tests::network node::tests::seed_wire >&2; cat /proc/net/dev"
    );
    let Some(printed) = in_a_network(&script) else { return };
    assert_eq!(packets_out(&printed), 0, "{printed}");
    // What would be sent is seen: a node that looks for others sends.
    let script = format!(
        "{WITH_A_WAY_OUT} $TESTS --ignored --exact node::tests::namespaces::looks_around >&2; cat /proc/net/dev"
    );
    let Some(printed) = in_a_network(&script) else { return };
    assert!(packets_out(&printed) > 0, "{printed}");
}

#[test]
fn a_peer_on_the_local_network_is_found_within_five_seconds() {
    let run = "$TESTS --ignored --exact --nocapture node::tests::namespaces";
    let script = format!(
        "{LOCAL_NETWORK} $there {run}::shares_until_it_is_killed >&2 & {run}::finds_who_shares"
    );
    let Some(printed) = in_a_network(&script) else { return };
    assert!(printed.contains("1 passed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a network that another test makes"]
async fn looks_around() {
    let node = start(Options { lan: true, ..options() }, &[]).await;
    time::sleep(Duration::from_secs(2)).await;
    node.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a network that another test makes"]
async fn shares_until_it_is_killed() {
    let node = start(Options { lan: true, ..options() }, &[CONTOH]).await;
    node.until_it_has_neighbours(1).await;
    time::sleep(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a network that another test makes"]
async fn finds_who_shares() {
    let begun = Instant::now();
    let node = start(Options { lan: true, ..options() }, &[]).await;
    node.until_it_has_neighbours(1).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    let answer = node.flood(CONTOH.0).await;
    let (holder, _) = &answer.found[0].holders[0];
    assert!(
        holder.addresses.iter().any(|address| address.ip().to_string() == "10.77.0.2"),
        "{holder:?}"
    );
}
