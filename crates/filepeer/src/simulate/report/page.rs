//! The report of a run as one page.

use figures::{Data, page, terms};
use maud::{Markup, html};

use super::{charts, findings, heading, summary};
use crate::{
    language::Language,
    simulate::{
        records::SEARCHES,
        saved::{Environment, SavedRun},
    },
};

/// Beside the style of every page of figures. The name of a commit is longer than a phone is wide.
const STYLE: &str = "#meaning p { max-width: 60rem; } .lead { overflow-wrap: anywhere; }";

pub(super) fn html(run: &SavedRun, language: Language) -> String {
    let title = heading::title(run, language);
    let content = html! {
        header { h1 { (title) } (origin(run, language)) }
        (summary(run, language))
        (language.figures_section(&charts::all(run, language)))
        (table(run, language))
        section id="meaning" { h2 { (language.meaning()) } p { (language.notes()) } }
        (disclosure(run, language))
    };
    page(language.tag(), &title, STYLE, &content)
}

fn origin(run: &SavedRun, language: Language) -> Markup {
    html! {
        p.lead { (heading::what(run, language)) }
        p.lead { (run.environment.program.named("filepeer")) "." }
        nav {
            a href="#figures" { (language.figures()) }
            a href="#table" { (language.table()) }
            a href="#meaning" { (language.meaning()) }
            a href="#disclosure" { (language.disclosure()) }
        }
    }
}

/// The findings, below what forbids to use them.
fn summary(run: &SavedRun, language: Language) -> Markup {
    let marks = heading::marks(run, language);
    html! {
        @if !marks.is_empty() {
            aside.banner role="note" { ul { @for mark in &marks { li { (mark) } } } }
        }
        section.findings {
            h2 { (language.findings()) }
            ol { @for finding in findings::of(run, language) { li { (finding) } } }
        }
    }
}

fn table(run: &SavedRun, language: Language) -> Markup {
    let grid = summary::grid(run, language);
    let words = grid.heads.len() - grid.numbers.len();
    let data = Data { heads: grid.heads, words, lines: grid.rows };
    html! { section id="table" { h2 { (language.table()) } (data.render()) } }
}

/// Everything that may matter to whoever makes the run again.
fn disclosure(run: &SavedRun, language: Language) -> Markup {
    let Environment { started, program, plan } = &run.environment;
    let all = [
        (language.term_version(), Some(program.version.clone())),
        (language.term_commit(), Some(program.git_commit.clone())),
        (language.term_rustc(), Some(program.rustc.clone())),
        (language.term_build(), Some(program.build.clone())),
        (language.term_command_line(), Some(program.command_line.join(" "))),
        (language.term_started(), Some(started.clone())),
        (language.term_seeds(), Some(plan.seeds.to_string())),
        (language.term_latency(), Some(plan.latency.clone())),
        (language.term_online(), Some(format!("{} s", plan.online_s))),
    ];
    html! {
        section id="disclosure" {
            h2 { (language.disclosure()) }
            (terms(&all, &language.unknown()))
            h3 { (language.raw_files()) }
            ul {
                li { code { (runs::ENVIRONMENT) } ": " (language.raw_environment()) }
                li { code { (SEARCHES) "/" } ": " (language.raw_searches()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::saved::tests::made_up;

    #[test]
    fn a_page_shows_all_figures_in_its_language_and_fetches_nothing() {
        let run = made_up();
        let [english, indonesian] = [Language::En, Language::Id].map(|it| html(&run, it));
        for page in [&english, &indonesian] {
            assert_eq!(page.matches("<figure id=").count(), 3);
            assert!(!page.contains("class=\"missing\"") && !page.contains("NaN"), "{page}");
            assert!(!page.contains("src=") && !page.contains("url("), "it is one file");
        }
        assert!(english.contains("lang=\"en\"") && english.contains("What was found"));
        assert!(indonesian.contains("lang=\"id\"") && indonesian.contains("41,0"));
    }

    #[test]
    fn a_page_of_a_run_that_has_no_records_says_so() {
        let mut run = made_up();
        run.results.iter_mut().for_each(|result| result.records.clear());
        let page = html(&run, Language::En);
        assert_eq!(page.matches("class=\"missing\"").count(), 2, "{page}");
        assert!(page.contains("PARTIAL"), "{page}");
    }
}
