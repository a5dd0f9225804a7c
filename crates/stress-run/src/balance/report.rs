//! The report of a run as one page.

mod incidents;
mod latencies;
mod opening;
mod series;
mod shares;
mod worlds;

use figures::{Page, Parts, Term};
use maud::{Markup, html};
use runs::moment;

use super::{
    files::{BalanceRun, FILES},
    findings,
    tables::{self, shown},
};
use crate::{
    language::Language,
    report::{machine_terms, program_terms},
};

/// The name of the report in the directory of its run.
pub(crate) const PAGE: &str = "report.html";

pub(crate) fn page(run: &BalanceRun, language: Language) -> Page {
    language.page_of(Parts {
        title: language.balance_title(moment(&run.environment.started)),
        style: "",
        opening: opening::render(run, language),
        figures: vec![
            latencies::figure(run, language),
            worlds::figure(run, language),
            shares::figure(run, language),
            incidents::figure(run, language),
        ],
        findings: findings::of(run, language).into_iter().map(|it| html! { (it) }).collect(),
        tables: tables_section(run, language),
        meaning: vec![(None, language.balance_notes())],
        disclosure: disclosure(run, language),
    })
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
                (runs::data(grid).render())
            }
        }
    }
}

fn disclosure(run: &BalanceRun, language: Language) -> Markup {
    let environment = &run.environment;
    let mut terms: Vec<Term> = machine_terms(&environment.machine, language);
    terms.extend(program_terms(&environment.program, &environment.binaries, language));
    terms.push((language.term_filebalancer(), Some(environment.filebalancer_digest.clone())));
    terms.push((language.term_started(), Some(environment.started.clone())));
    terms.push((language.term_seed(), Some(environment.plan.seed.to_string())));
    let there = FILES.iter().filter(|(name, _)| run.dir.join(name).exists());
    let files = there.map(|(name, purpose)| ((*name).to_owned(), purpose(language)));
    language.disclosed(&terms, &files.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::files::tests::made_up;

    #[test]
    fn a_page_shows_all_figures_in_its_language_and_fetches_nothing() {
        let run = made_up(&["equal", "unequal", "killed"]);
        let [english, indonesian] = [Language::En, Language::Id].map(|it| page(&run, it).html());
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
        let page = page(&made_up(&[]), Language::En).html();
        assert_eq!(page.matches("class=\"missing\"").count(), 4);
        assert!(page.contains("PARTIAL") && page.contains(&Language::En.not_reportable()));
    }

    #[test]
    fn what_a_server_has_answered_is_shown_as_its_share_of_each_part_of_the_time() {
        let run = made_up(&["unequal"]);
        let page = page(&run, Language::En).html();
        // Of every 10 that were answered between two moments the first server has 2.
        assert!(page.contains("<td>20% 40% 40%</td>"), "{page}");
    }
}
