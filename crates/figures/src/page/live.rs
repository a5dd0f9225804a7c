//! What the page of a run that goes on has beside its report: a strip that says how far the run is, and a script that
//! follows it. Whoever runs no script reloads it every few seconds.

use maud::{Markup, PreEscaped, html};

const STYLE: &str = include_str!("live.css");
const SCRIPT: &str = include_str!("live.js");

/// Between two times that a browser without scripts asks again.
const RELOAD_S: u32 = 5;

/// How far a run is.
#[derive(Clone, Debug)]
pub struct Strip {
    /// Of the run, from 0 to 1.
    pub share: f64,
    pub words: String,
    /// Nothing more will come.
    pub is_over: bool,
}

impl Strip {
    pub fn render(&self) -> Markup {
        html! { progress value=(self.share) aria-hidden="true" {} p { (self.words) } }
    }
}

/// A page of a run, as it is served.
pub struct Live<'a> {
    /// Of the page; the script asks for it again when it is told another one.
    pub number: u64,
    pub strip: &'a Strip,
    /// Said when the run can no longer be asked.
    pub lost: &'a str,
}

impl Live<'_> {
    /// Before the end of the head.
    pub(super) fn head(&self) -> Markup {
        html! {
            // Else a browser would ask for one.
            link rel="icon" href="data:,";
            style { (PreEscaped(STYLE)) }
            @if !self.strip.is_over {
                noscript { meta http-equiv="refresh" content=(RELOAD_S); }
            }
        }
    }

    /// Behind the report, whose own script is run again for every page that takes its place.
    pub(super) fn foot(&self, script: &str) -> Markup {
        html! {
            aside.strip data-page=(self.number) data-lost=(self.lost) { (self.strip.render()) }
            script {
                (PreEscaped(format!("function enliven() {{\n{script}}}\n"))) (PreEscaped(SCRIPT))
            }
        }
    }
}
