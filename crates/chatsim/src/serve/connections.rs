//! Accepts connections and speaks HTTP on them, as many at once as there are places.

use std::{io::Write, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time,
};

use super::{
    limits::{CONNECTION_TIME_MAX, HEAD_TIME_MAX, SEND_BUFFER_LEN},
    places::{NoPlace, Peer},
    site::Site,
};

/// How many of those are seen off at once, so that they can read it; more are closed without a word.
const FAREWELLS_MAX: usize = 64;
const FAREWELL: Duration = Duration::from_secs(1);

/// Between two tries to accept when the system has nothing left to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A head with the longest cookies has room; hyper takes no less.
const HEAD_LEN_MAX: usize = 16 * 1024;

/// Serves until the server stops. Those have a place then that are not closed yet.
pub(crate) async fn accept(listener: TcpListener, router: Router, site: &Site) {
    let mut stop = site.stop.clone();
    let farewells = Arc::new(Semaphore::new(FAREWELLS_MAX));
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // A client that was gone before, or no descriptors: open connections will give some back.
            time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        match site.connections.take(peer.ip()) {
            Ok(place) => {
                let router = router.clone().layer(Extension(Peer(peer.ip())));
                let connection = serve(stream, router, stop.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(no_place) => {
                if let Ok(place) = Arc::clone(&farewells).try_acquire_owned() {
                    tokio::spawn(async move {
                        turn_away(stream, no_place).await;
                        drop(place);
                    });
                }
            }
        }
    }
}

/// Answers requests until the connection is closed, becomes a page, or has had its time.
async fn serve(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Small writes are the rule, and what a page does not read is to wait here, not in the kernel.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_LEN);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_LEN_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::select! {
        // How it ended matters to nobody.
        _ = time::timeout(CONNECTION_TIME_MAX, connection) => {}
        _ = stop.changed() => {}
    }
}

/// What is answered to a connection too many.
fn refusal(why: NoPlace) -> String {
    let status = why.status();
    let body = format!("{why}\n");
    let len = body.len();
    format!(
        "HTTP/1.1 {status}\r\nretry-after: 5\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {len}\r\n\r\n{body}"
    )
}

/// Says that there is no place, and reads on for a moment: closing a connection with unread bytes resets it,
/// and what was said would be lost.
async fn turn_away(stream: TcpStream, why: NoPlace) {
    let Ok(mut said) = stream.into_std() else { return };
    if said.write_all(refusal(why).as_bytes()).is_err()
        || said.shutdown(std::net::Shutdown::Write).is_err()
    {
        return;
    }
    let Ok(stream) = TcpStream::from_std(said) else { return };
    let read_on = async {
        let mut unread = [0; 1024];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut unread) {
                Ok(0) => return,
                Ok(_) => {}
                Err(err) if err.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    let _ = time::timeout(FAREWELL, read_on).await;
}
