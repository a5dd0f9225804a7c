//! What became of the messages of one method, beside what theory says of them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use delivery::{Method, Record, Totals};

use super::outlook::{Forecast, Outlook};
use crate::serve::measures::{Measured, Predicted, Scores, Sums, Window};

/// In so many parts messages are kept until all of a part are old.
const PARTS: u32 = 64;
const PART_MIN: Duration = Duration::from_millis(50);

/// Counts from one moment on. Messages that were sent before do not count.
///
/// Messages to which nothing more can happen are mostly those that were lucky, as long as others are under
/// way. So scores are of those alone that were sent so long ago that nothing can be under way.
#[derive(Debug)]
pub(crate) struct Tally {
    method: Method,
    outlook: Arc<Outlook>,
    since: Duration,
    sent: u64,
    totals: Totals,
    /// Messages that no closed form speaks of.
    pub(crate) disturbed: u64,
    old: Sums,
    /// By the part of time in which they were sent.
    young: VecDeque<(u64, Sums)>,
}

impl Tally {
    pub(crate) fn new(method: Method, outlook: Arc<Outlook>, since: Duration) -> Self {
        Self {
            method,
            outlook,
            since,
            sent: 0,
            totals: Totals::default(),
            disturbed: 0,
            old: Sums::default(),
            young: VecDeque::new(),
        }
    }

    pub(crate) fn outlook(&self) -> &Arc<Outlook> {
        &self.outlook
    }

    pub(crate) fn since(&self) -> Duration {
        self.since
    }

    /// A message was sent to so many subscribers.
    pub(crate) fn sent(&mut self, subscribers: u32) {
        self.sent += u64::from(subscribers);
    }

    /// How many of those were settled.
    pub(crate) fn settled(&self) -> u64 {
        self.totals.targets
    }

    /// The records of one message.
    pub(crate) fn settle(&mut self, records: &[Record]) {
        let Some(first) = records.first().filter(|first| first.sent >= self.since) else { return };
        self.totals.add(records);
        self.disturbed += u64::from(records.iter().any(|record| record.is_disturbed));
        let part = (first.sent.as_nanos() / self.part_length().as_nanos()) as u64;
        let place = self.young.partition_point(|(of, _)| *of < part);
        match self.young.get_mut(place) {
            Some((of, sums)) if *of == part => sums.add(Sums::of_message(records)),
            _ => self.young.insert(place, (part, Sums::of_message(records))),
        }
    }

    pub(crate) fn measured(&self, throughput_per_s: Option<f64>) -> Measured {
        Measured::of(&self.totals, self.sent, self.method, throughput_per_s)
    }

    /// Messages a second that each subscriber got, from the first to the last that was sent.
    pub(crate) fn throughput_per_s(&self) -> Option<f64> {
        let length = self.totals.last_settled.saturating_sub(self.totals.first_sent?);
        let share = self.totals.delivered as f64 / self.totals.targets as f64;
        let messages = self.totals.messages as f64 * share;
        (!length.is_zero()).then(|| messages / length.as_secs_f64())
    }

    pub(crate) fn predicted(&self) -> Predicted {
        Predicted::of(&self.outlook.expectation, None)
    }

    pub(crate) fn scores(&mut self, now: Duration) -> Scores {
        let part_length = self.part_length();
        let is_old = |part: u64| {
            let end = part_length.saturating_mul(u32::try_from(part + 1).unwrap_or(u32::MAX));
            end.saturating_add(self.outlook.horizon) <= now
        };
        while let Some(&(part, sums)) = self.young.front()
            && is_old(part)
        {
            self.old.add(sums);
            self.young.pop_front();
        }
        if self.disturbed > 0 {
            return Scores::default();
        }
        self.old.scores(&self.outlook.expectation)
    }

    fn part_length(&self) -> Duration {
        (self.outlook.horizon / PARTS).max(PART_MIN)
    }
}

/// What happens between two looks, of one method.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    pub(crate) forecast: Forecast,
    sent: u64,
    delivered: u64,
    /// The same, of each message the part of its subscribers.
    messages: f64,
    latency: Duration,
    packets: u64,
    lost: u64,
}

impl Pulse {
    pub(crate) fn sent(&mut self, now: Duration, subscribers: u32, outlook: &Arc<Outlook>) {
        self.sent += u64::from(subscribers);
        self.forecast.sent(now, subscribers, outlook);
    }

    pub(crate) fn packet(&mut self) {
        self.packets += 1;
    }

    pub(crate) fn lost(&mut self) {
        self.lost += 1;
    }

    pub(crate) fn delivered(&mut self, latency: Duration, subscribers: u32) {
        self.delivered += 1;
        self.messages += 1.0 / f64::from(subscribers);
        self.latency = self.latency.saturating_add(latency);
    }

    /// Ends the window, which was so long on the world's clock, and begins another.
    pub(crate) fn close_window(&mut self, now: Duration, length_s: f64) -> Window {
        let predicted = self.forecast.close_window(now, length_s, self.delivered);
        let forecast = std::mem::take(&mut self.forecast);
        let next = Self { forecast, ..Self::default() };
        let Self { sent, delivered, messages, latency, packets, lost, .. } =
            std::mem::replace(self, next);
        let mean = |sum: f64, count: u64| (count > 0).then(|| sum / count as f64);
        Window {
            sent,
            delivered,
            throughput_per_s: (length_s > 0.0).then(|| messages / length_s),
            latency_ms: mean(latency.as_secs_f64() * 1000.0, delivered),
            loss_percent: mean(lost as f64 * 100.0, packets),
            predicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use delivery::{
        Config,
        simulate::{self, Load, Scenario},
    };
    use simulation::Arrivals;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn tally(method: Method) -> Tally {
        let outlook = Arc::new(Outlook::new(&Config::default(), method, 0.0));
        Tally::new(method, outlook, Duration::ZERO)
    }

    /// All messages of a run, as they were settled.
    fn records(method: Method, messages: u64) -> Vec<Vec<Record>> {
        let load = Load::Open(Arrivals::Steady { per_second: 1000.0 });
        let scenario = Scenario { config: Config::default(), method, messages, load, seed: 1 };
        let mut all = Vec::new();
        simulate::run(&scenario, |records| all.push(records.to_vec())).unwrap();
        all
    }

    #[test]
    fn while_messages_are_under_way_scores_are_of_those_that_are_old() {
        let mut tally = tally(Method::PubSub);
        for message in records(Method::PubSub, 20_000) {
            // Half of the run is over: who was settled until then was lucky.
            if message[0].settled < Duration::from_secs(10) {
                tally.sent(1);
                tally.settle(&message);
            }
        }
        let early = tally.totals.clone();
        let naive = Sums::of(&early).scores(&tally.outlook.expectation).latency.unwrap();
        let scores = tally.scores(Duration::from_secs(10));
        assert!(scores.latency.unwrap().abs() < 4.2, "{scores:?}");
        assert!(scores.delivered.unwrap().abs() < 4.2, "{scores:?}");
        assert!(scores.latency.unwrap().abs() < naive.abs(), "{scores:?} {naive}");
        let targets = tally.old.targets;
        assert!((8_000..=8_200).contains(&targets), "{targets} are older than 1.8 s");
        assert_eq!(tally.measured(None).settled, early.targets);
    }

    #[test]
    fn what_was_sent_before_does_not_count_and_what_was_disturbed_has_no_score() {
        let mut tally = tally(Method::Direct);
        tally.since = 500 * MS;
        let mut all = records(Method::Direct, 1000);
        all.iter().for_each(|message| tally.settle(message));
        assert_eq!(tally.settled(), 500);
        assert!(tally.scores(Duration::from_secs(60)).delivered.is_some());
        all[999][0].is_disturbed = true;
        tally.settle(&all[999]);
        assert_eq!(tally.scores(Duration::from_secs(60)), Scores::default());
        assert_eq!(tally.disturbed, 1);
    }

    #[test]
    fn a_window_counts_what_happened_in_it_and_then_begins_again() {
        let outlook = Arc::new(Outlook::new(&Config::default(), Method::Direct, 0.0));
        let mut pulse = Pulse::default();
        pulse.sent(Duration::ZERO, 2, &outlook);
        (0..2).for_each(|_| pulse.packet());
        pulse.lost();
        pulse.delivered(100 * MS, 2);
        let window = pulse.close_window(500 * MS, 0.5);
        assert_eq!((window.sent, window.delivered), (2, 1));
        assert_eq!(window.throughput_per_s, Some(1.0));
        assert_eq!((window.latency_ms, window.loss_percent), (Some(100.0), Some(50.0)));
        let next = pulse.close_window(500 * MS, 0.0);
        assert_eq!((next.sent, next.throughput_per_s, next.latency_ms), (0, None, None));
    }
}
