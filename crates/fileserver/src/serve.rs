//! From the command line to a running server, and back to an exit status.

use std::{
    collections::TryReserveError, io, net::TcpListener, path::PathBuf, process::ExitCode,
    sync::Arc, thread, time::Instant,
};

use cli::TlsError;
use file_service::{Budget, Faults, FileService, Turns};
use monitor::{DatabaseTarget, ListenError, Listeners, OpenError};
use protocol::{Stats, Verb, stats::Outcomes};
use serving::{
    Drained, ServeError, Server,
    listener::{self, BindError},
    os::{self, SharedState},
    shutdown,
};
use telemetry::journal;

use crate::{
    application::FileServer,
    args::Args,
    auth::{self, AuthFileError},
    confinement::Confinement,
    exposure::{self, OneFileError, ServedSecretError},
    monitoring::{Monitor, Watched},
    stats,
    store::{self, OpenStoreError},
    user::{self, ServingUser, UserError},
};

/// Why a file server could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenStoreError),
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
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// What serving takes, once it is opened, read and bound.
struct Prepared {
    listener: TcpListener,
    server: Arc<Server>,
    service: Arc<FileService>,
    monitor: Monitor,
    confinement: Confinement,
}

/// Serves until a signal stops it; prints the listening line once connections are accepted.
pub fn serve(args: &Args) -> Result<ExitCode, StartError> {
    shutdown::hold_signals_of_first_process().map_err(ServeError::Signals)?;
    os::raise_descriptor_limit();
    let user = args.security.user.as_deref().map(ServingUser::find).transpose()?;
    let Prepared { listener, server, service, mut monitor, confinement } = prepare(args)?;
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
    confinement.confine_process(&service, monitor.config());
    monitor.start(|| os::close(&listener)).map_err(StartError::Monitor)?;
    let also_there = monitor.lines().to_owned();
    let ready = || announce(&server, &service, &also_there);
    let application = Arc::new(FileServer { service: Arc::clone(&service), confinement });
    let served = serving::serve(listener, &server, &application, &mut monitor, ready);
    if served.is_ok() {
        log_final_statistics(&stats::collect(&server, &service, Instant::now()));
    }
    service.store.finish();
    monitor.finish();
    Ok(match served? {
        Drained::Cleanly => ExitCode::SUCCESS,
        Drained::Cut => ExitCode::FAILURE,
    })
}

/// Better refused now than with the first upload.
fn expect_writable(args: &Args, service: &FileService) -> Result<(), StartError> {
    if args.files.read_only {
        return Ok(());
    }
    let fail = |reason| StartError::Unwritable { path: args.dir().to_owned(), reason };
    // Only uploads find out whether a bucket takes them.
    service.store.directory().map_or(Ok(()), |directory| directory.expect_writable().map_err(fail))
}

/// Opens, reads and binds all that serving takes.
fn prepare(args: &Args) -> Result<Prepared, StartError> {
    let shared = SharedState::map(args.pool_size() as usize, &Verb::LABELS)
        .map_err(ServeError::SharedMemory)?;
    let (journal, events) = journal::open(args.log.journal_level(), shared.scoreboard.losses())
        .map_err(StartError::Monitor)?;
    telemetry::start_logging(journal.clone());
    let store = store::open(args)?;
    expect_apart(args)?;
    let tokens = args.security.auth_file.as_deref().map(auth::read).transpose()?;
    let tls = args.security.tls.server_config()?;
    let (listener, address) = listener::bind(&args.host, args.port, args.connections.backlog)?;
    let listeners = Listeners::bind(args.log.metrics, args.log.status)?;
    listeners.lines().iter().for_each(|line| tracing::info!("{line}"));
    let server = Server::new(args.server_settings(), address, shared, journal)
        .behind(&args.security.accept_proxy);
    let server = Arc::new(server);
    let service = Arc::new(FileService {
        store,
        limits: args.limits(),
        tokens,
        tls,
        long_replies: Budget::default(),
        list_turns: Turns::new(thread::available_parallelism().map_or(1, usize::from)),
        faults: Faults::of(&args.inject),
        stats: {
            let server = Arc::clone(&server);
            Box::new(move |service, now| stats::collect(&server, service, now))
        },
    });
    let confinement = if args.security.no_confinement { Confinement::Off } else { Confinement::On };
    let config = args.monitor_config(address);
    let watched = Watched { server: Arc::clone(&server), service: Arc::clone(&service) };
    let monitor = Monitor::new(config, watched, confinement, events, listeners);
    Ok(Prepared { listener, server, service, monitor, confinement })
}

/// Refuses files of the server's own where clients, or others of them, would reach them.
fn expect_apart(args: &Args) -> Result<(), StartError> {
    let database = args.log.log_db.as_ref().and_then(DatabaseTarget::path);
    for (option, path) in [
        ("--auth-file", args.security.auth_file.as_deref()),
        ("--tls-key", args.security.tls.tls_key.as_deref()),
        ("--log-file", args.log.log_file.as_deref()),
        ("--log-db", database),
    ] {
        exposure::expect_unserved(option, path, args.dir())?;
    }
    exposure::expect_apart(args.log.log_file.as_deref(), database)?;
    Ok(())
}

fn announce(server: &Server, service: &FileService, also_there: &[String]) {
    cli::outln!("listening on {}", server.address);
    also_there.iter().for_each(|line| cli::outln!("{line}"));
    tracing::info!(
        "serving in {} mode with {} workers on {}: {}",
        server.mode.name(),
        server.workers(),
        server.address,
        exposure::summary(service)
    );
    if let Some(warning) = exposure::warning(server.address, service) {
        tracing::warn!("{warning}");
    }
    if let Some(faults) = &service.faults {
        tracing::warn!("faults are injected, which only a test should ask for: {faults}");
    }
}

fn log_final_statistics(stats: &Stats) {
    let counted = |(verb, Outcomes { ok, failed })| format!("{verb} {ok}/{failed}");
    let requests: Vec<String> = stats.requests.into_entries().map(counted).collect();
    tracing::info!(
        "stopped after {:.1} s: connections {} succeeded, {} failed; {} ok/failed; \
         {} bytes in, {} bytes out; {} workers replaced",
        stats.uptime_seconds,
        stats.connections.succeeded,
        stats.connections.failed,
        requests.join(", "),
        stats.bytes_in,
        stats.bytes_out,
        stats.worker.iter().map(|worker| worker.restarts).sum::<u64>(),
    );
}
