//! The report of a run as one page.

use figures::{Data, Numbers, Page, Parts};
use maud::{Markup, html};

use super::{charts, conditions, findings, heading, opening, summary};
use crate::{
    language::Language,
    results::{
        costs::{self, CostLine},
        records::World,
        saved::{Environment, SavedRun, TRACES},
    },
};

pub(crate) fn page(run: &SavedRun, language: Language) -> Page {
    language.page_of(Parts {
        title: heading::title(run, language),
        style: charts::STYLE,
        opening: opening::render(run, language),
        figures: charts::all(run, language),
        findings: findings::of(run, language).into_iter().map(|it| html! { (it) }).collect(),
        tables: html! { (table(run, language)) (costs(run, language)) },
        meaning: vec![(None, language.notes())],
        disclosure: disclosure(run, language),
    })
}

fn table(run: &SavedRun, language: Language) -> Markup {
    let cases = &run.environment.plan.cases;
    html! {
        section id="table" {
            h2 { (language.table()) }
            (runs::data(summary::grid(&run.results, language)).render())
            h3 { (language.conditions()) }
            (runs::data(conditions::grid(cases, language)).render())
        }
    }
}

/// What waiting for the deliveries took, where they happened in real time.
fn costs(run: &SavedRun, language: Language) -> Markup {
    let number = |value: Option<f64>| value.map_or_else(String::new, |it| language.number(it));
    let line = |cost: &CostLine| {
        vec![
            cost.case.clone(),
            cost.runner.clone(),
            language.tick(cost.speed),
            cost.threads.to_string(),
            number(cost.memory_bytes.map(|bytes| bytes as f64 / 1_048_576.0)),
            cost.timers_handled.to_string(),
            number(cost.lateness_p50_ms),
            number(cost.lateness_p99_ms),
            number(cost.lateness_max_ms),
        ]
    };
    let lines = run.costs.iter().map(line).collect();
    html! {
        @if !run.costs.is_empty() {
            section id="costs" {
                h2 { (language.costs()) }
                (Data { heads: language.cost_columns().into(), words: 2, lines }.render())
            }
        }
    }
}

/// Everything that may matter to whoever makes the run again.
fn disclosure(run: &SavedRun, language: Language) -> Markup {
    let Environment { started, program, plan } = &run.environment;
    let mut terms = program.terms(started, language.catalogue());
    terms.extend([
        (language.term_seed(), Some(plan.seed.to_string())),
        (language.term_messages(), Some(plan.messages.to_string())),
    ]);
    let worlds = World::ALL
        .into_iter()
        .filter(|world| run.results.iter().any(|result| result.worlds.contains_key(world)));
    let mut files = vec![(runs::ENVIRONMENT.to_owned(), language.raw_environment())];
    let records = |world| {
        (format!("records/{world}/CASE.csv.gz"), language.raw_records(language.world(world)))
    };
    files.extend(worlds.map(records));
    if !run.costs.is_empty() {
        files.push((costs::FILE.to_owned(), language.raw_costs()));
    }
    files.push((format!("{TRACES}/CASE.jsonl"), language.raw_traces()));
    language.disclosed(&terms, &files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{experiments::Experiment, results::saved::tests::made_up_of};

    #[test]
    fn a_page_shows_all_figures_in_its_language_and_fetches_nothing() {
        for (experiment, figures) in [(Experiment::Normal, 2), (Experiment::Parameters, 3)] {
            let run = made_up_of(experiment);
            let [english, indonesian] =
                [Language::En, Language::Id].map(|it| page(&run, it).html());
            for page in [&english, &indonesian] {
                assert_eq!(page.matches("<figure id=").count(), figures);
                assert!(!page.contains("class=\"missing\"") && !page.contains("NaN"), "{page}");
                assert!(!page.contains("src=") && !page.contains("url("), "it is one file");
            }
            assert!(english.contains("lang=\"en\"") && english.contains("What was found"));
            assert!(indonesian.contains("lang=\"id\"") && indonesian.contains("0,9"));
        }
    }

    #[test]
    fn a_page_of_a_run_that_has_no_records_says_so() {
        let mut run = made_up_of(Experiment::Normal);
        run.results.iter_mut().for_each(|result| result.worlds.clear());
        let page = page(&run, Language::En).html();
        assert_eq!(page.matches("class=\"missing\"").count(), 2);
        assert!(page.contains("PARTIAL"), "{page}");
    }
}
