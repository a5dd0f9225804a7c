//! The report as one page.

use figures::{Numbers, page, spread::CONFIDENCE_MIN};
use maud::{Markup, html};
use runs::moment;

use super::{
    charts::{self, BAND},
    disclosure,
    facts::{CLIENT_LIMIT_SHARE, Facts},
    findings, modes, rows,
    table::Part,
};
use crate::{
    language::Language,
    machine::resources::{CLOCK_TOLERANCE_S, OTHERS_SHARE_MAX},
    plan::mode_name,
    results::Run,
};

const STYLE: &str = include_str!("report.css");

pub(super) fn html(run: &Run, language: Language) -> anyhow::Result<String> {
    let facts = Facts::of(run, language)?;
    let title = language.report_title(moment(&run.environment.started));
    let content = html! {
        header { h1 { (title) } (measured(&facts)) (contents(&facts)) }
        (summary(&facts))
        (modes::section(&facts))
        (language.figures_section(&charts::all(&facts)))
        (tables(&facts))
        (meaning(language))
        (disclosure::section(&facts))
    };
    Ok(page(language.tag(), &title, STYLE, &content))
}

/// What was measured, and on what, in a few lines.
fn measured(facts: &Facts<'_>) -> Markup {
    let (language, environment) = (facts.language, &facts.run.environment);
    let modes: Vec<String> = environment.plan.modes().into_iter().map(mode_name).collect();
    let rows: usize = Part::all(facts.run).into_iter().map(|part| part.rows(facts.run).len()).sum();
    let planned = environment.needs.rows;
    let (program, commit) = (&environment.program, &environment.program.git_commit);
    let repetitions = language.repetitions(environment.plan.repetitions);
    html! {
        p.lead { (language.measured(modes.join(", "), rows, planned, repetitions)) }
        p.lead {
            (environment.machine.in_words(language)) ". stress-run " (program.version) ", commit "
            code { (commit.get(..12).unwrap_or(commit)) } "."
        }
    }
}

fn contents(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    html! {
        nav {
            @if !facts.modes_compared.loads().is_empty() {
                a href="#modes" { (language.which_mode()) }
            }
            a href="#figures" { (language.figures()) }
            @for part in Part::all(facts.run) {
                a href=(format!("#mode-{}", part.name())) { (part.title(language)) }
            }
            a href="#meaning" { (language.meaning()) }
            a href="#disclosure" { (language.disclosure()) }
        }
    }
}

/// The findings, below what forbids to use them.
fn summary(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    let marks = facts.run.marks().lines(language);
    let failed = facts.run.failed_configurations();
    html! {
        @if !marks.is_empty() {
            aside.banner role="note" {
                p.verdict { (language.not_reportable()) }
                ul { @for mark in &marks { li { (mark) } } }
            }
        }
        @for (server, why) in failed {
            p.failed { (language.not_measured(language.server_named(server), why)) }
        }
        section.findings {
            h2 {
                (language.findings())
                @if !marks.is_empty() { " " span.tag { (language.not_reportable()) } }
            }
            ol { @for finding in findings::of(facts) { li { (finding) } } }
        }
    }
}

fn tables(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    let repetitions = language.repetitions(facts.run.environment.plan.repetitions);
    let limit = language.percent(CLIENT_LIMIT_SHARE);
    html! {
        section id="tables" {
            h2 { (language.tables()) }
            p { (language.about_tables(repetitions, CONFIDENCE_MIN, limit)) }
            @for part in Part::all(facts.run) { (rows::table(facts, part)) }
        }
    }
}

fn meaning(language: Language) -> Markup {
    let (band, limit) = (language.percent(BAND), language.percent(CLIENT_LIMIT_SHARE));
    let tolerance = language.duration(CLOCK_TOLERANCE_S);
    let explanations = [
        (language.about_goodput_head(), language.about_goodput()),
        (language.about_prediction_head(), language.about_prediction(band)),
        (language.about_ceiling_head(), language.about_ceiling(limit)),
        (
            language.about_disturbance_head(),
            language.about_disturbance(language.percent(OTHERS_SHARE_MAX), tolerance),
        ),
    ];
    html! {
        section id="meaning" {
            h2 { (language.meaning()) }
            p { (language.table_notes()) }
            @for (head, words) in explanations { h3 { (head) } p { (words) } }
        }
    }
}
