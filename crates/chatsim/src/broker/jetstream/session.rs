//! One run against a server: everything that comes from there is waited for in one place.

use std::{collections::BTreeMap, time::Duration};

use async_nats::{
    Client, Event, Message, Subject, Subscriber, jetstream,
    jetstream::{Context, context::PublishError},
};
use delivery::{Accounting, Config, MessageId, Method};
use futures_util::StreamExt;
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{
    connect::{self, UNCONFIRMED_MAX},
    outcome::{Outcome, Received, direct_packet, first_packet},
    publish::{publish, send_direct},
    run_stream::{RunStream, remove_leftovers},
    shim::Shim,
};
use crate::broker::{
    address::Address,
    carrying::{Connection, Happening, may_open},
    error::BrokerError,
};

/// How long a server may be away.
const AWAY_MAX: Duration = Duration::from_secs(60);

/// How much later than it must be an answer of the server may come, before it is asked what it waits for.
const LATE_MAX: Duration = Duration::from_secs(2);

/// How often in a row it may be asked, and wait for something, while nothing comes.
const QUESTIONS_MAX: u32 = 5;

/// Writing an ACK takes so long only where the connection is lost and nobody has noticed yet.
const WRITE_MAX: Duration = Duration::from_secs(1);

/// Removing what the run has on the server.
const REMOVE_MAX: Duration = Duration::from_secs(2);

pub(super) struct Session {
    address: Address,
    client: Client,
    context: Context,
    run: RunStream,
    inbox: Inbox,
    events: mpsc::Receiver<Event>,
    publishing: JoinSet<Result<(), PublishError>>,
    shim: Shim<Option<Subject>>,
    began: Instant,
    away_since: Option<Instant>,
    /// Messages by their numbers in the stream, those that are open and perhaps some others.
    by_sequence: BTreeMap<u64, MessageId>,
    /// When the server was last heard of, and how often it was asked since.
    heard: Instant,
    questions: u32,
}

/// What the run listens to.
struct Inbox {
    deliveries: Subscriber,
    acknowledged: Subscriber,
    exhausted: Subscriber,
    /// Nobody writes there; that somebody listens is what others ask.
    _alive: Subscriber,
}

impl Inbox {
    async fn open(
        client: &Client,
        run: &RunStream,
        method: Method,
    ) -> Result<Self, async_nats::Error> {
        let deliveries = match method {
            Method::Direct => run.direct("*"),
            Method::PubSub => run.deliveries(),
        };
        let inbox = Self {
            _alive: client.subscribe(run.alive()).await?,
            acknowledged: client.subscribe(run.acknowledged()).await?,
            exhausted: client.subscribe(run.exhausted()).await?,
            deliveries: client.subscribe(deliveries).await?,
        };
        client.flush().await?;
        Ok(inbox)
    }
}

impl Session {
    pub(super) async fn open(
        address: Address,
        config: Config,
        method: Method,
        seed: u64,
    ) -> Result<Self, BrokerError> {
        let (client, events) = connect::connect(&address).await?;
        let context = connect::jetstream(&client);
        let run = RunStream::new(&client);
        let failed = |err: async_nats::Error| BrokerError::Setup {
            address: address.clone(),
            reason: err.to_string(),
        };
        let inbox = Inbox::open(&client, &run, method).await.map_err(failed)?;
        if method == Method::PubSub {
            connect::check_jetstream(&address, &context).await?;
            remove_leftovers(&client, &context).await.map_err(failed)?;
            if let Err(err) = run.create(&context, &config).await {
                let _ = timeout(REMOVE_MAX, run.remove(&context)).await;
                return Err(failed(err));
            }
        }
        let now = Instant::now();
        Ok(Self {
            address,
            client,
            context,
            run,
            inbox,
            events,
            publishing: JoinSet::new(),
            shim: Shim::new(config, method, seed),
            began: now,
            away_since: None,
            by_sequence: BTreeMap::new(),
            heard: now,
            questions: 0,
        })
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn accounting(&self) -> Accounting {
        self.shim.ledger().accounting()
    }

    pub(super) fn has_room(&self) -> bool {
        self.publishing.len() < UNCONFIRMED_MAX
            && may_open(&self.accounting(), self.shim.config().subscribers)
    }

    pub(super) fn send(&mut self, runtime: &Handle) -> MessageId {
        let now = self.now();
        let message = self.shim.create(now);
        let subscribers = 0..self.shim.config().subscribers;
        self.heard = Instant::now();
        match self.shim.method() {
            Method::PubSub => {
                let publish = publish(self.context.clone(), self.run.topic(), message, AWAY_MAX);
                self.publishing.spawn_on(publish, runtime);
            }
            Method::Direct if self.away_since.is_some() => {
                for subscriber in subscribers {
                    self.shim.receive(first_packet(message, subscriber), None, now);
                }
            }
            Method::Direct => {
                let subjects = subscribers.map(|subscriber| self.run.direct(subscriber)).collect();
                let send = send_direct(self.client.clone(), subjects, message);
                self.publishing.spawn_on(send, runtime);
            }
        }
        message
    }

    /// The next that was told; `None` when nothing was by `until`.
    pub(super) async fn next(&mut self, until: Instant) -> Result<Option<Happening>, BrokerError> {
        while self.shim.ledger().is_silent() {
            self.step(until).await?;
            if Instant::now() >= until {
                break;
            }
        }
        Ok(self.shim.ledger_mut().next())
    }

    /// Waits for one thing.
    async fn step(&mut self, until: Instant) -> Result<(), BrokerError> {
        let wake = self.next_wake().min(until);
        tokio::select! {
            // A delivery comes before what the server said later, of other deliveries of the message.
            biased;
            Some(event) = self.events.recv() => self.note_connection(&event),
            Some(message) = self.inbox.deliveries.next() => self.take_delivery(message),
            Some(event) = self.inbox.acknowledged.next() => self.take_acknowledged(&event),
            Some(event) = self.inbox.exhausted.next() => self.take_exhausted(&event),
            Some(published) = self.publishing.join_next() => {
                let failure = match published {
                    Ok(published) => published.err().map(|err| err.to_string()),
                    Err(err) => Some(err.to_string()),
                };
                self.hear();
                if let Some(reason) = failure {
                    return Err(BrokerError::NotTaken { address: self.address.clone(), reason });
                }
            }
            () = sleep_until(wake) => {}
        }
        self.hand_in_acks().await;
        self.check_patience().await
    }

    /// When something is due, whatever comes.
    fn next_wake(&self) -> Instant {
        let arrival = self.shim.next_at().map(|at| self.began + at);
        let patience = self.away_since.map_or(self.silent_at(), |since| since + AWAY_MAX);
        arrival.map_or(patience, |at| at.min(patience))
    }

    /// When the server is asked what it waits for.
    fn silent_at(&self) -> Instant {
        let config = self.shim.config();
        let wait = match self.shim.method() {
            Method::Direct => Duration::ZERO,
            Method::PubSub => config.wait_after(config.max_retries),
        };
        self.heard + wait + LATE_MAX
    }

    fn hear(&mut self) {
        (self.heard, self.questions) = (Instant::now(), 0);
    }

    fn note_connection(&mut self, event: &Event) {
        let address = self.address.clone();
        match (event, self.away_since) {
            (Event::Disconnected, None) => {
                self.away_since = Some(Instant::now());
                self.shim.set_cut(true);
                self.tell(Connection::Lost { address, waits: AWAY_MAX });
            }
            (Event::Connected, Some(since)) => {
                self.away_since = None;
                self.hear();
                self.shim.set_cut(false);
                self.tell(Connection::Back { address, away: since.elapsed() });
            }
            // Deliveries were dropped that no chance has chosen.
            (Event::SlowConsumer(_), _) => self.shim.ledger_mut().disturb(),
            _ => {}
        }
    }

    fn tell(&mut self, connection: Connection) {
        self.shim.ledger_mut().tell_of(Happening::Connection(connection));
    }

    fn take_delivery(&mut self, message: Message) {
        let now = self.now();
        if self.shim.method() == Method::Direct {
            if let Some(packet) = direct_packet(&message) {
                self.hear();
                self.shim.receive(packet, None, now);
            }
            return;
        }
        let message = jetstream::Message { message, context: self.context.clone() };
        let Some(received) = Received::parse(&message) else { return };
        self.hear();
        self.note_sequence(received.sequence, received.packet.message);
        self.shim.receive(received.packet, message.message.reply, now);
    }

    /// Messages settle about in the order of their numbers, so few are kept that are not open.
    fn note_sequence(&mut self, sequence: u64, message: MessageId) {
        while let Some(oldest) = self.by_sequence.first_entry() {
            if self.shim.ledger().is_open(*oldest.get()) {
                break;
            }
            oldest.remove();
        }
        self.by_sequence.insert(sequence, message);
    }

    fn take_acknowledged(&mut self, event: &Message) {
        let now = self.now();
        let Some((outcome, message)) = self.outcome(event) else { return };
        if let Some(ack) = outcome.ack(message) {
            self.shim.acknowledged(ack, now);
        }
    }

    fn take_exhausted(&mut self, event: &Message) {
        let now = self.now();
        let Some((outcome, message)) = self.outcome(event) else { return };
        if let Some(subscriber) = outcome.subscriber() {
            self.shim.given_up(message, subscriber, now);
        }
    }

    fn outcome(&mut self, event: &Message) -> Option<(Outcome, MessageId)> {
        let outcome = Outcome::parse(event)?;
        self.hear();
        let message = *self.by_sequence.get(&outcome.sequence)?;
        Some((outcome, message))
    }

    /// What arrives by now. An ACK that cannot be written is as lost as one on a cut link: the server repeats.
    async fn hand_in_acks(&mut self) {
        let now = self.now();
        for reply in self.shim.arrive(now).into_iter().flatten() {
            let _ = timeout(WRITE_MAX, self.client.publish(reply, "".into())).await;
        }
    }

    /// Nothing is waited for without end: neither for a server that is away, nor for one that has nothing more
    /// to say of messages that are open, as after it was killed.
    async fn check_patience(&mut self) -> Result<(), BrokerError> {
        let open = self.accounting().unsettled;
        if let Some(since) = self.away_since {
            let (address, away) = (self.address.clone(), since.elapsed());
            return if away < AWAY_MAX {
                Ok(())
            } else {
                Err(BrokerError::Away { address, away, open })
            };
        }
        let is_waiting = open > 0 && self.shim.next_at().is_none() && self.publishing.is_empty();
        if !is_waiting || Instant::now() < self.silent_at() {
            return Ok(());
        }
        self.heard = Instant::now();
        self.questions += 1;
        if self.has_nothing_more().await {
            let now = self.now();
            self.shim.ledger_mut().end(now);
        } else if self.questions >= QUESTIONS_MAX {
            let silent = (self.silent_at() - self.heard) * QUESTIONS_MAX;
            return Err(BrokerError::Silent { address: self.address.clone(), silent, open });
        }
        Ok(())
    }

    /// A Direct message that has not come by now never does.
    async fn has_nothing_more(&self) -> bool {
        let subscribers = self.shim.config().subscribers;
        self.shim.method() == Method::Direct
            || self.run.is_idle(&self.context, subscribers).await.unwrap_or(false)
    }

    /// Removes what the run has on the server.
    pub(super) async fn close(&self) -> Result<(), BrokerError> {
        if self.shim.method() == Method::Direct {
            return Ok(());
        }
        let removed = timeout(REMOVE_MAX, self.run.remove(&self.context)).await;
        removed.is_ok_and(|removed| removed.is_ok()).then_some(()).ok_or_else(|| {
            BrokerError::NotRemoved { address: self.address.clone(), stream: self.run.name() }
        })
    }
}
