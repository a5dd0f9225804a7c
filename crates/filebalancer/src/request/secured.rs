//! TLS with a client, agreed on before its first request.

use protocol::QUIET;
use serving::Phase;
use tokio::{net::TcpStream, time};
use tokio_rustls::{TlsAcceptor, rustls, server::TlsStream};

use super::{client::Client, ending::Ending};
use crate::balancer::Balancer;

/// The handshake has the time of a head. One that has not come to its end when the balancer is told to stop
/// gets no more than a client that says nothing.
pub(super) async fn agree(
    balancer: &Balancer,
    tls: &TlsAcceptor,
    stream: TcpStream,
) -> Result<Box<TlsStream<TcpStream>>, Ending> {
    let timeout = balancer.limits.head_timeout;
    let mut phase = balancer.phase.clone();
    let stopping = async {
        // Whoever is gone says that it is over, too.
        let _ = phase.wait_for(|phase| *phase != Phase::Serving).await;
        time::sleep(QUIET).await;
    };
    let agreed = tokio::select! {
        agreed = tls.accept(stream).into_fallible() => agreed,
        () = time::sleep(timeout) => return Err(Ending::NoHandshake(timeout)),
        () = stopping => return Err(Ending::Leaving),
    };
    match agreed {
        Ok(stream) => Ok(Box::new(stream)),
        Err((err, _)) if !err.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            Err(Ending::Lost(err))
        }
        Err((err, stream)) => {
            // It may be in mid-sentence.
            Client::new(stream, balancer.limits.time(), balancer.phase.clone()).see_off().await;
            Err(Ending::NoTls(err))
        }
    }
}
