//! Nothing is missing and nothing is there twice, however many connections there are at once.

use std::{collections::BTreeMap, thread};

use crate::{
    Model,
    records::{Records, documented_line, lines},
};

for_every_model!(ten_requests_on_each_of_a_thousand_connections_are_in_the_log_once);

const CLIENTS: u64 = 8;
const CONNECTIONS_OF_EACH: u64 = 125;
const CONNECTIONS: u64 = CLIENTS * CONNECTIONS_OF_EACH;
const REQUESTS: [&str; 10] = [
    "PING",
    "LIST",
    "GET a.txt",
    "GET b.txt",
    "PING",
    "DIGEST a.txt",
    "GET a.txt",
    "LIST",
    "X",
    "PING",
];

fn ten_requests_on_each_of_a_thousand_connections_are_in_the_log_once(model: Model) {
    let records = Records::new();
    let options = [records.text_log(), records.database_option()];
    let mut server = model.server().args(options.as_flattened()).start();
    server.place("a.txt", b"hello");
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..CONNECTIONS_OF_EACH {
                    let mut peer = server.connect();
                    for request in REQUESTS {
                        peer.request(request);
                    }
                }
            });
        }
    });
    assert_eq!(server.stats().events_lost, 0);
    let stopped = server.stop();
    assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));

    let mut counts = BTreeMap::<u64, [u64; 4]>::new();
    for line in lines(&records.log()) {
        let Some(fields) = documented_line().captures(&line) else { panic!("not a line: {line}") };
        let Some(event) = fields.name("event") else { continue };
        let kinds = ["opened", "picked-up", "request", "closed"];
        let Some(kind) = kinds.iter().position(|kind| *kind == event.as_str()) else { continue };
        let (_, after) = fields["fields"].split_once(" connection=").unwrap();
        let connection = after.split(' ').next().unwrap().parse().unwrap();
        counts.entry(connection).or_default()[kind] += 1;
    }
    // The last is that of STATS.
    assert_eq!(counts.remove(&(CONNECTIONS + 1)), Some([1, 1, 1, 1]));
    assert!((1..=CONNECTIONS).eq(counts.keys().copied()), "{:?}", counts.keys());
    for (connection, counts) in counts {
        assert_eq!(counts, [1, 1, REQUESTS.len() as u64, 1], "connection {connection}");
    }
    let whole = "SELECT count(*) FROM connection WHERE opened <= closed AND worker IS NOT NULL
                 AND requests = 10 AND outcome = 'ok'";
    assert_eq!(records.count(whole), CONNECTIONS);
    let once = "SELECT count(*) FROM (SELECT 1 FROM request GROUP BY connection, began_ns)";
    assert_eq!(records.count(once), CONNECTIONS * REQUESTS.len() as u64 + 1);
}
