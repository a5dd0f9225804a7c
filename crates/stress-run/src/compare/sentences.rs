//! What a comparison says in words: the verdicts, why something cannot be compared, and which mode is faster.

use figures::Numbers;

use super::{
    modes::{Answer, LoadJudged, Modes},
    obstacles::{Difference, Obstacle, Side},
    verdicts::{Pair, Verdict},
};
use crate::{language::Language, plan::mode_name};

impl Verdict {
    pub(crate) fn word(self, language: Language) -> String {
        match self {
            Self::Faster => language.verdict_faster(),
            Self::Slower => language.verdict_slower(),
            Self::Same => language.verdict_same(),
            Self::Inconclusive => language.verdict_inconclusive(),
            Self::NotComparable => language.verdict_not_comparable(),
        }
    }
}

impl Side {
    fn name(self, language: Language) -> String {
        match self {
            Self::A => "A".to_owned(),
            Self::B => "B".to_owned(),
            Self::Run => language.side_run(),
            Self::Mode(mode) => language.side_mode(mode_name(mode)),
            Self::Encoding(encoding) => encoding.name().to_owned(),
        }
    }
}

impl Obstacle {
    pub(crate) fn sentence(&self, language: Language) -> String {
        match self {
            Self::OtherMachine(Difference { what, in_a, in_b }) => {
                language.other_machine(what, in_a, in_b)
            }
            Self::OtherSettings(Difference { what, in_a, in_b }) => {
                language.other_settings(what, in_a, in_b)
            }
            Self::Invalid(side) => language.side_invalid(side.name(language)),
            Self::Partial(side) => language.side_partial(side.name(language)),
            Self::NotMeasured(side) => language.not_measured_in(side.name(language)),
            Self::ClientsFailed(side, count) => {
                language.clients_failed_in(count, side.name(language))
            }
            Self::TooManyRepetitions(side) => language.too_many_repetitions(side.name(language)),
        }
    }
}

/// How fast one is as a multiple of another.
pub(super) fn ratio(ratio: f64, language: Language) -> String {
    language.decimal(ratio, 2)
}

pub(super) fn range((low, high): (f64, f64), language: Language) -> String {
    format!("{}–{}", ratio(low, language), ratio(high, language))
}

impl Modes {
    /// What modes are against each other, a sentence for each operation; none where nothing can be
    /// compared.
    pub(crate) fn together(&self, language: Language) -> Vec<String> {
        let of_operations = self.of_operations();
        match Answer::of(self).needed {
            _ if of_operations.is_empty() => Vec::new(),
            Some(repetitions) => vec![language.no_mode_tested(repetitions)],
            None => of_operations.iter().map(|load| load.sentence(language)).collect(),
        }
    }

    /// What the single loads say; nothing where it is the same.
    pub(crate) fn load_by_load(&self, language: Language) -> Vec<String> {
        let Answer { loads, unsure, least_p, slower, needed } = Answer::of(self);
        let mut sentences = Vec::new();
        if needed.is_some() || self.over_all.pairs.is_empty() {
            return sentences;
        }
        if slower.is_empty() {
            sentences.push(language.no_mode_slower());
        }
        for (mode, pairs) in &slower {
            let worst = pairs.first().map(|pair| pair.at_worst(language)).unwrap_or_default();
            sentences.push(language.slower_under(mode, pairs.len(), loads, worst));
        }
        if unsure > 0 {
            sentences.push(language.unsure_under(unsure, loads, language.number(least_p)));
        }
        sentences
    }
}

impl LoadJudged<'_> {
    fn sentence(&self, language: Language) -> String {
        let fastest = mode_name(self.fastest.server.mode);
        let others: Vec<String> =
            self.others.iter().map(|pair| pair.beside_fastest(language)).collect();
        language.modes_under(self.named(language), fastest, others.join("; "))
    }

    pub(crate) fn named(&self, language: Language) -> String {
        match self.size() {
            Some(_) => language.cell_named(&self.load),
            None => language.operation_all_loads(language.operation_named(&self.load)),
        }
    }
}

impl Pair {
    fn beside_fastest(&self, language: Language) -> String {
        let mode = mode_name(self.b.server.mode);
        let (ratio, range) = self.speed(language);
        match self.verdict {
            Verdict::Same => language.mode_same(mode, ratio, range),
            Verdict::Slower => language.mode_slower(mode, ratio, range),
            Verdict::Faster | Verdict::Inconclusive => language.mode_unsure(mode, ratio, range),
            Verdict::NotComparable => language.mode_not_comparable(mode),
        }
    }

    /// By how much, and under which load.
    fn at_worst(&self, language: Language) -> String {
        let (ratio, range) = self.speed(language);
        let fastest = mode_name(self.a.server.mode);
        language.worst_under(ratio, fastest, range, language.cell_named(&self.cell))
    }

    /// The ratio and its range; empty where there is none.
    pub(crate) fn speed(&self, language: Language) -> (String, String) {
        let ratio = self.speed_ratio.map_or_else(String::new, |speed| ratio(speed, language));
        let range = self.speed_range.map_or_else(String::new, |speeds| range(speeds, language));
        (ratio, range)
    }
}
