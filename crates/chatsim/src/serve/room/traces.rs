//! What was asked of each sender and what it told, as `chatsim replay` reads it.

use std::{collections::BTreeMap, time::Duration};

use delivery::Fact;

use crate::trace::{Entry, Header, Input, Line};

/// Lines that are kept of one sender, some four hundred of its messages, and of all: some ten megabytes. The first ones
/// are kept, since later ones alone could not be replayed.
const LINES_MAX: usize = 4_000;
const ALL_LINES_MAX: usize = 60_000;

#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// By flow.
    traces: BTreeMap<u32, Trace>,
    lines: usize,
}

#[derive(Debug)]
struct Trace {
    header: Header,
    lines: Vec<Line>,
    is_full: bool,
}

impl Traces {
    pub(crate) fn open(&mut self, flow: u32, header: Header) {
        self.traces.insert(flow, Trace { header, lines: Vec::new(), is_full: false });
    }

    pub(crate) fn close(&mut self, flow: u32) {
        self.lines -= self.traces.remove(&flow).map_or(0, |trace| trace.lines.len());
    }

    /// A trace that is full ends here and not among the facts, so that all that follows from its inputs is in it.
    pub(crate) fn ask(&mut self, flow: u32, now: Duration, input: Input) {
        let Some(trace) = self.traces.get_mut(&flow) else { return };
        trace.is_full |= trace.lines.len() >= LINES_MAX || self.lines >= ALL_LINES_MAX;
        self.write(flow, now, Entry::Input(input));
    }

    pub(crate) fn tell(&mut self, flow: u32, now: Duration, fact: Fact) {
        self.write(flow, now, Entry::Fact(fact));
    }

    fn write(&mut self, flow: u32, now: Duration, entry: Entry) {
        let trace = self.traces.get_mut(&flow).filter(|trace| !trace.is_full);
        let Some(trace) = trace else { return };
        trace.lines.push(Line::at(now, entry));
        self.lines += 1;
    }

    /// `None`: there is no such flow, or not any more.
    pub(crate) fn of(&self, flow: u32) -> Option<(Header, Vec<Line>)> {
        let Trace { header, lines, .. } = self.traces.get(&flow)?;
        Some((header.clone(), lines.clone()))
    }
}

#[cfg(test)]
mod tests {
    use delivery::{Config, MessageId, Method};

    use super::*;

    fn header() -> Header {
        Header::new(1, Method::Direct, Config::default()).live()
    }

    fn ask(traces: &mut Traces, flow: u32) {
        traces.ask(flow, Duration::ZERO, Input::Send);
        traces.tell(flow, Duration::ZERO, Fact::Created { message: MessageId(0) });
    }

    fn lines(traces: &Traces, flow: u32) -> usize {
        traces.of(flow).unwrap().1.len()
    }

    #[test]
    fn the_first_lines_of_each_sender_are_kept_and_end_where_all_is_told() {
        let mut traces = Traces::default();
        traces.open(0, header());
        traces.ask(0, Duration::ZERO, Input::Cut { is_cut: true });
        (0..LINES_MAX).for_each(|_| ask(&mut traces, 0));
        assert_eq!(lines(&traces, 0), LINES_MAX + 1, "the last fact follows from the last input");
        ask(&mut traces, 7);
        assert!(traces.of(7).is_none());
    }

    #[test]
    fn all_traces_together_have_a_limit_and_one_that_is_closed_makes_room() {
        let mut traces = Traces::default();
        let senders = u32::try_from(ALL_LINES_MAX / LINES_MAX).unwrap();
        for flow in 0..=senders {
            traces.open(flow, header());
            (0..LINES_MAX).for_each(|_| ask(&mut traces, flow));
        }
        assert_eq!((traces.lines, lines(&traces, senders)), (ALL_LINES_MAX, 0));
        traces.close(0);
        traces.open(99, header());
        ask(&mut traces, 99);
        assert_eq!(lines(&traces, 99), 2);
    }
}
