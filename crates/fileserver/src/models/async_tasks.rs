//! Async tasks: every connection is served at once, on a fixed number of threads.
//!
//! `workers` is the number of runtime threads; connections beyond it share them, piece by piece,
//! instead of waiting in line. Files are read and written on the same threads, as in the other
//! models: against the page cache that is faster than handing each piece to another thread, but a
//! disk that hangs stops a thread and with it the connections it was about to serve. So do waits for
//! the disk that `--durability` asks for, and counting a very large directory for its quota.
//!
//! A task moves between threads; it is booked on the worker that picked it up.
//!
//! Shutdown: accepting stops, tasks finish the requests under way.

use std::{
    cell::Cell,
    io,
    net::{SocketAddr, TcpListener as StdTcpListener},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use telemetry::{Arrival, Slot};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    runtime::{Builder, Runtime},
    select, task, time,
};

use super::try_threads;
use crate::{
    admission::Admitted,
    listener::AcceptPause,
    overload::{LOOK_PAUSE, Overload},
    serve::{Drained, ServeError},
    service::Service,
    session::{ConnectionError, Conversation, Step},
    shutdown::{CUT_TIMEOUT, StopSignals},
};

/// How often a drain looks for its own progress.
const TICK: Duration = LOOK_PAUSE;

thread_local! {
    /// The slot of this runtime thread.
    static SLOT: Cell<Option<&'static Slot>> = const { Cell::new(None) };
}

pub(super) fn serve(
    listener: StdTcpListener,
    service: &Arc<Service>,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    let signals = StopSignals::catch(service.hangup).map_err(ServeError::Signals)?.into_pipe();
    let runtime = start_runtime(service)
        .map_err(|reason| ServeError::Workers { workers: service.workers, reason })?;
    listener.set_nonblocking(true).map_err(ServeError::Accept)?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(ServeError::Accept)?;
        let mut signals = UnixStream::from_std(signals).map_err(ServeError::Signals)?;
        let mut overload = service.overload();
        ready();
        accept_until_signal(&listener, service, &mut overload, &mut signals).await?;
        drop(listener);
        Ok(drain(service, &mut overload, &mut signals).await)
    })
}

/// Starts all threads and gives each its slot; returns once all of them run.
fn start_runtime(service: &Arc<Service>) -> io::Result<Runtime> {
    let count = service.scoreboard.slots().len();
    // The runtime hangs where it cannot start a thread.
    try_threads(count)?;
    let all_run = Arc::new(Barrier::new(count + 1));
    let next = AtomicUsize::new(0);
    let runtime = Builder::new_multi_thread()
        .worker_threads(count)
        .thread_name("worker")
        .enable_all()
        .on_thread_start({
            let (service, all_run) = (Arc::clone(service), Arc::clone(&all_run));
            move || {
                // Any later thread would be one for blocking calls, which has no slot.
                let index = next.fetch_add(1, Relaxed);
                if index < count {
                    SLOT.set(Some(service.enlist_worker(index)));
                    all_run.wait();
                }
            }
        })
        .build()?;
    all_run.wait();
    Ok(runtime)
}

async fn accept_until_signal(
    listener: &TcpListener,
    service: &Arc<Service>,
    overload: &mut Overload,
    signals: &mut UnixStream,
) -> Result<(), ServeError> {
    let mut pause = AcceptPause::default();
    loop {
        overload.see_off();
        let accepted = select! {
            biased;
            _ = next_signal(signals) => return Ok(()),
            accepted = listener.accept() => accepted,
            () = time::sleep(LOOK_PAUSE), if !overload.is_idle() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause.reset();
                admit(service, overload, stream, peer);
            }
            Err(err) => {
                overload.make_room();
                time::sleep(pause.after(err).map_err(ServeError::Accept)?).await;
            }
        }
    }
}

fn admit(service: &Arc<Service>, overload: &mut Overload, stream: TcpStream, peer: SocketAddr) {
    match service.admission.admit(peer) {
        Ok(admitted) => {
            service.connection_queued();
            let arrival = service.connection_accepted(peer);
            task::spawn(run_connection(Arc::clone(service), stream, arrival, admitted));
        }
        Err(why) => {
            // A stream that cannot be handed over is dropped, which closes it.
            let _ = stream.into_std().map(|stream| overload.turn_away(stream, peer, why));
        }
    }
}

/// Waits for a signal; cancelling it loses none.
async fn next_signal(signals: &mut UnixStream) {
    let _ = signals.read(&mut [0]).await;
}

async fn drain(service: &Service, overload: &mut Overload, signals: &mut UnixStream) -> Drained {
    let mut deadline = service.begin_drain();
    tracing::info!("stopping: {} connections open", service.admission.open());
    while service.admission.open() > 0 {
        let now = Instant::now();
        if now >= deadline + CUT_TIMEOUT {
            return Drained::Cut;
        }
        overload.see_off();
        if time::timeout(TICK, next_signal(signals)).await.is_ok() {
            service.cut_connections();
            deadline = deadline.min(now);
        }
    }
    service.drained()
}

async fn run_connection(
    service: Arc<Service>,
    mut stream: TcpStream,
    arrival: Arrival,
    _admitted: Admitted,
) {
    service.connection_picked_up();
    let slot = SLOT.get().expect("tasks run on threads that have a slot");
    if let Some(mut conversation) = Conversation::new(&service, slot, arrival, Instant::now()) {
        let outcome = drive(&mut stream, &mut conversation).await;
        conversation.close(outcome);
    }
}

/// The twin of the loop in `connection.rs`.
async fn drive(
    stream: &mut TcpStream,
    conversation: &mut Conversation,
) -> Result<(), ConnectionError> {
    // A reply ends in a short write; held for an ACK it could cost 40 ms.
    stream.set_nodelay(true).map_err(ConnectionError::Peer)?;
    loop {
        match conversation.step(Instant::now())? {
            Step::Send(bytes, wait) => match time::timeout(wait, stream.write(bytes)).await {
                Ok(Ok(len)) => conversation.sent(len),
                Ok(Err(err)) => conversation.peer_lost(ConnectionError::Peer(err))?,
                Err(_) => {}
            },
            Step::Receive(room, wait) => match time::timeout(wait, stream.read(room)).await {
                Ok(Ok(len)) => conversation.received(len),
                Ok(Err(err)) => conversation.peer_lost(ConnectionError::Peer(err))?,
                Err(_) => {}
            },
            Step::Wait(wait) => time::sleep(wait).await,
            Step::Yield => task::yield_now().await,
            // A peer that is gone already is noticed by the next read.
            Step::FinishSending => drop(stream.shutdown().await),
            Step::Close => return Ok(()),
        }
    }
}
