//! Who is asked for which part of a file, and who loses it to another.
//!
//! What is missing is cut into spans. A holder that is free gets the next. When none is left, it gets
//! its share of the span that would be under way for longest, by the paces of both; and all of it where
//! the other is much slower, or silent. No socket and no clock: the time is handed in.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    time::Duration,
};

use crate::blobs::tree::PIECE_LEN;

/// Long enough for asking to cost little, short enough for a lost holder to cost little.
pub(crate) const SPAN_LEN: u64 = 4 * 1024 * 1024;
const _: () = assert!(SPAN_LEN.is_multiple_of(PIECE_LEN));

/// Spans that a holder sends at once: while one comes, the next is asked for.
const SPANS_PER_HOLDER: usize = 2;

/// A pace is known after this time.
const JUDGED_AFTER: Duration = Duration::from_millis(200);

/// What a holder is trusted with before it has shown its pace: 1 MiB/s.
const ASSUMED_PACE: f64 = 1024.0 * 1024.0;

/// A holder that sends nothing for this time loses what it was asked for to anyone who is free, and is
/// asked for nothing else.
const QUIET_AFTER: Duration = Duration::from_secs(1);

/// A span that will end within this time is left as it is: most of it is on its way already.
const WORTH_IT: Duration = Duration::from_millis(200);
/// Nor is less of it worth a request.
const SHARE_MIN: u64 = 4 * PIECE_LEN;
/// Whoever is so many times faster gets all of a span.
const MUCH_FASTER: f64 = 3.0;

/// Numbers the holders in the order in which they were found.
pub(crate) type HolderIndex = usize;
/// Numbers the spans in the order in which they were asked for; none comes twice.
pub(crate) type SpanId = u64;

/// What is to be done next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    Ask {
        span: SpanId,
        holder: HolderIndex,
        bytes: Range<u64>,
    },
    /// All of it was given to another; its holder need not go on.
    Cancel {
        span: SpanId,
        holder: HolderIndex,
    },
    /// Its holder has sent what is wanted of it, and would go on.
    Stop {
        span: SpanId,
    },
}

#[derive(Debug)]
pub(crate) struct Plan {
    /// What nobody was asked for.
    open: VecDeque<Range<u64>>,
    under_way: BTreeMap<SpanId, UnderWay>,
    holders: BTreeMap<HolderIndex, Pace>,
    next_span: SpanId,
    left: u64,
}

/// A span that somebody was asked for.
#[derive(Debug)]
struct UnderWay {
    holder: HolderIndex,
    /// Its end comes nearer when another takes a share.
    asked_for: Range<u64>,
    is_shortened: bool,
    /// Up to where it is verified.
    verified: u64,
    asked_at: Duration,
    heard_at: Duration,
}

/// How fast a holder was with the last span that it finished or lost, in bytes per second.
#[derive(Clone, Copy, Debug)]
struct Pace(f64);

impl UnderWay {
    fn rest(&self) -> Range<u64> {
        self.verified..self.asked_for.end
    }

    fn rest_len(&self) -> u64 {
        self.asked_for.end - self.verified
    }

    fn is_quiet(&self, now: Duration) -> bool {
        now.saturating_sub(self.heard_at) >= QUIET_AFTER
    }

    fn pace(&self, now: Duration) -> f64 {
        let seconds = now.saturating_sub(self.asked_at).as_secs_f64();
        (self.verified - self.asked_for.start) as f64 / seconds.max(1e-6)
    }

    /// How many seconds the rest will take, at the pace so far.
    fn expected(&self, now: Duration) -> f64 {
        if self.is_quiet(now) {
            f64::INFINITY
        } else if now.saturating_sub(self.asked_at) < JUDGED_AFTER {
            0.0
        } else {
            self.rest_len() as f64 / self.pace(now)
        }
    }
}

impl Plan {
    /// `missing` are ranges of whole pieces, but for the end of the content.
    pub(crate) fn new(missing: impl IntoIterator<Item = Range<u64>>) -> Self {
        let open: VecDeque<_> = missing.into_iter().collect();
        let left = open.iter().map(|bytes| bytes.end - bytes.start).sum();
        let (under_way, holders, next_span) = Default::default();
        Self { open, under_way, holders, next_span, left }
    }

    /// Bytes that are not verified yet.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// From now on the holder is asked for spans.
    pub(crate) fn add_holder(&mut self, holder: HolderIndex) {
        self.holders.insert(holder, Pace(ASSUMED_PACE));
    }

    /// The holder is asked for nothing more. What it was asked for, it may still send.
    pub(crate) fn retire(&mut self, holder: HolderIndex) {
        self.holders.remove(&holder);
    }

    /// Opens again what the holder was asked for. Nothing is taken of these spans any more.
    pub(crate) fn take_back(&mut self, holder: HolderIndex, now: Duration) -> Vec<SpanId> {
        let spans = self.under_way.iter().filter(|(_, span)| span.holder == holder);
        let spans: Vec<_> = spans.map(|(id, _)| *id).collect();
        spans.iter().for_each(|span| self.ended(*span, now));
        spans
    }

    /// The next bytes of a span, `len` from `at` on, are verified. Returns how many of them were still
    /// wanted of its holder.
    pub(crate) fn verified(&mut self, span: SpanId, at: u64, len: u64, now: Duration) -> u64 {
        let Some(under_way) = self.under_way.get_mut(&span) else { return 0 };
        if at != under_way.verified {
            return 0;
        }
        let len = len.min(under_way.rest_len());
        under_way.verified += len;
        under_way.heard_at = now;
        self.left -= len;
        len
    }

    /// A holder has sent what it sends of a span, perhaps not all.
    pub(crate) fn ended(&mut self, span: SpanId, now: Duration) {
        let Some(under_way) = self.end(span, now) else { return };
        if under_way.rest_len() > 0 {
            self.open.push_front(under_way.rest());
        }
    }

    /// Who is asked for a span, unless it was taken from them.
    pub(crate) fn holder_of(&self, span: SpanId) -> Option<HolderIndex> {
        self.under_way.get(&span).map(|under_way| under_way.holder)
    }

    /// Holders of which nothing has come for so long, of all that they are asked for.
    pub(crate) fn silent_for(&self, silence: Duration, now: Duration) -> Vec<HolderIndex> {
        let heard_at = |holder| {
            let asked_for = self.under_way.values().filter(move |span| span.holder == holder);
            asked_for.map(|span| span.heard_at).max()
        };
        let is_silent = |holder: &HolderIndex| {
            heard_at(*holder).is_some_and(|heard_at| now.saturating_sub(heard_at) >= silence)
        };
        self.holders.keys().copied().filter(is_silent).collect()
    }

    /// What is to be done now; nothing, until something changes or time has passed.
    pub(crate) fn orders(&mut self, now: Duration) -> Vec<Order> {
        let mut orders = self.stop_the_shortened(now);
        for holder in self.free_holders(now) {
            if let Some(bytes) = self.next_open() {
                orders.push(self.ask(holder, bytes, now));
            } else if let Some(span) = self.longest_of_others(holder, now) {
                orders.extend(self.share(span, holder, now));
            }
        }
        orders
    }

    fn stop_the_shortened(&mut self, now: Duration) -> Vec<Order> {
        let done = |span: &UnderWay| span.is_shortened && span.rest_len() == 0;
        let spans = self.under_way.iter().filter(|(_, span)| done(span));
        let spans: Vec<_> = spans.map(|(id, _)| *id).collect();
        spans.iter().for_each(|span| self.ended(*span, now));
        spans.into_iter().map(|span| Order::Stop { span }).collect()
    }

    /// One span of what nobody was asked for.
    fn next_open(&mut self) -> Option<Range<u64>> {
        let bytes = self.open.pop_front()?;
        let end = bytes.end.min(bytes.start + SPAN_LEN);
        if end < bytes.end {
            self.open.push_front(end..bytes.end);
        }
        Some(bytes.start..end)
    }

    /// Each as often as it may be asked for another span; those with the least to do come first.
    fn free_holders(&self, now: Duration) -> Vec<HolderIndex> {
        let spans_of = |holder| self.under_way.values().filter(move |span| span.holder == holder);
        let is_quiet = |holder| spans_of(holder).any(|span| span.is_quiet(now));
        let busy: Vec<_> = self.holders.keys().map(|&id| (id, spans_of(id).count())).collect();
        let free = (0..SPANS_PER_HOLDER)
            .flat_map(|place| busy.iter().filter(move |(_, count)| *count <= place));
        free.map(|(holder, _)| *holder).filter(|holder| !is_quiet(*holder)).collect()
    }

    /// The span of another holder that will be under way for longest, if it is long.
    fn longest_of_others(&self, holder: HolderIndex, now: Duration) -> Option<SpanId> {
        let others = self.under_way.iter().filter(|(_, span)| span.holder != holder);
        let long = others.filter(|(_, span)| span.expected(now) > WORTH_IT.as_secs_f64());
        let longest = long.max_by(|(_, a), (_, b)| a.expected(now).total_cmp(&b.expected(now)));
        longest.map(|(id, _)| *id)
    }

    /// Asks `holder` for the end of a span, so that both should be ready at the same time.
    fn share(&mut self, span: SpanId, holder: HolderIndex, now: Duration) -> Vec<Order> {
        let Some(under_way) = self.under_way.get_mut(&span) else { return Vec::new() };
        let Some(Pace(pace)) = self.holders.get(&holder) else { return Vec::new() };
        let other_pace = under_way.pace(now);
        if under_way.is_quiet(now) || *pace > other_pace * MUCH_FASTER {
            let Some(lost) = self.end(span, now) else { return Vec::new() };
            let cancel = Order::Cancel { span, holder: lost.holder };
            return vec![cancel, self.ask(holder, lost.rest(), now)];
        }
        let share = under_way.rest_len() as f64 * pace / (pace + other_pace);
        let middle = under_way.asked_for.end - share as u64;
        let middle = middle.next_multiple_of(PIECE_LEN);
        let end = under_way.asked_for.end;
        if middle + SHARE_MIN > end {
            return Vec::new();
        }
        under_way.asked_for.end = middle;
        under_way.is_shortened = true;
        vec![self.ask(holder, middle..end, now)]
    }

    fn ask(&mut self, holder: HolderIndex, bytes: Range<u64>, now: Duration) -> Order {
        let span = self.next_span;
        self.next_span += 1;
        let under_way = UnderWay {
            holder,
            asked_for: bytes.clone(),
            is_shortened: false,
            verified: bytes.start,
            asked_at: now,
            heard_at: now,
        };
        self.under_way.insert(span, under_way);
        Order::Ask { span, holder, bytes }
    }

    /// Nobody is asked for the span any more; its holder has shown a pace.
    fn end(&mut self, span: SpanId, now: Duration) -> Option<UnderWay> {
        let under_way = self.under_way.remove(&span)?;
        if let Some(pace) = self.holders.get_mut(&under_way.holder) {
            *pace = Pace(under_way.pace(now));
        }
        Some(under_way)
    }
}

#[cfg(test)]
mod tests;
