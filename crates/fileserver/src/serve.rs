//! From the command line to a running server, and back to an exit status.

use std::{
    collections::TryReserveError, io, net::TcpListener, path::PathBuf, process::ExitCode,
    sync::Arc, time::Instant,
};

use monitor::{DatabaseTarget, OpenError};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use protocol::{Verb, stats::Outcomes};
use storage::{Directory, LeftOut, OpenDirectoryError};
use telemetry::{Scoreboard, journal};

use crate::{
    admission::Admission,
    args::Args,
    auth::{AuthFileError, Tokens},
    budget::{Budget, Turns},
    confinement::Confinement,
    exposure::{self, OneFileError, ServedSecretError},
    faults::Faults,
    listener::{self, BindError},
    models,
    monitoring::{ListenError, Listeners, Monitor},
    os::{self, SharedState},
    service::Service,
    shutdown::{self, Hangup},
    stats,
    tls::{self, TlsError},
    user::{self, ServingUser, UserError},
};

/// Why a server could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0}; name one with --dir")]
    Directory(OpenDirectoryError),
    #[error(
        "files cannot be stored in {} ({reason}); --read-only serves it without UPLOAD and DELETE",
        path.display()
    )]
    Unwritable { path: PathBuf, reason: io::Error },
    #[error(transparent)]
    AuthFile(#[from] AuthFileError),
    #[error(transparent)]
    ServedSecret(#[from] ServedSecretError),
    #[error(transparent)]
    OneFile(#[from] OneFileError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    User(#[from] UserError),
    #[error(transparent)]
    Log(#[from] OpenError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(
        "cannot start what writes the log: {0}; allow more threads (ulimit -u, a container's limit of \
         pids) and descriptors (ulimit -n)"
    )]
    Monitor(io::Error),
    #[error("cannot allocate the memory that --inject asks for")]
    TouchMemory(#[from] TryReserveError),
    #[error("cannot share memory between workers")]
    SharedMemory(#[source] io::Error),
    #[error("cannot catch signals")]
    Signals(#[source] io::Error),
    #[error(
        "cannot start {workers} workers: {reason}; choose a smaller --workers, or allow more processes \
         and threads (ulimit -u, a container's limit of pids)"
    )]
    Workers { workers: u32, reason: io::Error },
    #[error("cannot accept connections")]
    Accept(#[source] io::Error),
    #[error("process mode needs Linux; choose another --mode")]
    NotLinux,
}

/// How a server stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Drained {
    Cleanly,
    /// Connections were still open at the end of the grace period.
    Cut,
}

/// Serves until a signal stops it; prints the listening line once connections are accepted.
pub fn serve(args: &Args) -> Result<ExitCode, ServeError> {
    shutdown::hold_signals_of_first_process().map_err(ServeError::Signals)?;
    raise_descriptor_limit();
    let user = args.security.user.as_deref().map(ServingUser::find).transpose()?;
    let (listener, service, mut monitor) = prepare(args)?;
    // Whatever needs more rights than serving does is done.
    match user {
        Some(user) => user.take_over(&service)?,
        None => {
            user::warn_of_root();
            expect_writable(args, &service)?;
        }
    }
    // Whatever is forked shares it.
    service.faults.as_ref().map_or(Ok(()), Faults::touch_memory)?;
    monitor.open()?;
    service.confinement.confine_process(&service, &monitor);
    monitor.start(&service, || os::close(&listener)).map_err(ServeError::Monitor)?;
    let also_there = monitor.lines().to_owned();
    let ready = || announce(&service, &also_there);
    let served = models::serve(listener, &service, &mut monitor, ready);
    if served.is_ok() {
        log_final_statistics(&service);
    }
    monitor.finish(&service);
    Ok(match served? {
        Drained::Cleanly => ExitCode::SUCCESS,
        Drained::Cut => ExitCode::FAILURE,
    })
}

/// Better refused now than with the first upload.
fn expect_writable(args: &Args, service: &Service) -> Result<(), ServeError> {
    if args.files.read_only {
        return Ok(());
    }
    let fail = |reason| ServeError::Unwritable { path: args.dir().to_owned(), reason };
    service.directory.expect_writable().map_err(fail)
}

/// Opens, reads and binds all that serving takes.
fn prepare(args: &Args) -> Result<(TcpListener, Arc<Service>, Monitor), ServeError> {
    let workers = args.pool_size();
    let shared = SharedState::map(workers as usize).map_err(ServeError::SharedMemory)?;
    let scoreboard = Scoreboard::new(shared.totals, shared.slots, &Verb::LABELS);
    let mut config = args.monitor_config();
    let (journal, events) =
        journal::open(config.journal_level(), scoreboard.losses()).map_err(ServeError::Monitor)?;
    telemetry::start_logging(journal.clone());
    let options = args.files.storage_options();
    let directory =
        Directory::open(args.dir(), &options, shared.usage).map_err(ServeError::Directory)?;
    warn_of_content(&directory, &options);
    exposure::expect_unserved("--auth-file", args.security.auth_file.as_deref(), args.dir())?;
    exposure::expect_unserved("--tls-key", args.security.tls_key.as_deref(), args.dir())?;
    exposure::expect_unserved("--log-file", args.log.log_file.as_deref(), args.dir())?;
    let database = args.log.log_db.as_ref().and_then(DatabaseTarget::path);
    exposure::expect_unserved("--log-db", database, args.dir())?;
    exposure::expect_apart(args.log.log_file.as_deref(), database)?;
    let tokens = args.security.auth_file.as_deref().map(Tokens::read).transpose()?;
    let tls = match (&args.security.tls_cert, &args.security.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::configure(certificate, key)?),
        _ => None,
    };
    let (listener, endpoint) = listener::bind(&args.host, args.port, args.connections.backlog)?;
    let listeners = Listeners::bind(args.log.metrics, args.log.status)?;
    config.run.address = endpoint.address.to_string();
    let monitor = Monitor::new(config, scoreboard.losses(), events, listeners);
    let service = Service {
        directory,
        limits: args.limits(),
        tokens,
        tls,
        confinement: if args.security.no_confinement { Confinement::Off } else { Confinement::On },
        scoreboard,
        journal,
        mode: args.mode(),
        workers,
        endpoint,
        admission: Admission::new(
            args.connections.max_connections as usize,
            args.connections.max_per_address as usize,
            args.connections.backlog as usize,
        ),
        long_replies: Budget::default(),
        list_turns: Turns::for_each_processor(),
        queued: 0.into(),
        faults: Faults::of(&args.inject),
        hangup: if args.log.log_file.is_some() { Hangup::ReopensLog } else { Hangup::Stops },
        drain: args.drain,
        drain_flag: shared.drain_flag,
    };
    Ok((listener, Arc::new(service), monitor))
}

/// What is there already may not all be served, or may be more than there may be.
fn warn_of_content(directory: &Directory, options: &storage::Options) {
    let (files, bytes) = (directory.usage().files(), directory.usage().bytes());
    if files >= options.files_max {
        let max = options.files_max;
        tracing::warn!(
            "the served directory has {files} files, and --max-files allows {max}: no new file is \
             stored until there are fewer; those that are there can be replaced"
        );
    }
    if bytes >= options.quota {
        let quota = options.quota;
        tracing::warn!(
            "the files of the served directory take {bytes} bytes, and --quota allows {quota}: \
             nothing is stored until they take less"
        );
    }
    // A directory that cannot be read is an error of each request.
    if let Ok(LeftOut { count, example: Some(example) }) = directory.left_out() {
        tracing::warn!(
            "no client can ask for {count} of the files, such as {example:?}, and LIST leaves them \
             out: a name must be UTF-8, without control characters, changes of direction and \"\\\""
        );
    }
}

fn announce(service: &Service, also_there: &[String]) {
    cli::outln!("listening on {}", service.endpoint.address);
    also_there.iter().for_each(|line| cli::outln!("{line}"));
    tracing::info!(
        "serving in {} mode with {} workers on {}: {}",
        service.mode.name(),
        service.workers,
        service.endpoint.address,
        exposure::summary(service)
    );
    if let Some(warning) = exposure::warning(service) {
        tracing::warn!("{warning}");
    }
    if let Some(faults) = &service.faults {
        tracing::warn!("faults are injected, which only a test should ask for: {faults}");
    }
}

fn log_final_statistics(service: &Service) {
    let stats = stats::collect(service, Instant::now());
    let counted = |name: &str, Outcomes { ok, failed }| format!("{name} {ok}/{failed}");
    let verbs = [Verb::List, Verb::Get, Verb::Upload, Verb::Delete];
    let requests = verbs.map(|verb| counted(verb.name(), stats.requests[verb])).join(", ");
    tracing::info!(
        "stopped after {:.1} s: connections {} succeeded, {} failed; {requests}, {} ok/failed; \
         {} bytes in, {} bytes out; {} workers replaced",
        stats.uptime_seconds,
        stats.connections.succeeded,
        stats.connections.failed,
        counted("other", stats.requests.other),
        stats.bytes_in,
        stats.bytes_out,
        stats.worker.iter().map(|worker| worker.restarts).sum::<u64>(),
    );
}

/// A connection takes up to three descriptors, and the usual soft limit is 1,024.
fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
