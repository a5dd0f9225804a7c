//! One worker process: accepts and runs one connection after another.

use std::{
    io,
    net::TcpListener,
    process,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl,
        signal::{SigSet, SigmaskHow, Signal},
    },
    unistd::{Pid, getppid},
};
use telemetry::Slot;

use crate::{
    connection::run_connection,
    listener::{GrowingPause, gone_before_accept, out_of_resources},
    service::Service,
    shutdown::Phase,
};

/// Runs connections until the supervisor closes the listener. Called right after the fork.
pub(super) fn run(
    supervisor: Pid,
    listener: &TcpListener,
    service: &Arc<Service>,
    slot: &'static Slot,
) -> io::Result<()> {
    detach_from(supervisor)?;
    slot.worker_started(process::id(), 0);
    let mut pause = GrowingPause::new(Duration::from_millis(1), Duration::from_secs(1));
    while service.phase(Instant::now()) == Phase::Serving {
        match listener.accept() {
            Ok((stream, _)) => {
                pause.reset();
                run_connection(service, slot, &stream);
            }
            Err(err) if gone_before_accept(&err) => {}
            Err(err) if out_of_resources(&err) => {
                tracing::warn!("cannot accept a connection for now: {err}");
                thread::sleep(pause.step());
            }
            // The listener was closed for all.
            Err(_) if service.phase(Instant::now()) != Phase::Serving => break,
            Err(err) => return Err(err),
        }
    }
    Ok(())
}

/// Dies with the supervisor, and takes from it only the signals meant for this process: Ctrl-C in
/// a terminal reaches all of them, and it is the supervisor that decides what it means.
fn detach_from(supervisor: Pid) -> nix::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != supervisor {
        // It died before the line above.
        process::exit(1);
    }
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGINT);
    blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK).map(drop)
}
