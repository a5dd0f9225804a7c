//! Captions of the report's figures: what each finds, in numbers.

use maud::{Markup, html};

use super::Language::{self, En, Id};
use crate::{
    plan::Operation,
    report::{
        BAND, Extremes, Fit, LastToMean, Limited, Load, MemoryEnd, MemoryEnds, QueueShares, Waiting,
    },
};

impl Language {
    pub(crate) fn gantt_caption(
        self,
        operation: Operation,
        load: Load,
        waits: &[Waiting],
    ) -> Markup {
        let load = self.load(load);
        let list = self.list(waits.iter().map(|waiting| self.waited(waiting)));
        match self {
            En => html! {
                "Each bar is one client: " (operation) ", " (load) ", sorted by worker. "
                "From the start until a worker was free a client waited: " (list) "."
            },
            Id => html! {
                "Satu batang adalah satu client: " (operation) ", " (load)
                ", diurutkan menurut worker. "
                "Sejak mulai sampai ada worker yang bebas, client menunggu: " (list) "."
            },
        }
    }

    fn waited(self, waiting: &Waiting) -> Markup {
        let Waiting { row, workers, clients, left_out, .. } = waiting;
        let mean = self.seconds(waiting.waiting_mean_s);
        let (max, share) =
            (self.seconds(waiting.waiting_max_s), self.percent(waiting.waiting_share));
        let link = self.row_link(row);
        match self {
            En => html! {
                (row.mode) " " (mean) " on average and " (max) " at most, " (share) " of its time ("
                (clients)
                " clients, " (self.workers(*workers as u32)) ", " (link) ")"
                @if *left_out > 0 { "; " (left_out) " clients without a timeline are left out" }
            },
            Id => html! {
                (row.mode) " rata-rata " (mean) " dan paling lama " (max) ", " (share)
                " dari waktunya (" (clients)
                " client, " (workers) " worker, " (link) ")"
                @if *left_out > 0 { ", " (left_out) " client tanpa garis waktu tidak digambar" }
            },
        }
    }

    pub(crate) fn goodput_caption(self, extremes: &[Extremes], limited: Option<Limited>) -> Markup {
        let extreme = |Extremes { operation, most, least }: &Extremes| {
            let rates = (self.rate(least.1), self.rate(most.1));
            let links = (self.row_link(&least.0), self.row_link(&most.0));
            match self {
                En => html! {
                    (operation) " from " (rates.0) " (" (links.0) ") to " (rates.1) " ("
                    (links.1) ")"
                },
                Id => html! {
                    (operation) " dari " (rates.0) " (" (links.0) ") sampai " (rates.1) " ("
                    (links.1) ")"
                },
            }
        };
        let list = self.list(extremes.iter().map(extreme));
        let limited = limited.map(|limited| self.limited(limited));
        html! {
            @match self {
                En => {
                    "Each mark is the median repetition of a row; its line goes from the smallest \
                     repetition to the largest. The rows range: " (list) ". "
                },
                Id => {
                    "Satu tanda adalah ulangan median satu baris; garisnya dari ulangan terkecil sampai \
                     yang terbesar. Rentang semua baris: " (list) ". "
                },
            }
            @if let Some(limited) = limited { (limited) "." } @else { (self.no_ceiling()) }
        }
    }

    pub(crate) fn time_parts_caption(self, load: Load, shares: &QueueShares) -> Markup {
        let QueueShares { most, least, .. } = shares;
        let load = self.load(load);
        let queue = (self.percent(least.1), self.percent(most.1));
        let links = (self.row_link(&least.0), self.row_link(&most.0));
        let (cpu, run_queue) = (self.percent(shares.cpu_max), self.percent(shares.run_queue_max));
        match self {
            En => html! {
                (load) " (median repetition). Once connected, a client waits for a worker between "
                (queue.0) " (" (links.0) ") and " (queue.1) " (" (links.1) ") of its mean time. It \
                 computes for at most " (cpu) " of it, and waits for a processor for at most "
                (run_queue) "."
            },
            Id => html! {
                (load) " (ulangan median). Menunggu worker, sejak tersambung, memakan "
                (queue.0) " (" (links.0) ") sampai " (queue.1) " (" (links.1) ") dari waktu rata-rata; \
                 komputasi client paling banyak " (cpu) ", menunggu prosesor paling banyak " (run_queue) "."
            },
        }
    }

    pub(crate) fn dots_caption(self, load: Load, ratios: &[LastToMean]) -> Markup {
        let load = self.load(load);
        let ratio = |LastToMean { operation, most, least }: &LastToMean| {
            let times = (self.number(least.1), self.number(most.1));
            let links = (self.row_link(&least.0), self.row_link(&most.0));
            match self {
                En => html! {
                    (operation) " from " (times.0) " (" (links.0) ") to " (times.1)
                    " (" (links.1) ")"
                },
                Id => html! {
                    (operation) " dari " (times.0) " (" (links.0) ") sampai " (times.1) " ("
                    (links.1) ")"
                },
            }
        };
        let list = self.list(ratios.iter().map(ratio));
        match self {
            En => html! {
                (load) " (median repetition). The time of the last client divided by the mean time: "
                (list) "."
            },
            Id => html! {
                (load) " (ulangan median). Waktu client terakhir dibagi waktu rata-rata: "
                (list) "."
            },
        }
    }

    pub(crate) fn memory_caption(self, load: Load, ends: &[MemoryEnds]) -> Markup {
        let load = self.load(load);
        let list = self.list(ends.iter().map(|ends| self.memory_ends(ends)));
        match self {
            En => html! {
                (load) ". The server with the least memory and the one with the most: " (list)
                ". Memory that processes share counts once (PSS)."
            },
            Id => html! {
                (load) ". Server dengan memori paling sedikit dan paling banyak: " (list)
                ". Memori yang dipakai bersama oleh beberapa proses dihitung sekali (PSS)."
            },
        }
    }

    fn memory_ends(self, MemoryEnds { operation, most, least }: &MemoryEnds) -> Markup {
        let end = |end: &MemoryEnd| {
            let (peak, goodput) = (self.number(end.peak_mib), self.number(end.goodput_mib));
            let link = self.row_link(&end.row);
            match self {
                En => html! { (peak) " MiB for " (goodput) " MiB/s (" (link) ")" },
                Id => html! { (peak) " MiB untuk " (goodput) " MiB/s (" (link) ")" },
            }
        };
        let times = self.number(most.peak_mib / least.peak_mib);
        let rates = self.number(most.goodput_mib / least.goodput_mib);
        let (least, most) = (end(least), end(most));
        match self {
            En => html! {
                (operation) " " (least) " and " (most) ", " (times) " times the memory for " (rates)
                " times the goodput"
            },
            Id => html! {
                (operation) " " (least) " dan " (most) ", memori " (times)
                " kali lipat untuk goodput " (rates) " kali lipat"
            },
        }
    }

    pub(crate) fn prediction_caption(self, fit: &Fit) -> Markup {
        let Fit { within, rows, worst } = fit;
        let (band, off) = (self.percent(BAND), self.signed_percent(worst.1));
        let link = self.row_link(&worst.0);
        match self {
            En => html! {
                "The model predicts the mean time of " (within) " of " (rows)
                " rows with more than one client to within " (band) ". Its largest error is " (off)
                " (" (link) ")."
            },
            Id => html! {
                "Model memprediksi waktu rata-rata " (within) " dari " (rows)
                " baris dengan lebih dari satu client dengan selisih paling banyak " (band)
                ". Selisih terbesarnya " (off) " (" (link) ")."
            },
        }
    }
}
