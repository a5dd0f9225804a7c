//! `filepeer ticket`: one file for whoever has its ticket, as long as the command runs.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use anyhow::{Context, bail};
use cli::units;
use tokio::sync::oneshot;

use super::{ending::Ending, reach::ReachArgs, runtime};
use crate::{
    blobs::{
        self,
        upload_limit::{Bandwidth, UploadLimit},
        uploads::Uploads,
    },
    holdings::{Finding, Holdings, held::Held},
    language::Language,
    node::{Event, Listener, Node},
    ticket::Ticket,
};

const NOTES: &str = "\
Examples:
  filepeer ticket thesis.pdf
  filepeer ticket thesis.pdf --lan

The ticket is the line on standard output: filepeer get TICKET fetches the file,
and checks every byte of it. Ctrl-C ends it; then nobody gets the file any more.";

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct TicketArgs {
    /// File to send
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Bytes per second that may be sent, all receivers together, such as 20MB
    #[arg(long, value_name = "RATE")]
    upload_limit: Option<UploadLimit>,

    /// Language of what is said
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,

    #[command(flatten)]
    reach: ReachArgs,
}

/// An error means that there is no such file, or that the node could not start.
pub(crate) fn run(args: &TicketArgs) -> anyhow::Result<ExitCode> {
    let holdings = Arc::new(Holdings::of_file(&args.file)?);
    let ending = Ending::by_signals()?;
    runtime()?.block_on(serve(args, holdings, ending))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    args: &TicketArgs,
    holdings: Arc<Holdings>,
    mut ending: Ending,
) -> anyhow::Result<()> {
    let held = tokio::select! {
        held = hashed(&holdings, args.lang) => held?,
        () = ending.asked() => return Ok(()),
    };
    let bandwidth = Arc::new(Bandwidth::new(args.upload_limit));
    let uploads = Uploads::new(Arc::clone(&holdings), bandwidth, teller(args.lang));
    let options = args.reach.passing_node(&[], teller(args.lang));
    let node = Node::start(options, Arc::new(crate::node::Nothing), |router| {
        router.accept(blobs::ALPN, uploads)
    });
    let node = node.await.context("cannot start")?;
    cli::outln!("{}", ticket(args, &held, &node));
    tell_whom(args);
    ending.asked().await;
    node.stop().await;
    Ok(())
}

/// The file, once it was hashed. Later it is hashed again when it changes: its ticket is for nothing then.
async fn hashed(holdings: &Arc<Holdings>, language: Language) -> anyhow::Result<Arc<Held>> {
    let (sender, receiver) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    holdings.keep_current(move |finding| {
        let first = match finding {
            Finding::Hashing { .. } => {
                if let Some(sentence) = finding.sentence() {
                    cli::errln!("filepeer: {sentence}");
                }
                return;
            }
            Finding::OfferChanged { .. } => Ok(()),
            Finding::LeftOut { why, .. } | Finding::Unreadable { why } => Err(why),
        };
        match sender.lock().expect("no holder of this lock panics").take() {
            // Nobody waits any more when it was stopped.
            Some(sender) => drop(sender.send(first)),
            None => cli::errln!("filepeer: {}", language.ticket_void()),
        }
    })?;
    receiver.await.context("the file is not looked after any more")?.map_err(anyhow::Error::msg)?;
    match holdings.offered().first() {
        Some(held) => Ok(Arc::clone(held)),
        None => bail!("the file was changed while it was read"),
    }
}

fn ticket(args: &TicketArgs, held: &Held, node: &Node) -> Ticket {
    Ticket {
        name: held.name.clone(),
        hash: *held.blob.hash.as_bytes(),
        size: held.blob.size,
        holder: *node.id().as_bytes(),
        addresses: addresses(node),
        relay: args.reach.relay.as_ref().map(ToString::to_string),
    }
}

/// Where the node is reached: what it listens on, or all addresses of the machine.
fn addresses(node: &Node) -> Vec<std::net::SocketAddr> {
    let address = node.address();
    if !address.ip().is_unspecified() {
        return vec![address];
    }
    let all = node.endpoint().addr();
    all.ip_addrs().copied().take(Ticket::ADDRESSES_MAX).collect()
}

fn tell_whom(args: &TicketArgs) {
    let whom = match args.reach.is_on_this_machine_alone() {
        true => args.lang.ticket_alone(),
        false => args.lang.ticket_anybody(),
    };
    cli::errln!("filepeer: {whom}");
}

fn teller(language: Language) -> Listener {
    Arc::new(move |event| match event {
        Event::Served { peer, bytes, took, .. } => {
            cli::errln!("{}", language.sent(units::length(bytes), peer, units::time(took)));
        }
        Event::RelayUnreachable { relay, why } => {
            cli::errln!("filepeer: {}", language.log_relay_unreachable(relay, why));
        }
        Event::PeerRefused { peer, why } => cli::errln!("{}", language.sent_away(peer, why)),
        _ => {}
    })
}
