//! Where and with what the run was made, and the files that the report was made from.

use maud::{Markup, html};

use super::facts::Facts;
use crate::{
    language::{Language, Term},
    results::{Environment, Run},
};

/// Everything of `environment.json` that may matter to whoever makes the run again.
pub(super) fn section(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    html! {
        section id="disclosure" {
            h2 { (language.disclosure()) }
            dl {
                @for (term, value) in terms(&facts.run.environment, language) {
                    dt { (language.term(term)) }
                    dd { (value.unwrap_or_else(|| language.unknown().to_owned())) }
                }
            }
            h3 { (language.files()) }
            ul {
                @for (name, purpose) in files(facts.run, language) {
                    li { code { (name) } ": " (purpose) }
                }
            }
        }
    }
}

fn terms(environment: &Environment, language: Language) -> Vec<(Term, Option<String>)> {
    let mut terms = machine(environment);
    terms.extend(programs(environment));
    terms.extend(plan(environment, language));
    let optional = [
        (Term::Resumed, Some(environment.resumed.join(", ")).filter(|text| !text.is_empty())),
        (Term::ConnectedTo, environment.connected_to.clone()),
        (Term::Injected, environment.injected.clone()),
        (Term::Timeout, environment.timeout_s.map(|seconds| language.number(seconds))),
    ];
    terms.extend(optional.into_iter().filter(|(_, value)| value.is_some()));
    terms
}

fn machine(environment: &Environment) -> Vec<(Term, Option<String>)> {
    let machine = &environment.machine;
    let size = |bytes: Option<u64>| bytes.map(cli::units::size);
    vec![
        (Term::Cpu, machine.cpu.clone()),
        (Term::Cores, Some(machine.cores.to_string())),
        (Term::Memory, size(machine.memory_bytes)),
        (Term::Swap, size(machine.swap_bytes)),
        (Term::Kernel, machine.kernel.clone()),
        (Term::Filesystem, machine.filesystem.clone()),
        (Term::Load, machine.load_average.map(|load| load.to_string())),
        (Term::TcpRmem, machine.tcp_rmem.clone()),
        (Term::TcpWmem, machine.tcp_wmem.clone()),
        (Term::HugePages, machine.transparent_hugepage.clone()),
    ]
}

fn programs(environment: &Environment) -> Vec<(Term, Option<String>)> {
    let binaries = &environment.binaries;
    vec![
        (Term::Version, Some(environment.version.clone())),
        (Term::Commit, Some(environment.git_commit.clone())),
        (Term::Rustc, Some(environment.rustc.clone())),
        (Term::Build, Some(environment.build.clone())),
        (Term::StressRun, binaries.stress_run_digest.clone()),
        (Term::Fileserver, binaries.fileserver_digest.clone()),
        (Term::CommandLine, Some(environment.command_line.join(" "))),
        (Term::Started, Some(environment.started.clone())),
    ]
}

fn plan(environment: &Environment, language: Language) -> Vec<(Term, Option<String>)> {
    let plan = &environment.plan;
    let list = |texts: Vec<String>| Some(texts.join(", "));
    let servers = plan.configurations.iter().map(|server| language.server(*server)).collect();
    let pool = language.client_pool(plan.client_pool);
    vec![
        (Term::Preset, Some(environment.preset.clone())),
        (Term::Servers, list(servers)),
        (Term::Operations, list(plan.operations.iter().map(ToString::to_string).collect())),
        (Term::Volumes, list(plan.volumes.iter().map(ToString::to_string).collect())),
        (Term::Clients, list(plan.clients.iter().map(ToString::to_string).collect())),
        (Term::ClientPool, Some(pool.to_owned())),
        (Term::Sink, Some(language.sink(plan.sink).to_owned())),
        (Term::Repetitions, Some(plan.repetitions.to_string())),
        (Term::Seed, Some(plan.seed.to_string())),
        (Term::MinTime, Some(language.number(plan.min_time_s))),
        (Term::Reruns, Some(plan.reruns.to_string())),
        (Term::Rows, Some(environment.needs.rows.to_string())),
        (Term::Payload, Some(cli::units::size(environment.needs.payload_bytes))),
    ]
}

/// Those of the run's files that are there.
fn files(run: &Run, language: Language) -> Vec<(&'static str, &'static str)> {
    let is_there = |(name, _): &(&str, &str)| run.dir.join(name).exists();
    language.raw_files().into_iter().filter(is_there).collect()
}
