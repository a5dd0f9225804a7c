//! The report of a run as one page.

use figures::{Page, Parts};
use maud::{Markup, html};

use super::{charts, findings, heading, opening, summary};
use crate::{
    language::Language,
    simulate::{
        records::SEARCHES,
        saved::{Environment, SavedRun},
    },
};

pub(super) fn page(run: &SavedRun, language: Language) -> Page {
    language.page_of(Parts {
        title: heading::title(run, language),
        style: charts::STYLE,
        opening: opening::render(run, language),
        figures: charts::all(run, language),
        findings: findings::of(run, language).into_iter().map(|it| html! { (it) }).collect(),
        tables: table(run, language),
        meaning: vec![(None, language.notes())],
        disclosure: disclosure(run, language),
    })
}

fn table(run: &SavedRun, language: Language) -> Markup {
    html! {
        section id="table" {
            h2 { (language.table()) }
            (runs::data(summary::grid(run, language)).render())
            p { (language.about_reachable()) }
        }
    }
}

/// Everything that may matter to whoever makes the run again.
fn disclosure(run: &SavedRun, language: Language) -> Markup {
    let Environment { started, program, plan } = &run.environment;
    let mut terms = program.terms(started, language.catalogue());
    terms.extend([
        (language.term_seeds(), Some(plan.seeds.to_string())),
        (language.term_latency(), Some(plan.latency.clone())),
        (language.term_online(), Some(format!("{} s", plan.online_s))),
    ]);
    let files = [
        (runs::ENVIRONMENT.to_owned(), language.raw_environment()),
        (format!("{SEARCHES}/"), language.raw_searches()),
    ];
    language.disclosed(&terms, &files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::saved::tests::made_up;

    #[test]
    fn a_page_shows_all_figures_in_its_language_and_fetches_nothing() {
        let run = made_up();
        let [english, indonesian] = [Language::En, Language::Id].map(|it| page(&run, it).html());
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
        let page = page(&run, Language::En).html();
        assert_eq!(page.matches("class=\"missing\"").count(), 2, "{page}");
        assert!(page.contains("PARTIAL"), "{page}");
    }
}
