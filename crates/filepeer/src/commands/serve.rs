//! `filepeer serve`: a node that runs until it is stopped.

use std::{
    env, fs,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::ValueHint;
use monitor::RecordArgs;
use tokio::runtime::Handle;

use super::{ending::Ending, reach::ReachArgs, runtime};
use crate::{
    blobs::{
        self,
        upload_limit::{Bandwidth, UploadLimit},
        uploads::Uploads,
    },
    holdings::{Finding, Holdings},
    language::Language,
    node::{Identity, NeighbourAddress, Node, Nothing, Offer, Options},
    watch::NodeWatch,
};

const NOTES: &str = "\
Examples:
  filepeer serve --share files
  filepeer serve --port 5002 --neighbour 127.0.0.1:5001
  filepeer serve --share files --lan

The first line on standard output says where the node listens, the second who it
is. Nodes of the seed's line protocol can be neighbours too. Ctrl-C ends it.";

/// Of the option for all programs: a node has no workers, of which the words there are.
const STATUS: &str = "Answer STATS and PING as a file server does, at this port";
const STATUS_AT_LENGTH: &str = "\
Answer STATS and PING as a file server does, at this port

For programs that watch file servers. Only this machine can reach it.";

#[derive(Debug, clap::Args)]
#[command(
    after_help = NOTES,
    mut_arg("log_lang", |option| option.visible_alias("lang")),
    mut_arg("status", |option| option.help(STATUS).long_help(STATUS_AT_LENGTH))
)]
pub(crate) struct ServeArgs {
    /// Port to listen on, in TCP and UDP; 0 takes a free one
    #[arg(long, default_value_t = 5001)]
    port: u16,

    /// Share the regular files of this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    share: Option<PathBuf>,

    /// Neighbour: HOST:PORT, IDENTITY or IDENTITY@HOST:PORT; may be repeated
    #[arg(long = "neighbour", value_name = "NODE")]
    neighbours: Vec<NeighbourAddress>,

    /// File with the secret key of the node; made if it is missing
    ///
    /// Whoever has the key is this node to all others. By default it is PORT.key in
    /// ~/.local/share/filepeer, and with --port 0 a new one each time.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    identity: Option<PathBuf>,

    /// Bytes per second that may be sent, all receivers together, such as 20MB
    #[arg(long, value_name = "RATE")]
    upload_limit: Option<UploadLimit>,

    #[command(flatten)]
    reach: ReachArgs,

    #[command(flatten)]
    record: RecordArgs,
}

/// An error means that the node could not start.
pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let ending = Ending::by_signals_but_hangup()?;
    runtime()?.block_on(serve(args, ending))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: &ServeArgs, mut ending: Ending) -> anyhow::Result<()> {
    let holdings = args.share.as_deref().map(Holdings::of_directory).transpose()?.map(Arc::new);
    let watch = NodeWatch::open(&args.record)?;
    let options = Options {
        port: args.port,
        identity: identity(args)?,
        stats: watch.stats(),
        bandwidth: Arc::new(Bandwidth::new(args.upload_limit)),
        ..args.reach.passing_node(&args.neighbours, watch.listener())
    };
    let node = start(options, holdings.as_ref(), &watch).await?;
    let watched = watch.start(&args.record, &node)?;
    if let Some(holdings) = &holdings {
        keep_current(holdings, &node)?;
    }
    cli::outln!("listening on {}", node.address());
    cli::outln!("identity {}", node.id());
    watched.lines.iter().for_each(|line| cli::outln!("{line}"));
    let language: Language = args.record.log_lang.into();
    if holdings.is_none() {
        cli::errln!("filepeer: {}", language.shares_nothing());
    }
    if args.reach.is_on_this_machine_alone() {
        cli::errln!("filepeer: {}", language.alone_reaches());
    }
    ending.asked().await;
    node.stop().await;
    watched.finish();
    Ok(())
}

async fn start(
    options: Options,
    holdings: Option<&Arc<Holdings>>,
    watch: &NodeWatch,
) -> anyhow::Result<Node> {
    let Some(holdings) = holdings else {
        return Ok(Node::start(options, Arc::new(Nothing), |router| router).await?);
    };
    let bandwidth = Arc::clone(&options.bandwidth);
    let uploads = Uploads::new(Arc::clone(holdings), bandwidth, watch.listener());
    let offer: Arc<dyn Offer> = Arc::clone(holdings) as _;
    Ok(Node::start(options, offer, |router| router.accept(blobs::ALPN, uploads)).await?)
}

/// Has what is shared followed by searches, from the thread that hashes.
fn keep_current(holdings: &Arc<Holdings>, node: &Node) -> anyhow::Result<()> {
    let (runtime, node) = (Handle::current(), node.clone());
    let follow = move |finding: Finding| {
        if let Some(sentence) = finding.sentence() {
            cli::errln!("filepeer: {sentence}");
        }
        if let Finding::OfferChanged { .. } = finding {
            runtime.block_on(node.share());
        }
    };
    holdings.keep_current(follow).context("cannot look after what is shared")
}

fn identity(args: &ServeArgs) -> anyhow::Result<Identity> {
    match (&args.identity, args.port) {
        (Some(path), _) => Ok(Identity::open(path)?),
        (None, 0) => Ok(Identity::passing()),
        (None, port) => Ok(Identity::open(&own_folder()?.join(format!("{port}.key")))?),
    }
}

/// Where the keys of this user's nodes are; nobody else can look into it.
fn own_folder() -> anyhow::Result<PathBuf> {
    let place = |variable| env::var_os(variable).filter(|value| Path::new(value).is_absolute());
    let data = place("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| Some(PathBuf::from(place("HOME")?).join(".local/share")));
    let folder = data.context("no HOME: name a file with --identity")?.join("filepeer");
    match fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder) {
        Err(err) if err.kind() != ErrorKind::AlreadyExists => {
            Err(err).with_context(|| format!("cannot make {}", folder.display()))
        }
        _ => Ok(folder),
    }
}
