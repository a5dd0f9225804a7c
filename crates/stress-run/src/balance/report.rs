//! The report of a run as one page.

mod incidents;
mod latencies;
mod series;
mod shares;
mod worlds;

use cli::Grid;
use figures::{Data, Figure, Term, page};
use maud::{Markup, html};
use runs::moment;

use super::{
    files::{BalanceRun, Environment, FILES},
    findings,
    tables::{self, shown},
};
use crate::{
    language::Language,
    report::{machine_terms, program_terms},
};

/// The name of the report in the directory of its run.
pub(crate) const PAGE: &str = "report.html";

pub(crate) fn html(run: &BalanceRun, language: Language) -> String {
    let title = language.balance_title(moment(&run.environment.started));
    let content = html! {
        header { h1 { (title) } (measured(run, language)) }
        (summary(run, language))
        (language.figures_section(&all_figures(run, language)))
        (tables_section(run, language))
        section id="meaning" { h2 { (language.meaning()) } p { (language.balance_notes()) } }
        (disclosure(run, language))
    };
    page(language.tag(), &title, STYLE, &content)
}

/// Beside the style of every page of figures.
const STYLE: &str = "#meaning p { max-width: 60rem; }";

fn measured(run: &BalanceRun, language: Language) -> Markup {
    let Environment { machine, program, .. } = &run.environment;
    let commit = &program.git_commit;
    html! {
        p.lead { (tables::what(run, language)) }
        p.lead {
            (machine.in_words(language)) ". stress-run " (program.version) ", commit "
            code { (commit.get(..12).unwrap_or(commit)) } "."
        }
        nav {
            a href="#figures" { (language.figures()) }
            a href="#tables" { (language.tables()) }
            a href="#meaning" { (language.meaning()) }
            a href="#disclosure" { (language.disclosure()) }
        }
    }
}

/// The findings, below what forbids to use them.
fn summary(run: &BalanceRun, language: Language) -> Markup {
    let marks = tables::marks(run, language);
    html! {
        @if !marks.is_empty() {
            aside.banner role="note" {
                p.verdict { (language.not_reportable()) }
                ul { @for mark in &marks { li { (mark) } } }
            }
        }
        section.findings {
            h2 { (language.findings()) }
            ol { @for finding in findings::of(run, language) { li { (finding) } } }
        }
    }
}

fn all_figures(run: &BalanceRun, language: Language) -> [Figure; 4] {
    [
        worlds::figure(run, language),
        latencies::figure(run, language),
        shares::figure(run, language),
        incidents::figure(run, language),
    ]
}

fn tables_section(run: &BalanceRun, language: Language) -> Markup {
    let rows = shown(&run.rows);
    let tables = [
        (language.balance_measured(), tables::measured(&rows, language)),
        (language.balance_worlds(), tables::worlds(&rows, language)),
    ];
    html! {
        section id="tables" {
            h2 { (language.tables()) }
            @for (title, grid) in tables {
                h3 { (title) }
                (data(grid).render())
            }
        }
    }
}

fn data(grid: Grid) -> Data {
    let words = grid.heads.len() - grid.numbers.len();
    Data { heads: grid.heads, words, lines: grid.rows }
}

fn disclosure(run: &BalanceRun, language: Language) -> Markup {
    let environment = &run.environment;
    let mut terms: Vec<Term> = machine_terms(&environment.machine, language);
    terms.extend(program_terms(&environment.program, &environment.binaries, language));
    terms.push((language.term_filebalancer(), Some(environment.filebalancer_digest.clone())));
    terms.push((language.term_started(), Some(environment.started.clone())));
    terms.push((language.term_seed(), Some(environment.plan.seed.to_string())));
    let there = FILES.iter().filter(|(name, _)| run.dir.join(name).exists());
    html! {
        section id="disclosure" {
            h2 { (language.disclosure()) }
            (figures::terms(&terms, &language.unknown()))
            h3 { (language.raw_files()) }
            ul { @for (name, purpose) in there { li { code { (name) } ": " (purpose(language)) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::files::tests::made_up;

    #[test]
    fn a_page_shows_all_figures_in_its_language_and_fetches_nothing() {
        let run = made_up(&["equal", "unequal", "killed"]);
        let [english, indonesian] = [Language::En, Language::Id].map(|it| html(&run, it));
        for (page, words) in [(&english, "What was found"), (&indonesian, "Skenario")] {
            assert_eq!(page.matches("<figure id=").count(), 4);
            assert!(page.contains(words) && !page.contains("class=\"missing\""), "{words}");
            assert!(!page.contains("src=") && !page.contains("url("), "it is one file");
            assert!(page.contains("killed, round-robin") && !page.contains("NaN"), "{page}");
        }
        assert!(indonesian.contains("lang=\"id\"") && indonesian.contains("12,5"));
    }

    #[test]
    fn a_page_of_a_run_that_measured_nothing_says_so() {
        let page = html(&made_up(&[]), Language::En);
        assert_eq!(page.matches("class=\"missing\"").count(), 4);
        assert!(page.contains("PARTIAL") && page.contains(&Language::En.not_reportable()));
    }

    #[test]
    fn what_a_server_has_answered_is_shown_as_its_share_of_each_part_of_the_time() {
        let run = made_up(&["unequal"]);
        let page = html(&run, Language::En);
        // Of every 10 that were answered between two moments the first server has 2.
        assert!(page.contains("<td>20% 40% 40%</td>"), "{page}");
    }
}
