//! One worker process: accepts and runs one connection after another.

use std::{io, net::TcpListener, os::unix::net::UnixStream, process, thread, time::Instant};

use nix::{
    sys::{
        prctl,
        signal::{SigmaskHow, Signal},
    },
    unistd::{Pid, getppid},
};

use crate::{
    application::Application,
    listener::{AcceptPause, set_nodelay},
    models::blocking::run_connection,
    os,
    overload::Overload,
    server::Server,
    shutdown::{self, Phase},
};

/// Runs connections until the supervisor closes the listener. Called right after the fork. Those it
/// turns away go to `leaving`, since seeing them off would keep it from those it serves.
pub(super) fn run(
    supervisor: Pid,
    listener: &TcpListener,
    leaving: &UnixStream,
    server: &Server,
    application: &impl Application,
    index: usize,
) -> io::Result<()> {
    detach_from(supervisor)?;
    application.confine_worker();
    let slot = server.enlist_worker(index);
    let mut pause = AcceptPause::default();
    let overload = Overload::new(server, application);
    while server.phase(Instant::now()) == Phase::Serving {
        match listener.accept() {
            Ok((stream, peer)) => {
                pause.reset();
                match server.admission.admit_to_slot(peer, slot, server.scoreboard.slots()) {
                    Ok(admitted) => {
                        set_nodelay(&stream);
                        let arrival = server.connection_accepted(peer);
                        run_connection(server, application, slot, &stream, arrival, &admitted);
                    }
                    Err(why) => {
                        overload.answer(&stream, peer, why);
                        // Where there is no room for more, they are closed at once.
                        let _ = os::hand_over(&stream, leaving);
                    }
                }
            }
            // The listener was closed for all.
            Err(_) if server.phase(Instant::now()) != Phase::Serving => break,
            Err(err) => thread::sleep(pause.after(err)?),
        }
    }
    Ok(())
}

/// Dies with the supervisor, and leaves its signals to it: a terminal, a shell's `kill %1` or a
/// service manager sends them to all processes of the group, and it is the supervisor that decides
/// what they mean.
fn detach_from(supervisor: Pid) -> nix::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != supervisor {
        // It died before the line above.
        process::exit(1);
    }
    shutdown::signals().thread_swap_mask(SigmaskHow::SIG_SETMASK).map(drop)
}
