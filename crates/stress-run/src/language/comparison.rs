//! What comparisons print, of two runs and of modes.

use super::{
    Language::{self, En, Id},
    counted,
};
use crate::{
    compare::{Answer, Difference, LoadJudged, Measure, Modes, Obstacle, Pair, Side, Verdict},
    plan::mode_name,
};

impl Language {
    /// The column heads of the comparison of two runs.
    pub(crate) fn comparison_columns(self) -> [&'static str; 9] {
        match self {
            En => [
                "Operation",
                "Volume (MiB)",
                "Clients",
                "Workers",
                "Mean A (s)",
                "Mean B (s)",
                "Speed B / A",
                "p, corrected",
                "B is",
            ],
            Id => [
                "Operasi",
                "Volume (MiB)",
                "Client",
                "Worker",
                "Waktu A (s)",
                "Waktu B (s)",
                "Rasio B / A",
                "p, terkoreksi",
                "B",
            ],
        }
    }

    /// Of the table that counts the verdicts.
    pub(crate) fn tally_columns(self) -> [&'static str; 8] {
        match self {
            En => [
                "Mode",
                "Rows",
                "Faster",
                "Slower",
                "Same",
                "Inconclusive",
                "Not comparable",
                "Speed B / A",
            ],
            Id => [
                "Mode",
                "Baris",
                "Lebih cepat",
                "Lebih lambat",
                "Sama",
                "Belum pasti",
                "Tidak sebanding",
                "Rasio B / A",
            ],
        }
    }

    /// All modes together.
    pub(crate) fn all(self) -> &'static str {
        match self {
            En => "all",
            Id => "semua",
        }
    }

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

    /// How fast one is as a multiple of another.
    pub(crate) fn ratio(self, ratio: f64) -> String {
        self.decimal(ratio, 2)
    }

    pub(crate) fn range(self, (low, high): (f64, f64)) -> String {
        format!("{}–{}", self.ratio(low), self.ratio(high))
    }

    /// Above the reasons.
    pub(crate) fn not_compared(self, is_nothing_compared: bool) -> &'static str {
        match (self, is_nothing_compared) {
            (En, true) => "Nothing can be compared:",
            (En, false) => "Not compared (--csv names the rows):",
            (Id, true) => "Tidak ada yang bisa dibandingkan:",
            (Id, false) => "Tidak dibandingkan (--csv menyebut barisnya):",
        }
    }

    /// `3 rows`, or between modes, where a load is one for all of them, `3 loads`.
    pub(crate) fn loads(self, measure: Measure, count: usize) -> String {
        match (self, measure) {
            (En, Measure::MeanTime) => counted(count as u32, "row", "rows"),
            (En, Measure::Goodput) => counted(count as u32, "load", "loads"),
            (Id, Measure::MeanTime) => format!("{count} baris"),
            (Id, Measure::Goodput) => format!("{count} beban"),
        }
    }

    pub(crate) fn across_machines(self) -> &'static str {
        match self {
            En => "With --across-machines runs of two machines are compared all the same.",
            Id => "Dengan --across-machines dua mesin tetap dibandingkan.",
        }
    }

    /// What comparing across machines says, and does not.
    pub(crate) fn allowed(self, differences: &[Obstacle]) -> String {
        let mut text = match self {
            En => "ACROSS MACHINES: a difference may come from the machine, not from the program:",
            Id => "ANTARMESIN: perbedaan bisa berasal dari mesinnya, bukan dari programnya:",
        }
        .to_owned();
        for difference in differences {
            text += "\n  ";
            text += &self.obstacle(difference);
        }
        text
    }

    pub(crate) fn verdict(self, verdict: Verdict) -> &'static str {
        match (self, verdict) {
            (En, Verdict::Faster) => "faster",
            (En, Verdict::Slower) => "slower",
            (En, Verdict::Same) => "same",
            (En, Verdict::Inconclusive) => "inconclusive",
            (En, Verdict::NotComparable) => "not comparable",
            (Id, Verdict::Faster) => "lebih cepat",
            (Id, Verdict::Slower) => "lebih lambat",
            (Id, Verdict::Same) => "sama",
            (Id, Verdict::Inconclusive) => "belum pasti",
            (Id, Verdict::NotComparable) => "tidak sebanding",
        }
    }

    pub(crate) fn obstacle(self, obstacle: &Obstacle) -> String {
        match self {
            En => obstacle_in_english(obstacle),
            Id => obstacle_in_indonesian(obstacle),
        }
    }

    /// What the verdicts rest on, below every comparison of two runs.
    pub(crate) fn comparison_notes(self) -> &'static str {
        match self {
            En => {
                "The times are the mean over the clients of a row, in the median repetition. \
                 Speed is the time of A divided by that of B: above 1, B is faster; over several \
                 rows it is the geometric mean. Same means within 5%. Faster and slower need a \
                 difference beyond 5% and a corrected p of at most 0.05: the exact two-sided \
                 Mann-Whitney test over at least 4 repetitions on each side, corrected for the \
                 number of rows (Benjamini-Hochberg). Inconclusive: beyond 5%, and chance could \
                 be all of it."
            }
            Id => {
                "Waktu adalah rata-rata client pada satu baris, dari ulangan median. Rasio B / A \
                 adalah rasio kecepatannya, yaitu waktu A dibagi waktu B: di atas 1 berarti B \
                 lebih cepat; untuk beberapa baris diambil rata-rata geometriknya. Sama berarti \
                 selisihnya paling banyak 5%. Lebih cepat dan lebih lambat perlu selisih di atas \
                 5% dan p terkoreksi paling besar 0,05: uji Mann-Whitney dua sisi yang eksak \
                 dengan paling sedikit 4 ulangan di tiap sisi, dikoreksi untuk jumlah baris \
                 (Benjamini-Hochberg). Belum pasti: di atas 5%, tetapi bisa saja kebetulan."
            }
        }
    }

    /// What the verdicts rest on, wherever modes are compared.
    pub(crate) fn mode_notes(self) -> &'static str {
        match self {
            En => {
                "Each mode has the pool with its highest goodput: all bytes divided by the time \
                 until the last client is done, in the median repetition. Speed is that goodput \
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
                 sampai client terakhir selesai, dari ulangan median. Rasio adalah goodput itu \
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

    fn side(self, side: Side) -> String {
        match (self, side) {
            (_, Side::A) => "A".to_owned(),
            (_, Side::B) => "B".to_owned(),
            (En, Side::Run) => "the run".to_owned(),
            (Id, Side::Run) => "run ini".to_owned(),
            (En, Side::Mode(mode)) => format!("{} mode", mode_name(mode)),
            (Id, Side::Mode(mode)) => format!("mode {}", mode_name(mode)),
        }
    }
}

fn obstacle_in_english(obstacle: &Obstacle) -> String {
    let between = |Difference { what, in_a, in_b }: &Difference| {
        format!("{what} is {in_a} in A and {in_b} in B")
    };
    match obstacle {
        Obstacle::OtherMachine(difference) => format!("another machine: {}", between(difference)),
        Obstacle::OtherSettings(difference) => format!("other settings: {}", between(difference)),
        Obstacle::Invalid(side) => format!("{} is INVALID", En.side(*side)),
        Obstacle::Partial(side) => format!("{} is PARTIAL", En.side(*side)),
        Obstacle::NotMeasured(side) => format!("not measured in {}", En.side(*side)),
        Obstacle::ClientsFailed(side, 1) => format!("1 client failed in {}", En.side(*side)),
        Obstacle::ClientsFailed(side, count) => {
            format!("{count} clients failed in {}", En.side(*side))
        }
        Obstacle::TooManyRepetitions(side) => {
            format!("more repetitions in {} than the test can take", En.side(*side))
        }
    }
}

fn obstacle_in_indonesian(obstacle: &Obstacle) -> String {
    let between = |Difference { what, in_a, in_b }: &Difference| {
        format!("{what} adalah {in_a} di A dan {in_b} di B")
    };
    match obstacle {
        Obstacle::OtherMachine(difference) => format!("mesin lain: {}", between(difference)),
        Obstacle::OtherSettings(difference) => format!("pengaturan lain: {}", between(difference)),
        Obstacle::Invalid(side) => format!("{} INVALID", Id.side(*side)),
        Obstacle::Partial(side) => format!("{} PARTIAL", Id.side(*side)),
        Obstacle::NotMeasured(side) => format!("tidak terukur di {}", Id.side(*side)),
        Obstacle::ClientsFailed(side, count) => {
            format!("{count} client gagal di {}", Id.side(*side))
        }
        Obstacle::TooManyRepetitions(side) => {
            format!("ulangan di {} terlalu banyak untuk diuji", Id.side(*side))
        }
    }
}
