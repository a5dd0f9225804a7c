//! The parts of a report between its first screen and its end.

use maud::{Markup, html};

use crate::{
    figure::{Figure, Surroundings, shown},
    page::{Page, Term, terms},
};

/// A report by its parts, in the order in which all reports are read.
pub struct Parts {
    pub title: String,
    /// What it has beside the style of every page.
    pub style: &'static str,
    pub opening: Markup,
    /// The most telling one first: it is on the first screen.
    pub figures: Vec<Figure>,
    /// The most important first.
    pub findings: Vec<Markup>,
    pub tables: Markup,
    /// Paragraphs, some below a head of their own.
    pub meaning: Vec<(Option<String>, String)>,
    pub disclosure: Markup,
}

impl Parts {
    /// In the language of that tag, which has these heads for findings and meaning.
    pub fn page(self, lang: &'static str, heads: [&str; 2], around: &Surroundings<'_>) -> Page {
        let [first, others] = shown(&self.figures, around);
        let content = html! {
            (self.opening)
            (first)
            (findings(heads[0], &self.findings))
            (self.tables)
            (others)
            (meaning(heads[1], &self.meaning))
            (self.disclosure)
        };
        Page { lang, title: self.title, style: self.style, content }
    }
}

fn findings(title: &str, sentences: &[Markup]) -> Markup {
    html! {
        section #findings {
            h2 { (title) }
            ol { @for sentence in sentences { li { (sentence) } } }
        }
    }
}

fn meaning(title: &str, paragraphs: &[(Option<String>, String)]) -> Markup {
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
