//! What is printed, in the languages it can be printed in.

mod comparison;
mod gates;
mod modes;
mod report;
mod servers;

use clap::ValueEnum;

pub(crate) use self::report::Term;
use crate::{
    plan::{Cell, Needs, Operation, Plan},
    report::Next,
    results::Marks,
};

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian, in the assignment's words
    Id,
}

use Language::{En, Id};

impl Language {
    /// The column heads of the 54-row table.
    pub(crate) fn columns(self) -> [&'static str; 9] {
        match self {
            En => [
                "Number",
                "Operation",
                "Volume",
                "Client workers",
                "Server workers",
                "Total time per client (s)",
                "Throughput per client (bytes/s)",
                "Client workers succeeded/failed",
                "Server workers succeeded/failed",
            ],
            Id => [
                "Nomor",
                "Operasi",
                "Volume",
                "Jumlah client worker pool",
                "Jumlah server worker pool",
                "Waktu total per client",
                "Throughput per client",
                "Jumlah worker client yang sukses dan gagal",
                "Jumlah worker server yang sukses dan gagal",
            ],
        }
    }

    /// Shorter heads, for a terminal.
    pub(crate) fn columns_on_screen(self) -> [&'static str; 9] {
        match self {
            En => [
                "No.",
                "Operation",
                "Volume (MiB)",
                "Clients",
                "Workers",
                "Time per client (s)",
                "Throughput per client (MiB/s)",
                "Clients ok / failed",
                "Workers ok / failed (bursts)",
            ],
            Id => [
                "No.",
                "Operasi",
                "Volume (MiB)",
                "Client",
                "Worker",
                "Waktu per client (s)",
                "Throughput per client (MiB/s)",
                "Client sukses / gagal",
                "Worker sukses / gagal (burst)",
            ],
        }
    }

    /// `50 succeeded, 0 failed`: a bare `50/0` becomes a date in spreadsheets.
    pub(crate) fn counts(self, succeeded: u64, failed: u64) -> String {
        match self {
            En => format!("{succeeded} succeeded, {failed} failed"),
            Id => format!("{succeeded} sukses, {failed} gagal"),
        }
    }

    /// Counts over so many bursts, in each of which all clients of the row made a transfer.
    pub(crate) fn in_bursts(self, counts: &str, bursts: u32) -> String {
        match self {
            En => format!("{counts} (in {bursts} bursts)"),
            Id => format!("{counts} (dalam {bursts} burst)"),
        }
    }

    pub(crate) fn table_of(self, mode: &str) -> String {
        match self {
            En => format!("Server mode: {mode}"),
            Id => format!("Mode server: {mode}"),
        }
    }

    /// The head of the table of LIST.
    pub(crate) fn lists_of(self, mode: &str) -> String {
        match self {
            En => format!("Server mode: {mode}, the operation list"),
            Id => format!("Mode server: {mode}, operasi list"),
        }
    }

    /// The column that the table of LIST has in place of the volume.
    pub(crate) fn names_column(self) -> &'static str {
        match self {
            En => "Files",
            Id => "Jumlah file",
        }
    }

    pub(crate) fn configurations(self, completed: usize, failed: usize, all: usize) -> String {
        match self {
            En => format!("Configurations completed: {completed}/{all}, failed: {failed}/{all}"),
            Id => format!("Konfigurasi berhasil: {completed}/{all}, gagal: {failed}/{all}"),
        }
    }

    pub(crate) fn report(self) -> &'static str {
        match self {
            En => "Report",
            Id => "Laporan",
        }
    }

    /// What the command below it is for.
    pub(crate) fn next(self, next: Next) -> &'static str {
        match (self, next) {
            (En, Next::Resume) => "To measure the rows that are missing",
            (En, Next::MeasureWhole) => "To measure the full volumes",
            (En, Next::Repeat(_)) => "To tell differences from chance, measure more often",
            (En, Next::CompareModes) => "To see which mode is faster under each load",
            (En, Next::Compare) => "To compare this run with another one",
            (Id, Next::Resume) => "Untuk mengukur baris yang belum terukur",
            (Id, Next::MeasureWhole) => "Untuk mengukur dengan volume penuh",
            (Id, Next::Repeat(_)) => {
                "Agar selisih bisa dibedakan dari kebetulan, ukur lebih sering"
            }
            (Id, Next::CompareModes) => "Untuk melihat mode tercepat pada tiap beban",
            (Id, Next::Compare) => "Untuk membandingkan dengan pengukuran lain",
        }
    }

    /// One measured cell, for the progress display.
    pub(crate) fn cell(self, operation: Operation, volume: &str, clients: u32) -> String {
        let what = format!("{operation} {volume}");
        let what = what.trim_end();
        match self {
            En => format!("{what}, {}", counted(clients, "client", "clients")),
            Id => format!("{what}, {clients} client"),
        }
    }

    /// A cell with its server, for the progress display and for messages.
    pub(crate) fn whole_cell(self, cell: &Cell) -> String {
        let what = self.cell(cell.operation, &cell.volume.to_string(), cell.clients);
        format!("{}: {what}", self.server(cell.server))
    }

    /// So many clients of a cell failed for a cause, of which the sentence tells more.
    pub(crate) fn failed_clients(
        self,
        cell: &str,
        count: u64,
        cause: &str,
        sentence: &str,
    ) -> String {
        match self {
            En => format!("{cell}: {count} failed ({cause}): {sentence}"),
            Id => format!("{cell}: {count} gagal ({cause}): {sentence}"),
        }
    }

    pub(crate) fn removed_abandoned(self, dir: &str) -> String {
        match self {
            En => format!("removed {dir}, which a run that was killed had left"),
            Id => format!("{dir} dihapus: sisa percobaan yang dihentikan paksa"),
        }
    }

    pub(crate) fn calibrating(self) -> String {
        match self {
            En => "measuring what the clients reach with a server that does nothing".to_owned(),
            Id => "mengukur batas client dengan server yang tidak melakukan apa-apa".to_owned(),
        }
    }

    pub(crate) fn missing_transfers(self, count: u64) -> String {
        match self {
            En => format!(
                "workers.jsonl.gz lacks {count} transfers that are in cells.csv; the figures of single \
                 clients leave them out"
            ),
            Id => format!(
                "workers.jsonl.gz tidak memuat {count} transfer yang dihitung di cells.csv; gambar \
                 per client dibuat tanpa transfer itu"
            ),
        }
    }

    pub(crate) fn ceiling_not_measured(self, why: &str) -> String {
        match self {
            En => format!("the ceiling of the clients was not measured: {why}"),
            Id => format!("batas atas client tidak terukur: {why}"),
        }
    }

    pub(crate) fn disturbed(self, why: &str) -> String {
        match self {
            En => format!(" (disturbed: {why})"),
            Id => format!(" (terganggu: {why})"),
        }
    }

    pub(crate) fn time_left(self, time: &str) -> String {
        match self {
            En => format!("{time} left"),
            Id => format!("sisa {time}"),
        }
    }

    /// What the whole run is, where that limits what it may be used for.
    pub(crate) fn marks(self, marks: &Marks) -> Vec<String> {
        let mut lines = Vec::new();
        if marks.quick {
            lines.push(match self {
                En => "QUICK: a tenth of the volumes, for trying it out".to_owned(),
                Id => "QUICK: sepersepuluh volume, untuk mencoba".to_owned(),
            });
        }
        if marks.partial {
            lines.push(match self {
                En => "PARTIAL: the run was stopped; cells are missing".to_owned(),
                Id => "PARTIAL: dihentikan sebelum selesai; ada sel yang belum terukur".to_owned(),
            });
        }
        if marks.invalid > 0 {
            lines.push(match self {
                En => {
                    let cells = counted(marks.invalid as u32, "cell", "cells");
                    format!("INVALID: wrong bytes, or counts that disagree, in {cells}")
                }
                Id => {
                    format!("INVALID: {} sel dengan byte atau hitungan yang salah", marks.invalid)
                }
            });
        }
        if marks.disturbed > 0 {
            lines.push(match self {
                En => {
                    let cells = counted(marks.disturbed as u32, "cell", "cells");
                    format!("DISTURBED: the machine had other load, or stood still, during {cells}")
                }
                Id => format!(
                    "DISTURBED: ada beban lain atau terhenti saat {} sel diukur",
                    marks.disturbed
                ),
            });
        }
        if let Some(faults) = &marks.injected {
            lines.push(match self {
                En => format!("INJECTED: the server was told to make faults: {faults}"),
                Id => format!("INJECTED: server diminta membuat gangguan: {faults}"),
            });
        }
        lines
    }

    pub(crate) fn repetitions(self, repetitions: u32) -> String {
        match self {
            En => counted(repetitions, "repetition", "repetitions"),
            Id => format!("{repetitions} ulangan"),
        }
    }

    /// What the numbers mean, below every table.
    pub(crate) fn notes(self) -> &'static str {
        match self {
            En => {
                "1 MiB is 1,048,576 bytes. The volumes have the names of the course's \
                 assignment, which writes 10 MB for 10 MiB. All clients of a row start together. The time of a \
                 client runs from this start until its last byte is received and written, so it \
                 contains the wait for a free worker. A row shows the mean time of the clients \
                 that succeeded. Their throughput is the sum of their bytes divided by the sum of \
                 their times, so time × throughput is the volume. The table of nine columns has \
                 it in bytes per second. Every byte of theirs was checked. The server counts its \
                 workers: those whose transfers all succeeded, and those with a failure. A worker \
                 without a transfer is in neither number. A short row is measured in several \
                 bursts: its clients start together again and again, so one client may meet many \
                 workers. With repetitions a row shows the median repetition: its mean time is \
                 the one in the middle (of two in the middle, the faster one). Where clients \
                 failed, it shows the repetition with the most failures."
            }
            Id => {
                "1 MiB adalah 1.048.576 byte. Nama volume mengikuti tugas kuliah, yang menulis 10 \
                 MB untuk 10 MiB. Semua client pada satu baris mulai bersamaan. Waktu satu client \
                 dihitung sejak itu sampai byte terakhirnya diterima dan ditulis, jadi waktu \
                 menunggu worker yang bebas ikut terhitung. Satu baris menunjukkan waktu \
                 rata-rata client yang sukses. Throughput-nya adalah jumlah byte client tersebut \
                 dibagi jumlah waktunya, jadi waktu × throughput = volume. Di tabel sembilan \
                 kolom satuannya byte per detik. Setiap byte client tersebut diperiksa. Worker \
                 dihitung oleh server: yang semua transfernya sukses, dan yang pernah gagal. \
                 Worker tanpa transfer tidak dihitung. Baris yang singkat diukur dalam beberapa \
                 burst: client-nya mulai bersamaan berkali-kali, sehingga satu client bisa \
                 dilayani banyak worker. Jika pengukuran diulang, satu baris menunjukkan ulangan \
                 median: waktu rata-ratanya ada di tengah (kalau ada dua di tengah, yang lebih \
                 cepat). Kalau ada client yang gagal, yang ditunjukkan adalah ulangan dengan \
                 kegagalan terbanyak."
            }
        }
    }

    /// What `stress-run plan` prints.
    pub(crate) fn plan(self, plan: &Plan) -> String {
        let needs = plan.needs();
        let Needs { rows, cells, .. } = needs;
        let size = cli::units::size;
        let (payload, payload_bytes) = (size(needs.payload_bytes), needs.payload_bytes);
        let (disk, memory) = (size(needs.disk_bytes), size(needs.memory_bytes));
        let repetitions = self.repetitions(plan.repetitions);
        let time = self.about(plan.expected_s());
        match self {
            En => format!(
                "{rows} rows, {cells} cells in {repetitions}\n\
                 takes about {time} on two cores; more with a slow disk\n\
                 moves {payload} of file content ({payload_bytes} bytes)\n\
                 needs {disk} of disk for temporary files\n\
                 needs about {memory} of memory"
            ),
            Id => format!(
                "{rows} baris, {cells} sel dalam {repetitions}\n\
                 butuh sekitar {time} dengan dua core; lebih lama kalau disk-nya lambat\n\
                 memindahkan {payload} isi berkas ({payload_bytes} byte)\n\
                 perlu {disk} ruang disk untuk berkas sementara\n\
                 perlu sekitar {memory} memori"
            ),
        }
    }

    /// A length of time in a unit in which it is a small number.
    fn about(self, seconds: u64) -> String {
        let (count, [english, indonesian]) = match seconds {
            0..2 => (1, ["second", "detik"]),
            2..100 => (seconds, ["seconds", "detik"]),
            100..6_000 => ((seconds + 30) / 60, ["minutes", "menit"]),
            _ => ((seconds + 1_800) / 3_600, ["hours", "jam"]),
        };
        match self {
            En => format!("{count} {english}"),
            Id => format!("{count} {indonesian}"),
        }
    }
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
