//! The page: a world that runs on a clock, and everybody who looks at it and plays in it.
//!
//! One [`Room`] holds what all pages see. It is a watcher of the [`World`] and lives under its lock, so what
//! a page asks for and what a runner hands back happen one after the other. Twenty milliseconds' worth of
//! what happened is written once and handed to all pages.
//!
//! SIGTERM, SIGINT or SIGHUP: the listener closes, pages are told that the server stops, and those that do
//! not close within a few seconds are cut.

mod args;
mod commands;
mod connections;
mod experiment;
mod gate;
mod limits;
mod measures;
mod messages;
mod places;
mod room;
mod router;
mod site;
mod socket;

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    process::{Command, ExitCode, Stdio},
    sync::{Arc, atomic::AtomicU64},
    thread,
    time::Duration,
};

use anyhow::Context;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use tokio::{
    runtime::Builder,
    sync::{Semaphore, watch},
    time::{self, MissedTickBehavior},
};

pub(crate) use self::args::Args;
use self::{
    gate::Gate,
    limits::{CONNECTIONS_MAX, CONNECTIONS_OF_ADDRESS_MAX, DOWNLOADS_MAX, PAGES_MAX},
    places::Places,
    room::Room,
    site::Site,
};
use crate::live::World;

/// Between two frames to all pages.
const FRAME_PAUSE: Duration = Duration::from_millis(20);

/// Frames between two looks at the numbers: half a second.
const FRAMES_A_MEASURE: u32 = 25;

/// How long pages have to close when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// Serves the page until a signal comes; prints where as its first line.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // Before anything is promised, so that a signal that comes at once is not lost.
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).context("cannot catch signals")?;
    let (listener, address) = bind(&args.host, args.port)?;
    let world = World::start(args.runner, args.speed, Room::new(args.seed))
        .context("the system gives no threads")?;
    let runtime = Builder::new_multi_thread().thread_name("pages").enable_all().build()?;
    let stop = stop_at(signals)?;
    let gate = Gate::new(args.allowed_hosts.iter().cloned().chain([args.host.clone()]));
    let site = Arc::new(Site {
        world,
        gate,
        idle_timeout: args.idle_timeout,
        connections: Places::new(CONNECTIONS_MAX, CONNECTIONS_OF_ADDRESS_MAX),
        pages: Places::new(PAGES_MAX, args.max_per_address as usize),
        downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
        stop,
        came: AtomicU64::default(),
    });
    announce(address, args.open);
    runtime.block_on(serve(listener, site))?;
    // What is still open had its time.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn bind(host: &str, port: u16) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let place = || format!("cannot listen on {host}, port {port}");
    let addresses: Vec<_> = (host, port).to_socket_addrs().with_context(place)?.collect();
    let listener = TcpListener::bind(&*addresses).with_context(place)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Becomes true with the first signal.
fn stop_at(mut signals: Signals) -> io::Result<watch::Receiver<bool>> {
    let (stop, stops) = watch::channel(false);
    // Goes on after the first, since a sender that is dropped would seem to have sent something.
    let wait = move || {
        for _ in signals.forever() {
            stop.send_replace(true);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(stops)
}

async fn serve(listener: TcpListener, site: Arc<Site>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let frames = tokio::spawn(keep_pages_informed(Arc::clone(&site)));
    connections::accept(listener, router::all(Arc::clone(&site)), &site).await;
    frames.abort();
    let all_closed = async { tokio::join!(site.connections.all_free(), site.pages.all_free()) };
    let _ = time::timeout(GRACE, all_closed).await;
    Ok(())
}

/// Sends frames, and numbers now and then, until it is aborted.
async fn keep_pages_informed(site: Arc<Site>) {
    let mut ticks = time::interval(FRAME_PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut frames: u32 = 0;
    loop {
        ticks.tick().await;
        frames = frames.wrapping_add(1);
        let cost = frames.is_multiple_of(FRAMES_A_MEASURE).then(|| site.world.cost());
        site.world.act(|stage| {
            experiment::advance(stage);
            if let Some(cost) = cost {
                let accounting = room::accounting(stage);
                stage.watcher.measure(stage.now, accounting, cost);
                experiment::tell_progress(stage.watcher);
            }
            stage.watcher.flush(stage.now);
        });
    }
}

fn announce(address: SocketAddr, opens: bool) {
    cli::outln!("listening on {address}");
    let url = format!("http://{}/", reachable(address));
    cli::errln!("chatsim: the page is at {url}; Ctrl-C stops it");
    if !address.ip().is_loopback() {
        cli::errln!("chatsim: anyone who can reach {address} can use the page");
    }
    if opens && !open_browser(&url) {
        cli::errln!("chatsim: no browser could be started");
    }
}

/// An address that a browser on this machine can ask: not "any".
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        let loopback: std::net::IpAddr = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        reachable.set_ip(loopback);
    }
    reachable
}

fn open_browser(url: &str) -> bool {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut browser) = command.spawn() else { return false };
    // Somebody has to ask how it ended, and it may go on as long as the browser does.
    thread::Builder::new().spawn(move || browser.wait()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_server_on_all_addresses_is_on_loopback() {
        for (address, reached) in [
            ("0.0.0.0:5000", "127.0.0.1:5000"),
            ("[::]:5000", "[::1]:5000"),
            ("192.168.1.7:80", "192.168.1.7:80"),
        ] {
            assert_eq!(reachable(address.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
