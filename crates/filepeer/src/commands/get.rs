//! `filepeer get`: searches for files, or takes their tickets, and fetches them.

mod bar;
mod from_seed;
mod wishes;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, bail, ensure};
use clap::ValueHint;
use cli::units;
use protocol::FileName;
use searching::Wanted;

use self::{
    bar::Bar,
    wishes::{Source, Wish, wishes},
};
use super::{
    asking::AskingArgs,
    ending::{EXIT_STOPPED, Ending},
    runtime,
};
use crate::{
    blobs::remote::RemoteBlobs,
    fetch::{
        fetch,
        outcome::{self, Outcome},
        partial::{IfExists, Target},
    },
    language::Language,
    node::{Node, Place, SeedHolder},
};

const NOTES: &str = "\
Examples:
  filepeer get contoh.txt --via 127.0.0.1:5001
  filepeer get contoh.txt notes.pdf --via 127.0.0.1:5001 -o downloads/

A file comes from all who have it at once, and every byte is checked. What came
before a get was stopped or killed is found again in the folder that the file
goes to, where the same get goes on with it.

Exit status: 0 all files came, 1 some did not, 2 bad usage or it could not
start, 130 it was stopped.";

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct GetArgs {
    /// Names to search for, or tickets
    ///
    /// Tickets of the same content are fetched from all their holders at once.
    #[arg(value_name = "NAME|TICKET", required = true)]
    what: Vec<String>,

    /// File to write, or folder to write into [default: the name of the file, here]
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    output: Option<PathBuf>,

    /// Replace a file that is there already
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    asking: AskingArgs,
}

/// An error means bad usage, or that the node could not start.
pub(crate) fn run(args: &GetArgs) -> anyhow::Result<ExitCode> {
    let wishes = wishes(&args.what)?;
    if is_searching(&wishes) {
        args.asking.expect_somebody()?;
    }
    let into_folder = args.output.as_ref().is_none_or(|path| path.is_dir());
    ensure!(
        wishes.len() == 1 || into_folder,
        "--output must be a folder that exists where several files are fetched"
    );
    runtime()?.block_on(async {
        let mut ending = Ending::by_signals()?;
        tokio::select! {
            all_came = get_all(args, &wishes) => {
                all_came.map(|all_came| if all_came { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            () = ending.asked() => Ok(EXIT_STOPPED.into()),
        }
    })
}

fn is_searching(wishes: &[Wish]) -> bool {
    wishes.iter().any(|wish| matches!(wish.source, Source::Search))
}

async fn get_all(args: &GetArgs, wishes: &[Wish]) -> anyhow::Result<bool> {
    let node = args.asking.start().await?;
    if is_searching(wishes) {
        args.asking.until_linked(&node).await?;
    }
    let mut all_came = true;
    for wish in wishes {
        if let Err(err) = get(args, &node, wish).await {
            cli::errln!("filepeer: {}: {}", wish.name, cli::printable(&format!("{err:#}")));
            all_came = false;
        }
    }
    node.stop().await;
    Ok(all_came)
}

async fn get(args: &GetArgs, node: &Node, wish: &Wish) -> anyhow::Result<()> {
    let target = target(args, &wish.name);
    target.expect_free()?;
    match &wish.source {
        Source::Tickets(tickets) => {
            let wanted = wishes::of_tickets(node, tickets)?;
            from_peers(node, &wish.name, wanted, target, args.asking.lang).await
        }
        Source::Search => search(args, node, &wish.name, target).await,
    }
}

fn target(args: &GetArgs, name: &FileName) -> Target {
    let path = match &args.output {
        Some(path) if path.is_dir() => path.join(name.as_str()),
        Some(path) => path.clone(),
        None => PathBuf::from(name.as_str()),
    };
    let if_exists = if args.replace { IfExists::Replace } else { IfExists::Refuse };
    Target { path, if_exists }
}

async fn search(
    args: &GetArgs,
    node: &Node,
    name: &FileName,
    target: Target,
) -> anyhow::Result<()> {
    let language = args.asking.lang;
    let mut answer = node.search(args.asking.search(Wanted::Exact(name.clone()))).await;
    // Contents that more peers have come first; the order among others stays.
    answer.found.sort_by_key(|found| std::cmp::Reverse(found.holders.len()));
    if answer.found.len() > 1 {
        let others = answer.found.len() - 1;
        cli::errln!("filepeer: {}", language.other_contents(name, others));
    }
    match (answer.found.first(), answer.of_seed.first()) {
        (Some(found), _) => {
            let wanted = wishes::of_found(node, found)?;
            from_peers(node, name, wanted, target, language).await
        }
        (None, Some(holder)) => from_a_seed(holder, target, language).await,
        (None, None) => bail!(language.nobody_has_it(args.asking.ttl)),
    }
}

async fn from_peers(
    node: &Node,
    name: &FileName,
    wanted: outcome::Wanted,
    target: Target,
    language: Language,
) -> anyhow::Result<()> {
    let blobs = RemoteBlobs { endpoint: node.endpoint().clone() };
    let mut bar = Bar::new(name, wanted.size, language);
    let outcome = fetch(blobs, wanted, target, |progress| bar.show(&progress)).await;
    bar.finish();
    cli::outln!("{}", summary(&outcome?, language));
    Ok(())
}

async fn from_a_seed(
    holder: &SeedHolder,
    target: Target,
    language: Language,
) -> anyhow::Result<()> {
    let began = std::time::Instant::now();
    let (path, len) = from_seed::get(holder, target).await.context("from a node of the seed")?;
    let (size, time) = (units::length(len), units::time(began.elapsed()));
    let said = language.fetched_unchecked(path.display(), size, time, holder.address);
    cli::outln!("{said}");
    Ok(())
}

fn summary(outcome: &Outcome, language: Language) -> String {
    let Outcome { path, size, resumed, took, holders, dropped } = outcome;
    let file = path.display();
    let (length, time) = (units::length(*size), units::time(*took));
    let rate = units::rate((size - resumed) as f64 / took.as_secs_f64().max(1e-6));
    let fetched = match &holders[..] {
        [] => language.fetched_before(file, length, time),
        [(holder, _)] => language.fetched(file, length, time, rate, holder),
        all => {
            let each = |(place, sent): &(Place, u64)| format!("{place} ({})", units::size(*sent));
            let all: Vec<_> = all.iter().map(each).collect();
            language.fetched(file, length, time, rate, all.join(", "))
        }
    };
    let there = (*resumed > 0).then(|| language.were_there(units::size(*resumed)));
    let dropped = dropped.iter().map(|(holder, why)| language.was_dropped(holder, why));
    [fetched].into_iter().chain(there).chain(dropped).collect::<Vec<_>>().join("; ")
}
