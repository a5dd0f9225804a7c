//! Async tasks: every connection is served at once, on a fixed number of threads.
//!
//! `workers` is the number of runtime threads; connections beyond it share them, piece by piece,
//! instead of waiting in line. Files are read and written on the same threads, as in the other
//! models: against the page cache that is faster than handing each piece to another thread, but a
//! disk that hangs stops a thread and with it the connections it was about to serve. So do waits for
//! the disk that `--durability` asks for, and counting a very large directory for its quota. What a session
//! knows to wait for a network ([`Step::Block`]) is done on threads beside those.
//!
//! A task moves between threads; it is counted on the worker that picked it up.
//!
//! Shutdown: accepting stops, tasks finish the requests under way.

use std::{
    cell::Cell,
    io,
    net::TcpListener,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use telemetry::Slot;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::TcpStream,
    runtime::{Builder, Runtime},
    sync::oneshot,
    task, time,
};

use super::threads::{Aside, try_threads};
use crate::{
    acceptor::Acceptor,
    application::{Application, Conversation, Step},
    error::ServeError,
    os,
    server::Server,
    shutdown::Drained,
};

thread_local! {
    /// The slot of this runtime thread.
    static SLOT: Cell<Option<&'static Slot>> = const { Cell::new(None) };
}

pub(super) fn serve<A: Application>(
    listener: TcpListener,
    server: &Arc<Server>,
    application: &Arc<A>,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    let acceptor = Acceptor::new(server, &**application)?;
    let runtime = start_runtime(server)
        .map_err(|reason| ServeError::Workers { workers: server.workers(), reason })?;
    let aside = Arc::new(Aside::default());
    ready();
    acceptor.run(
        listener,
        |_| true,
        |stream, arrival, admitted| {
            let (server, application) = (Arc::clone(server), Arc::clone(application));
            let aside = Arc::clone(&aside);
            server.connection_queued();
            runtime.spawn(async move {
                server.connection_picked_up();
                // A stream that cannot be handed over is dropped, which closes it.
                let handed_over =
                    stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                if let Ok(mut stream) = handed_over {
                    let slot = SLOT.get().expect("tasks run on threads that have a slot");
                    let picked_up = server.pick_up(&*application, slot, arrival, &admitted);
                    if let Some(conversation) = picked_up {
                        run_connection(&server, &aside, &mut stream, conversation).await;
                    }
                }
                drop(admitted);
            });
        },
    )
}

/// Starts all threads and gives each its slot; returns once all of them run.
fn start_runtime(server: &Arc<Server>) -> io::Result<Runtime> {
    let count = server.workers();
    // The runtime hangs where it cannot start a thread.
    try_threads(count)?;
    let all_run = Arc::new(Barrier::new(count + 1));
    let next = AtomicUsize::new(0);
    let runtime = Builder::new_multi_thread()
        .worker_threads(count)
        .thread_name("worker")
        .enable_all()
        .on_thread_start({
            let (server, all_run) = (Arc::clone(server), Arc::clone(&all_run));
            move || {
                // Any later thread would be one for blocking calls, which has no slot.
                let index = next.fetch_add(1, Relaxed);
                if index < count {
                    SLOT.set(Some(server.enlist_worker(index)));
                    all_run.wait();
                }
            }
        })
        .build()?;
    all_run.wait();
    Ok(runtime)
}

/// Why a connection is not driven on.
enum Stop {
    Over,
    /// The next step is to be taken aside.
    Blocked,
}

async fn run_connection<C: Conversation>(
    server: &Arc<Server>,
    aside: &Aside,
    stream: &mut TcpStream,
    mut conversation: C,
) {
    let mut taken = None;
    let outcome = loop {
        match drive(server, stream, &mut conversation, taken.take()).await {
            Ok(Stop::Over) => break Ok(()),
            Err(err) => break Err(err),
            Ok(Stop::Blocked) => {}
        }
        match step_aside(server, aside, conversation).await {
            Some((same, step)) => (conversation, taken) = (same, Some(step)),
            None => return tracing::error!("a session panicked; its connection was closed"),
        }
    };
    conversation.close(outcome);
}

/// Has another thread take the next step. `None` where that has panicked, and the conversation is gone.
///
/// The runtime has threads for that too, but one of those may become a worker, in place of one that is late.
async fn step_aside<C: Conversation>(
    server: &Arc<Server>,
    aside: &Aside,
    mut conversation: C,
) -> Option<(C, Result<Step, C::Error>)> {
    let (done, taken) = oneshot::channel();
    let server = Arc::clone(server);
    aside.run(move || {
        conversation.may_block();
        let step = server.step(&mut conversation, Instant::now());
        // Nobody waits for it where the server has ended.
        let _ = done.send((conversation, step));
    });
    taken.await.ok()
}

/// The twin of the loop in `blocking.rs`, from a step on that was taken already.
async fn drive<C: Conversation>(
    server: &Server,
    stream: &mut TcpStream,
    conversation: &mut C,
    mut taken: Option<Result<Step, C::Error>>,
) -> Result<Stop, C::Error> {
    loop {
        let step = taken.take().unwrap_or_else(|| server.step(conversation, Instant::now()));
        match step? {
            Step::Send(wait) => {
                match time::timeout(wait, stream.write(conversation.output())).await {
                    Ok(Ok(len)) => conversation.sent(len),
                    Ok(Err(err)) => conversation.peer_lost(err)?,
                    Err(_) => {}
                }
            }
            Step::SendFile(wait) => {
                let range = conversation.file();
                let send = || range.map_or(Ok(0), |range| os::send_file(&*stream, range));
                let sent = time::timeout(wait, stream.async_io(Interest::WRITABLE, send)).await;
                if let Ok(outcome) = sent {
                    conversation.file_sent(outcome)?;
                }
            }
            Step::Receive(wait) => {
                match time::timeout(wait, stream.read(conversation.room())).await {
                    Ok(Ok(len)) => conversation.received(len),
                    Ok(Err(err)) => conversation.peer_lost(err)?,
                    Err(_) => {}
                }
            }
            // Any number of tasks can be busy at once.
            Step::Wait(wait) | Step::Busy(wait) => time::sleep(wait).await,
            Step::Yield => task::yield_now().await,
            Step::Block => return Ok(Stop::Blocked),
            // A peer that is gone already is noticed by the next read.
            Step::FinishSending => drop(stream.shutdown().await),
            Step::Close => return Ok(Stop::Over),
        }
    }
}
