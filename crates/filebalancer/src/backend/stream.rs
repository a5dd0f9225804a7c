//! The bytes between the balancer and a backend, in plain text or within TLS.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use client::{Tls, TlsError, server_name};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls};

/// A connection to a backend.
#[derive(Debug)]
pub(crate) enum BackendStream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl BackendStream {
    /// Agrees on TLS with the backend at the other end, whose certificate must be for `host`.
    pub(super) async fn secured(tcp: TcpStream, tls: &Tls, host: &str) -> io::Result<Self> {
        let name = server_name(host).map_err(io::Error::other)?;
        let agreed = TlsConnector::from(tls.config()).connect(name, tcp).await;
        Ok(Self::Tls(Box::new(agreed.map_err(in_words)?)))
    }

    /// Neither the end of the connection nor anything else is to be read, as far as is known now.
    pub(crate) fn is_quiet(&mut self) -> bool {
        if let Self::Tls(stream) = self {
            // Session tickets come unasked, and are nothing that anyone waits for: reading takes them in.
            let mut room = [MaybeUninit::uninit()];
            let mut context = Context::from_waker(Waker::noop());
            let read = Pin::new(stream).poll_read(&mut context, &mut ReadBuf::uninit(&mut room));
            if read.is_ready() {
                return false;
            }
        }
        let peeked = SockRef::from(self.tcp()).peek(&mut [MaybeUninit::uninit()]);
        peeked.is_err_and(|err| err.kind() == io::ErrorKind::WouldBlock)
    }

    /// Has the backend see a reset in place of an end.
    pub(crate) fn reset_at_end(&self) {
        let _ = SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO));
    }

    /// Tells the backend that nothing follows, as far as that takes no waiting: within TLS one that does not
    /// hear it takes the end for a cut.
    pub(crate) fn say_goodbye(&mut self) {
        let Self::Tls(stream) = self else { return };
        let (tcp, connection) = stream.get_mut();
        connection.send_close_notify();
        let mut records = Vec::new();
        if connection.write_tls(&mut records).is_ok() {
            let _ = tcp.try_write(&records);
        }
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

/// The same error with a sentence for people, where there is one.
fn in_words(err: io::Error) -> io::Error {
    let of_tls = err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(of_tls) => io::Error::other(TlsError::from(of_tls.clone())),
        None if err.kind() == io::ErrorKind::UnexpectedEof => io::Error::other(TlsError::HungUp),
        None => err,
    }
}

impl AsyncRead for BackendStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, room),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, room),
        }
    }
}

impl AsyncWrite for BackendStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
