//! What pages ask for, done or refused. Whatever concerns all is told to all; what is returned is for the
//! page alone that asked.

use std::sync::Arc;

use delivery::{Config, Delivery, MessageId, Method, Packet, Rejection};
use serde_json::Value;

use super::{
    experiment,
    limits::{
        COUNT_MAX, IN_FLIGHT_MAX, NAME_LEN_MAX, NODES_MAX, NODES_OF_PAGE_MAX, PACKETS_MAX,
        SEED_MAX, TEXT_LEN_MAX, packets_of_message,
    },
    measures::ByMethod,
    messages::{Control, ErrorCode, LogEvent, PageMessage, Refusal, ServerMessage, ms},
    room::{Flow, Room, nodes::seed_of, outlook::Outlook},
};
use crate::live::{SPEEDS, Stage, World};

/// Most senders that are remembered, two for each node. Of nodes that have left, those are forgotten of
/// which nothing is under way.
const SENDERS_MAX: usize = 128;

/// Does what a page asks for, and answers it.
pub(crate) fn obey(
    world: &Arc<World<Room>>,
    page: u64,
    message: PageMessage,
) -> Vec<ServerMessage> {
    let answer = match message {
        PageMessage::Register { node } => world.act(|stage| register(stage, page, node)),
        PageMessage::Leave { node } => world.act(|stage| leave(stage, page, node)),
        PageMessage::SendMessage { from, method, text, count, reference } => {
            let sent = world.act(|stage| send(stage, page, from, method, text, count));
            sent.map(|ids| vec![ServerMessage::SentAck { reference, ids }])
        }
        PageMessage::UpdateConfig { rev, patch } => update_config(world, page, rev, &patch),
        PageMessage::Partition { cut } => world.act(|stage| partition(stage, page, cut)),
        PageMessage::DropPacket { id, subscriber, attempt, direction } => {
            let packet = Packet { message: MessageId(0), subscriber, attempt, direction };
            world.act(|stage| drop_packet(stage, page, id, packet))
        }
        PageMessage::Control(action) => control(world, page, action),
        PageMessage::RunExperiment { experiment, seed } => {
            run_experiment(world, page, experiment, seed)
        }
        PageMessage::Cancel { run } => world.act(|stage| cancel(stage, page, run)),
        PageMessage::GetTrace { id } => world.act(|stage| trace(stage.watcher, id)),
    };
    answer.unwrap_or_else(|refusal| vec![*refusal])
}

fn register(
    stage: &mut Stage<'_, Room>,
    page: u64,
    node: String,
) -> Result<Vec<ServerMessage>, Refusal> {
    let room = &mut *stage.watcher;
    let is_new = room.nodes.join(&node, page).map_err(|code| {
        let text = match code {
            ErrorCode::BadName => {
                format!("a node's name has 1 to {NAME_LEN_MAX} letters, digits, - and _")
            }
            _ => format!("at most {NODES_MAX} nodes, {NODES_OF_PAGE_MAX} of them from one page"),
        };
        ServerMessage::refusal(code, text)
    })?;
    if is_new {
        room.feed.say(ServerMessage::Nodes { nodes: room.nodes.names() });
        log(stage, page, LogEvent::Joined, &node);
    }
    Ok(vec![ServerMessage::Registered { node }])
}

fn leave(
    stage: &mut Stage<'_, Room>,
    page: u64,
    node: String,
) -> Result<Vec<ServerMessage>, Refusal> {
    if !stage.watcher.nodes.is_played_by(&node, page) {
        return Err(unknown_node());
    }
    if stage.watcher.nodes.leave(&node, page) {
        tell_left(stage, page, &[&node]);
    }
    Ok(vec![ServerMessage::Left { node }])
}

/// A page is gone, and with it the nodes that it alone played.
pub(crate) fn leave_all(stage: &mut Stage<'_, Room>, page: u64) {
    let gone = stage.watcher.nodes.leave_all(page);
    if !gone.is_empty() {
        tell_left(stage, page, &gone.iter().collect::<Vec<_>>());
    }
}

fn tell_left(stage: &mut Stage<'_, Room>, page: u64, gone: &[&String]) {
    let room = &mut *stage.watcher;
    room.feed.say(ServerMessage::Nodes { nodes: room.nodes.names() });
    gone.iter().for_each(|node| log(stage, page, LogEvent::Left, node));
}

fn unknown_node() -> Refusal {
    ServerMessage::refusal(ErrorCode::UnknownNode, "this page has not registered that node")
}

/// The ids of the messages.
fn send(
    stage: &mut Stage<'_, Room>,
    page: u64,
    from: String,
    method: Method,
    text: String,
    count: u32,
) -> Result<Vec<u64>, Refusal> {
    if !stage.watcher.nodes.is_played_by(&from, page) {
        return Err(unknown_node());
    }
    if !(1..=TEXT_LEN_MAX).contains(&text.chars().count()) {
        let text = format!("a text has 1 to {TEXT_LEN_MAX} characters");
        return Err(ServerMessage::refusal(ErrorCode::BadText, text));
    }
    if !(1..=COUNT_MAX).contains(&count) {
        let text = format!("1 to {COUNT_MAX} messages at once");
        return Err(ServerMessage::refusal(ErrorCode::BadCount, text));
    }
    expect_room(stage, count)?;
    let flow = flow_of(stage, from, method)?;
    stage.watcher.text = text;
    let first = stage.watcher.conversation.created();
    for _ in 0..count {
        stage.send(flow);
    }
    Ok((first..stage.watcher.conversation.created()).collect())
}

fn expect_room(stage: &Stage<'_, Room>, count: u32) -> Result<(), Refusal> {
    let packets = under_way(stage, packets_of_message)
        + u64::from(count) * packets_of_message(&stage.watcher.config);
    let messages = under_way(stage, |_| 1) + u64::from(count);
    if messages > IN_FLIGHT_MAX || packets > PACKETS_MAX {
        let text = format!(
            "at most {IN_FLIGHT_MAX} messages, which may become {PACKETS_MAX} packets; wait until some arrive"
        );
        return Err(ServerMessage::refusal(ErrorCode::Busy, text));
    }
    Ok(())
}

/// The sum over all messages that are in flight or wait for a window.
fn under_way(stage: &Stage<'_, Room>, of_message: impl Fn(&Config) -> u64) -> u64 {
    let of_flow = |delivery: &Delivery| {
        let accounting = delivery.accounting();
        (accounting.waiting + accounting.unsettled) * of_message(delivery.config())
    };
    stage.deliveries().map(|(_, delivery)| of_flow(delivery)).sum()
}

/// What carries the messages of a node.
fn flow_of(stage: &mut Stage<'_, Room>, from: String, method: Method) -> Result<u32, Refusal> {
    let is_this = |flow: &Flow| flow.from == from && flow.method == method && flow.case.is_none();
    if let Some((number, _)) = stage.watcher.flows.iter().find(|(_, flow)| is_this(flow)) {
        return Ok(*number);
    }
    if stage.watcher.flows.len() >= SENDERS_MAX {
        forget_absent(stage);
    }
    if stage.watcher.flows.len() >= SENDERS_MAX {
        let text = "too many nodes have sent something; begin again, or wait until some arrive";
        return Err(ServerMessage::refusal(ErrorCode::Busy, text));
    }
    let seed = seed_of(&from, stage.watcher.seed);
    let number = stage.open(stage.watcher.config.clone(), method, seed);
    stage.cut(number, stage.watcher.is_partitioned);
    stage.watcher.flows.insert(number, Flow { from, method, case: None });
    Ok(number)
}

fn forget_absent(stage: &mut Stage<'_, Room>) {
    let room = &*stage.watcher;
    let is_quiet = |number: u32| {
        let accounting = stage.delivery(number).map(|delivery| delivery.accounting());
        accounting.is_none_or(|it| it.waiting + it.unsettled == 0)
    };
    let absent = room.flows.iter().filter(|(number, flow)| {
        flow.case.is_none() && !room.nodes.is_here(&flow.from) && is_quiet(**number)
    });
    let absent: Vec<u32> = absent.map(|(number, _)| *number).collect();
    for number in absent {
        stage.close(number);
        stage.watcher.close(number);
    }
}

/// What theory says is computed while others go on, so the revision is looked at again afterwards.
fn update_config(
    world: &Arc<World<Room>>,
    page: u64,
    rev: u64,
    patch: &Value,
) -> Result<Vec<ServerMessage>, Refusal> {
    let (now_rev, config) = world.act(|stage| (stage.watcher.rev, stage.watcher.config.clone()));
    let rejected = |rejection: Rejection, rev| {
        let Rejection { field, reason } = rejection;
        Box::new(ServerMessage::ConfigRejected { rev, field, reason })
    };
    expect_rev(rev, now_rev).map_err(|rejection| rejected(rejection, now_rev))?;
    let config = config.patched(patch).map_err(|rejection| rejected(rejection, now_rev))?;
    let outlooks = ByMethod::each(|method| Arc::new(Outlook::new(&config, method, 0.0)));
    world.act(|stage| {
        let now_rev = stage.watcher.rev;
        expect_rev(rev, now_rev)
            .and_then(|()| expect_fits(stage, &config))
            .map_err(|rejection| rejected(rejection, now_rev))?;
        take_config(stage, page, config, outlooks);
        log(stage, page, LogEvent::Config, &patch.to_string());
        Ok(Vec::new())
    })
}

fn expect_rev(known: u64, now: u64) -> Result<(), Rejection> {
    if known == now {
        return Ok(());
    }
    Err(Rejection::new("rev", format!("out of date: somebody else was faster, it is {now} now")))
}

/// What waits for a window now is sent as the new configuration says.
fn expect_fits(stage: &Stage<'_, Room>, config: &Config) -> Result<(), Rejection> {
    let packets = |old: &Config| packets_of_message(old).max(packets_of_message(config));
    if packets_of_message(config) > packets_of_message(&stage.watcher.config)
        && under_way(stage, packets) > PACKETS_MAX
    {
        let reason = format!("messages under way would become more than {PACKETS_MAX} packets");
        return Err(Rejection::new("subscribers", reason));
    }
    Ok(())
}

fn take_config(
    stage: &mut Stage<'_, Room>,
    page: u64,
    config: Config,
    outlooks: ByMethod<Arc<Outlook>>,
) {
    let room = &mut *stage.watcher;
    room.take_config(stage.now, config.clone(), outlooks);
    let updated = ServerMessage::ConfigUpdated { rev: room.rev, config: config.clone(), by: page };
    room.feed.say(updated);
    // Afterwards, since what waited may be sent at once, and counts as sent by the new one.
    for flow in people(stage.watcher) {
        stage.reconfigure(flow, &config);
    }
}

/// The flows that carry what people write.
fn people(room: &Room) -> Vec<u32> {
    let of_people = room.flows.iter().filter(|(_, flow)| flow.case.is_none());
    of_people.map(|(number, _)| *number).collect()
}

fn partition(
    stage: &mut Stage<'_, Room>,
    page: u64,
    is_cut: bool,
) -> Result<Vec<ServerMessage>, Refusal> {
    if stage.watcher.is_partitioned == is_cut {
        return Ok(Vec::new());
    }
    for flow in people(stage.watcher) {
        stage.cut(flow, is_cut);
    }
    stage.watcher.is_partitioned = is_cut;
    stage.watcher.look_away(stage.now);
    stage.watcher.feed.say(ServerMessage::Partition { cut: is_cut, by: page });
    log(stage, page, if is_cut { LogEvent::Partition } else { LogEvent::Healed }, "");
    Ok(Vec::new())
}

fn drop_packet(
    stage: &mut Stage<'_, Room>,
    page: u64,
    id: u64,
    packet: Packet,
) -> Result<Vec<ServerMessage>, Refusal> {
    let Some(entry) = stage.watcher.conversation.entry(id) else { return Err(unknown_message()) };
    let (flow, message) = (entry.flow, entry.number);
    if !stage.drop_packet(flow, Packet { message, ..packet }) {
        let text = "that packet does not travel, or not any more";
        return Err(ServerMessage::refusal(ErrorCode::UnknownPacket, text));
    }
    log(stage, page, LogEvent::Dropped, &id.to_string());
    Ok(Vec::new())
}

fn control(
    world: &Arc<World<Room>>,
    page: u64,
    action: Control,
) -> Result<Vec<ServerMessage>, Refusal> {
    let event = match action {
        Control::Pause => {
            world.pause();
            LogEvent::Pause
        }
        Control::Resume => {
            world.resume();
            LogEvent::Resume
        }
        Control::Step if !world.clock().pace().paused => {
            let text = "steps are for a clock that stands";
            return Err(ServerMessage::refusal(ErrorCode::NotPaused, text));
        }
        Control::Step => {
            world.step();
            LogEvent::Step
        }
        Control::Speed { speed } if !SPEEDS.contains(&speed) => {
            let text = "the speed is a number from 0.1 to 10";
            return Err(ServerMessage::refusal(ErrorCode::BadSpeed, text));
        }
        Control::Speed { speed } => {
            world.set_speed(speed);
            LogEvent::Speed
        }
        Control::Reset { seed } => {
            expect_seed(seed)?;
            world.restart(|stage| restart(stage, page, seed));
            return Ok(Vec::new());
        }
    };
    world.act(|stage| tell_clock(world, stage, page, event));
    Ok(Vec::new())
}

fn tell_clock(world: &World<Room>, stage: &mut Stage<'_, Room>, page: u64, event: LogEvent) {
    let pace = world.clock().pace();
    let room = &mut *stage.watcher;
    room.feed.say(ServerMessage::Clock {
        seed: room.seed,
        speed: pace.speed,
        paused: pace.paused,
        by: page,
    });
    let detail = if event == LogEvent::Speed { pace.speed.to_string() } else { String::new() };
    log(stage, page, event, &detail);
}

/// The world has no flows any more.
fn restart(stage: &mut Stage<'_, Room>, page: u64, seed: u64) {
    experiment::close(stage);
    stage.watcher.restart(seed);
    stage.watcher.feed.say(ServerMessage::Reset { seed, by: page });
    log(stage, page, LogEvent::Reset, &seed.to_string());
}

fn expect_seed(seed: u64) -> Result<(), Refusal> {
    if seed > SEED_MAX {
        let text = format!("a seed is a whole number up to {SEED_MAX}");
        return Err(ServerMessage::refusal(ErrorCode::BadSeed, text));
    }
    Ok(())
}

fn run_experiment(
    world: &Arc<World<Room>>,
    page: u64,
    number: u32,
    seed: Option<u64>,
) -> Result<Vec<ServerMessage>, Refusal> {
    seed.map_or(Ok(()), expect_seed)?;
    experiment::begin(world, page, number, seed)?;
    world.act(|stage| log(stage, page, LogEvent::Experiment, &number.to_string()));
    Ok(Vec::new())
}

fn cancel(stage: &mut Stage<'_, Room>, page: u64, run: u64) -> Result<Vec<ServerMessage>, Refusal> {
    if !experiment::cancel(stage, page, run) {
        let text = "that experiment is not under way";
        return Err(ServerMessage::refusal(ErrorCode::UnknownRun, text));
    }
    log(stage, page, LogEvent::Cancelled, &run.to_string());
    Ok(Vec::new())
}

fn trace(room: &Room, id: u64) -> Result<Vec<ServerMessage>, Refusal> {
    let (facts, whole) = room.conversation.entry(id).ok_or_else(unknown_message)?.trace();
    Ok(vec![ServerMessage::Trace { id, whole, facts }])
}

fn unknown_message() -> Refusal {
    ServerMessage::refusal(ErrorCode::UnknownMessage, "no such message, or it is too long ago")
}

fn log(stage: &mut Stage<'_, Room>, by: u64, event: LogEvent, detail: &str) {
    let (at_ms, detail) = (ms(stage.now), detail.to_owned());
    stage.watcher.feed.say(ServerMessage::Log { at_ms, event, by, detail });
}
