//! The parts that end every report, and the sentences that begin it.

use maud::{Markup, html};

use crate::page::{Term, terms};

/// What was found, the most important first.
pub fn findings(title: &str, sentences: &[Markup]) -> Markup {
    html! {
        section #findings {
            h2 { (title) }
            ol { @for sentence in sentences { li { (sentence) } } }
        }
    }
}

/// What the numbers mean: paragraphs, some below a head of their own.
pub fn meaning(title: &str, paragraphs: &[(Option<String>, String)]) -> Markup {
    html! {
        section #meaning {
            h2 { (title) }
            @for (head, words) in paragraphs {
                @if let Some(head) = head { h3 { (head) } }
                p { (words) }
            }
        }
    }
}

/// All that matters to whoever doubts a run, or makes it again.
pub struct Disclosure<'a> {
    pub title: &'a str,
    pub terms: &'a [Term],
    /// Stands for what is not known.
    pub unknown: &'a str,
    /// Above the files.
    pub files_title: &'a str,
    /// Those that the report was made from, and what is in them.
    pub files: &'a [(String, String)],
}

impl Disclosure<'_> {
    pub fn render(&self) -> Markup {
        html! {
            section #disclosure {
                h2 { (self.title) }
                (terms(self.terms, self.unknown))
                h3 { (self.files_title) }
                ul { @for (name, purpose) in self.files { li { code { (name) } ": " (purpose) } } }
            }
        }
    }
}
