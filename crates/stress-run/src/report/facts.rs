//! What the report is made from, read and computed once: rows with what they are judged by, and what
//! each client did under the heaviest load.

use std::collections::BTreeSet;

use figures::{Numbers, spread::Spread};
use maud::{Markup, html};

use super::prediction::Prediction;
use crate::{
    compare::Modes,
    language::Language,
    plan::{Attempt, Cell, Encoding, Mode, Operation, Volume, mode_name, table_name},
    results::{CellLine, JobOutcome, Row, Run},
};

/// From this share of the ceiling up a row says what the clients can do, not what the server can.
pub(crate) const CLIENT_LIMIT_SHARE: f64 = 0.9;

/// By what share a row may beat its ceiling: repetitions scatter as much.
const CEILING_TOLERANCE: f64 = 0.1;

pub(super) struct Facts<'a> {
    pub(super) run: &'a Run,
    pub(super) language: Language,
    /// What figures and findings are about: base64 where that was measured. Mode after mode, each in the
    /// order of its table.
    pub(super) rows: Vec<RowFacts<'a>>,
    /// The same cells without base64, where both were measured.
    pub(super) raw_beside: Vec<RowFacts<'a>>,
    pub(super) heaviest: Option<Load>,
    /// The modes against each other; without a pair where there is one mode.
    pub(super) modes_compared: Modes,
    /// Of the representative repetitions of the rows under the heaviest load.
    outcomes: Vec<(Attempt, JobOutcome)>,
}

/// Most clients that were measured, and the largest volume they moved.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Load {
    pub(crate) clients: u32,
    pub(crate) volume: Volume,
}

/// Times and rates are of the repetitions in which every client succeeded.
pub(super) struct RowFacts<'a> {
    pub(super) row: Row<'a>,
    pub(super) mean_s: Option<Spread>,
    /// In bytes per second, as the ceiling.
    pub(super) goodput: Option<Spread>,
    pub(super) makespan_s: Option<Spread>,
    pub(super) peak_bytes: Option<f64>,
    /// Of server and clients, for 10⁹ bytes of content.
    pub(super) cpu_s_per_gb: Option<f64>,
    pub(super) ceiling: Option<Spread>,
    pub(super) prediction: Option<Prediction>,
}

impl Load {
    /// `50 clients with 100 MiB each`.
    pub(super) fn text(self, language: Language) -> String {
        language.load(self.clients, language.volume(self.volume))
    }
}

/// A row as text cites it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowName {
    /// Of its table.
    pub(crate) table: String,
    pub(crate) number: usize,
}

impl<'a> Facts<'a> {
    /// An error says that `workers.jsonl.gz` cannot be read; a run without that file has no clients.
    pub(super) fn of(run: &'a Run, language: Language) -> anyhow::Result<Self> {
        let rows_of = |encoding: Encoding| -> Vec<RowFacts<'a>> {
            let rows = run.modes().into_iter().flat_map(|mode| run.rows(mode, encoding));
            rows.map(|row| RowFacts::of(run, row)).collect()
        };
        let mut encodings = run.encodings().into_iter().map(rows_of);
        let [rows, raw_beside] =
            [encodings.next(), encodings.next()].map(Option::unwrap_or_default);
        let heaviest = rows.iter().map(RowFacts::load).max();
        let of_heaviest = rows.iter().filter(|facts| Some(facts.load()) == heaviest);
        let shown: BTreeSet<Attempt> =
            of_heaviest.map(|facts| facts.row.representative().attempt()).collect();
        let outcomes = run.outcomes(|attempt| shown.contains(&attempt))?;
        let modes_compared = Modes::of(&run.cells(), &run.marks());
        Ok(Self { run, language, rows, raw_beside, heaviest, modes_compared, outcomes })
    }

    pub(super) fn is_repeated(&self) -> bool {
        is_repeated(self.run)
    }

    pub(super) fn modes(&self) -> Vec<Option<Mode>> {
        self.run.modes()
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        distinct(self.rows.iter().map(|facts| facts.row.cell.operation))
    }

    pub(super) fn volumes(&self) -> Vec<Volume> {
        distinct(self.rows.iter().map(|facts| facts.row.cell.volume))
    }

    pub(super) fn clients(&self) -> Vec<u32> {
        distinct(self.rows.iter().map(|facts| facts.row.cell.clients))
    }

    /// The sizes of the servers' pools, the smallest first.
    pub(super) fn pools(&self) -> Vec<u32> {
        distinct(self.rows.iter().map(RowFacts::workers))
    }

    /// Which of the pools this is, and so which colour and mark it has.
    pub(super) fn pool_index(&self, workers: u32) -> usize {
        self.pools().iter().position(|pool| *pool == workers).unwrap_or(0)
    }

    /// How many rows say what the clients can do, of those whose ceiling is known; `None` where none is.
    pub(super) fn limited_by_clients(&self) -> Option<String> {
        let known = self.rows.iter().filter_map(RowFacts::is_limited_by_client);
        let known: Vec<bool> = known.collect();
        let limited = known.iter().filter(|is_limited| **is_limited).count();
        let share = self.language.percent(CLIENT_LIMIT_SHARE);
        let with_ceiling = self.rows.iter().filter(|row| row.ceiling_share().is_some()).count();
        let unknown = with_ceiling - known.len();
        if known.is_empty() {
            return None;
        }
        let mut sentence = self.language.limited(limited, known.len(), share);
        if unknown > 0 {
            sentence = format!("{sentence} {}", self.language.limited_unknown(unknown));
        }
        Some(sentence)
    }

    /// In every encoding.
    pub(super) fn all_rows(&self) -> impl Iterator<Item = &RowFacts<'a>> {
        self.rows.iter().chain(&self.raw_beside)
    }

    /// Those of one table.
    pub(super) fn rows_of(
        &self,
        mode: Option<Mode>,
        encoding: Encoding,
    ) -> impl Iterator<Item = &RowFacts<'a>> {
        self.all_rows().filter(move |facts| (facts.mode(), facts.encoding()) == (mode, encoding))
    }

    /// Each row with base64 and the one that differs from it in nothing else.
    pub(super) fn encoding_pairs(&self) -> Vec<(&RowFacts<'a>, &RowFacts<'a>)> {
        let beside = |row: &RowFacts<'_>| {
            let raw = Cell { encoding: Encoding::Raw, ..row.row.cell };
            self.raw_beside.iter().find(|other| other.row.cell == raw)
        };
        self.rows.iter().filter_map(|row| Some((row, beside(row)?))).collect()
    }

    /// The rows of the heaviest load.
    pub(super) fn heaviest_rows(&self, operation: Operation) -> Vec<&RowFacts<'a>> {
        let is_shown = |facts: &&RowFacts<'_>| {
            facts.row.cell.operation == operation && Some(facts.load()) == self.heaviest
        };
        self.rows.iter().filter(is_shown).collect()
    }

    /// What the clients of a row of the heaviest load did, in its representative repetition.
    pub(super) fn outcomes(&self, facts: &RowFacts<'_>) -> Vec<&JobOutcome> {
        let attempt = facts.row.representative().attempt();
        let of_row = self.outcomes.iter().filter(|(of, _)| *of == attempt);
        of_row.map(|(_, outcome)| outcome).collect()
    }
}

impl<'a> RowFacts<'a> {
    fn of(run: &Run, row: Row<'a>) -> Self {
        let cell = row.cell;
        let peak_bytes = row.median().and_then(|line| line.server_peak_pss_bytes);
        Self {
            mean_s: row.spread(|line| line.mean_s),
            goodput: row.spread(|line| line.goodput_bytes_per_s),
            makespan_s: row.spread(|line| line.makespan_s),
            peak_bytes: peak_bytes.map(|bytes| bytes as f64),
            cpu_s_per_gb: row.median().and_then(CellLine::cpu_s_per_gb),
            ceiling: run.ceiling(&cell),
            prediction: run.prediction(&cell).filter(|_| is_repeated(run)),
            row,
        }
    }

    pub(super) fn mode(&self) -> Option<Mode> {
        self.row.cell.server.mode
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.row.cell.encoding
    }

    pub(super) fn workers(&self) -> u32 {
        self.row.cell.server.workers
    }

    pub(super) fn load(&self) -> Load {
        Load { clients: self.row.cell.clients, volume: self.row.cell.volume }
    }

    pub(super) fn name(&self) -> RowName {
        RowName { table: table_name(self.mode(), self.encoding()), number: self.row.number }
    }

    /// `thread 5`: how a figure names it, where load and operation are known.
    pub(super) fn server(&self) -> String {
        format!("{} {}", mode_name(self.mode()), self.workers())
    }

    /// A value of it, where its panel is not enough to say which row it is.
    pub(super) fn said(&self, value: &str, language: Language) -> String {
        format!("{}: {value}", self.name().text(language))
    }

    /// Goodput as a share of what the clients reach with a server that does nothing.
    pub(super) fn ceiling_share(&self) -> Option<f64> {
        let ceiling = self.ceiling.filter(|ceiling| ceiling.median > 0.0)?;
        Some(self.goodput?.median / ceiling.median)
    }

    /// `None` also of a row that is so far above its ceiling that the ceiling must have been measured
    /// under worse conditions.
    pub(super) fn is_limited_by_client(&self) -> Option<bool> {
        let share = self.ceiling_share().filter(|share| *share <= 1.0 + CEILING_TOLERANCE)?;
        Some(share >= CLIENT_LIMIT_SHARE)
    }

    /// How much longer the mean time is than predicted, as a share of the prediction.
    pub(super) fn residual(&self) -> Option<f64> {
        let predicted_s = self.prediction.map(|prediction| prediction.mean_s);
        let predicted_s = predicted_s.filter(|seconds| *seconds > 0.0)?;
        Some(self.mean_s?.median / predicted_s - 1.0)
    }

    /// The median goodput, without which a row has no place in most figures.
    pub(super) fn median_goodput(&self) -> Option<f64> {
        self.goodput.map(|goodput| goodput.median)
    }
}

impl RowName {
    /// The name of the place in the page where the row is.
    pub(super) fn anchor(&self) -> String {
        format!("{}-{}", self.table, self.number)
    }

    pub(super) fn text(&self, language: Language) -> String {
        language.row(&self.table, self.number)
    }

    /// The way to its place in the tables.
    pub(super) fn link(&self, language: Language) -> Markup {
        html! { a href=(format!("#{}", self.anchor())) { (self.text(language)) } }
    }

    /// Behind a value that is from it.
    pub(super) fn after(&self, value: String, language: Language) -> Markup {
        language.of_row(value, self.link(language))
    }
}

/// Of a row that was measured once nobody knows how far it scatters, so no prediction is held against it.
fn is_repeated(run: &Run) -> bool {
    run.environment.plan.repetitions > 1
}

/// In ascending order.
fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}
