//! What a run would measure, and what that takes.

use serde_json::json;

use crate::{
    args::{PlanArgs, ResultArgs},
    language::Language,
    plan::{Needs, Plan},
    servers::connected::Connected,
};

pub(crate) fn print(options: &PlanArgs, results: &ResultArgs, json: bool) -> anyhow::Result<()> {
    let plan = super::plan_of(options, Connected::open(options)?.as_ref())?;
    super::check_gates_fit(&results.gates, &plan)?;
    let needs = plan.needs();
    if json {
        let cells: Vec<_> = plan.modes().into_iter().flat_map(|mode| plan.rows_of(mode)).collect();
        let json = json!({
            "rows": needs.rows,
            "payload_bytes": needs.payload_bytes,
            "disk_bytes": needs.disk_bytes,
            "memory_bytes": needs.memory_bytes,
            "expected_s": plan.expected_s(),
            "plan": plan,
            "cells": cells,
        });
        cli::outln!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(());
    }
    let language = results.lang;
    for mode in plan.modes() {
        // As in the tables, each of which begins anew.
        for rows in plan.rows_of(mode).chunk_by(|a, b| a.encoding == b.encoding) {
            for (number, cell) in (1..).zip(rows) {
                cli::outln!("{number:>3}  {}", language.whole_cell(cell));
            }
        }
    }
    cli::outln!("{}", summary(&plan, language));
    Ok(())
}

/// What the plan takes.
fn summary(plan: &Plan, language: Language) -> String {
    let Needs { rows, cells, payload_bytes, disk_bytes, memory_bytes, .. } = plan.needs();
    let time = match plan.expected_s() {
        seconds @ 0..100 => language.about_seconds(seconds.max(1)),
        seconds @ 100..6_000 => language.about_minutes((seconds + 30) / 60),
        seconds => language.about_hours((seconds + 1_800) / 3_600),
    };
    let lines = [
        language.plan_rows(rows, cells, language.repetitions(plan.repetitions)),
        language.plan_time(time),
        language.plan_payload(language.size(payload_bytes), payload_bytes),
        language.plan_disk(language.size(disk_bytes)),
        language.plan_memory(language.size(memory_bytes)),
    ];
    lines.join("\n")
}
