//! The sentences of the report's findings.

use maud::{Markup, html};

use super::Language::{self, En, Id};
use crate::{
    plan::in_mib,
    report::{
        Best, CLIENT_LIMIT_SHARE, Failures, Finding, Limited, Load, ModesCompared, Server, Turns,
    },
    spread::Spread,
};

impl Language {
    pub(crate) fn finding(self, finding: &Finding) -> Markup {
        match finding {
            Finding::Failures(failures) => self.failures(failures),
            Finding::Best { load, of } => self.best(*load, of),
            Finding::Turns(turns) => self.turns(turns),
            Finding::Modes { load, of, limited } => self.modes(*load, of, *limited),
            Finding::Limited(limited) => html! { (self.limited(*limited)) "." },
            Finding::Prediction(fit) => self.prediction_caption(fit),
            Finding::Nothing => html! { (self.no_rows()) },
        }
    }

    fn failures(self, failures: &Failures) -> Markup {
        let Failures { failed, clients, rows, worst, causes } = failures;
        let row = self.row_link(worst);
        match self {
            En => html! {
                (failed) " of " (clients) " client workers failed; rows with failures: " (rows)
                ", the one with the most " (row) " (" (causes) ")."
            },
            Id => html! {
                (failed) " dari " (clients) " client worker gagal; baris dengan kegagalan: " (rows)
                ", terbanyak " (row) " (" (causes) ")."
            },
        }
    }

    fn best(self, load: Load, of: &[Best]) -> Markup {
        let load = self.load(load);
        let best = |Best { operation, server }: &Best| {
            let Server { row, workers, goodput } = server;
            let rate = self.rate_with_scatter(goodput);
            let link = self.row_link(row);
            match self {
                En => html! {
                    (operation) " " (rate) " in " (row.mode) " mode with a pool of " (workers)
                    " (" (link) ")"
                },
                Id => html! {
                    (operation) " " (rate) " pada mode " (row.mode) " dengan pool " (workers) " ("
                    (link) ")"
                },
            }
        };
        let list = self.list(of.iter().map(best));
        match self {
            En => html! { "Highest goodput of " (load) ": " (list) "." },
            Id => html! { "Goodput tertinggi untuk " (load) ": " (list) "." },
        }
    }

    fn turns(self, turns: &Turns) -> Markup {
        let Turns { operation, load, few, many } = turns;
        let (mode, load) = (&few.server.row.mode, self.load(*load));
        let (few_workers, many_workers) = (few.server.workers, many.server.workers);
        let mean = (self.seconds(few.mean_s), self.seconds(many.mean_s));
        let done = (self.seconds(few.makespan_s), self.seconds(many.makespan_s));
        let rate = (self.rate(few.server.goodput.median), self.rate(many.server.goodput.median));
        let links = (self.row_link(&few.server.row), self.row_link(&many.server.row));
        let (looks, is) = (self.number(turns.looks()), self.number(turns.is()));
        let is_misleading = turns.is_misleading();
        match self {
            En => html! {
                "In " (mode) " mode, " (operation) ", " (load) ": a client takes " (mean.0)
                " in the mean with a pool of " (few_workers) " (" (links.0) ") and " (mean.1)
                " with a pool of " (many_workers) " (" (links.1) "); the last client is done after "
                (done.0) " and " (done.1) ", at a goodput of " (rate.0) " and " (rate.1) "."
                @if is_misleading {
                    " So the small pool looks " (looks) " times as fast to a client, and for all of \
                     them together it is " (is) " times as fast."
                }
            },
            Id => html! {
                "Pada mode " (mode) ", " (operation) ", " (load) ": dengan pool " (few_workers)
                " satu client rata-rata butuh " (mean.0) " (" (links.0) ") dan dengan pool "
                (many_workers) " butuh " (mean.1) " (" (links.1)
                "); client terakhir selesai setelah "
                (done.0) " dan " (done.1) ", dengan goodput " (rate.0) " dan " (rate.1) "."
                @if is_misleading {
                    " Jadi pool kecil tampak " (looks) " kali lebih cepat bagi satu client, padahal \
                     untuk semua client bersama-sama kecepatannya hanya " (is) " kali pool besar."
                }
            },
        }
    }

    fn modes(self, load: Load, of: &[ModesCompared], limited: Option<Limited>) -> Markup {
        let load = self.load(load);
        let list = self.list(of.iter().map(|compared| self.compared(compared)));
        let limited = limited.map(|limited| self.limited(limited));
        html! {
            @match self {
                En => { "Modes compared, each with its best pool, for " (load) ": " (list) "." },
                Id => {
                    "Perbandingan mode, masing-masing dengan pool terbaiknya, untuk " (load) ": "
                    (list) "."
                },
            }
            @if let Some(limited) = limited { " " (limited) "." }
        }
    }

    fn compared(self, compared: &ModesCompared) -> Markup {
        let ModesCompared { operation, highest, lowest } = compared;
        let ratio = self.number(compared.ratio());
        let named = |server: &Server| {
            let (rate, link) =
                (self.rate_with_scatter(&server.goodput), self.row_link(&server.row));
            html! { (server.row.mode) " " (rate) " (" (link) ")" }
        };
        let (highest, lowest) = (named(highest), named(lowest));
        let is_within = compared.is_within_scatter();
        match self {
            En => html! {
                (operation) ": "
                @if is_within == Some(true) { "no difference above the scatter between repetitions, from " }
                @else { "from " }
                (lowest) " to " (highest) ", a ratio of " (ratio)
                @if is_within.is_none() { " (of single measurements, whose scatter is not known)" }
            },
            Id => html! {
                (operation) ": "
                @if is_within == Some(true) { "tidak ada perbedaan di luar sebaran antarulangan, dari " }
                @else { "dari " }
                (lowest) " sampai " (highest) ", rasio " (ratio)
                @if is_within.is_none() { " (pengukuran tunggal, sebarannya tidak diketahui)" }
            },
        }
    }

    pub(super) fn limited(self, limited: Limited) -> String {
        let (Limited { rows, of }, share) = (limited, self.percent(CLIENT_LIMIT_SHARE));
        match self {
            En => format!(
                "{rows} of {of} rows are limited by the client: their goodput is {share} or more of what \
                 the clients reach with a server that does nothing"
            ),
            Id => format!(
                "{rows} dari {of} baris dibatasi oleh client: goodput-nya {share} atau lebih dari yang \
                 dicapai client dengan server yang tidak melakukan apa-apa"
            ),
        }
    }

    /// `705 MiB/s (650–710)`.
    fn rate_with_scatter(self, spread: &Spread) -> String {
        let rate = self.rate(spread.median);
        let end = |bytes_per_s: f64| self.number(in_mib(bytes_per_s));
        match spread.count {
            1 => rate,
            _ => format!("{rate} ({}–{})", end(spread.min), end(spread.max)),
        }
    }

    /// Parts that have commas of their own.
    pub(super) fn list(self, parts: impl Iterator<Item = Markup>) -> Markup {
        html! {
            @for (index, part) in parts.enumerate() {
                @if index > 0 { "; " }
                (part)
            }
        }
    }
}
