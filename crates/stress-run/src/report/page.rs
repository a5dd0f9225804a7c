//! The report as one page.

use figures::{Numbers, Page, Parts, spread::CONFIDENCE_MIN};
use maud::{Markup, html};
use runs::moment;

use super::{
    charts::{self, BAND},
    disclosure,
    facts::{CLIENT_LIMIT_SHARE, Facts},
    findings, modes, opening, rows,
    table::Part,
};
use crate::{
    language::Language,
    machine::resources::{CLOCK_TOLERANCE_S, OTHERS_SHARE_MAX},
    results::Run,
};

const STYLE: &str = include_str!("report.css");

pub(super) fn page(run: &Run, language: Language) -> anyhow::Result<Page> {
    let facts = Facts::of(run, language)?;
    let failed = html! {
        @for (server, why) in run.failed_configurations() {
            p.failed { (language.not_measured(language.server_named(server), why)) }
        }
    };
    Ok(language.page_of(Parts {
        title: language.report_title(moment(&run.environment.started)),
        style: STYLE,
        opening: html! { (opening::render(&facts)) (failed) },
        figures: charts::all(&facts),
        findings: findings::of(&facts),
        tables: html! { (tables(&facts)) (modes::section(&facts)) },
        meaning: explanations(&facts),
        disclosure: disclosure::section(&facts),
    }))
}

fn tables(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    let repetitions = language.repetitions(facts.run.environment.plan.repetitions);
    html! {
        section id="tables" {
            h2 { (language.tables()) }
            p { (language.about_tables(repetitions, CONFIDENCE_MIN)) }
            @for (index, part) in Part::all(facts.run).into_iter().enumerate() {
                (rows::part(facts, part, index == 0))
            }
        }
    }
}

fn explanations(facts: &Facts<'_>) -> Vec<(Option<String>, String)> {
    let language = facts.language;
    let (band, limit) = (language.percent(BAND), language.percent(CLIENT_LIMIT_SHARE));
    let tolerance = language.duration(CLOCK_TOLERANCE_S);
    let prediction = (Some(language.about_prediction_head()), language.about_prediction(band));
    let mut explanations = vec![
        (None, language.table_notes()),
        (Some(language.about_goodput_head()), language.about_goodput()),
        (Some(language.about_ceiling_head()), language.about_ceiling(limit)),
        (
            Some(language.about_disturbance_head()),
            language.about_disturbance(language.percent(OTHERS_SHARE_MAX), tolerance),
        ),
    ];
    explanations.extend(facts.is_repeated().then_some(prediction));
    explanations
}
