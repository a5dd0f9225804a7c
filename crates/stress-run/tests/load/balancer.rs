//! A balancer as the target: which server answered how much, and whose counts are whose.

use testkit::{PATIENCE, Server, ServerBuilder, Signal};

use super::{counts, echoes, finish, server, stress_run};

/// In front of these servers, which it calls a and b.
fn balancer(servers: [&Server; 2], [option, value]: [&str; 2]) -> Server {
    let program = stress_run().with_file_name("filebalancer");
    assert!(program.is_file(), "build the whole workspace first: cargo test --workspace does");
    let [a, b] = servers.map(Server::address);
    let args = ["--port", "0", option, value, "--backend", &format!("a={a}"), "--backend"];
    let builder = ServerBuilder::new(program).without_defaults().args(args);
    builder.args([format!("b={b}")]).start()
}

#[test]
fn clients_balancer_and_servers_count_the_same() {
    let servers = [(); 2].map(|()| server(&["--mode", "async"]));
    let balancer = balancer(servers.each_ref(), ["--level", "request"]);
    let options = "--clients 8 --requests 25 --mix echo=3,ping=1 --message halo --json";
    let finished = finish(&balancer.address().to_string(), options);
    assert_eq!(finished.code, Some(0), "{}\n{}", finished.stdout, finished.stderr);
    let summary = finished.summary();
    assert_eq!(counts(&summary["rows"][0]), (200, 0));
    let counted = &summary["accounting"]["counted"];
    let accounts = counted["accounts"].as_array().unwrap();
    let named: Vec<_> = accounts.iter().map(|account| &account["requests"]).collect();
    assert_eq!(named, ["echo", "other", "backends"]);
    assert!(accounts.iter().all(|account| account["agrees"] == true), "{counted}");
    for (server, backend) in servers.iter().zip(counted["backends"].as_array().unwrap()) {
        assert!(echoes(server) > 60, "each has its turn: {counted}");
        assert_eq!(backend["requests"]["ok"], echoes(server), "{counted}");
    }
}

#[test]
fn behind_a_balancer_of_connections_nobody_is_asked_for_counts_if_so_told() {
    let servers = [(); 2].map(|()| server(&["--mode", "async"]));
    let balancer = balancer(servers.each_ref(), ["--level", "connection"]);
    let options = "--clients 4 --requests 10 --message halo --no-stats";
    let finished = finish(&balancer.address().to_string(), options);
    assert_eq!(finished.code, Some(0), "{}\n{}", finished.stdout, finished.stderr);
    assert!(!finished.stdout.contains("count"), "{}", finished.stdout);
    assert_eq!(servers.iter().map(echoes).sum::<u64>(), 40);
}

#[test]
fn a_list_that_lacks_the_files_of_a_server_has_failed_and_is_not_wrong() {
    let mut servers = [(); 2].map(|()| server(&["--mode", "async"]));
    let balancer = balancer(servers.each_ref(), ["--layout", "by-name"]);
    servers[1].kill(Signal::SIGKILL);
    servers[1].wait(PATIENCE);
    let options = "--clients 2 --requests 3 --mix list --json";
    let finished = finish(&balancer.address().to_string(), options);
    assert_eq!(finished.code, Some(1), "{}\n{}", finished.stdout, finished.stderr);
    let summary = finished.summary();
    let failure = &summary["failures"]["incomplete"];
    assert_eq!((&failure["count"], &summary["wrong_answers"]), (&6.into(), &0.into()), "{summary}");
    assert_eq!(failure["sentence"], "the list lacks the files of b");
}
