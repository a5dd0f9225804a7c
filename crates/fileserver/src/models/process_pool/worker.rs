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
    listener::{AcceptFailure, GrowingPause},
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
            // The listener was closed for all.
            Err(_) if service.phase(Instant::now()) != Phase::Serving => break,
            Err(err) => match AcceptFailure::of(&err) {
                AcceptFailure::PeerGone => {}
                AcceptFailure::Passing => {
                    tracing::warn!("cannot accept a connection for now: {err}");
                    thread::sleep(pause.step());
                }
                AcceptFailure::Final => return Err(err),
            },
        }
    }
    Ok(())
}

/// Dies with the supervisor, and leaves SIGINT and SIGTERM to it: a terminal, a shell's `kill %1` or a
/// service manager sends them to all processes of the group, and it is the supervisor that decides
/// what they mean.
fn detach_from(supervisor: Pid) -> nix::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != supervisor {
        // It died before the line above.
        process::exit(1);
    }
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGINT);
    blocked.add(Signal::SIGTERM);
    blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK).map(drop)
}
