//! Titles, heads, axes and legends of the report's figures, and what is said where one is missing.

use super::Language::{self, En, Id};
use crate::{plan::Operation, report::BAND};

impl Language {
    pub(crate) fn figure(self, number: usize) -> String {
        match self {
            En => format!("Figure {number}"),
            Id => format!("Gambar {number}"),
        }
    }

    pub(crate) fn data_behind(self) -> &'static str {
        match self {
            En => "The numbers behind it",
            Id => "Data gambar ini",
        }
    }

    pub(crate) fn nothing_to_draw(self) -> &'static str {
        match self {
            En => "Nothing to draw",
            Id => "Tidak ada yang bisa digambar",
        }
    }

    pub(crate) fn no_rows(self) -> &'static str {
        match self {
            En => "No row has a time: nothing was measured, or every transfer failed.",
            Id => {
                "Tidak ada baris yang punya waktu: belum ada yang terukur, atau semua transfer gagal."
            }
        }
    }

    pub(crate) fn no_timeline(self) -> &'static str {
        match self {
            En => {
                "There is no timeline: workers.jsonl.gz is missing, or the server did not log when it \
                 picked up a successful transfer under this load."
            }
            Id => {
                "Garis waktunya tidak ada: workers.jsonl.gz tidak ada, atau server tidak mencatat kapan \
                 transfer yang sukses dengan beban ini diambil worker."
            }
        }
    }

    pub(crate) fn no_time_parts(self) -> &'static str {
        match self {
            En => {
                "The parts of the time are missing: the server or the system did not report them."
            }
            Id => "Rincian waktunya tidak tersedia: server atau sistem tidak mencatatnya.",
        }
    }

    pub(crate) fn no_clients(self) -> &'static str {
        match self {
            En => {
                "The times of single clients are missing: workers.jsonl.gz is not there, or it has no \
                 transfer that succeeded."
            }
            Id => {
                "Waktu tiap client tidak ada: workers.jsonl.gz tidak ada, atau tidak berisi transfer \
                 yang sukses."
            }
        }
    }

    pub(crate) fn no_memory(self) -> &'static str {
        match self {
            En => {
                "The server's memory is missing: this run did not start the server, or the system does not report it."
            }
            Id => {
                "Memori server tidak ada: server tidak dijalankan oleh pengukuran ini, atau sistem tidak mencatatnya."
            }
        }
    }

    pub(crate) fn no_prediction(self) -> &'static str {
        match self {
            En => {
                "There is no prediction. It needs a row with one client and the smallest pool, the \
                 processor time of that row (known only of a server that the run started), and rows with \
                 more clients."
            }
            Id => {
                "Tidak ada prediksi: perlu baris dengan satu client dan pool terkecil, waktu prosesornya \
                 (hanya ada bila server dijalankan oleh pengukuran ini), serta baris dengan lebih banyak \
                 client."
            }
        }
    }

    pub(crate) fn gantt_title(self) -> String {
        match self {
            En => "When each client waited, and when it was served".to_owned(),
            Id => "Kapan tiap client menunggu dan kapan dilayani".to_owned(),
        }
    }

    pub(crate) fn waiting(self) -> &'static str {
        match self {
            En => "waiting for a worker",
            Id => "menunggu worker",
        }
    }

    pub(crate) fn served(self) -> &'static str {
        match self {
            En => "served (each worker in its colour)",
            Id => "dilayani (tiap worker satu warna)",
        }
    }

    pub(crate) fn seconds_after_release(self) -> &'static str {
        match self {
            En => "seconds after the start",
            Id => "detik sejak mulai",
        }
    }

    pub(crate) fn panel_of_pool(self, mode: &str, workers: u32) -> String {
        format!("{mode}, {}", self.pool(workers))
    }

    pub(crate) fn pool(self, workers: u32) -> String {
        match self {
            En => format!("pool of {workers}"),
            Id => format!("pool {workers}"),
        }
    }

    pub(crate) fn gantt_heads(self) -> [&'static str; 5] {
        match self {
            En => ["Mode", "Worker", "Client", "Picked up after (s)", "Last byte after (s)"],
            Id => ["Mode", "Worker", "Client", "Diambil setelah (s)", "Byte terakhir setelah (s)"],
        }
    }

    pub(crate) fn goodput_title(self) -> String {
        match self {
            En => "Goodput against the number of clients".to_owned(),
            Id => "Goodput terhadap jumlah client".to_owned(),
        }
    }

    pub(super) fn no_ceiling(self) -> &'static str {
        match self {
            En => "No ceiling was measured, so it is not known which rows the clients limit.",
            Id => "Batas atas tidak diukur, jadi tidak diketahui baris mana yang dibatasi client.",
        }
    }

    pub(crate) fn ceiling(self) -> &'static str {
        match self {
            En => "ceiling: what the clients reach with a server that does nothing",
            Id => "batas atas: yang dicapai client dengan server yang tidak melakukan apa-apa",
        }
    }

    pub(crate) fn clients(self) -> &'static str {
        match self {
            En => "clients",
            Id => "client",
        }
    }

    pub(crate) fn goodput_heads(self) -> [&'static str; 9] {
        match self {
            En => [
                "Mode",
                "Operation",
                "Volume",
                "Clients",
                "Server workers",
                "Median (MiB/s)",
                "Smallest (MiB/s)",
                "Largest (MiB/s)",
                "Ceiling (MiB/s)",
            ],
            Id => [
                "Mode",
                "Operasi",
                "Volume",
                "Client",
                "Server worker",
                "Median (MiB/s)",
                "Terkecil (MiB/s)",
                "Terbesar (MiB/s)",
                "Batas atas (MiB/s)",
            ],
        }
    }

    pub(crate) fn time_parts_title(self) -> String {
        match self {
            En => "Where the mean time of a client went".to_owned(),
            Id => "Ke mana waktu rata-rata satu client habis".to_owned(),
        }
    }

    /// In the order in which they are stacked.
    pub(crate) fn time_parts(self) -> [&'static str; 4] {
        match self {
            En => [
                "queue: waiting for a worker",
                "run queue: waiting for a processor",
                "CPU: the client computing",
                "blocked: waiting for the server, the network or the disk",
            ],
            Id => [
                "antrean: menunggu worker",
                "run queue: menunggu prosesor",
                "CPU: komputasi client",
                "blocked: menunggu server, jaringan, atau disk",
            ],
        }
    }

    pub(crate) fn mean_seconds(self) -> &'static str {
        match self {
            En => "mean seconds of a client",
            Id => "rata-rata detik per client",
        }
    }

    pub(crate) fn time_parts_heads(self) -> [&'static str; 8] {
        match self {
            En => [
                "Mode",
                "Operation",
                "Server workers",
                "Queue (s)",
                "Run queue (s)",
                "CPU (s)",
                "Blocked (s)",
                "Together (s)",
            ],
            Id => [
                "Mode",
                "Operasi",
                "Server worker",
                "Antrean (s)",
                "Run queue (s)",
                "CPU (s)",
                "Blocked (s)",
                "Jumlah (s)",
            ],
        }
    }

    pub(crate) fn dots_title(self) -> String {
        match self {
            En => "The time of every client".to_owned(),
            Id => "Waktu setiap client".to_owned(),
        }
    }

    pub(crate) fn dots_panel(self, operation: Operation) -> String {
        match self {
            En => format!("{operation} (s), by mode and pool"),
            Id => format!("{operation} (s), menurut mode dan pool"),
        }
    }

    pub(crate) fn one_client(self) -> &'static str {
        match self {
            En => "one client",
            Id => "satu client",
        }
    }

    pub(crate) fn mean(self) -> &'static str {
        match self {
            En => "mean",
            Id => "rata-rata",
        }
    }

    pub(crate) fn last_client(self) -> &'static str {
        match self {
            En => "last client",
            Id => "client terakhir",
        }
    }

    pub(crate) fn dots_heads(self) -> [&'static str; 6] {
        match self {
            En => [
                "Mode",
                "Operation",
                "Server workers",
                "Mean (s)",
                "Last (s)",
                "Every client, ascending (s)",
            ],
            Id => [
                "Mode",
                "Operasi",
                "Server worker",
                "Rata-rata (s)",
                "Terakhir (s)",
                "Setiap client, dari yang tercepat (s)",
            ],
        }
    }

    pub(crate) fn memory_title(self) -> String {
        match self {
            En => "Peak memory of the server against goodput".to_owned(),
            Id => "Memori puncak server terhadap goodput".to_owned(),
        }
    }

    pub(crate) fn peak_memory(self) -> &'static str {
        match self {
            En => "peak memory (MiB)",
            Id => "memori puncak (MiB)",
        }
    }

    pub(crate) fn memory_heads(self) -> [&'static str; 5] {
        match self {
            En => ["Mode", "Operation", "Server workers", "Peak memory (MiB)", "Goodput (MiB/s)"],
            Id => ["Mode", "Operasi", "Server worker", "Memori puncak (MiB)", "Goodput (MiB/s)"],
        }
    }

    pub(crate) fn prediction_title(self) -> String {
        match self {
            En => "Predicted against measured mean time".to_owned(),
            Id => "Waktu rata-rata: prediksi terhadap pengukuran".to_owned(),
        }
    }

    pub(crate) fn band(self) -> String {
        let band = self.percent(BAND);
        match self {
            En => format!("error of at most {band}"),
            Id => format!("selisih paling banyak {band}"),
        }
    }

    pub(crate) fn predicted_seconds(self) -> &'static str {
        match self {
            En => "predicted mean (s)",
            Id => "prediksi rata-rata (s)",
        }
    }

    pub(crate) fn measured_panel(self, mode: &str) -> String {
        match self {
            En => format!("{mode}, measured mean (s)"),
            Id => format!("{mode}, rata-rata terukur (s)"),
        }
    }

    pub(crate) fn prediction_heads(self) -> [&'static str; 8] {
        match self {
            En => [
                "Mode",
                "Operation",
                "Volume",
                "Clients",
                "Server workers",
                "Predicted (s)",
                "Measured (s)",
                "Error",
            ],
            Id => [
                "Mode",
                "Operasi",
                "Volume",
                "Client",
                "Server worker",
                "Prediksi (s)",
                "Terukur (s)",
                "Selisih",
            ],
        }
    }
}
