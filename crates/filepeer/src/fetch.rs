//! Fetches a file from all who hold it at once, and proves every byte before it is believed.
//!
//! One task decides: it takes verified pieces from those who read, hands them to a thread that writes,
//! and has [`plan`] say who is asked for what. It ends when all is proved and the file has its name, or
//! when every holder was given up. Dropping it ends everything; what was written stays, and is gone on
//! with the next time.

mod holders;
pub(crate) mod outcome;
pub(crate) mod partial;
mod plan;
mod writer;

use std::{collections::HashMap, ops::Range, pin::pin, time::Duration};

use n0_future::StreamExt;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{self, Instant, MissedTickBehavior},
};

use self::{
    holders::{Holders, Verdict},
    outcome::{FetchError, Outcome, Progress, Wanted},
    partial::Target,
    plan::{HolderIndex, Order, Plan, SpanId},
    writer::Writer,
};
use crate::blobs::{
    source::{Blobs, Piece, SourceError},
    tree::{Blob, SIZE_MAX},
};

/// A holder that sends nothing for this time, of anything that it was asked for, is lost.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often holders are looked at that nothing is heard of.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Pieces that wait to be handed on: 1 MiB.
const PIECES_MAX: usize = 64;

/// Fetches what is `wanted` to `target`. `tell` is called as things happen, and must not wait.
pub(crate) async fn fetch<B: Blobs>(
    blobs: B,
    wanted: Wanted,
    target: Target,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<Outcome, FetchError> {
    let began = Instant::now();
    let blob = Blob { hash: wanted.hash, size: wanted.size };
    if blob.size > SIZE_MAX {
        return Err(FetchError::TooLarge(blob.size));
    }
    let (writer, missing) = Writer::open(target, blob).await?;
    let plan = Plan::new(missing);
    let resumed = blob.size - plan.left();
    tell(Progress::Begun { resumed });

    let (sender, messages) = mpsc::channel(PIECES_MAX);
    let holders = Holders::new(wanted.holders);
    let (sources, tasks, spans) = Default::default();
    let mut transfer =
        Transfer { blobs, blob, holders, sources, plan, spans, tasks, sender, writer, tell, began };
    let result = transfer.run(messages).await;
    let Transfer { holders, writer, .. } = transfer;
    if let Err(err) = result {
        writer.stop().await;
        return Err(err);
    }
    let path = writer.finish().await?;
    let (took, dropped, holders) = (began.elapsed(), holders.dropped(), holders.bytes());
    Ok(Outcome { path, size: blob.size, resumed, took, holders, dropped })
}

struct Transfer<B: Blobs, T> {
    blobs: B,
    blob: Blob,
    holders: Holders,
    /// Those of the holders in use that were reached.
    sources: HashMap<HolderIndex, B::Source>,
    plan: Plan,
    /// Who reads each span that is under way.
    spans: HashMap<SpanId, AbortHandle>,
    /// All that wait for the network; they end with the transfer.
    tasks: JoinSet<()>,
    sender: mpsc::Sender<Message<B::Source>>,
    writer: Writer,
    tell: T,
    began: Instant,
}

/// What comes from the network; what is of one span, in its order.
enum Message<S> {
    Reached(HolderIndex, Result<(S, u64), SourceError>),
    Piece(SpanId, Piece),
    Ended(SpanId, Result<(), SourceError>),
}

impl<B: Blobs, T: FnMut(Progress)> Transfer<B, T> {
    /// Until everything is verified and handed to the writer.
    async fn run(
        &mut self,
        mut messages: mpsc::Receiver<Message<B::Source>>,
    ) -> Result<(), FetchError> {
        let mut look = time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.plan.left() > 0 {
            if self.holders.are_all_dropped() {
                return Err(FetchError::NoHolder(self.holders.dropped()));
            }
            self.act();
            tokio::select! {
                // What has come is counted before anybody is judged.
                biased;
                Some(message) = messages.recv() => self.handle(message).await?,
                _ = look.tick() => self.lose_the_silent(),
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Reaches whom it can reach, and asks those who are free.
    fn act(&mut self) {
        let now = self.now();
        for (holder, address) in self.holders.due(now) {
            let (blobs, hash, sender) = (self.blobs.clone(), self.blob.hash, self.sender.clone());
            self.tasks.spawn(async move {
                let reached = blobs.reach(&address, hash).await;
                // Fails where the transfer has ended.
                let _ = sender.send(Message::Reached(holder, reached)).await;
            });
        }
        for order in self.plan.orders(now) {
            match order {
                Order::Ask { span, holder, bytes } => self.ask(span, holder, bytes),
                Order::Cancel { span, holder } => {
                    self.cancel(span);
                    (self.tell)(Progress::Slow { holder: self.holders.place(holder) });
                }
                Order::Stop { span } => self.cancel(span),
            }
        }
    }

    fn ask(&mut self, span: SpanId, holder: HolderIndex, bytes: Range<u64>) {
        let source = self.sources.get(&holder).expect("the plan knows holders that were reached");
        let (source, blob, sender) = (source.clone(), self.blob, self.sender.clone());
        let reading = self.tasks.spawn(async move {
            let mut pieces = pin!(B::read(source, blob, bytes));
            let mut result = Ok(());
            while let Some(next) = pieces.next().await {
                let sent = match next {
                    Ok(piece) => sender.send(Message::Piece(span, piece)).await,
                    Err(why) => {
                        result = Err(why);
                        break;
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
            let _ = sender.send(Message::Ended(span, result)).await;
        });
        self.spans.insert(span, reading);
    }

    fn cancel(&mut self, span: SpanId) {
        if let Some(reading) = self.spans.remove(&span) {
            reading.abort();
        }
    }

    async fn handle(&mut self, message: Message<B::Source>) -> Result<(), FetchError> {
        let now = self.now();
        match message {
            Message::Reached(holder, Ok((source, size))) if size == self.blob.size => {
                self.holders.reached(holder);
                self.sources.insert(holder, source);
                self.plan.add_holder(holder);
            }
            Message::Reached(holder, Ok((_, size))) => {
                self.lose(holder, SourceError::OtherSize(size));
            }
            Message::Reached(holder, Err(why)) => self.lose(holder, why),
            Message::Piece(span, piece) => self.take(span, piece, now).await?,
            Message::Ended(span, result) => {
                self.spans.remove(&span);
                let holder = self.plan.holder_of(span);
                self.plan.ended(span, now);
                if let (Err(why), Some(holder)) = (result, holder)
                    && self.sources.contains_key(&holder)
                {
                    self.lose(holder, why);
                }
            }
        }
        Ok(())
    }

    /// Of a span that was taken from its holder nothing more is taken: another sends it.
    async fn take(&mut self, span: SpanId, piece: Piece, now: Duration) -> Result<(), FetchError> {
        let Some(holder) = self.plan.holder_of(span) else { return Ok(()) };
        if let Piece::Leaf(leaf) = &piece {
            let len = self.plan.verified(span, leaf.offset, leaf.data.len() as u64, now);
            self.holders.verified(holder, len);
            (self.tell)(Progress::Verified { bytes: self.blob.size - self.plan.left() });
        }
        Ok(self.writer.write(piece).await?)
    }

    fn lose_the_silent(&mut self) {
        // Those that have ended are forgotten.
        while self.tasks.try_join_next().is_some() {}
        for holder in self.plan.silent_for(SILENCE_MAX, self.now()) {
            self.lose(holder, SourceError::Silent(SILENCE_MAX));
        }
    }

    /// The transfer goes on without the holder. Of one that only went away, what is still coming is
    /// taken: it is verified as all else.
    fn lose(&mut self, holder: HolderIndex, why: SourceError) {
        let now = self.now();
        self.sources.remove(&holder);
        self.plan.retire(holder);
        if matches!(why, SourceError::Silent(_) | SourceError::WrongBytes { .. }) {
            for span in self.plan.take_back(holder, now) {
                self.cancel(span);
            }
        }
        let place = self.holders.place(holder);
        match self.holders.failed(holder, &why, now) {
            Verdict::Lost => (self.tell)(Progress::Lost { holder: place, why }),
            Verdict::Dropped => (self.tell)(Progress::Dropped { holder: place, why }),
            // Of the last one the error says it, as of all.
            Verdict::Awaited | Verdict::LastDropped => {}
        }
    }
}

#[cfg(test)]
mod tests;
