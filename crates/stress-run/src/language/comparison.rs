//! What the comparison of two runs prints, and what that of modes shares with it.

use super::{
    Language::{self, En, Id},
    counted,
};
use crate::{
    compare::{Difference, Measure, Obstacle, Side, Verdict},
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
