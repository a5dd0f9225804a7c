//! What a run that is over prints, and its exit status: all from the files that it left.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::ExitCode,
};

use figures::plain_text;
use runs::{EXIT_GATE, Sheet};

use super::{facts::Facts, findings, next::Next};
use crate::{
    args::ResultArgs,
    language::Language,
    plan::Attempt,
    report,
    results::{CELL_KEY, CellLine, Ending, Run},
};

/// Renders the run, prints its tables and says where everything is.
pub(crate) fn conclude(
    dir: &Path,
    options: &ResultArgs,
    is_interrupted: bool,
) -> anyhow::Result<ExitCode> {
    let (run, language) = (Run::open(dir)?, options.lang);
    report::write(&run, language)?;
    cli::output::print(report::on_screen(&run, language).as_bytes());
    for line in troubles(&run, language)? {
        cli::outln!("{line}");
    }
    let (failed, all) =
        (run.failed_configurations().len(), run.environment.plan.configurations.len());
    cli::outln!("{}", language.configurations(run.completed_configurations(), failed, all));
    // A run that was stopped lacks the rows that its gates are about.
    let is_through = is_interrupted || passes_gates(&run, options)?;
    print_findings(&run, language)?;
    let ending = Ending {
        is_interrupted,
        is_invalid: run.marks().invalid > 0,
        meets_gates: is_through,
        any_failed: failed > 0 || run.attempts.iter().any(|line| line.clients_failed > 0),
    };
    Ok(ending.code())
}

/// What was found, where to read on, and what to do next.
fn print_findings(run: &Run, language: Language) -> anyhow::Result<()> {
    cli::outln!("\n{}:", language.findings());
    for finding in findings::of(&Facts::of(run, language)?) {
        cli::outln!("{}", cli::text::item(&plain_text(&finding)));
    }
    cli::outln!("\n{}: {}", language.report(), run.dir.join(report::PAGE).display());
    if let Some(next) = Next::after(run) {
        cli::outln!("{}:\n  {}", next.purpose(language), next.command(run));
    }
    Ok(())
}

/// Renders a run once more and says what it wrote, and what it had to do without.
pub(crate) fn render_again(dir: &Path, options: &ResultArgs) -> anyhow::Result<ExitCode> {
    let (run, language) = (Run::open(dir)?, options.lang);
    // Before anything is written: one that selects nothing is bad usage.
    let is_through = passes_gates(&run, options)?;
    for path in report::write(&run, language)? {
        cli::outln!("{}", path.display());
    }
    let missing = run.missing_transfers()?;
    if missing > 0 {
        cli::errln!("{}", language.missing_transfers(missing));
    }
    Ok(if is_through { ExitCode::SUCCESS } else { EXIT_GATE.into() })
}

/// Holds the cells against the gates, and says what became of each.
fn passes_gates(run: &Run, options: &ResultArgs) -> anyhow::Result<bool> {
    if options.gates.is_empty() {
        return Ok(true);
    }
    let cells = Sheet::of(run.cells().into_values().flatten())?;
    let mut is_through = true;
    for gate in &options.gates {
        let result = gate.check(&cells, &CELL_KEY)?;
        is_through &= result.broken.is_empty();
        result.lines(options.lang.catalogue()).iter().for_each(|line| cli::outln!("{line}"));
    }
    Ok(is_through)
}

/// A line for each cell with failures or wrong counts: what happened, and how often.
fn troubles(run: &Run, language: Language) -> anyhow::Result<Vec<String>> {
    let failed = run.attempts.iter().filter(|line| line.clients_failed > 0);
    let failed: BTreeSet<Attempt> = failed.map(CellLine::attempt).collect();
    let outcomes = run.outcomes(|attempt| failed.contains(&attempt))?;
    let mut lines = Vec::new();
    for line in &run.attempts {
        let name = language.whole_cell(&line.cell());
        if let Some(why) = &line.invalid {
            lines.push(language.invalid_cell(&name, language.retold(why)));
        }
        let of_cell = outcomes.iter().filter(|(attempt, _)| *attempt == line.attempt());
        let failures = of_cell.filter_map(|(_, outcome)| outcome.failure.as_ref());
        let mut causes = BTreeMap::<&str, (u64, &str)>::new();
        for failure in failures {
            causes.entry(&failure.cause).or_insert((0, &failure.sentence)).0 += 1;
        }
        for (cause, (count, sentence)) in causes {
            lines.push(language.failed_clients(&name, count, cause, sentence));
        }
    }
    Ok(lines)
}
