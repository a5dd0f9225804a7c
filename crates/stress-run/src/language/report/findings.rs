//! The sentences of the report's findings.

use std::cmp::Ordering::{Equal, Greater, Less};

use maud::{Markup, html};

use super::Language::{self, En, Id};
use crate::{
    plan::in_mib,
    report::{Best, CLIENT_LIMIT_SHARE, Failures, Finding, Limited, Listed, Load, Server, Turns},
    spread::Spread,
};

impl Language {
    pub(crate) fn finding(self, finding: &Finding) -> Markup {
        match finding {
            Finding::Failures(failures) => self.failures(failures),
            Finding::Best { load, of } => self.best(*load, of),
            Finding::Turns(turns) => self.turns(turns),
            Finding::Modes { answer, limited } => self.modes(answer, *limited),
            Finding::Limited(limited) => html! { (self.limited(*limited)) "." },
            Finding::Prediction(fit) => self.prediction_caption(fit),
            Finding::Lists(listed) => html! { (self.listed(listed)) },
            Finding::Nothing => html! { (self.no_rows()) },
        }
    }

    fn listed(self, listed: &Listed) -> String {
        let Listed { server, clients, files, mean_s } = listed;
        let (server, seconds) = (self.server(*server), self.number(*mean_s));
        match self {
            En => format!(
                "With {clients} clients at once, {server} answered LIST soonest: after {seconds} s in \
                 the mean, with the names of {files} files."
            ),
            Id => format!(
                "Dengan {clients} client sekaligus, {server} paling cepat menjawab LIST: rata-rata \
                 setelah {seconds} s, dengan nama {files} file."
            ),
        }
    }

    fn failures(self, failures: &Failures) -> Markup {
        let Failures { failed, clients, rows, worst, causes } = failures;
        let row = self.row_link(worst);
        match self {
            En => html! {
                (failed) " of " (clients) " clients failed, in " (rows) " "
                @if *rows == 1 { "row" } @else { "rows" }
                "; the most in " (row) " (" (causes) ")."
            },
            Id => html! {
                (failed) " dari " (clients) " client gagal, pada " (rows)
                " baris; terbanyak pada " (row) " (" (causes) ")."
            },
        }
    }

    fn best(self, load: Load, of: &[Best]) -> Markup {
        let load = self.load(load);
        let best = |Best { operation, server }: &Best| {
            let Server { row, workers, goodput } = server;
            let (rate, source) = (self.rate(goodput.median), self.source(server));
            match self {
                En => html! {
                    (operation) " " (rate) " in " (row.mode) " mode with " (self.workers(*workers))
                    " (" (source) ")"
                },
                Id => html! {
                    (operation) " " (rate) " pada mode " (row.mode) " dengan "
                    (self.workers(*workers)) " (" (source) ")"
                },
            }
        };
        let list = self.list(of.iter().map(best));
        match self {
            En => html! { "Fastest for " (load) ", all clients together: " (list) "." },
            Id => html! { "Tercepat untuk " (load) ", semua client bersama-sama: " (list) "." },
        }
    }

    fn turns(self, turns: &Turns) -> Markup {
        let Turns { operation, load, few, many } = turns;
        let (mode, load) = (&few.server.row.mode, self.load(*load));
        let workers = (self.workers(few.server.workers), self.workers(many.server.workers));
        let mean = (self.seconds(few.mean_s), self.seconds(many.mean_s));
        let links = (self.row_link(&few.server.row), self.row_link(&many.server.row));
        let (is_misleading, batch) = (turns.is_misleading(), self.batch(turns));
        match self {
            En => html! {
                "In " (mode) " mode, " (operation) ", " (load) ": "
                @if is_misleading {
                    "with " (workers.0) " the average client finishes sooner than with " (workers.1)
                    ", after " (mean.0) " instead of " (mean.1) ", but the whole batch "
                } @else {
                    "the average client finishes after " (mean.0) " with " (workers.0) " and after "
                    (mean.1) " with " (workers.1) "; with fewer workers the whole batch "
                }
                (batch) " (" (links.0) "; " (links.1) ")."
            },
            Id => html! {
                "Pada mode " (mode) ", " (operation) ", " (load) ": "
                @if is_misleading {
                    "dengan " (workers.0) " rata-rata client selesai lebih cepat daripada dengan "
                    (workers.1) ", setelah " (mean.0) ", bukan " (mean.1)
                    ", tetapi semua client bersama-sama "
                } @else {
                    "rata-rata client selesai setelah " (mean.0) " dengan " (workers.0)
                    " dan setelah " (mean.1) " dengan " (workers.1)
                    "; dengan worker lebih sedikit semua client bersama-sama "
                }
                (batch) " (" (links.0) "; " (links.1) ")."
            },
        }
    }

    /// What the smaller pool means for all clients together.
    fn batch(self, turns: &Turns) -> String {
        let few = self.seconds(turns.few.makespan_s);
        let many = self.seconds(turns.many.makespan_s);
        match (self, turns.batch()) {
            (En, Less) => format!("takes less time, {few} instead of {many}"),
            (En, Equal) => format!("takes as long, {few} and {many}"),
            (En, Greater) => format!("takes longer, {few} instead of {many}"),
            (Id, Less) => format!("butuh waktu lebih sedikit, {few}, bukan {many}"),
            (Id, Equal) => format!("butuh waktu yang sama, {few} dan {many}"),
            (Id, Greater) => format!("butuh waktu lebih lama, {few}, bukan {many}"),
        }
    }

    fn modes(self, answer: &[String], limited: Option<Limited>) -> Markup {
        let limited = limited.map(|limited| self.limited(limited));
        html! {
            a href="#modes" { (self.which_mode_title()) }
            @for sentence in answer { " " (sentence) }
            @if let Some(limited) = limited { " " (limited) "." }
        }
    }

    pub(super) fn limited(self, limited: Limited) -> String {
        let (Limited { rows, of }, share) = (limited, self.percent(CLIENT_LIMIT_SHARE));
        match self {
            En => format!(
                "{rows} of {of} rows are limited by the clients: they reach {share} or more of what the \
                 same clients reach with a server that does nothing"
            ),
            Id => format!(
                "{rows} dari {of} baris dibatasi oleh client: baris itu mencapai {share} atau lebih dari yang \
                 dicapai client yang sama dengan server yang tidak melakukan apa-apa"
            ),
        }
    }

    /// `range 650–710; thread, row 26`: the repetitions of the row, and the row.
    fn source(self, server: &Server) -> Markup {
        let end = |bytes_per_s: f64| self.number(in_mib(bytes_per_s));
        let Spread { count, min, max, .. } = server.goodput;
        let link = self.row_link(&server.row);
        let range = match self {
            En => "range",
            Id => "rentang",
        };
        html! {
            @if count > 1 { (range) " " (end(min)) "–" (end(max)) "; " }
            (link)
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
