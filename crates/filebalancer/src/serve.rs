//! From the command line to a running balancer, and back to an exit status.

mod threads;

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{SocketAddr, TcpListener},
    process::{self, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use balancing::{DuplicateName, Settings, simulate};
use monitor::{ListenError, Listeners, OpenError, Watch, metrics::Family, status::Status};
use protocol::{ErrorCode, Reply, Stats, Token, Verb};
use serving::{
    Acceptor, Drained, Farewell, LINGER, Phase, Reception, ServeError, Server,
    listener::{self, BindError},
    os::{self, SharedState},
    shutdown,
};
use signal_hook::consts::SIGHUP;
use simulation::Chance;
use telemetry::{Arrival, Journal, OpenConnection, journal};
use tokio::{
    net::TcpStream,
    runtime::Runtime,
    sync::{mpsc, watch},
    time,
};

use self::threads::Threads;
use crate::{
    args::ServeArgs,
    backend::BackendError,
    balancer::{Balancer, Level, Limits},
    checks::{self, CheckSettings},
    control::{Config, ConfigError, Control, ControlSocket, SocketError},
    pool::SharedPool,
    request,
    security::{Security, SecurityError},
    splice, stats,
};

/// How soon connections learn that the grace period is over, and those who wait that a backend is back.
const TICK: Duration = Duration::from_millis(50);

/// Why a balancer could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("{0}")]
    Misuse(&'static str),
    #[error("two backends are called {0}; name them, as in --backend first=HOST:PORT")]
    DuplicateName(String),
    #[error("backend {name}: {reason}")]
    Backend { name: String, reason: BackendError },
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Security(#[from] SecurityError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Control(#[from] SocketError),
    #[error(transparent)]
    Log(#[from] OpenError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(
        "cannot start a thread: {0}; allow more of them (ulimit -u, a container's limit of pids) and more \
         descriptors (ulimit -n)"
    )]
    Threads(io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Forwards until a signal stops it; prints the listening line once connections are accepted.
pub(crate) fn serve(args: &ServeArgs) -> Result<ExitCode, StartError> {
    if let Some(misuse) = args.misuse() {
        return Err(StartError::Misuse(misuse));
    }
    shutdown::hold_signals_of_first_process().map_err(ServeError::Signals)?;
    os::raise_descriptor_limit();
    let shared = SharedState::map(1, &Verb::LABELS).map_err(ServeError::SharedMemory)?;
    shared.scoreboard.slots()[0].worker_started(process::id(), 0);
    let (journal, events) = journal::open(args.log.journal_level(), shared.scoreboard.losses())
        .map_err(StartError::Threads)?;
    telemetry::start_logging(journal.clone());
    let (listener, address) = listener::bind(&args.host, args.port, args.connections.backlog)?;
    let listeners = Listeners::bind(args.log.metrics, args.log.status)?;
    let config = args.monitor_config(address);
    let server = Arc::new(Server::new(args.server_settings(), address, shared, journal.clone()));
    let pool = configured_pool(args, address, journal)?;
    let watched = Watched { server: Arc::clone(&server), pool: pool.clone() };
    let mut watch = Watch::new(config, server.scoreboard, events, watched, listeners);
    watch.open()?;
    let watching = watch.start_threads().map_err(StartError::Threads)?;
    let served = run(args, listener, &server, &pool, watch.lines());
    if served.is_ok() {
        log_final_statistics(&stats::collect(&server, &pool, Instant::now()));
    }
    watching.finish("filebalancer", &server.journal);
    Ok(match served? {
        Drained::Cleanly => ExitCode::SUCCESS,
        Drained::Cut => ExitCode::FAILURE,
    })
}

/// A pool of the backends that the command line names, or the configuration file.
fn configured_pool(
    args: &ServeArgs,
    address: SocketAddr,
    journal: Journal,
) -> Result<SharedPool, StartError> {
    let config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config { policy: None, backends: args.backends.clone() },
    };
    let settings = args.pool_settings();
    let settings = Settings { policy: config.policy.unwrap_or(settings.policy), ..settings };
    // The keys of a hasher are random.
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(()));
    let chance = Chance::new(seed, simulate::PICKS);
    let pool = SharedPool::new(settings, chance, args.queue as usize, args.queue_wait, journal);
    for backend in config.backends {
        let refusal = |reason| StartError::Backend { name: backend.name.clone(), reason };
        backend.expect_not_at(address).map_err(refusal)?;
        let added = pool.backends();
        backend.expect_apart_from(added.iter().map(|it| &it.config)).map_err(refusal)?;
        pool.add(backend).map_err(|DuplicateName(name)| StartError::DuplicateName(name))?;
    }
    Ok(pool)
}

fn run(
    args: &ServeArgs,
    listener: TcpListener,
    server: &Arc<Server>,
    pool: &SharedPool,
    also_there: &[String],
) -> Result<Drained, StartError> {
    let security = Arc::new(Security::new(args.security.clone())?);
    let speaks_plainly = args.level == Level::Request && security.acceptor().is_none();
    let checks = args.check_settings(&security);
    let door = Door { speaks_plainly, limits: args.limits() };
    let acceptor = Acceptor::new(server, &door)?;
    let threads = Threads::start(args.level, args.threads()).map_err(StartError::Threads)?;
    let runtime = threads.runtime();
    let (phase_now, phase) = watch::channel(Phase::Serving);
    let balancer = Arc::new(Balancer {
        server: Arc::clone(server),
        pool: pool.clone(),
        level: args.level,
        layout: args.layout,
        limits: door.limits,
        sends_proxy: args.send_proxy,
        security: Arc::clone(&security),
        phase,
    });
    let control = Arc::new(Control::new(
        pool.clone(),
        server.address,
        args.pool_settings(),
        checks.clone(),
        args.config.clone(),
        security,
    ));
    let _socket = open_socket(args, &control, runtime)?;
    let hung_up = Arc::<AtomicBool>::default();
    signal_hook::flag::register(SIGHUP, Arc::clone(&hung_up)).map_err(ServeError::Signals)?;
    runtime.spawn(keep_time(Arc::clone(&balancer), phase_now, control, hung_up));
    runtime.block_on(begin_checks(pool, &checks));
    announce(args, server, pool, also_there);
    let drained = accept(acceptor, listener, &balancer, &threads)?;
    // What is still open had its time.
    threads.stop();
    Ok(drained)
}

/// Where operators ask, until it is dropped, if the command line names a place for that.
fn open_socket(
    args: &ServeArgs,
    control: &Arc<Control>,
    runtime: &Runtime,
) -> Result<Option<ControlSocket>, StartError> {
    let Some(path) = &args.control else { return Ok(None) };
    let socket = ControlSocket::bind(path)?;
    let _within = runtime.enter();
    socket.open(Arc::clone(control)).map_err(StartError::Threads)?;
    Ok(Some(socket))
}

/// Gives every connection a task, until a signal comes; then drains.
fn accept(
    acceptor: Acceptor,
    listener: TcpListener,
    balancer: &Arc<Balancer>,
    threads: &Threads,
) -> Result<Drained, ServeError> {
    acceptor.run(
        listener,
        |_| true,
        |stream, arrival, admitted| {
            let balancer = Arc::clone(balancer);
            let (runtime, counted) = threads.for_connection();
            runtime.spawn(async move {
                // A stream that cannot be handed over is dropped, which closes it.
                let handed_over =
                    stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                if let Ok(stream) = handed_over {
                    run_connection(&balancer, stream, arrival).await;
                }
                drop((admitted, counted));
            });
        },
    )
}

async fn run_connection(balancer: &Arc<Balancer>, stream: TcpStream, arrival: Arrival) {
    let Server { scoreboard, journal, .. } = &*balancer.server;
    let slot = &scoreboard.slots()[0];
    let connection = OpenConnection::pick_up(scoreboard, journal, slot, arrival);
    match balancer.level {
        Level::Connection => splice::serve(balancer, stream, connection).await,
        Level::Request => request::serve(balancer, stream, connection).await,
    }
}

/// Returns when each backend was checked once, so that the first clients find out which are there.
async fn begin_checks(pool: &SharedPool, settings: &CheckSettings) {
    let (checked, mut all_checked) = mpsc::channel(1);
    for backend in pool.backends() {
        let checking =
            checks::watch(pool.clone(), backend, settings.clone(), Some(checked.clone()));
        tokio::spawn(checking);
    }
    drop(checked);
    // Nothing is ever sent: it is closed when all have dropped their ends.
    let _ = all_checked.recv().await;
}

/// Tells connections of a shutdown, the pool of the time, and the configuration of a SIGHUP, until the
/// runtime ends.
async fn keep_time(
    balancer: Arc<Balancer>,
    phase_now: watch::Sender<Phase>,
    control: Arc<Control>,
    hung_up: Arc<AtomicBool>,
) {
    loop {
        time::sleep(TICK).await;
        if hung_up.swap(false, Relaxed) {
            control.reload_at_hang_up();
        }
        let phase = balancer.server.phase(Instant::now());
        phase_now.send_if_modified(|known| std::mem::replace(known, phase) != phase);
        balancer.pool.tick();
        balancer.pool.backends().iter().for_each(|backend| backend.kept.close_unused());
    }
}

/// What is said at the door to those who are too many.
struct Door {
    /// Our protocol, without TLS.
    speaks_plainly: bool,
    limits: Limits,
}

impl Reception for Door {
    /// Who speaks another protocol could not read it.
    fn busy(&self, why: &str) -> Option<Vec<u8>> {
        let reply = || Reply::error(ErrorCode::Busy, why).to_wire();
        self.speaks_plainly.then(reply)
    }

    fn farewell(&self) -> Farewell {
        let Limits { idle_timeout, min_rate, .. } = self.limits;
        Farewell { silence_max: LINGER, time_max: idle_timeout, bytes_per_second_min: min_rate }
    }
}

/// What is told at --metrics and --status.
#[derive(Clone)]
struct Watched {
    server: Arc<Server>,
    pool: SharedPool,
}

impl Status for Watched {
    fn stats(&self) -> Stats {
        stats::collect(&self.server, &self.pool, Instant::now())
    }

    fn families(&self) -> Vec<Family> {
        stats::families(&self.pool)
    }

    fn asks_for_token(&self) -> bool {
        false
    }

    fn identify(&self, _token: &Token) -> Option<String> {
        None
    }
}

fn announce(args: &ServeArgs, server: &Server, pool: &SharedPool, also_there: &[String]) {
    cli::outln!("listening on {}", server.address);
    also_there.iter().for_each(|line| cli::outln!("{line}"));
    let what = match args.level {
        Level::Request => "requests",
        Level::Connection => "connections",
    };
    let backends = pool.backends();
    let places: Vec<String> = backends.iter().map(|backend| backend.config.place()).collect();
    tracing::info!("forwarding {what} from {} to {}", server.address, places.join(", "));
    also_there.iter().for_each(|line| tracing::info!("{line}"));
    if !server.address.ip().is_loopback() {
        tracing::warn!("anyone who can reach {} can reach the servers behind it", server.address);
    }
}

fn log_final_statistics(stats: &Stats) {
    let all = stats.requests.all();
    tracing::info!(
        "stopped after {:.1} s: connections {} succeeded, {} failed; requests {} ok, {} failed; {} bytes \
         in, {} bytes out",
        stats.uptime_seconds,
        stats.connections.succeeded,
        stats.connections.failed,
        all.ok,
        all.failed,
        stats.bytes_in,
        stats.bytes_out,
    );
}
