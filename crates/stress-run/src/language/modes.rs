//! What the comparison of modes prints, and says in the report.

use super::Language::{self, En, Id};
use crate::{
    compare::{Answer, LoadJudged, Modes, Pair, Verdict},
    plan::mode_name,
};

impl Language {
    /// The column heads of the comparison of modes.
    pub(crate) fn mode_columns(self) -> [&'static str; 9] {
        match self {
            En => [
                "Volume (MiB)",
                "Clients",
                "Mode",
                "Workers",
                "Goodput (MiB/s)",
                "Speed",
                "95% range",
                "p, corrected",
                "Verdict",
            ],
            Id => [
                "Volume (MiB)",
                "Client",
                "Mode",
                "Worker",
                "Goodput (MiB/s)",
                "Rasio",
                "Rentang 95%",
                "p, terkoreksi",
                "Putusan",
            ],
        }
    }

    /// The mode with the most goodput, in the place of a verdict.
    pub(crate) fn fastest(self) -> String {
        match self {
            En => "fastest".to_owned(),
            Id => "tercepat".to_owned(),
        }
    }

    /// What the verdicts rest on, wherever modes are compared.
    pub(crate) fn mode_notes(self) -> &'static str {
        match self {
            En => {
                "Each mode has the pool with its highest goodput: all bytes divided by the time \
                 until the last client is done, in the repetition where that is the median. Pools with \
                 failed clients are left out. Speed is that goodput \
                 as a multiple of the fastest mode's; the 95% range holds its true value, this \
                 row taken by itself. All loads together: the geometric mean. The same \
                 repetitions choose the pool and are tested. So that the choice does not flatter \
                 a mode, it counts as faster only where its best pool is faster than each pool of \
                 the other mode, and p is multiplied by the number of its pools. p is that of the \
                 exact two-sided Mann-Whitney test, corrected also for all pairs of modes \
                 (Benjamini-Hochberg). Same: within 5%. Slower: beyond 5%, and p is at most 0.05. \
                 Inconclusive: beyond 5%, and chance could be all of it."
            }
            Id => {
                "Setiap mode diwakili pool dengan goodput tertinggi: semua byte dibagi waktu \
                 sampai client terakhir selesai, dari ulangan dengan goodput median. Pool dengan client \
                 gagal tidak diikutkan. Rasio adalah goodput itu \
                 dibagi goodput mode tercepat; rentang 95% memuat nilai sebenarnya, untuk satu \
                 baris saja. Semua beban: rata-rata geometriknya. Ulangan yang sama memilih pool \
                 dan diuji. Agar pilihan itu tidak menguntungkan satu mode, mode disebut lebih \
                 cepat hanya jika pool terbaiknya lebih cepat dari setiap pool mode lain, dan p \
                 dikalikan jumlah pool-nya. p berasal dari uji Mann-Whitney dua sisi yang eksak, \
                 dikoreksi juga untuk semua pasangan mode (Benjamini-Hochberg). Sama: selisih \
                 paling banyak 5%. Lebih lambat: di atas 5%, dan p paling besar 0,05. Belum \
                 pasti: di atas 5%, tetapi bisa saja kebetulan."
            }
        }
    }

    pub(crate) fn which_mode_title(self) -> &'static str {
        match self {
            En => "Which mode?",
            Id => "Mode yang mana?",
        }
    }

    /// What modes are against each other, a sentence for each operation; none where nothing can be
    /// compared.
    pub(crate) fn modes_together(self, modes: &Modes) -> Vec<String> {
        let of_operations = modes.of_operations();
        match Answer::of(modes).needed {
            _ if of_operations.is_empty() => Vec::new(),
            Some(repetitions) => vec![self.no_mode_tested(repetitions)],
            None => of_operations.iter().map(|load| self.modes_under(load)).collect(),
        }
    }

    /// The same, and what the single loads say.
    pub(crate) fn which_mode(self, modes: &Modes) -> Vec<String> {
        let Answer { loads, unsure, slower, needed } = Answer::of(modes);
        let mut sentences = self.modes_together(modes);
        if needed.is_some() || modes.over_all.pairs.is_empty() {
            return sentences;
        }
        if slower.is_empty() {
            sentences.push(match self {
                En => "Load by load, no mode is shown to be slower than another.".to_owned(),
                Id => "Beban demi beban, tidak ada mode yang terbukti lebih lambat.".to_owned(),
            });
        }
        sentences.extend(slower.iter().map(|(mode, pairs)| self.slower(mode, pairs, loads)));
        if unsure > 0 {
            sentences.push(match self {
                En => format!(
                    "Under {unsure} of {loads} loads modes differ by more than 5%, and chance could be \
                     all of it."
                ),
                Id => format!(
                    "Pada {unsure} dari {loads} beban selisih antarmode lebih dari 5%, tetapi bisa saja \
                     kebetulan."
                ),
            });
        }
        sentences
    }

    fn modes_under(self, load: &LoadJudged<'_>) -> String {
        let fastest = mode_name(load.fastest.server.mode);
        let others: Vec<String> = load.others.iter().map(|pair| self.beside(pair)).collect();
        let others = others.join("; ");
        let load = match (self, load.size()) {
            (_, Some((volume, clients))) => {
                self.cell(load.operation(), &volume.to_string(), clients)
            }
            (En, None) => format!("{}, all loads", load.operation()),
            (Id, None) => format!("{}, semua beban", load.operation()),
        };
        match self {
            En => format!("{load}: {fastest} has the highest goodput; {others}."),
            Id => format!("{load}: goodput {fastest} tertinggi; {others}."),
        }
    }

    /// One mode beside the fastest.
    fn beside(self, pair: &Pair) -> String {
        let mode = mode_name(pair.b.server.mode);
        let (ratio, range) = (pair.speed_ratio, pair.speed_range);
        let ratio = ratio.map_or_else(String::new, |ratio| self.ratio(ratio));
        let range = range.map_or_else(String::new, |range| self.range(range));
        let verdict = match (self, pair.verdict) {
            (En, Verdict::Same) => "counts as the same",
            (En, Verdict::Slower) => "is slower",
            (En, Verdict::Faster | Verdict::Inconclusive) => "may be slower",
            (En, Verdict::NotComparable) => return format!("{mode} cannot be compared"),
            (Id, Verdict::Same) => "dianggap sama",
            (Id, Verdict::Slower) => "lebih lambat",
            (Id, Verdict::Faster | Verdict::Inconclusive) => "mungkin lebih lambat",
            (Id, Verdict::NotComparable) => return format!("{mode} tidak bisa dibandingkan"),
        };
        match self {
            En => format!("{mode} {verdict} ({ratio} times as fast, 95% range {range})"),
            Id => format!("{mode} {verdict} ({ratio} kali, rentang 95% {range})"),
        }
    }

    fn no_mode_tested(self, repetitions: usize) -> String {
        match self {
            En => format!(
                "Which mode is faster cannot be told from so few repetitions; --repeat {repetitions} \
                 can show it."
            ),
            Id => format!(
                "Mode mana yang lebih cepat belum bisa dipastikan dengan ulangan sesedikit ini; \
                 --repeat {repetitions} bisa menunjukkannya."
            ),
        }
    }

    /// Under which loads a mode is slower than the fastest, and by how much at worst.
    fn slower(self, mode: &str, pairs: &[&Pair], loads: usize) -> String {
        let Some(worst) = pairs.first() else { return String::new() };
        let count = pairs.len();
        let fastest = mode_name(worst.a.server.mode);
        let cell =
            self.cell(worst.cell.operation, &worst.cell.volume.to_string(), worst.cell.clients);
        let ratio = self.ratio(worst.speed_ratio.unwrap_or(1.0));
        let range = worst.speed_range.map_or_else(String::new, |range| self.range(range));
        match self {
            En => format!(
                "Load by load, {mode} is slower under {count} of {loads}, at worst {ratio} times as fast as \
                 {fastest} (95% range {range}; {cell})."
            ),
            Id => format!(
                "Beban demi beban, {mode} lebih lambat pada {count} dari {loads}, paling buruk {ratio} kali \
                 kecepatan {fastest} (rentang 95% {range}; {cell})."
            ),
        }
    }
}
