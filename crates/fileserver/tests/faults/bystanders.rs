//! Clients that do nothing wrong while others do.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use testkit::{Server, content, upload_request};

use crate::End;

/// How many workers the bystanders keep.
pub(crate) const BYSTANDERS: u64 = 2;

/// Too much for the sockets between, so that a transfer takes more than one turn of the server.
const LEN: usize = 1 << 20;

/// Lets bystanders upload and download all the while; whatever happens, they get the right bytes.
#[track_caller]
pub(crate) fn undisturbed(server: &Server, fault: impl FnOnce()) {
    let over = AtomicBool::new(false);
    let rounds: u64 = thread::scope(|scope| {
        let over = &over;
        let bystanders: Vec<_> = (0..BYSTANDERS)
            .map(|number| scope.spawn(move || transfer_until(over, server, number)))
            .collect();
        let end = End(over);
        fault();
        drop(end);
        bystanders.into_iter().map(|bystander| bystander.join().unwrap()).sum()
    });
    assert!(rounds >= BYSTANDERS, "the bystanders were not served");
}

/// Stores and fetches on one connection; returns how often.
fn transfer_until(over: &AtomicBool, server: &Server, number: u64) -> u64 {
    let name = format!("bystander{number}.bin");
    let contents = [content(2 * number, LEN), content(2 * number + 1, LEN - 1)];
    let requests = contents.each_ref().map(|content| upload_request(&name, content));
    let mut peer = server.connect();
    let mut rounds = 0;
    while !over.load(Relaxed) || rounds == 0 {
        for (content, request) in contents.iter().zip(&requests) {
            peer.send(request);
            assert_eq!(peer.read_reply()["data_size"], content.len());
            peer.send(format!("GET {name}\r\n\r\n"));
            assert!(peer.read_long_reply().content() == *content, "a bystander got wrong bytes");
        }
        rounds += 1;
    }
    rounds
}
