//! Where and with what the run was made, and the files that the report was made from.

use figures::{Numbers, Term};
use maud::{Markup, html};
use runs::Program;

use super::facts::Facts;
use crate::{
    language::Language,
    machine::description::Machine,
    plan::{ClientPoolKind, Sink},
    results::{Binaries, Environment, Run},
};

/// The machine and the program, in a line.
pub(crate) fn made_with(machine: &Machine, program: &Program, language: Language) -> Markup {
    let commit = &program.git_commit;
    html! {
        (machine.in_words(language)) ". stress-run " (program.version) ", commit "
        code { (commit.get(..12).unwrap_or(commit)) } "."
    }
}

/// Everything of `environment.json` that may matter to whoever makes the run again.
pub(super) fn section(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    language.disclosed(&all(&facts.run.environment, language), &files(facts.run, language))
}

fn all(environment: &Environment, language: Language) -> Vec<Term> {
    let mut terms = machine_terms(&environment.machine, language);
    terms.extend(program_terms(&environment.program, &environment.binaries, language));
    terms.push((language.term_started(), Some(environment.started.clone())));
    terms.extend(plan(environment, language));
    let optional = [
        (
            language.term_resumed(),
            Some(environment.resumed.join(", ")).filter(|text| !text.is_empty()),
        ),
        (language.term_connected_to(), environment.connected_to.clone()),
        (language.term_injected(), environment.injected.clone()),
        (language.term_timeout(), environment.timeout_s.map(|seconds| language.number(seconds))),
    ];
    terms.extend(optional.into_iter().filter(|(_, value)| value.is_some()));
    terms
}

pub(crate) fn machine_terms(machine: &Machine, language: Language) -> Vec<Term> {
    let size = |bytes: Option<u64>| bytes.map(|bytes| language.size(bytes));
    vec![
        (language.term_cpu(), machine.cpu.clone()),
        (language.term_cores(), Some(machine.cores.to_string())),
        (language.term_memory(), size(machine.memory_bytes)),
        (language.term_swap(), size(machine.swap_bytes)),
        (language.term_kernel(), machine.kernel.clone()),
        (language.term_filesystem(), machine.filesystem.clone()),
        (language.term_load(), machine.load_average.map(|load| load.to_string())),
        (language.term_tcp_rmem(), machine.tcp_rmem.clone()),
        (language.term_tcp_wmem(), machine.tcp_wmem.clone()),
        (language.term_huge_pages(), machine.transparent_hugepage.clone()),
    ]
}

pub(crate) fn program_terms(
    program: &Program,
    binaries: &Binaries,
    language: Language,
) -> Vec<Term> {
    vec![
        (language.term_version(), Some(program.version.clone())),
        (language.term_commit(), Some(program.git_commit.clone())),
        (language.term_rustc(), Some(program.rustc.clone())),
        (language.term_build(), Some(program.build.clone())),
        (language.term_stress_run(), binaries.stress_run_digest.clone()),
        (language.term_fileserver(), binaries.fileserver_digest.clone()),
        (language.term_command_line(), Some(program.command_line.join(" "))),
    ]
}

fn plan(environment: &Environment, language: Language) -> Vec<Term> {
    let plan = &environment.plan;
    let list = |texts: Vec<String>| Some(texts.join(", "));
    let servers = plan.configurations.iter().map(|server| language.server_named(*server)).collect();
    let pool = match plan.client_pool {
        ClientPoolKind::Thread => "thread",
        ClientPoolKind::Process => "process",
    };
    let sink = match plan.sink {
        Sink::File => language.sink_file(),
        Sink::Null => language.sink_null(),
    };
    vec![
        (language.term_preset(), Some(environment.preset.clone())),
        (language.term_servers(), list(servers)),
        (
            language.term_operations(),
            list(plan.operations.iter().map(ToString::to_string).collect()),
        ),
        (
            language.term_encodings(),
            list(plan.encodings.iter().map(|encoding| encoding.name().to_owned()).collect()),
        ),
        (
            language.term_volumes(),
            list(plan.volumes.iter().map(|volume| language.volume(*volume)).collect()),
        ),
        (language.term_clients(), list(plan.clients.iter().map(ToString::to_string).collect())),
        (language.term_client_pool(), Some(pool.to_owned())),
        (language.term_sink(), Some(sink)),
        (language.term_repetitions(), Some(plan.repetitions.to_string())),
        (language.term_seed(), Some(plan.seed.to_string())),
        (language.term_min_time(), Some(language.number(plan.min_time_s))),
        (language.term_reruns(), Some(plan.reruns.to_string())),
        (language.term_rows(), Some(environment.needs.rows.to_string())),
        (language.term_payload(), Some(language.size(environment.needs.payload_bytes))),
    ]
}

/// Those of the run's files that are there, and what is in them.
fn files(run: &Run, language: Language) -> Vec<(String, String)> {
    let files = [
        ("environment.json", language.raw_environment()),
        ("cells.csv", language.raw_cells()),
        ("ceilings.csv", language.raw_ceilings()),
        ("workers.jsonl.gz", language.raw_workers()),
        ("workers.jsonl", language.raw_workers()),
    ];
    let there = files.into_iter().filter(|(name, _)| run.dir.join(name).exists());
    there.map(|(name, purpose)| (name.to_owned(), purpose)).collect()
}
