//! The messages that pages see, each with what has become of it so far.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use delivery::{Direction, Fact, MessageId, Method, Packet, Record};

use crate::serve::messages::{
    Fate, MessageShown, PacketShown, PacketState, Receiver, TraceFact, ms,
};

/// Messages that are kept when nothing more can happen to them.
const SETTLED_MAX: usize = 500;

/// Facts that are kept of one message: three attempts at forty subscribers.
const FACTS_MAX: usize = 400;

/// Messages whose changes one frame tells, and bytes of their texts and of the names of who receives them.
const CHANGES_MAX: usize = 200;
const CHANGES_LEN_MAX: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Conversation {
    entries: BTreeMap<u64, Entry>,
    /// By flow and number.
    ids: HashMap<(u32, MessageId), u64>,
    created: u64,
    changed: BTreeSet<u64>,
    settled: VecDeque<u64>,
}

/// One message.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) shown: MessageShown,
    pub(crate) flow: u32,
    pub(crate) number: MessageId,
    /// The first attempt; before, when it was created.
    pub(crate) sent: Duration,
    /// When the last of its packets would have arrived that are lost.
    pub(crate) doomed_until: Duration,
    facts: Vec<TraceFact>,
    is_whole: bool,
}

/// What is known of a message before it is created.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) run: Option<u64>,
    pub(crate) from: String,
    pub(crate) method: Method,
    pub(crate) text: String,
    pub(crate) subscribers: u32,
    /// Names of the first subscribers.
    pub(crate) receivers: Vec<String>,
}

impl Conversation {
    pub(crate) fn create(&mut self, flow: u32, number: MessageId, now: Duration, draft: Draft) {
        let id = self.created;
        self.created += 1;
        self.ids.insert((flow, number), id);
        self.changed.insert(id);
        let shown = shown(id, now, draft);
        let entry = Entry {
            shown,
            flow,
            number,
            sent: now,
            doomed_until: now,
            facts: Vec::new(),
            is_whole: true,
        };
        self.entries.insert(id, entry);
    }

    /// Without messages; the ids of those to come are new ones.
    pub(crate) fn emptied(self) -> Self {
        Self { created: self.created, ..Self::default() }
    }

    /// How many were ever created: the next one has this id.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    pub(crate) fn entry(&self, id: u64) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// Takes in what has happened to a message, which is handed out as it is then. `None`: it is none that
    /// is known.
    pub(crate) fn note(&mut self, flow: u32, now: Duration, fact: Fact) -> Option<&Entry> {
        let id = self.ids.get(&(flow, message_of(fact)))?;
        let entry = self.entries.get_mut(id)?;
        self.changed.insert(*id);
        entry.remember(TraceFact::new(now, fact));
        entry.note(now, fact);
        Some(entry)
    }

    /// One of its packets is lost on a way that would have ended then.
    pub(crate) fn doom(&mut self, id: u64, until: Duration) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.doomed_until = entry.doomed_until.max(until);
        }
    }

    pub(crate) fn find(&self, flow: u32, number: MessageId) -> Option<&Entry> {
        self.entries.get(self.ids.get(&(flow, number))?)
    }

    /// Nothing more can happen to a message.
    pub(crate) fn settle(&mut self, flow: u32, records: &[Record]) -> Option<&Entry> {
        let id = self.ids.remove(&(flow, records.first()?.message))?;
        self.settled.push_back(id);
        if self.settled.len() > SETTLED_MAX
            && let Some(oldest) = self.settled.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.changed.insert(id);
        let entry = self.entries.get_mut(&id)?;
        entry.settle(records);
        Some(entry)
    }

    /// Messages of a flow that were under way are not known any more.
    pub(crate) fn forget(&mut self, flow: u32) {
        let gone: Vec<u64> =
            self.ids.extract_if(|(of, _), _| *of == flow).map(|(_, id)| id).collect();
        for id in gone {
            self.entries.remove(&id);
        }
    }

    /// Those that have changed, the oldest first; what is too much for one frame changes in the next.
    pub(crate) fn take_changes(&mut self) -> Vec<MessageShown> {
        let (mut changes, mut len) = (Vec::new(), 0);
        while changes.len() < CHANGES_MAX
            && len < CHANGES_LEN_MAX
            && let Some(id) = self.changed.pop_first()
        {
            let Some(entry) = self.entries.get(&id) else { continue };
            len += written_len(&entry.shown);
            changes.push(entry.shown.clone());
        }
        changes
    }

    /// The last messages, the oldest first.
    pub(crate) fn last(&self, count: usize) -> Vec<MessageShown> {
        let mut last: Vec<_> =
            self.entries.values().rev().take(count).map(|entry| entry.shown.clone()).collect();
        last.reverse();
        last
    }
}

impl Entry {
    /// Its life so far, and whether that is all of it.
    pub(crate) fn trace(&self) -> (Vec<TraceFact>, bool) {
        (self.facts.clone(), self.is_whole)
    }

    pub(crate) fn name_of(&self, subscriber: u32) -> Option<String> {
        Some(self.shown.receivers.get(subscriber as usize)?.node.clone())
    }

    /// The packet that a fact is about, as pages see it.
    pub(crate) fn packet(&self, now: Duration, fact: Fact) -> Option<PacketShown> {
        let (packet, state) = packet_of(fact)?;
        let arrives = match fact {
            Fact::Sent { arrives, .. } => Some(ms(arrives)),
            _ => None,
        };
        Some(PacketShown {
            id: self.shown.id,
            run: self.shown.run,
            method: self.shown.method,
            from: self.shown.from.clone(),
            to: self.name_of(packet.subscriber),
            subscriber: packet.subscriber,
            attempt: packet.attempt,
            direction: packet.direction,
            state,
            at_ms: ms(now),
            until_ms: arrives,
            will_arrive: arrives.map(|_| true),
        })
    }

    fn remember(&mut self, fact: TraceFact) {
        if self.facts.len() < FACTS_MAX {
            self.facts.push(fact);
        } else {
            self.is_whole = false;
        }
    }

    fn note(&mut self, now: Duration, fact: Fact) {
        let shown = &mut self.shown;
        match fact {
            Fact::Sent {
                packet: Packet { direction: Direction::Message, attempt, .. }, ..
            } => {
                if shown.sent_ms.is_none() {
                    shown.sent_ms = Some(ms(now));
                    self.sent = now;
                    // While it waited, the number of subscribers may have changed.
                    shown.targets = 0;
                }
                shown.targets += u32::from(attempt == 0);
                shown.attempts = shown.attempts.max(attempt + 1);
            }
            Fact::Delivered { packet } => {
                shown.delivered += 1;
                shown.first_delivered_ms.get_or_insert(ms(now));
                if let Some(receiver) = shown.receivers.get_mut(packet.subscriber as usize) {
                    receiver.delivered_ms = Some(ms(now));
                }
            }
            Fact::Duplicate { .. } => shown.duplicates += 1,
            Fact::Acknowledged { .. } => shown.acknowledged += 1,
            Fact::GivenUp { was_delivered, .. } => {
                shown.failed += 1;
                shown.failed_though_delivered += u32::from(was_delivered);
            }
            Fact::Created { .. }
            | Fact::Sent { .. }
            | Fact::Lost { .. }
            | Fact::Held { .. }
            | Fact::LateAck { .. }
            | Fact::DeadLetter { .. } => {}
        }
        shown.fate = fate(shown);
    }

    fn settle(&mut self, records: &[Record]) {
        let shown = &mut self.shown;
        let count =
            |is: fn(&Record) -> bool| records.iter().filter(|record| is(record)).count() as u32;
        shown.settled = true;
        shown.by_hand = count(|record| record.is_disturbed) > 0;
        shown.failed_though_delivered = count(Record::is_failed_though_delivered);
        if shown.method == Method::Direct {
            shown.failed = count(|record| record.delivered.is_none());
        }
        shown.fate = fate(shown);
    }
}

fn shown(id: u64, now: Duration, draft: Draft) -> MessageShown {
    let receiver = |node| Receiver { node, delivered_ms: None };
    let receivers = draft.receivers.into_iter().take(draft.subscribers as usize);
    MessageShown {
        id,
        run: draft.run,
        from: draft.from,
        method: draft.method,
        text: draft.text,
        created_ms: ms(now),
        sent_ms: None,
        fate: Fate::Waiting,
        settled: false,
        attempts: 0,
        targets: draft.subscribers,
        delivered: 0,
        acknowledged: 0,
        duplicates: 0,
        failed: 0,
        failed_though_delivered: 0,
        first_delivered_ms: None,
        receivers: receivers.map(receiver).collect(),
        by_hand: false,
    }
}

/// About how many bytes the parts of a message take in a frame that somebody else decides the length of.
fn written_len(message: &MessageShown) -> usize {
    /// `\u0007`, and `{"node":"","delivered_ms":123456.789},` around a name.
    const ESCAPE_LEN: usize = 6;
    const RECEIVER_LEN: usize = 40;
    let in_text = |character: char| match character {
        '\0'..' ' => ESCAPE_LEN,
        '"' | '\\' => 2,
        _ => character.len_utf8(),
    };
    let receivers = message.receivers.iter().map(|receiver| receiver.node.len() + RECEIVER_LEN);
    message.text.chars().map(in_text).sum::<usize>() + receivers.sum::<usize>()
}

fn fate(message: &MessageShown) -> Fate {
    let is_delivered = message.delivered == message.targets;
    if message.sent_ms.is_none() {
        Fate::Waiting
    } else if message.acknowledged == message.targets {
        Fate::Acknowledged
    } else if message.settled && !is_delivered {
        Fate::Lost
    } else if message.settled && message.method == Method::PubSub {
        Fate::FailedThoughDelivered
    } else if is_delivered {
        Fate::Delivered
    } else {
        Fate::Sent
    }
}

fn message_of(fact: Fact) -> MessageId {
    match fact {
        Fact::Created { message }
        | Fact::GivenUp { message, .. }
        | Fact::DeadLetter { message, .. } => message,
        Fact::Sent { packet, .. }
        | Fact::Lost { packet, .. }
        | Fact::Held { packet }
        | Fact::Delivered { packet }
        | Fact::Duplicate { packet }
        | Fact::Acknowledged { packet }
        | Fact::LateAck { packet } => packet.message,
    }
}

fn packet_of(fact: Fact) -> Option<(Packet, PacketState)> {
    Some(match fact {
        Fact::Sent { packet, .. } => (packet, PacketState::Sent),
        Fact::Lost { packet, .. } => (packet, PacketState::Lost),
        Fact::Held { packet } => (packet, PacketState::Held),
        Fact::Delivered { packet } => (packet, PacketState::Delivered),
        Fact::Duplicate { packet } => (packet, PacketState::Duplicate),
        Fact::Acknowledged { packet } => (packet, PacketState::Acknowledged),
        Fact::LateAck { packet } => (packet, PacketState::Late),
        Fact::Created { .. } | Fact::GivenUp { .. } | Fact::DeadLetter { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use delivery::Cause;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn draft(subscribers: u32) -> Draft {
        Draft {
            run: None,
            from: "A".to_owned(),
            method: Method::PubSub,
            text: "hello".to_owned(),
            subscribers,
            receivers: vec!["B".to_owned(), "C".to_owned()],
        }
    }

    fn packet(message: MessageId, subscriber: u32, attempt: u32) -> Packet {
        Packet { message, subscriber, attempt, direction: Direction::Message }
    }

    fn record(message: MessageId, delivered: bool) -> Record {
        Record {
            message,
            subscriber: 0,
            created: Duration::ZERO,
            sent: Duration::ZERO,
            delivered: delivered.then_some(MS),
            acknowledged: None,
            given_up: Some(MS),
            released: Some(MS),
            settled: MS,
            attempts: 1,
            copies: u32::from(delivered),
            acks: u32::from(delivered),
            acks_arrived: 0,
            is_disturbed: false,
        }
    }

    fn fate_after(facts: &[Fact], records: &[Record]) -> Fate {
        let mut conversation = Conversation::default();
        conversation.create(0, MessageId(0), Duration::ZERO, draft(1));
        for fact in facts {
            conversation.note(0, MS, *fact);
        }
        conversation.settle(0, records);
        conversation.entry(0).unwrap().shown.fate
    }

    #[test]
    fn a_fate_is_what_has_become_of_a_message_so_far() {
        let id = MessageId(0);
        let packet = packet(id, 0, 0);
        let sent = Fact::Sent { packet, arrives: 2 * MS };
        let delivered = Fact::Delivered { packet };
        let given_up = Fact::GivenUp { message: id, subscriber: 0, was_delivered: true };
        assert_eq!(fate_after(&[], &[]), Fate::Waiting);
        assert_eq!(fate_after(&[sent], &[]), Fate::Sent);
        assert_eq!(fate_after(&[sent, delivered], &[]), Fate::Delivered);
        assert_eq!(fate_after(&[sent, delivered, given_up], &[]), Fate::Delivered);
        assert_eq!(fate_after(&[sent, Fact::Acknowledged { packet }], &[]), Fate::Acknowledged);
        let lost = Fact::Lost { packet, cause: Cause::Chance };
        assert_eq!(fate_after(&[sent, lost], &[record(id, false)]), Fate::Lost);
        let settled = fate_after(&[sent, delivered, given_up], &[record(id, true)]);
        assert_eq!(settled, Fate::FailedThoughDelivered);
    }

    #[test]
    fn a_message_that_waited_is_for_those_to_whom_it_is_sent_in_the_end() {
        let mut conversation = Conversation::default();
        conversation.create(0, MessageId(0), Duration::ZERO, draft(1));
        for subscriber in 0..3 {
            let sent = Fact::Sent { packet: packet(MessageId(0), subscriber, 0), arrives: MS };
            conversation.note(0, MS, sent);
        }
        let entry = conversation.entry(0).unwrap();
        assert_eq!((entry.shown.targets, entry.sent), (3, MS));
        assert_eq!(entry.name_of(0).as_deref(), Some("B"));
    }

    #[test]
    fn what_is_settled_is_kept_for_a_while_and_what_is_under_way_always() {
        let mut conversation = Conversation::default();
        let last = SETTLED_MAX as u64 + 10;
        for number in 0..=last {
            conversation.create(0, MessageId(number), Duration::ZERO, draft(1));
            if number > 0 {
                conversation.settle(0, &[record(MessageId(number), false)]);
            }
        }
        assert_eq!(conversation.entries.len(), SETTLED_MAX + 1);
        assert!(conversation.entry(0).is_some() && conversation.entry(1).is_none());
        assert_eq!(
            conversation.last(2).iter().map(|it| it.id).collect::<Vec<_>>(),
            [last - 1, last]
        );
        conversation.forget(0);
        assert!(conversation.entry(0).is_none() && conversation.ids.is_empty());
    }

    #[test]
    fn changes_are_told_once_and_no_more_than_a_frame_holds() {
        let mut conversation = Conversation::default();
        for number in 0..CHANGES_MAX as u64 + 5 {
            conversation.create(0, MessageId(number), Duration::ZERO, draft(1));
        }
        assert_eq!(conversation.take_changes().len(), CHANGES_MAX);
        assert_eq!(conversation.take_changes().len(), 5);
        assert!(conversation.take_changes().is_empty());
    }

    #[test]
    fn long_texts_are_told_in_more_frames_none_of_which_is_long() {
        let mut conversation = Conversation::default();
        let text = "\u{7}".repeat(500);
        for number in 0..CHANGES_MAX as u64 {
            let draft = Draft { text: text.clone(), ..draft(1) };
            conversation.create(0, MessageId(number), Duration::ZERO, draft);
        }
        let mut told = 0;
        while told < CHANGES_MAX {
            let changes = conversation.take_changes();
            let len = serde_json::to_string(&changes).unwrap().len();
            assert!((1..2 * CHANGES_LEN_MAX).contains(&len), "{len} bytes after {told} messages");
            told += changes.len();
        }
        assert!(conversation.take_changes().is_empty());
    }

    #[test]
    fn of_a_long_life_the_beginning_is_kept() {
        let mut conversation = Conversation::default();
        conversation.create(0, MessageId(0), Duration::ZERO, draft(1));
        for _ in 0..=FACTS_MAX {
            conversation.note(0, MS, Fact::Duplicate { packet: packet(MessageId(0), 0, 0) });
        }
        let (facts, is_whole) = conversation.entry(0).unwrap().trace();
        assert_eq!((facts.len(), is_whole), (FACTS_MAX, false));
    }
}
