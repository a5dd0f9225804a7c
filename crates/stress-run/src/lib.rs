//! Measures a file server in every configuration and writes the 54-row table.
//!
//! [`plan`] says which cells there are, [`experiment`] measures them one after another: it drives one of the
//! [`servers`] with clients, and watches the [`machine`]. [`results`] writes and reads what was measured;
//! from that alone [`report`] makes what people read, and [`compare`] sets two runs, or the modes of one,
//! side by side. [`load`] is apart from that: it sends requests to a server that runs already. [`balance`] is a
//! second experiment, with balancers under such a load.
#![forbid(unsafe_code)]

pub mod args;
mod balance;
mod compare;
mod experiment;
mod language;
mod load;
mod machine;
mod plan;
mod processes;
mod report;
mod results;
mod servers;

use std::process::ExitCode;

use anyhow::ensure;

use self::{
    args::{Args, Command, RunArgs},
    experiment::{client_pool, preview},
    processes::offspring,
    report::conclusion,
    servers::{access::Access, null_server},
};

/// Does what the command line says. An error means bad usage, that nothing could be measured, or
/// that a result could not be written.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        None => {
            let plan = args.options.plan.with_assignment_variables()?;
            return experiment::run(&RunArgs { plan, ..args.options });
        }
        Some(Command::Resume { dir, places, filebalancer, results, .. })
            if balance::is_run(&dir) =>
        {
            return balance::resume(&dir, (places.fileserver, filebalancer), &results);
        }
        Some(Command::Resume { dir, access, places, filebalancer, results }) => {
            ensure!(filebalancer.is_none(), "{} is not of a balancer", dir.display());
            return experiment::resume(&dir, *access, places, results);
        }
        Some(Command::Report { dir, results }) if balance::is_run(&dir) => {
            return balance::render_again(&dir, &results);
        }
        Some(Command::Report { dir, results }) => {
            return conclusion::render_again(&dir, &results);
        }
        Some(Command::Plan { json, plan, results }) => {
            preview::print(&plan.with_assignment_variables()?, &results, json)?;
        }
        Some(Command::Compare(args)) => return compare::run(&args),
        Some(Command::Load(args)) => return load::run(&args),
        Some(Command::Balance(args)) => return balance::run(&args),
        Some(Command::ClientWorker { parent, job, local, access }) => {
            client_pool::work(parent, &job, local, Access::of_worker(access)?)?;
        }
        Some(Command::NullServer { parent }) => null_server::serve(parent)?,
        Some(Command::Bound { parent, words }) => {
            return Err(offspring::become_program(parent, &words));
        }
        Some(Command::Documents(documents)) => documents.print(&cli::command::<Args>())?,
    }
    Ok(ExitCode::SUCCESS)
}
