//! What the report says besides its figures, findings and disclosure: numbers, heads and explanations.

mod captions;
mod disclosure;
mod findings;
mod labels;

use maud::{Markup, html};

pub(crate) use self::disclosure::Term;
use super::Language::{self, En, Id};
use crate::{
    machine::resources::{CLOCK_TOLERANCE_S, OTHERS_SHARE_MAX},
    plan::in_mib,
    report::{BAND, CLIENT_LIMIT_SHARE, Load, RowName},
    spread::CONFIDENCE_MIN,
};

/// Digits of a number that say something, the scatter of most measurements considered.
const SIGNIFICANT: i32 = 3;

impl Language {
    /// For the `lang` of a page.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            En => "en",
            Id => "id",
        }
    }

    /// With three significant digits.
    pub(crate) fn number(self, value: f64) -> String {
        let magnitude = value.abs().max(1e-9).log10().floor() as i32;
        let decimals = (SIGNIFICANT - 1 - magnitude).clamp(0, 6);
        self.decimal(value, decimals as usize)
    }

    /// As short as it can be, for an axis.
    pub(crate) fn tick(self, value: f64) -> String {
        let text = self.number(value);
        match text.contains(['.', ',']) {
            true => text.trim_end_matches('0').trim_end_matches(['.', ',']).to_owned(),
            false => text,
        }
    }

    /// `+12`, `−3.1`.
    pub(crate) fn signed(self, value: f64) -> String {
        let text = self.decimal(value.abs(), usize::from(value.abs() < 10.0));
        let is_zero = !text.contains(|letter: char| ('1'..='9').contains(&letter));
        let sign = if value < 0.0 { "−" } else { "+" };
        if is_zero { "0".to_owned() } else { format!("{sign}{text}") }
    }

    pub(crate) fn signed_percent(self, share: f64) -> String {
        format!("{}%", self.signed(share * 100.0))
    }

    fn percent(self, share: f64) -> String {
        let value = share * 100.0;
        format!("{}%", self.decimal(value, usize::from(value > 0.0 && value < 9.95)))
    }

    pub(super) fn decimal(self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        match self {
            En => text,
            Id => text.replace('.', ","),
        }
    }

    fn seconds(self, seconds: f64) -> String {
        match self {
            En => format!("{} s", self.number(seconds)),
            Id => format!("{} detik", self.number(seconds)),
        }
    }

    /// Of bytes per second.
    pub(crate) fn rate(self, bytes_per_s: f64) -> String {
        format!("{} MiB/s", self.number(in_mib(bytes_per_s)))
    }

    /// `50 clients with 100 MiB each`.
    fn load(self, load: Load) -> String {
        let Load { clients, volume } = load;
        match self {
            En if clients == 1 => format!("1 client with {volume}"),
            En => format!("{clients} clients with {volume} each"),
            Id if clients == 1 => format!("1 client dengan {volume}"),
            Id => format!("{clients} client dengan masing-masing {volume}"),
        }
    }

    pub(crate) fn row(self, row: &RowName) -> String {
        let RowName { mode, number } = row;
        match self {
            En => format!("{mode}, row {number}"),
            Id => format!("{mode}, baris {number}"),
        }
    }

    /// The row, as a way to its place in the tables.
    fn row_link(self, row: &RowName) -> Markup {
        html! { a href=(format!("#{}", row.anchor())) { (self.row(row)) } }
    }

    pub(crate) fn report_title(self, started: &str) -> String {
        match self {
            En => format!("Stress test of the file server, {started}"),
            Id => format!("Stress test file server, {started}"),
        }
    }

    pub(crate) fn measured(
        self,
        modes: &[String],
        rows: usize,
        planned: u64,
        repetitions: u32,
    ) -> String {
        let (modes, repetitions) = (modes.join(", "), self.repetitions(repetitions));
        match self {
            En => format!(
                "Server modes: {modes}. {rows} of {planned} rows were measured, in {repetitions}."
            ),
            Id => format!(
                "Mode server: {modes}. {rows} dari {planned} baris terukur, dalam {repetitions}."
            ),
        }
    }

    pub(crate) fn not_reportable(self) -> &'static str {
        match self {
            En => "NOT REPORTABLE",
            Id => "TIDAK LAYAK DILAPORKAN",
        }
    }

    pub(crate) fn findings(self) -> &'static str {
        match self {
            En => "What was found",
            Id => "Temuan",
        }
    }

    pub(crate) fn figures(self) -> &'static str {
        match self {
            En => "Figures",
            Id => "Gambar",
        }
    }

    pub(crate) fn tables(self) -> &'static str {
        match self {
            En => "Tables",
            Id => "Tabel",
        }
    }

    pub(crate) fn meaning(self) -> &'static str {
        match self {
            En => "What the numbers mean",
            Id => "Arti angka-angkanya",
        }
    }

    pub(crate) fn yes_or_no(self, is_so: bool) -> &'static str {
        match (self, is_so) {
            (En, true) => "yes",
            (En, false) => "no",
            (Id, true) => "ya",
            (Id, false) => "tidak",
        }
    }

    pub(crate) fn about_tables(self, repetitions: u32) -> String {
        let limit = self.percent(CLIENT_LIMIT_SHARE);
        let repetitions = self.repetitions(repetitions);
        match self {
            En => format!(
                "The run has {repetitions}. The measured numbers of a row are all of the \
                 same one, the median repetition, as in table.md, the CSV files and the workbook. \
                 The range goes from the smallest mean time of a repetition to the largest; from \
                 {CONFIDENCE_MIN} repetitions on it is the 95% confidence interval of the median. \
                 A number in brackets behind the workers says how many bursts they were counted \
                 over. Rows in grey are limited by the clients: their goodput is at least {limit} \
                 of the ceiling."
            ),
            Id => format!(
                "Pengukuran ini punya {repetitions}. Semua angka terukur pada satu baris berasal dari \
                 satu ulangan yang sama, yaitu ulangan median, seperti di table.md, berkas CSV, dan \
                 workbook. Rentang adalah waktu rata-rata ulangan yang terkecil sampai yang \
                 terbesar; mulai {CONFIDENCE_MIN} ulangan, rentang adalah interval kepercayaan 95% \
                 untuk median. Angka dalam kurung di belakang jumlah worker adalah banyaknya burst \
                 yang dihitung. Baris abu-abu dibatasi oleh client: goodput-nya paling sedikit \
                 {limit} dari batas atas."
            ),
        }
    }

    pub(crate) fn row_heads(self) -> [&'static str; 20] {
        match self {
            En => [
                "Number",
                "Operation",
                "Volume (MiB)",
                "Client workers",
                "Server workers",
                "Mean time (s)",
                "Range (s)",
                "Throughput per client (MiB/s)",
                "Goodput (MiB/s)",
                "Last client done (s)",
                "Mean queue wait (s)",
                "Mean by the model (s)",
                "Error against the model (%)",
                "Ceiling (MiB/s)",
                "Share of the ceiling (%)",
                "Limited by the client",
                "Peak memory (MiB)",
                "Clients ok / failed",
                "Server workers ok / failed (bursts)",
                "Remarks",
            ],
            Id => [
                "Nomor",
                "Operasi",
                "Volume (MiB)",
                "Client worker",
                "Server worker",
                "Waktu rata-rata (s)",
                "Rentang (s)",
                "Throughput per client (MiB/s)",
                "Goodput (MiB/s)",
                "Client terakhir selesai (s)",
                "Rata-rata waktu antre (s)",
                "Rata-rata menurut model (s)",
                "Selisih terhadap model (%)",
                "Batas atas (MiB/s)",
                "Bagian dari batas atas (%)",
                "Dibatasi client",
                "Memori puncak (MiB)",
                "Client sukses / gagal",
                "Server worker sukses / gagal (burst)",
                "Catatan",
            ],
        }
    }

    pub(crate) fn flag_disturbed(self, disturbed: usize, repetitions: usize) -> String {
        match self {
            En => format!("disturbed {disturbed} of {repetitions}"),
            Id => format!("terganggu {disturbed} dari {repetitions}"),
        }
    }

    pub(crate) fn flag_attempts(self, attempts: u32) -> String {
        match self {
            En => format!("{attempts} attempts"),
            Id => format!("{attempts} percobaan"),
        }
    }

    pub(crate) fn flag_server(self, why: &str) -> String {
        match self {
            En => format!("server failed: {why}"),
            Id => format!("server gagal: {why}"),
        }
    }

    /// Heads and paragraphs on what is not in the notes of the tables.
    pub(crate) fn explanations(self) -> [(&'static str, String); 4] {
        let (limit, band) = (self.percent(CLIENT_LIMIT_SHARE), self.percent(BAND));
        let others = (self.percent(OTHERS_SHARE_MAX), self.seconds(CLOCK_TOLERANCE_S));
        match self {
            En => in_english(&limit, &band, &others),
            Id => in_indonesian(&limit, &band, &others),
        }
    }
}

/// `share` and `tolerance` are what others may have of the processors.
fn in_english(
    limit: &str,
    band: &str,
    (share, tolerance): &(String, String),
) -> [(&'static str, String); 4] {
    [
        (
            "Goodput and the last client",
            "Goodput is the bytes of all clients divided by the time from their start until the \
             last of them is done. The mean time alone misleads: where clients wait in line for \
             few workers, the first ones are done soon, so the mean is small; but all clients \
             together need as long or longer. Read mean, last client and goodput together."
                .to_owned(),
        ),
        (
            "Prediction",
            format!(
                "The model has C clients, W workers and K processors. One client alone takes R1 \
                 seconds; client and server together compute D seconds for one transfer. Then a = \
                 min(C, W) transfers are served at once (in async mode a = C), X = min(a / R1, K / \
                 D) of them end in a second, the mean time is a (⌈C/a⌉ + 1) / (2X), and the last \
                 client is done after C / X. R1 and D are measured in the row with one client and \
                 the smallest pool. A row with an error of at most {band} counts as predicted. In a \
                 row all C clients start at once; formulas for queues with arrivals do not apply."
            ),
        ),
        (
            "Ceiling",
            format!(
                "The goodput that the same clients reach with a server that does nothing but take \
                 or give bytes. A row that reaches {limit} of it shows the limit of the clients; \
                 the server may be faster. If a row is more than 10% above its ceiling, the ceiling \
                 was measured under worse conditions, and nothing is concluded from it."
            ),
        ),
        (
            "Disturbance",
            format!(
                "While a cell is measured, other programs and the machine's host may take {share} \
                 of the processors' time and {tolerance}, as the clocks are coarse, and no memory \
                 may be swapped. A cell that was disturbed more is measured again, at most twice; \
                 the last attempt counts and every attempt is kept. What the host does for the \
                 disk counts as the host's. Beside a server that was running already only the host and \
                 swapping are looked at."
            ),
        ),
    ]
}

fn in_indonesian(
    limit: &str,
    band: &str,
    (share, tolerance): &(String, String),
) -> [(&'static str, String); 4] {
    [
        (
            "Goodput dan client terakhir",
            "Goodput adalah jumlah byte semua client dibagi waktu sejak mereka mulai sampai client \
             terakhir selesai. Waktu rata-rata saja bisa menyesatkan: kalau client mengantre \
             untuk sedikit worker, client yang dilayani lebih dulu cepat selesai sehingga \
             rata-ratanya kecil, padahal semua client bersama-sama butuh waktu yang sama atau \
             lebih lama. Baca rata-rata, client \
             terakhir, dan goodput bersama-sama."
                .to_owned(),
        ),
        (
            "Prediksi",
            format!(
                "Dengan C client, W worker, K prosesor, R1 waktu (detik) satu client sendirian, dan \
                 D waktu prosesor (detik) client dan server untuk satu transfer: a = min(C, W) \
                 transfer dilayani sekaligus (pada mode async a = C), transfer selesai dengan laju \
                 X = min(a / R1, K / D), waktu rata-ratanya a (⌈C/a⌉ + 1) / (2X), dan client \
                 terakhir selesai setelah C / X. R1 dan D diukur pada baris dengan satu client dan \
                 pool terkecil. Baris dengan selisih paling banyak {band} dihitung cocok. Pada satu \
                 baris semua C client mulai sekaligus, jadi rumus antrean dengan kedatangan tidak \
                 berlaku."
            ),
        ),
        (
            "Batas atas",
            format!(
                "Goodput yang dicapai client yang sama dengan server yang tidak melakukan apa-apa \
                 selain menerima atau mengirim byte. Baris yang mencapai {limit} atau lebih \
                 menunjukkan kemampuan client; server mungkin lebih cepat. Dari baris yang lebih \
                 dari 10% di atasnya tidak ditarik kesimpulan: batas atasnya diukur dalam kondisi \
                 yang lebih buruk."
            ),
        ),
        (
            "Gangguan",
            format!(
                "Selama satu sel diukur, program lain dan host mesin ini boleh memakai {share} \
                 waktu prosesor ditambah {tolerance}, karena ketelitian jam sistem terbatas, dan \
                 tidak boleh ada memori yang di-swap. Sel yang gangguannya melebihi batas itu diukur ulang, \
                 paling banyak dua kali; percobaan terakhir yang dihitung dan semua percobaan disimpan. \
                 Waktu prosesor yang dipakai host untuk disk ikut dihitung sebagai waktu host."
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits_and_the_language_s_comma() {
        let shown = |value| (En.number(value), Id.number(value));
        let expected =
            [(0.0025517, "0.00255", "0,00255"), (1234.5, "1234", "1234"), (7.0, "7.00", "7,00")];
        for (value, english, indonesian) in expected {
            assert_eq!(shown(value), (english.to_owned(), indonesian.to_owned()));
        }
        assert_eq!(
            [0.0, 0.25, 100.0, 0.1].map(|value| Id.tick(value)),
            ["0", "0,25", "100", "0,1"]
        );
        assert_eq!(
            [0.123, -0.031, 0.0].map(|share| En.signed_percent(share)),
            ["+12%", "−3.1%", "0%"]
        );
    }
}
