//! Messages through brokers, most of them through a NATS server that a test starts where one is installed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::{
    cell::Cell,
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use chatsim::broker::{
    Address, Broker, BrokerError, Connection, Ending, Happening, InProcess, JetStream, carry,
};
use delivery::{Accounting, Config, Fact, Method, Ordering, Percent, Record, simulate};
use futures_util::TryStreamExt;
use simulation::Arrivals;
use testkit::Nats;

const SEED: u64 = 1;

/// Two hundred messages a second: each lives for 2 seconds at most, so hundreds of them are open.
const INTERVAL: Duration = Duration::from_millis(5);

/// A normal variable is further from its mean than 4.2 standard deviations with this chance.
const RARE: f64 = 2.7e-5;

/// Nothing is lost, and a message is acknowledged after 100 ms.
fn reliable() -> Config {
    Config {
        loss: Percent(0.0),
        latency_min_ms: 50,
        latency_max_ms: 50,
        ack_timeout_ms: 10_000,
        ..Config::default()
    }
}

fn address(nats: &Nats) -> Address {
    nats.url().parse().unwrap()
}

/// Nobody listens there but who may do everything.
fn nowhere() -> Address {
    "nats://127.0.0.1:1".parse().unwrap()
}

fn open(nats: &Nats, config: &Config, method: Method) -> JetStream {
    JetStream::open(&address(nats), config, method, SEED).unwrap()
}

fn moments(messages: u32) -> impl Iterator<Item = Duration> {
    (0..messages).map(|number| INTERVAL * number)
}

/// What is told while so many messages are carried, to the end.
fn carried(broker: &mut impl Broker, messages: u32) -> Vec<Happening> {
    let mut told = Vec::new();
    let ending = carry(broker, moments(messages), || false, |happening| told.push(happening));
    assert_eq!(ending.unwrap(), Ending::Complete);
    told
}

/// By message and subscriber. Each is there once.
fn records(told: &[Happening]) -> Vec<Record> {
    let settled = told.iter().filter_map(|happening| match happening {
        Happening::Settled(records) => Some(records),
        _ => None,
    });
    let mut records: Vec<_> = settled.flatten().copied().collect();
    records.sort_by_key(|record| (record.message, record.subscriber));
    records
}

fn facts(told: &[Happening]) -> impl Iterator<Item = Fact> {
    told.iter().filter_map(|happening| match happening {
        Happening::Fact { fact, .. } => Some(*fact),
        _ => None,
    })
}

/// The same messages in virtual time.
fn simulated(config: &Config, method: Method, messages: u64) -> Vec<Record> {
    let load = simulate::Load::Open(Arrivals::Steady { per_second: 200.0 });
    let scenario =
        simulate::Scenario { config: config.clone(), method, messages, load, seed: SEED };
    let mut records = Vec::new();
    simulate::run(&scenario, |settled| records.extend_from_slice(settled)).unwrap();
    records.sort_by_key(|record| (record.message, record.subscriber));
    records
}

fn arrivals(records: &[Record]) -> Vec<bool> {
    records.iter().map(|record| record.delivered.is_some()).collect()
}

/// Half of the messages, that is: it is a question of what else the machine does.
fn assert_little_later(measured: &[Record], simulated: &[Record]) {
    let both = measured.iter().zip(simulated);
    let latencies = both.filter_map(|(it, other)| Some((it.latency()?, other.latency()?)));
    let mut later: Vec<_> = latencies.map(|(it, other)| ms(it) - ms(other)).collect();
    later.sort_unstable();
    let median = later[later.len() / 2];
    assert!((-1..500).contains(&median), "{median} ms later than in virtual time");
}

fn ms(duration: Duration) -> i64 {
    duration.as_millis() as i64
}

fn assert_settled(accounting: &Accounting, messages: u64) {
    assert!(accounting.is_balanced(), "{accounting:?}");
    assert_eq!((accounting.created, accounting.settled), (messages, messages));
    assert_eq!((accounting.messages.in_flight, accounting.acks.in_flight), (0, 0));
}

#[tokio::main(flavor = "current_thread")]
async fn streams(nats: &Nats) -> Vec<String> {
    let client = async_nats::connect(nats.url()).await.unwrap();
    async_nats::jetstream::new(client).stream_names().try_collect().await.unwrap()
}

/// The very messages arrive that do in virtual time, since losses are drawn alike. How many are acknowledged
/// and how often they are sent, the server and the clock have a part in.
#[test]
fn a_thousand_messages_of_the_first_experiment_do_through_jetstream_what_is_predicted() {
    const MESSAGES: u32 = 1_000;
    let Some(nats) = Nats::start() else { return };
    // Later than an ACK comes on a machine that has much else to do. No share or count depends on a timeout
    // that is longer than the slowest way there and back.
    let config = Config { ack_timeout_ms: 4_000, ..Config::default() };
    let measure = |method| records(&carried(&mut open(&nats, &config, method), MESSAGES));
    let [direct, pub_sub] = thread::scope(|scope| {
        let runs = [Method::Direct, Method::PubSub];
        runs.map(|method| scope.spawn(move || measure(method))).map(|run| run.join().unwrap())
    });
    for (measured, method) in [(&direct, Method::Direct), (&pub_sub, Method::PubSub)] {
        let simulated = simulated(&config, method, MESSAGES.into());
        assert_eq!(arrivals(measured), arrivals(&simulated), "{method:?}");
        assert_little_later(measured, &simulated);
    }
    let expected = theory::expect(&config, Method::PubSub);
    let acknowledged = pub_sub.iter().filter(|record| record.acknowledged.is_some()).count();
    let chance = expected.acknowledged.unwrap().mean;
    let p = theory::Binomial::new(MESSAGES.into(), chance).p_value(acknowledged as u64);
    assert!(p > RARE, "{acknowledged} are acknowledged, p = {p}");
    let attempts: u32 = pub_sub.iter().map(|record| record.attempts).sum();
    let mean = f64::from(attempts) / f64::from(MESSAGES);
    let z = expected.attempts.unwrap().z(mean, MESSAGES.into()).unwrap();
    assert!(z.abs() < 4.2, "{mean} attempts a message, z = {z}");
}

#[test]
fn each_of_several_subscribers_has_a_consumer_and_fates_of_its_own() {
    let Some(nats) = Nats::start() else { return };
    let config = Config { subscribers: 3, loss: Percent(40.0), ..Config::default() };
    for method in [Method::Direct, Method::PubSub] {
        let mut broker = open(&nats, &config, method);
        let records = records(&carried(&mut broker, 60));
        assert_eq!(arrivals(&records), arrivals(&simulated(&config, method, 60)), "{method:?}");
        assert_settled(&broker.accounting(), 60);
    }
}

#[test]
fn the_core_on_the_wall_clock_does_what_it_does_in_virtual_time() {
    let config = Config { ack_timeout_ms: 300, ..Config::default() };
    let mut broker = InProcess::new(config.clone(), Method::PubSub, SEED);
    let measured = records(&carried(&mut broker, 200));
    let simulated = simulated(&config, Method::PubSub, 200);
    assert_eq!(arrivals(&measured), arrivals(&simulated));
    assert_little_later(&measured, &simulated);
    assert_settled(&broker.accounting(), 200);
}

/// The window is a number of messages that the server leaves unacknowledged.
#[test]
fn with_a_window_messages_wait_in_the_server() {
    let Some(nats) = Nats::start() else { return };
    let config = Config { window: Some(4), ..reliable() };
    let mut broker = open(&nats, &config, Method::PubSub);
    let began = broker.now();
    let records = records(&carried(&mut broker, 40));
    let last = records.iter().map(|record| record.settled).max().unwrap();
    // Ten windows, one after the other, of 100 ms each.
    assert!(last - began >= Duration::from_millis(1_000), "{last:?}");
    let waited = |record: &&Record| record.sent - record.created > Duration::from_millis(300);
    assert!(records.iter().filter(waited).count() > 10);
    assert!(records.iter().all(|record| record.acknowledged.is_some()));
}

#[test]
fn advisories_of_the_server_make_dead_letters() {
    let Some(nats) = Nats::start() else { return };
    let lost = Config { loss: Percent(100.0), max_retries: 1, ack_timeout_ms: 100, ..reliable() };
    let told = carried(&mut open(&nats, &lost, Method::PubSub), 20);
    let dead = facts(&told).filter(|fact| matches!(fact, Fact::DeadLetter { .. }));
    assert_eq!(dead.count(), 20);
    for record in records(&told) {
        assert_eq!((record.attempts, record.copies, record.acknowledged), (2, 0, None));
        let given_up = record.given_up.unwrap() - record.created;
        assert!(given_up >= 2 * Duration::from_millis(100), "{given_up:?}");
    }
    // Without ACKs they are given up as well, but are no dead letters.
    let unacknowledged = Config { ack_loss: Some(Percent(100.0)), loss: Percent(0.0), ..lost };
    let told = carried(&mut open(&nats, &unacknowledged, Method::PubSub), 20);
    assert!(!facts(&told).any(|fact| matches!(fact, Fact::DeadLetter { .. })));
    assert!(records(&told).iter().all(Record::is_failed_though_delivered));
}

/// Kills the server when a hundred messages are settled, and starts it when its loss is told.
fn carried_through_a_kill(nats: &mut Nats, method: Method, messages: u32) -> Vec<Happening> {
    let mut broker = open(nats, &Config::default(), method);
    let (mut told, mut settled) = (Vec::new(), 0);
    let ending = carry(
        &mut broker,
        moments(messages),
        || false,
        |happening| {
            settled += u32::from(matches!(happening, Happening::Settled(_)));
            if settled == 100 && matches!(happening, Happening::Settled(_)) {
                nats.kill();
            }
            if matches!(happening, Happening::Connection(Connection::Lost { .. })) {
                nats.start_again();
            }
            told.push(happening);
        },
    );
    assert_eq!(ending.unwrap(), Ending::Complete);
    assert_settled(&broker.accounting(), messages.into());
    broker.close().unwrap();
    told
}

#[test]
fn a_server_that_is_killed_and_started_again_is_told_of_and_every_message_is_accounted_for() {
    const MESSAGES: u32 = 400;
    let Some(mut nats) = Nats::start() else { return };
    for method in [Method::PubSub, Method::Direct] {
        let told = carried_through_a_kill(&mut nats, method, MESSAGES);
        let connection = told.iter().filter_map(|happening| match happening {
            Happening::Connection(connection) => Some(connection.clone()),
            _ => None,
        });
        let here = address(&nats);
        let [Connection::Lost { address: lost, .. }, Connection::Back { address: back, away }] =
            &connection.collect::<Vec<_>>()[..]
        else {
            panic!("lost and back, once")
        };
        assert!(*lost == here && *back == here && !away.is_zero(), "{lost} {back} {away:?}");

        let records = records(&told);
        assert_eq!(records.len() as u32, MESSAGES);
        let disturbed = records.iter().filter(|record| record.is_disturbed).count();
        assert!((1..350).contains(&disturbed), "{disturbed} were open meanwhile");
        // The others know nothing of it.
        let simulated = simulated(&Config::default(), method, MESSAGES.into());
        let others = records.iter().zip(&simulated).filter(|(record, _)| !record.is_disturbed);
        for (record, simulated) in others {
            let arrived = [record, simulated].map(|record| record.delivered.is_some());
            assert_eq!(arrived[0], arrived[1], "{record:?}");
        }
    }
    assert_eq!(streams(&nats), [""; 0]);
}

#[test]
fn an_address_where_nobody_listens_is_told_with_what_to_do() {
    let address = nowhere();
    let began = Instant::now();
    let err = JetStream::open(&address, &Config::default(), Method::PubSub, SEED).err().unwrap();
    let text = err.to_string();
    assert!(text.starts_with(&format!("no NATS server answers at {address}: ")), "{text}");
    assert!(text.contains("refused") && text.contains("`nats-server -js`"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn somebody_who_speaks_something_else_is_no_server() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: Address = format!("nats://{}", other.local_addr().unwrap()).parse().unwrap();
    let speaker = thread::spawn(move || {
        use std::io::Write;
        let (mut peer, _) = other.accept().unwrap();
        peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let err = JetStream::open(&address, &Config::default(), Method::PubSub, SEED).err().unwrap();
    assert!(matches!(err, BrokerError::Unreachable { .. }), "{err}");
    assert!(err.to_string().contains(&address.to_string()), "{err}");
    speaker.join().unwrap();
}

#[test]
fn a_server_without_jetstream_carries_direct_messages_alone() {
    let Some(nats) = Nats::without_jetstream() else { return };
    let err = JetStream::open(&address(&nats), &Config::default(), Method::PubSub, SEED).err();
    let text = err.unwrap().to_string();
    assert!(text.contains("runs without JetStream") && text.contains(&nats.url()), "{text}");
    let records = records(&carried(&mut open(&nats, &reliable(), Method::Direct), 10));
    assert_eq!(arrivals(&records), [true; 10]);
}

#[test]
fn messages_in_order_are_refused() {
    let config = Config { ordering: Ordering::InOrder, ..Config::default() };
    let err = JetStream::open(&nowhere(), &config, Method::PubSub, SEED).err().unwrap();
    assert!(err.to_string().contains("ordering"), "{err}");
}

#[test]
fn a_run_that_is_stopped_leaves_nothing_on_the_server_and_one_that_lives_is_let_be() {
    let Some(nats) = Nats::start() else { return };
    let config = reliable();
    let mut stopped = open(&nats, &config, Method::PubSub);
    let living = open(&nats, &config, Method::PubSub);
    assert_eq!(streams(&nats).len(), 2);
    let settled = Cell::new(0);
    let ending = carry(
        &mut stopped,
        moments(1_000),
        || settled.get() >= 3,
        |happening| {
            settled.set(settled.get() + u32::from(matches!(happening, Happening::Settled(_))));
        },
    );
    assert_eq!(ending.unwrap(), Ending::Stopped);
    drop(stopped);
    assert_eq!(streams(&nats).len(), 1);
    living.close().unwrap();
    assert_eq!(streams(&nats), [""; 0]);
}
