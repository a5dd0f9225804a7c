//! Readers and writers that hold the database or the metrics up hold up nobody else.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use rusqlite::Connection;
use testkit::{PATIENCE, Server, content, eventually};

use crate::{
    Model,
    records::{Records, sample, scrape},
};

for_every_model!(
    a_locked_database_holds_up_no_transfer_and_gets_all_events_later,
    readers_of_metrics_that_stall_hold_up_neither_transfers_nor_others,
);

const TRANSFERS: u64 = 100;

fn a_locked_database_holds_up_no_transfer_and_gets_all_events_later(model: Model) {
    const REQUESTS: &str = "SELECT count(*) FROM request WHERE command = 'GET'";
    let records = Records::new();
    let mut server = model.server().args(records.everything()).start();
    let lock = Connection::open(records.database()).unwrap();
    lock.busy_timeout(PATIENCE).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    expect_transfers(&server);
    assert_eq!(records.count(REQUESTS), 0);
    assert_eq!(server.stats().events_lost, 0);
    lock.execute_batch("ROLLBACK").unwrap();
    eventually(PATIENCE, "all requests are in the database", || {
        records.count(REQUESTS) == TRANSFERS
    });
    let stopped = server.stop();
    assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
    assert_eq!(records.count("SELECT events_lost FROM run"), 0);
}

fn readers_of_metrics_that_stall_hold_up_neither_transfers_nor_others(model: Model) {
    let records = Records::new();
    let mut server = model.server().args(records.everything()).start();
    let address = records.metrics();
    // Some say half of what they want; some want all and read nothing.
    let stalled = ["GET /met", "GET /metrics HTTP/1.1\r\n\r\n"].repeat(3).into_iter().map(|said| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream
    });
    let mut stalled: Vec<_> = stalled.collect();
    expect_transfers(&server);
    eventually(PATIENCE, "others see what happened", || {
        let downloads = "kolam_requests_total{verb=\"get\",outcome=\"ok\"}";
        sample(&scrape(address), downloads) == TRANSFERS as f64
    });
    stalled[0].set_nonblocking(true).unwrap();
    assert!(stalled[0].read(&mut [0]).is_err(), "the first was stalled all the while");
    let stopped = server.stop();
    assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
}

/// Many downloads, with the right bytes.
#[track_caller]
fn expect_transfers(server: &Server) {
    let content = content(1, 10_000);
    server.place("a.bin", &content);
    let mut peer = server.connect();
    for _ in 0..TRANSFERS {
        peer.send("GET a.bin\r\n\r\n");
        assert!(peer.read_long_reply().content() == content);
    }
}
