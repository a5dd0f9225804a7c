//! Everything that pages see of a world: its nodes and their messages, the numbers, the experiment under way.

mod afterwards;
mod conversation;
mod export;
mod feed;
pub(super) mod nodes;
pub(super) mod outlook;
pub(super) mod plan;
pub(super) mod tally;
mod traces;

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};

use delivery::{Cause, Config, Direction, Fact, Method, Packet, Record};

use self::{
    afterwards::{Afterwards, Later},
    conversation::{Conversation, Draft, Entry},
    export::Export,
    feed::Feed,
    nodes::Nodes,
    outlook::Outlook,
    plan::{CaseRun, Run},
    tally::{Pulse, Tally},
    traces::Traces,
};
use super::{
    measures::{Accounting, ByMethod, MethodMetrics, Metrics},
    messages::{FailureReason, PacketShown, ServerMessage, ms},
};
use crate::{
    live::{Cost, Stage, Watcher},
    trace::{Header, Input},
};

/// Metrics that a page gets when it comes: what its charts show.
pub(crate) const HISTORY_LEN: usize = 20;

pub(crate) struct Room {
    pub(crate) seed: u64,
    pub(crate) config: Config,
    /// Counts the changes of the configuration.
    pub(crate) rev: u64,
    pub(crate) is_partitioned: bool,
    pub(crate) pages: usize,
    pub(crate) nodes: Nodes,
    pub(crate) flows: BTreeMap<u32, Flow>,
    pub(crate) conversation: Conversation,
    pub(crate) feed: Feed,
    pub(crate) tallies: ByMethod<Tally>,
    pub(crate) experiment: Option<Run>,
    /// How many experiments were begun.
    pub(crate) runs: u64,
    pub(crate) history: VecDeque<Metrics>,
    pub(crate) export: Export,
    pub(crate) traces: Traces,
    /// What is written in the messages that are being sent.
    pub(crate) text: String,
    pulses: ByMethod<Pulse>,
    measured_at: Duration,
    /// A packet that was just sent: whether it arrives, the next fact says.
    sending: Option<PacketShown>,
    afterwards: Afterwards,
}

/// Whose messages a flow carries.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) from: String,
    pub(crate) method: Method,
    /// The case of the experiment under way; `None`: what people write.
    pub(crate) case: Option<usize>,
}

impl Room {
    pub(crate) fn new(seed: u64) -> Self {
        let config = Config::default();
        let outlooks = ByMethod::each(|method| Arc::new(Outlook::new(&config, method, 0.0)));
        Self::empty(seed, config, outlooks)
    }

    /// Begins again with another seed, when the world does: pages, nodes and the network stay.
    pub(crate) fn restart(&mut self, seed: u64) {
        let outlooks = ByMethod::each(|method| Arc::clone(self.tallies.of(method).outlook()));
        let fresh = Self {
            rev: self.rev,
            is_partitioned: self.is_partitioned,
            pages: self.pages,
            nodes: mem::take(&mut self.nodes),
            conversation: mem::take(&mut self.conversation).emptied(),
            feed: mem::take(&mut self.feed),
            runs: self.runs,
            ..Self::empty(seed, self.config.clone(), outlooks)
        };
        *self = fresh;
    }

    fn empty(seed: u64, config: Config, outlooks: ByMethod<Arc<Outlook>>) -> Self {
        Self {
            seed,
            config,
            rev: 0,
            is_partitioned: false,
            pages: 0,
            nodes: Nodes::default(),
            flows: BTreeMap::new(),
            conversation: Conversation::default(),
            feed: Feed::default(),
            tallies: tallies(outlooks, Duration::ZERO),
            experiment: None,
            runs: 0,
            history: VecDeque::new(),
            export: Export::default(),
            traces: Traces::default(),
            text: String::new(),
            pulses: ByMethod::default(),
            measured_at: Duration::ZERO,
            sending: None,
            afterwards: Afterwards::default(),
        }
    }

    /// Takes another configuration, from which on everything is counted anew.
    pub(crate) fn take_config(
        &mut self,
        now: Duration,
        config: Config,
        outlooks: ByMethod<Arc<Outlook>>,
    ) {
        self.config = config;
        self.rev += 1;
        self.tallies = tallies(outlooks, now);
    }

    /// Nothing is under way in it that anybody waits for.
    pub(crate) fn close(&mut self, flow: u32) {
        self.flows.remove(&flow);
        self.traces.close(flow);
    }

    /// Somebody interferes: of what is under way no closed form speaks.
    pub(crate) fn look_away(&mut self, now: Duration) {
        for method in [Method::Direct, Method::PubSub] {
            let horizon = self.tallies.of(method).outlook().horizon;
            self.pulses.of(method).forecast.look_away(now, horizon);
        }
    }

    /// Tells every page what has come together.
    pub(crate) fn flush(&mut self, now: Duration) {
        self.show_sending();
        for later in self.afterwards.until(now) {
            match later {
                Later::Lost(packet) => self.feed.show(ServerMessage::Packet(packet)),
                Later::Settled { flow, records } => self.show_settled(flow, &records),
            }
        }
        for message in self.conversation.take_changes() {
            self.feed.say(ServerMessage::Message(Box::new(message)));
        }
        self.feed.flush(now);
    }

    /// Closes the window of the charts and tells every page the numbers.
    pub(crate) fn measure(&mut self, now: Duration, accounting: Accounting, cost: Cost) {
        let length_s = now.saturating_sub(self.measured_at).as_secs_f64();
        self.measured_at = now;
        if self.is_partitioned {
            self.look_away(now);
        }
        let disturbed = self.tallies.direct.disturbed + self.tallies.pub_sub.disturbed;
        let metrics = Metrics {
            t_ms: ms(now),
            rev: self.rev,
            window_s: length_s,
            since_ms: ms(self.tallies.direct.since()),
            by_hand: disturbed,
            pages: self.pages,
            in_flight: accounting.unsettled,
            hidden_packets: self.feed.take_hidden(),
            methods: ByMethod::each(|method| self.of_method(method, now, length_s)),
            accounting,
            cost,
        };
        if length_s > 0.0 {
            self.history.push_back(metrics.clone());
        }
        if self.history.len() > HISTORY_LEN {
            self.history.pop_front();
        }
        self.feed.say(ServerMessage::MetricsUpdate(Box::new(metrics)));
    }

    fn of_method(&mut self, method: Method, now: Duration, length_s: f64) -> MethodMetrics {
        let window = self.pulses.of(method).close_window(now, length_s);
        let tally = self.tallies.of(method);
        let z = tally.scores(now);
        let total = tally.measured(tally.throughput_per_s());
        MethodMetrics { window, total, predicted: tally.predicted(), z }
    }

    /// What is known of a message that a flow creates.
    fn draft(&self, flow: &Flow) -> Draft {
        let (run, text, receivers) = match flow.case {
            Some(_) => {
                let run = self.experiment.as_ref().map(|run| run.shown.run);
                (run, String::new(), vec!["B".to_owned()])
            }
            None => {
                let others = self.nodes.others(&flow.from).cloned().collect();
                (None, self.text.clone(), others)
            }
        };
        let Flow { from, method, .. } = flow.clone();
        Draft { run, from, method, text, subscribers: self.subscribers(flow), receivers }
    }

    /// To how many a flow sends now.
    fn subscribers(&self, flow: &Flow) -> u32 {
        let case = flow.case.and_then(|case| self.experiment.as_ref()?.cases.get(case));
        case.map_or(self.config.subscribers, CaseRun::subscribers)
    }

    fn tally(&mut self, flow: &Flow) -> Option<&mut Tally> {
        match flow.case {
            Some(case) => Some(&mut self.experiment.as_mut()?.cases.get_mut(case)?.tally),
            None => Some(self.tallies.of(flow.method)),
        }
    }

    /// Counts what has happened.
    fn count(&mut self, flow: &Flow, now: Duration, fact: Fact, sent: Duration, subscribers: u32) {
        match fact {
            Fact::Sent { packet, .. } => {
                self.pulses.of(flow.method).packet();
                if is_beginning(packet) {
                    let subscribers = self.subscribers(flow);
                    let Some(tally) = self.tally(flow) else { return };
                    tally.sent(subscribers);
                    let outlook = Arc::clone(tally.outlook());
                    self.pulses.of(flow.method).sent(now, subscribers, &outlook);
                }
            }
            Fact::Lost { cause, .. } => {
                self.pulses.of(flow.method).lost();
                if matches!(cause, Cause::ByHand | Cause::Partition) {
                    self.look_away(now);
                }
            }
            Fact::Delivered { .. } => {
                let latency = now.saturating_sub(sent);
                self.pulses.of(flow.method).delivered(latency, subscribers);
            }
            _ => {}
        }
    }

    /// Shows the packet that was sent last, which arrives.
    fn show_sending(&mut self) {
        if let Some(packet) = self.sending.take() {
            self.feed.show(ServerMessage::Packet(packet));
        }
    }

    /// Shows what a fact says of a packet. One that is lost on its way is seen to be when it would have
    /// arrived, and so is what its loss means for the message.
    fn show(&mut self, fact: Fact, packet: PacketShown) {
        match fact {
            Fact::Sent { .. } => {
                self.show_sending();
                self.sending = Some(packet);
            }
            Fact::Lost { cause, .. } if cause != Cause::ByHand => self.show_doomed(packet),
            _ => {
                self.show_sending();
                self.feed.show(ServerMessage::Packet(packet));
            }
        }
    }

    /// Shows the packet that was sent last, of which `lost` is the end.
    fn show_doomed(&mut self, lost: PacketShown) {
        let Some(sent) = self.sending.take() else { return };
        let at_ms = sent.until_ms.unwrap_or(lost.at_ms);
        let until = Duration::from_secs_f64(at_ms / 1000.0);
        self.feed.show(ServerMessage::Packet(PacketShown { will_arrive: Some(false), ..sent }));
        self.conversation.doom(lost.id, until);
        self.afterwards.add(until, Later::Lost(PacketShown { at_ms, ..lost }));
    }

    fn show_settled(&mut self, flow: u32, records: &[Record]) {
        let Some(entry) = self.conversation.settle(flow, records) else { return };
        self.export.add(&entry.shown, records);
        if entry.shown.method == Method::PubSub {
            return;
        }
        for record in records.iter().filter(|record| record.delivered.is_none()) {
            self.feed.show(ServerMessage::DeliveryFailed {
                id: entry.shown.id,
                subscriber: record.subscriber,
                to: entry.name_of(record.subscriber),
                reason: FailureReason::Lost,
                was_delivered: false,
            });
        }
    }
}

impl Watcher for Room {
    fn open(&mut self, number: u32, header: Header) {
        self.traces.open(number, header);
    }

    fn ask(&mut self, number: u32, now: Duration, input: Input) {
        self.traces.ask(number, now, input);
    }

    fn tell(&mut self, number: u32, now: Duration, fact: Fact) {
        self.traces.tell(number, now, fact);
        let Some(flow) = self.flows.get(&number).cloned() else { return };
        if let Fact::Created { message } = fact {
            let draft = self.draft(&flow);
            self.conversation.create(number, message, now, draft);
        }
        let Some(entry) = self.conversation.note(number, now, fact) else { return };
        let (sent, subscribers) = (entry.sent, entry.shown.targets);
        let (packet, failure) = (entry.packet(now, fact), failure(entry, fact));
        self.count(&flow, now, fact, sent, subscribers);
        if let Some(packet) = packet {
            self.show(fact, packet);
        }
        if let Some(failure) = failure {
            self.feed.show(failure);
        }
    }

    fn settle(&mut self, number: u32, records: &[Record]) {
        let Some(flow) = self.flows.get(&number).cloned() else { return };
        if let Some(tally) = self.tally(&flow) {
            tally.settle(records);
        }
        let Some(first) = records.first() else { return };
        let Some(entry) = self.conversation.find(number, first.message) else { return };
        let until = entry.doomed_until;
        if until > first.settled {
            self.afterwards.add(until, Later::Settled { flow: number, records: records.to_vec() });
        } else {
            self.show_settled(number, records);
        }
    }
}

/// What people are told of a message that the sender has given up.
fn failure(entry: &Entry, fact: Fact) -> Option<ServerMessage> {
    let id = entry.shown.id;
    match fact {
        Fact::GivenUp { subscriber, was_delivered, .. } => Some(ServerMessage::DeliveryFailed {
            id,
            subscriber,
            to: entry.name_of(subscriber),
            reason: FailureReason::NoAck,
            was_delivered,
        }),
        Fact::DeadLetter { subscriber, .. } => Some(ServerMessage::DeadLetter { id, subscriber }),
        _ => None,
    }
}

/// The first packet of a message: it is sent to all subscribers at once.
fn is_beginning(packet: Packet) -> bool {
    packet.attempt == 0 && packet.subscriber == 0 && packet.direction == Direction::Message
}

fn tallies(mut outlooks: ByMethod<Arc<Outlook>>, since: Duration) -> ByMethod<Tally> {
    ByMethod::each(|method| Tally::new(method, Arc::clone(outlooks.of(method)), since))
}

/// Everything that happened to packets of the flows that are open.
pub(crate) fn accounting(stage: &Stage<'_, Room>) -> Accounting {
    Accounting::of(stage.deliveries().map(|(_, delivery)| delivery.accounting()))
}
