//! Each backend has some of the files: which, their names decide.

use std::collections::BTreeSet;

use testkit::{PATIENCE, Server, Signal, content, upload_request};

use super::async_server;
use crate::{balancer, named};

const NAMES: [&str; 3] = ["a", "b", "c"];

struct Scene {
    servers: Vec<Server>,
    balancer: Server,
}

impl Scene {
    #[track_caller]
    fn start(args: &[&str]) -> Self {
        let servers: Vec<Server> = NAMES.iter().map(|_| async_server().start()).collect();
        let backends = NAMES.iter().zip(&servers).map(|(name, server)| named(name, server));
        let balancer = balancer(backends).args(["--layout", "by-name"]).args(args).start();
        Self { servers, balancer }
    }

    /// Which of the servers have a file.
    fn having(&self, name: &str) -> Vec<usize> {
        let has = |number: &usize| self.servers[*number].stored(name).is_some();
        (0..self.servers.len()).filter(has).collect()
    }
}

#[test]
fn each_file_is_on_one_backend_and_found_there_again() {
    let scene = Scene::start(&[]);
    let mut peer = scene.balancer.connect();
    let mut used = BTreeSet::new();
    for number in 0..1000 {
        let (name, content) = (format!("{}.bin", number % 100), content(number, 500));
        peer.send(upload_request(&name, &content));
        assert_eq!(peer.read_reply().outcome(), "OK");
        assert!(peer.request(&format!("GET {name}")).content() == content, "{name}");
        let [server] = scene.having(&name)[..] else { panic!("{name}: {:?}", scene.having(&name)) };
        used.insert(server);
    }
    assert_eq!(used.len(), NAMES.len());
    assert_eq!(peer.request("DELETE 7.bin").outcome(), "OK");
    assert!(scene.having("7.bin").is_empty());
}

#[test]
fn a_list_has_the_files_of_all_in_order_and_each_once() {
    let scene = Scene::start(&[]);
    for (server, files) in scene.servers.iter().zip([&["b", "twice"][..], &["a"], &["twice"]]) {
        files.iter().for_each(|name| server.place(name, b"hello"));
    }
    let mut peer = scene.balancer.connect();
    let text = peer.request("LIST").text().to_owned();
    assert_eq!(text, r#"{"status":"OK","data":["a","b","twice"]}"#);
    assert_eq!(peer.request("LIST -l")["files"][2]["filename"], "twice");
}

#[test]
fn the_files_of_a_dead_backend_are_unavailable_and_the_others_are_there() {
    let mut scene = Scene::start(&[]);
    let mut peer = scene.balancer.connect();
    let names: Vec<String> = (0..60).map(|number| format!("{number}.bin")).collect();
    for name in &names {
        assert_eq!(peer.request(&format!("UPLOAD {name} Zm9v")).outcome(), "OK");
    }
    let places: Vec<usize> = names.iter().map(|name| scene.having(name)[0]).collect();
    scene.servers[1].kill(Signal::SIGKILL);
    scene.servers[1].wait(PATIENCE);
    // Until a check finds it down, and after: no name moves.
    for _ in 0..2 {
        for (name, place) in names.iter().zip(&places) {
            let outcome = if *place == 1 { "unavailable" } else { "OK" };
            assert_eq!(peer.request(&format!("GET {name}")).outcome(), outcome, "{name}");
        }
        let list = peer.request("LIST");
        let there = places.iter().filter(|place| **place != 1).count();
        assert_eq!(list["data"].as_array().unwrap().len(), there);
        assert_eq!(list["missing"][0], "b");
    }
    let upload = format!("UPLOAD {} Zm9v", names[places.iter().position(|it| *it == 1).unwrap()]);
    assert_eq!(peer.request(&upload).outcome(), "unavailable");
    for place in [0, 2] {
        scene.servers[place].kill(Signal::SIGKILL);
        scene.servers[place].wait(PATIENCE);
    }
    assert_eq!(peer.request("LIST").outcome(), "unavailable");
}
