//! Async tasks: every connection is served at once, on a fixed number of threads.
//!
//! `workers` is the number of runtime threads; connections beyond it share them, piece by piece,
//! instead of waiting in line. Files are read and written on the same threads, as in the other
//! models: against the page cache that is faster than handing each piece to another thread, but a
//! disk that hangs stops a thread and with it the connections it was about to serve. So do waits for
//! the disk that `--durability` asks for, and counting a very large directory for its quota.
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

use telemetry::{Arrival, Slot};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::TcpStream,
    runtime::{Builder, Runtime},
    task, time,
};

use super::threads::try_threads;
use crate::{
    acceptor::Acceptor,
    admission::Admitted,
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
    ready();
    acceptor.run(
        listener,
        |_| true,
        |stream, arrival, admitted| {
            let (server, application) = (Arc::clone(server), Arc::clone(application));
            server.connection_queued();
            runtime.spawn(async move {
                server.connection_picked_up();
                // A stream that cannot be handed over is dropped, which closes it.
                let handed_over =
                    stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                if let Ok(mut stream) = handed_over {
                    run_connection(&server, &*application, &mut stream, arrival, &admitted).await;
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

async fn run_connection<A: Application>(
    server: &Server,
    application: &A,
    stream: &mut TcpStream,
    arrival: Arrival,
    admitted: &Admitted,
) {
    let slot = SLOT.get().expect("tasks run on threads that have a slot");
    if let Some(mut conversation) = server.pick_up(application, slot, arrival, admitted) {
        let outcome = drive(server, stream, &mut conversation).await;
        conversation.close(outcome);
    }
}

/// The twin of the loop in `blocking.rs`.
async fn drive<C: Conversation>(
    server: &Server,
    stream: &mut TcpStream,
    conversation: &mut C,
) -> Result<(), C::Error> {
    loop {
        match server.step(conversation, Instant::now())? {
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
            // A peer that is gone already is noticed by the next read.
            Step::FinishSending => drop(stream.shutdown().await),
            Step::Close => return Ok(()),
        }
    }
}
