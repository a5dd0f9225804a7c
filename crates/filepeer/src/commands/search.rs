//! `filepeer search`: who has a file, and how far away.

use std::process::ExitCode;

use cli::{
    table::{self, Side},
    units,
};
use figures::Numbers;
use protocol::FileNameError;
use searching::{Found, Wanted};

use super::{
    asking::AskingArgs,
    ending::{EXIT_STOPPED, Ending},
    runtime,
};
use crate::node::{Answer, Search};

const NOTES: &str = "\
Examples:
  filepeer search contoh.txt --via 127.0.0.1:5001
  filepeer search .pdf --substring --via 127.0.0.1:5001
  filepeer search contoh.txt --lan

Each line of the answer is a content and a node that has it. The node behind
--via is one hop away. The same hash is the same content, whatever its name; a
node of the seed's protocol has no hashes.

Exit status: 0 somebody has it, 1 nobody has, 2 bad usage or no node was
reached, 130 it was stopped.";

/// Digits of a hash that are shown.
const HASH_DIGITS: usize = 16;

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct SearchArgs {
    /// Name to search for
    #[arg(value_name = "NAME")]
    name: String,

    /// Find all names that contain NAME
    #[arg(long)]
    substring: bool,

    #[command(flatten)]
    asking: AskingArgs,
}

impl SearchArgs {
    fn search(&self) -> Result<Search, FileNameError> {
        let wanted = match self.substring {
            true => Wanted::Containing(self.name.parse()?),
            false => Wanted::Exact(self.name.parse()?),
        };
        Ok(self.asking.search(wanted))
    }
}

/// An error means bad usage, or that no node was reached.
pub(crate) fn run(args: &SearchArgs) -> anyhow::Result<ExitCode> {
    let search = args.search()?;
    args.asking.expect_somebody()?;
    runtime()?.block_on(async {
        let mut ending = Ending::by_signals()?;
        tokio::select! {
            answer = ask(&args.asking, search) => show(&answer?, &args.asking),
            () = ending.asked() => Ok(EXIT_STOPPED.into()),
        }
    })
}

async fn ask(args: &AskingArgs, search: Search) -> anyhow::Result<Answer> {
    let node = args.start().await?;
    args.until_linked(&node).await?;
    let answer = node.search(search).await;
    node.stop().await;
    Ok(answer)
}

fn show(answer: &Answer, args: &AskingArgs) -> anyhow::Result<ExitCode> {
    let language = args.lang;
    let Some(response) = answer.response else {
        cli::errln!("filepeer: {}", language.nobody_has_it(args.ttl));
        return Ok(ExitCode::FAILURE);
    };
    let mut rows = vec![language.found_columns().map(str::to_owned).to_vec()];
    rows.extend(answer.found.iter().flat_map(rows_of));
    rows.extend(answer.of_seed.iter().map(|holder| {
        let (name, at) = (holder.name.to_string(), holder.address.to_string());
        vec![name, "-".to_owned(), "-".to_owned(), at, "-".to_owned()]
    }));
    let sides = [Side::Left, Side::Right, Side::Left, Side::Left, Side::Right];
    cli::outln!("{}", table::aligned(&sides, &rows).trim_end());
    let milliseconds = language.decimal(response.as_secs_f64() * 1e3, 1);
    cli::errln!("filepeer: {}", language.first_answer(milliseconds));
    Ok(ExitCode::SUCCESS)
}

/// A row for each holder. All names of a content are in each of them.
fn rows_of(found: &Found) -> impl Iterator<Item = Vec<String>> {
    let names: Vec<_> = found.names.iter().map(ToString::to_string).collect();
    let hash: String = found.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    found.holders.iter().map(move |(holder, hops)| {
        let id: String = holder.id.iter().map(|byte| format!("{byte:02x}")).collect();
        let at = holder.addresses.first().map_or(id, ToString::to_string);
        let hash = hash[..HASH_DIGITS].to_owned();
        vec![names.join(", "), units::size(found.size), hash, at, hops.to_string()]
    })
}
