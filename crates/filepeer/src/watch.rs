//! What a node that runs tells of itself: the log and the database of what happens to it, its metrics, and the counts
//! that `top` shows.
//!
//! It is told events by the node, and never makes the node wait: what cannot be written is dropped and counted, as
//! in the other programs (`telemetry`, `monitor`). It begins before the node, so that nothing is missed, and names
//! the node's port once that is known.

pub(crate) mod counts;
mod pace;
pub(crate) mod sentences;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use anyhow::Context;
use monitor::{Listeners, RecordArgs, ServerRun, Watch, Watching, metrics, status::Status};
use protocol::{Stats, Token, stats::Connections};
use telemetry::{Journal, JournalReader, Scoreboard, journal};

use self::{counts::Counted, pace::Pace};
use crate::{
    language::Language,
    node::{Event, Listener, Node},
};

/// As its lines in the log and its runs in the database name it.
const PROGRAM: &str = "filepeer";

/// What the metrics and the database call how it runs connections: it has no model of them.
const MODE: &str = "peer";

/// Takes what a node tells, until the node is there and it can be written down.
pub(crate) struct NodeWatch {
    language: Language,
    journal: Journal,
    reader: JournalReader,
    board: Scoreboard,
    listeners: Listeners,
    counted: Arc<Counted>,
    pace: Arc<Pace>,
}

impl NodeWatch {
    /// Binds what `args` name for metrics and status.
    pub(crate) fn open(args: &RecordArgs) -> anyhow::Result<Self> {
        let board = Scoreboard::new(Box::leak(Box::default()), &[], &[]);
        let (journal, reader) = journal::open(args.journal_level(), board.losses())
            .context("cannot make the pipe of the log")?;
        let listeners = Listeners::bind(args.metrics, args.status)?;
        let counted = Arc::new(Counted::new(board));
        let (language, pace) = (args.log_lang.into(), Arc::default());
        Ok(Self { language, journal, reader, board, listeners, counted, pace })
    }

    /// For the node, which tells its events there.
    pub(crate) fn listener(&self) -> Listener {
        let (journal, counted) = (self.journal.clone(), Arc::clone(&self.counted));
        let (language, pace, losses) = (self.language, Arc::clone(&self.pace), self.board.losses());
        Arc::new(move |event| {
            counted.count(&event);
            match pace.takes_one(Instant::now()) {
                true => tell(&journal, &counted, language, &event),
                false => _ = losses.journal.fetch_add(1, Relaxed),
            }
        })
    }

    /// For the node's answer to the question `STATS`: the counts as one line of JSON.
    pub(crate) fn stats(&self) -> Arc<dyn Fn() -> String + Send + Sync> {
        let counted = Arc::clone(&self.counted);
        Arc::new(move || serde_json::to_string(&counted.counts()).expect("numbers have JSON"))
    }

    /// Opens the log and the database, and writes down what was told and what will be.
    pub(crate) fn start(self, args: &RecordArgs, node: &Node) -> anyhow::Result<WatchedNode> {
        let Self { journal, reader, board, listeners, counted, .. } = self;
        counted.node_is(node.clone());
        let run = ServerRun::starting(PROGRAM, MODE, 1, node.address());
        let told = Told(counted);
        let mut watch = Watch::new(args.config(run), board, reader, told, listeners);
        watch.open()?;
        let lines = watch.lines().to_vec();
        let watching = watch.start_threads().context("cannot start a thread for the log")?;
        Ok(WatchedNode { watching, journal, lines })
    }
}

/// A node whose events are written down.
pub(crate) struct WatchedNode {
    watching: Watching,
    journal: Journal,
    /// Where else it answers, for people.
    pub(crate) lines: Vec<String>,
}

impl WatchedNode {
    /// Lets what was told be written, for some seconds at most.
    pub(crate) fn finish(self) {
        self.watching.finish(PROGRAM, &self.journal);
    }
}

/// A file that went to a peer is a request, as a server's: so the questions to the database know it. Everything else
/// is told in words.
fn tell(journal: &Journal, counted: &Counted, language: Language, event: &Event) {
    if let Event::Served { name, peer, bytes, took } = event {
        let request = counted.served(name, *peer, *bytes, *took);
        return journal.tell(telemetry::Level::Info, request);
    }
    let (level, sentences) = sentences::of(event, language);
    if journal.takes(level) {
        sentences.iter().for_each(|sentence| journal.say(level, sentence));
    }
}

/// What is told at `--metrics` and `--status`.
#[derive(Clone)]
struct Told(Arc<Counted>);

impl Status for Told {
    /// A node serves no requests of the file protocol; what it has besides them is told.
    fn stats(&self) -> Stats {
        let counts = self.0.counts();
        Stats {
            mode: MODE.to_owned(),
            uptime_seconds: counts.uptime_seconds,
            connections: Connections { active: counts.neighbours, ..Connections::default() },
            bytes_out: counts.bytes_served,
            events_lost: counts.events_lost,
            ..Stats::default()
        }
    }

    fn page(&self, board: &Scoreboard) -> String {
        let families = counts::families(&self.0.counts());
        metrics::render_own(&self.stats(), board, families)
    }

    fn asks_for_token(&self) -> bool {
        false
    }

    fn identify(&self, _token: &Token) -> Option<String> {
        None
    }
}
