//! What the comparison of two runs prints.

use super::Language::{self, En, Id};
use crate::compare::{Difference, Obstacle, Side, Tally, Verdict};

impl Language {
    /// The column heads of the comparison.
    pub(crate) fn comparison_columns(self) -> [&'static str; 10] {
        match self {
            En => [
                "Operation",
                "Volume",
                "Clients",
                "Server workers",
                "Repetitions A / B",
                "Time per client A (s)",
                "Time per client B (s)",
                "Speed B / A",
                "p",
                "B is",
            ],
            Id => [
                "Operasi",
                "Volume",
                "Client",
                "Server worker",
                "Ulangan A / B",
                "Waktu per client A (s)",
                "Waktu per client B (s)",
                "Kecepatan B / A",
                "p",
                "B",
            ],
        }
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

    /// `thread: 9 rows: 0 faster, ...` for a mode, or for all of them.
    pub(crate) fn tally(self, mode: Option<&str>, tally: &Tally) -> String {
        let Tally { pairs, faster, slower, same, inconclusive, not_comparable, .. } = tally;
        match self {
            En => format!(
                "{}: {pairs} rows: {faster} faster, {slower} slower, {same} same, \
                 {inconclusive} inconclusive, {not_comparable} not comparable; \
                 geometric mean of the speeds B / A: {}",
                mode.unwrap_or("all"),
                speed(tally)
            ),
            Id => format!(
                "{}: {pairs} baris: {faster} lebih cepat, {slower} lebih lambat, {same} sama, \
                 {inconclusive} belum pasti, {not_comparable} tidak sebanding; \
                 rata-rata geometrik kecepatan B / A: {}",
                mode.unwrap_or("semua"),
                speed(tally)
            ),
        }
    }

    /// What the verdicts rest on, below every comparison.
    pub(crate) fn comparison_notes(self) -> &'static str {
        match self {
            En => {
                "Times are the mean over the clients of a row, and of several repetitions the \
                 median. Speed is the time of A divided by the time of B: above 1, B is faster. \
                 Same means within 5%. Faster and slower need a difference beyond 5% and p of at \
                 most 0.05: the exact two-sided Mann-Whitney test over at least 4 repetitions on \
                 each side, corrected for the number of rows (Benjamini-Hochberg). Inconclusive is \
                 a difference beyond 5% that this does not show."
            }
            Id => {
                "Waktu adalah rata-rata client pada satu baris, dan dari beberapa ulangan diambil \
                 mediannya. Kecepatan adalah waktu A dibagi waktu B: di atas 1 berarti B lebih \
                 cepat. Sama berarti selisihnya paling banyak 5%. Lebih cepat dan lebih lambat \
                 perlu selisih di atas 5% dan p paling besar 0,05: uji Mann-Whitney dua sisi yang \
                 eksak dengan paling sedikit 4 ulangan di tiap sisi, dikoreksi untuk jumlah baris \
                 (Benjamini-Hochberg). Belum pasti adalah selisih di atas 5% yang tidak terbukti \
                 dengan cara itu."
            }
        }
    }
}

fn speed(tally: &Tally) -> String {
    tally.speed_ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"))
}

fn letter(side: Side) -> &'static str {
    match side {
        Side::A => "A",
        Side::B => "B",
    }
}

fn obstacle_in_english(obstacle: &Obstacle) -> String {
    let between = |Difference { what, in_a, in_b }: &Difference| {
        format!("{what} is {in_a} in A and {in_b} in B")
    };
    match obstacle {
        Obstacle::OtherMachine(difference) => format!("another machine: {}", between(difference)),
        Obstacle::OtherSettings(difference) => format!("other settings: {}", between(difference)),
        Obstacle::Invalid(side) => format!("{} is INVALID", letter(*side)),
        Obstacle::Partial(side) => format!("{} is PARTIAL", letter(*side)),
        Obstacle::NotMeasured(side) => format!("not measured in {}", letter(*side)),
        Obstacle::ClientsFailed(side, 1) => format!("1 client failed in {}", letter(*side)),
        Obstacle::ClientsFailed(side, count) => {
            format!("{count} clients failed in {}", letter(*side))
        }
        Obstacle::TooManyRepetitions(side) => {
            format!("more repetitions in {} than the test can take", letter(*side))
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
        Obstacle::Invalid(side) => format!("{} INVALID", letter(*side)),
        Obstacle::Partial(side) => format!("{} PARTIAL", letter(*side)),
        Obstacle::NotMeasured(side) => format!("tidak terukur di {}", letter(*side)),
        Obstacle::ClientsFailed(side, count) => {
            format!("{count} client gagal di {}", letter(*side))
        }
        Obstacle::TooManyRepetitions(side) => {
            format!("ulangan di {} terlalu banyak untuk diuji", letter(*side))
        }
    }
}
