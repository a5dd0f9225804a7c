//! A trace: what was asked of a delivery, and everything that it told. One JSON value a line, so that it can be
//! read with any tool, or begun before it is complete.
//!
//! A delivery decides alike whenever it is asked alike. So the inputs of a trace, given to another one in virtual
//! time, bring out the same facts; [`replay`] holds them against those of the trace.

pub(crate) mod replay;

use std::{ops::Not, time::Duration};

use delivery::{Config, Delivery, Event, Fact, Method, Outbox, Packet, Record};
use serde::{Deserialize, Serialize};
use simulation::Agenda;

use crate::experiments::Case;

/// The first line.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Header {
    /// Of the format.
    pub(crate) trace: u32,
    pub(crate) seed: u64,
    pub(crate) method: Method,
    pub(crate) config: Config,
    /// Its timers ran in real time, so what was due came a little later: it is among the inputs.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(crate) is_live: bool,
}

impl Header {
    pub(crate) fn new(seed: u64, method: Method, config: Config) -> Self {
        Self { trace: VERSION, seed, method, config, is_live: false }
    }

    pub(crate) fn live(self) -> Self {
        Self { is_live: true, ..self }
    }
}

/// Of the format that is written here.
pub(crate) const VERSION: u32 = 1;

/// Every other line.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Line {
    /// Since the beginning of the delivery.
    pub(crate) at_ns: u64,
    #[serde(flatten)]
    pub(crate) entry: Entry,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Input(Input),
    Fact(Fact),
}

/// What is asked of a delivery from outside.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub(crate) enum Input {
    Send,
    Configure {
        config: Config,
    },
    Cut {
        is_cut: bool,
    },
    Drop {
        packet: Packet,
    },
    /// What it has asked for is due.
    Handle {
        event: Event,
    },
}

impl Line {
    pub(crate) fn at(now: Duration, entry: Entry) -> Self {
        Self { at_ns: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX), entry }
    }

    /// `None` for an input.
    pub(crate) fn fact(&self) -> Option<&Fact> {
        match &self.entry {
            Entry::Fact(fact) => Some(fact),
            Entry::Input(_) => None,
        }
    }
}

/// The trace of the first messages of a case. Where the window is always full, all of them are there at the
/// beginning, and wait for it.
pub(crate) fn of_case(case: &Case, seed: u64, messages: u32) -> (Header, Vec<Line>) {
    let Case { method, config, load, .. } = case;
    let header = Header::new(seed, *method, config.clone());
    let sends = (0..messages).map(|message| (load.interval() * message, Input::Send));
    let lines = told(&header, sends);
    (header, lines)
}

/// What a delivery tells when it is given the inputs, which stand among the facts. Of two things at one
/// moment the input comes first.
fn told(header: &Header, inputs: impl IntoIterator<Item = (Duration, Input)>) -> Vec<Line> {
    let Header { seed, method, config, is_live, .. } = header;
    let mut delivery = Delivery::new(config.clone(), *method, *seed);
    let mut scribe = Scribe { is_live: *is_live, ..Scribe::default() };
    for (at, input) in inputs {
        scribe.agenda.schedule(at, Step::Input(input));
    }
    while let Some((now, step)) = scribe.agenda.next() {
        match step {
            Step::Event(event) => delivery.handle(event, now, &mut scribe),
            Step::Input(input) => {
                scribe.write(Entry::Input(input.clone()));
                give(&mut delivery, input, now, &mut scribe);
            }
        }
    }
    scribe.lines
}

fn give(delivery: &mut Delivery, input: Input, now: Duration, scribe: &mut Scribe) {
    match input {
        Input::Send => {
            delivery.send(now, scribe);
        }
        Input::Configure { config } => delivery.reconfigure(config, now, scribe),
        Input::Cut { is_cut } => delivery.set_cut(is_cut),
        Input::Drop { packet } => {
            delivery.drop_packet(packet, now, scribe);
        }
        Input::Handle { event } => delivery.handle(event, now, scribe),
    }
}

enum Step {
    Input(Input),
    Event(Event),
}

/// Puts what a delivery asks for on the agenda, unless it is among the inputs, and writes down what it tells.
#[derive(Default)]
struct Scribe {
    is_live: bool,
    agenda: Agenda<Step>,
    lines: Vec<Line>,
}

impl Scribe {
    fn write(&mut self, entry: Entry) {
        self.lines.push(Line::at(self.agenda.now(), entry));
    }
}

impl Outbox for Scribe {
    fn schedule(&mut self, at: Duration, event: Event) {
        if !self.is_live {
            self.agenda.schedule(at, Step::Event(event));
        }
    }

    fn tell(&mut self, fact: Fact) {
        self.write(Entry::Fact(fact));
    }

    fn settle(&mut self, _: &[Record]) {}
}

/// One JSON value a line.
pub(crate) fn text(header: &Header, lines: &[Line]) -> serde_json::Result<String> {
    let mut text = serde_json::to_string(header)? + "\n";
    for line in lines {
        text += &serde_json::to_string(line)?;
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::{Experiment, Load};

    #[test]
    fn every_line_reads_back_as_it_was_written() {
        let cases = Experiment::HighLoss.cases();
        let (header, mut lines) = of_case(&cases[1], 3, 4);
        let packet = lines.iter().find_map(|line| match line.fact()? {
            Fact::Sent { packet, .. } => Some(*packet),
            _ => None,
        });
        let packet = packet.unwrap();
        let inputs = [
            Input::Cut { is_cut: true },
            Input::Drop { packet },
            Input::Configure { config: header.config.clone() },
        ];
        lines.extend(inputs.map(|input| Line { at_ns: 7, entry: Entry::Input(input) }));
        let text = text(&header, &lines).unwrap();
        let (first, others) = text.split_once('\n').unwrap();
        assert_eq!(serde_json::from_str::<Header>(first).unwrap(), header);
        let read: Vec<Line> =
            others.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, lines);
    }

    #[test]
    fn of_a_full_window_all_messages_wait_at_the_beginning() {
        let case = Experiment::Latency.cases().into_iter().find(|it| it.load == Load::Saturated);
        let (_, lines) = of_case(&case.unwrap(), 1, 40);
        let is_created = |line: &&Line| matches!(line.fact(), Some(Fact::Created { .. }));
        assert_eq!(lines.iter().filter(is_created).filter(|line| line.at_ns == 0).count(), 40);
    }
}
