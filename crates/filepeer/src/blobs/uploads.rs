//! The other side of a transfer: answers to those who want what is held here.
//!
//! Everything that a peer can make this side hold has a limit: connections, uploads at once, the
//! length of a request, the time that a request and each piece of an answer may take. A peer beyond a
//! limit is told so, and may come back; nothing waits for it.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use iroh::{
    endpoint::{Connection, ReadToEndError, RecvStream, SendStream},
    protocol::{AcceptError, ProtocolHandler},
};
use protocol::FileName;
use tokio::{
    sync::mpsc,
    task::{self, JoinSet},
    time::{sleep_until, timeout},
};

use super::{
    upload_limit::Bandwidth,
    wire::{REQUEST_LEN_MAX, Request, code},
};
use crate::{
    holdings::{Holdings, held::Opened},
    node::{Admission, Event, Listener, Place},
};

/// Connections of peers that fetch, or might.
const CONNECTIONS_MAX: usize = 256;
/// Streams that one peer may have open: more than one that fetches a file needs.
const STREAMS_MAX: u32 = 16;
/// Answers under way, of all peers. Each keeps a thread busy.
const UPLOADS_MAX: usize = 64;
/// Names remembered of what one connection fetched, for the log.
const NAMES_MAX: usize = 64;
/// A connection without a request is closed after this time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// A request is small and comes at once.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer may take to receive a buffer. It is a minimum rate of 2 KiB/s.
const BUFFER_TIMEOUT: Duration = Duration::from_secs(30);
/// Content is read ahead of the network by up to three of these.
const BUFFER_LEN: usize = 64 * 1024;

/// Serves what is held, until its endpoint closes. A clone shares all limits.
#[derive(Clone, Debug)]
pub(crate) struct Uploads(Arc<Shared>);

struct Shared {
    holdings: Arc<Holdings>,
    bandwidth: Arc<Bandwidth>,
    connections: Admission,
    uploads: Admission,
    tell: Listener,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploads").field("bandwidth", &self.bandwidth).finish_non_exhaustive()
    }
}

/// Why a request gets no answer, or only part of one.
#[derive(Debug, thiserror::Error)]
enum UploadError {
    #[error("it asks for what is not understood")]
    Request,
    #[error("as many are served as may be at once")]
    Busy,
    #[error("it does not take what it asked for")]
    Peer,
    #[error("the file cannot be read: {0}")]
    Disk(#[source] io::Error),
}

impl UploadError {
    fn code(&self) -> u32 {
        match self {
            Self::Request => code::PERMISSION,
            Self::Busy => code::LIMIT,
            Self::Peer | Self::Disk(_) => code::INTERNAL,
        }
    }
}

impl Uploads {
    pub(crate) fn new(holdings: Arc<Holdings>, bandwidth: Arc<Bandwidth>, tell: Listener) -> Self {
        Self(Arc::new(Shared {
            holdings,
            bandwidth,
            connections: Admission::new(CONNECTIONS_MAX),
            uploads: Admission::new(UPLOADS_MAX),
            tell,
        }))
    }
}

impl ProtocolHandler for Uploads {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let peer = Place::of(&connection);
        let Some(_place) = self.0.connections.admit(peer.ip()) else {
            connection.close(code::LIMIT.into(), b"too many connections");
            return Ok(());
        };
        connection.set_max_concurrent_bi_streams(STREAMS_MAX.into());
        connection.set_max_concurrent_uni_streams(0_u32.into());
        self.0.serve(&connection, peer).await;
        Ok(())
    }
}

/// How an answer ended.
struct Answered {
    /// What was sent of which file, content alone.
    sent: Option<(FileName, u64)>,
    result: Result<(), UploadError>,
}

impl Shared {
    /// Answers until the peer closes, is idle, or asks for what is not understood.
    async fn serve(self: &Arc<Self>, connection: &Connection, peer: Place) {
        let began = Instant::now();
        let mut sent = BTreeMap::new();
        let mut answers = JoinSet::new();
        loop {
            tokio::select! {
                Some(Ok(answered)) = answers.join_next() => {
                    if let Err(UploadError::Request) = note(&mut sent, answered) {
                        self.refuse(connection, peer);
                        break;
                    }
                }
                next = timeout(IDLE_TIMEOUT, connection.accept_bi()) => match next {
                    Ok(Ok((answer, request))) => {
                        answers.spawn(Arc::clone(self).answer(request, answer, peer));
                    }
                    Err(_) if !answers.is_empty() => {}
                    Ok(Err(_)) | Err(_) => break,
                },
            }
        }
        // The connection is closed, so those under way end at once.
        connection.close(0_u32.into(), b"");
        while let Some(answered) = answers.join_next().await {
            let _ = answered.map(|answered| note(&mut sent, answered));
        }
        self.tell_served(peer, sent, began.elapsed());
    }

    async fn answer(
        self: Arc<Self>,
        request: RecvStream,
        mut answer: SendStream,
        peer: Place,
    ) -> Answered {
        let mut sent = None;
        let result = self.send(request, &mut answer, peer, &mut sent).await;
        // Either fails only where the peer has stopped the stream.
        let _ = match &result {
            Ok(()) => answer.finish(),
            Err(err) => answer.reset(err.code().into()),
        };
        Answered { sent, result }
    }

    async fn send(
        &self,
        mut request: RecvStream,
        answer: &mut SendStream,
        peer: Place,
        sent: &mut Option<(FileName, u64)>,
    ) -> Result<(), UploadError> {
        let request = read(&mut request).await?;
        let _place = self.uploads.admit(peer.ip()).ok_or(UploadError::Busy)?;
        // It is one look at the disk, and a file is in the kernel's cache when it was just hashed.
        let Some(opened) = self.holdings.open_content(&request.hash) else { return Ok(()) };
        let blob = opened.held.blob;
        answer.write_all(&blob.size.to_le_bytes()).await.map_err(|_| UploadError::Peer)?;
        let (_, bytes) = sent.insert((opened.held.name.clone(), 0));
        self.stream(opened, request, answer, bytes).await
    }

    /// A thread reads and encodes, at most some buffers ahead of the network.
    async fn stream(
        &self,
        opened: Opened,
        request: Request,
        answer: &mut SendStream,
        sent: &mut u64,
    ) -> Result<(), UploadError> {
        // Hashes are sent too, which nobody has asked for.
        let content_len = request.content_len(opened.held.blob.size);
        let (to, mut buffers) = mpsc::channel(2);
        let reading = task::spawn_blocking(move || {
            let mut buffered = Buffered { to, buffer: Vec::with_capacity(BUFFER_LEN) };
            let written = opened.write_to(&request.chunks, &mut buffered);
            (written.and_then(|()| buffered.flush()), opened)
        });
        while let Some(buffer) = buffers.recv().await {
            let len = buffer.len();
            if let Some(start) = self.bandwidth.take(len, Instant::now()) {
                sleep_until(start.into()).await;
            }
            let written = timeout(BUFFER_TIMEOUT, answer.write_chunk(buffer.into())).await;
            written.ok().and_then(Result::ok).ok_or(UploadError::Peer)?;
            *sent = content_len.min(*sent + len as u64);
        }
        let (read, opened) =
            reading.await.map_err(|err| UploadError::Disk(io::Error::other(err)))?;
        read.map_err(|err| {
            if opened.has_changed() {
                self.holdings.note_changed(&opened.held);
            }
            UploadError::Disk(err)
        })
    }

    fn refuse(&self, connection: &Connection, peer: Place) {
        let why = UploadError::Request.to_string();
        connection.close(code::PERMISSION.into(), why.as_bytes());
        (self.tell)(Event::PeerRefused { peer, why });
    }

    fn tell_served(&self, peer: Place, sent: BTreeMap<FileName, u64>, took: Duration) {
        for (name, bytes) in sent {
            (self.tell)(Event::Served { name, peer, bytes, took });
        }
    }
}

/// A request that was given up before it was said is no reason to send its peer away.
async fn read(request: &mut RecvStream) -> Result<Request, UploadError> {
    match timeout(REQUEST_TIMEOUT, request.read_to_end(REQUEST_LEN_MAX)).await {
        Ok(Ok(bytes)) if !bytes.is_empty() => {
            Request::parse(&bytes).map_err(|_| UploadError::Request)
        }
        Ok(Err(ReadToEndError::TooLong)) => Err(UploadError::Request),
        Ok(Ok(_) | Err(ReadToEndError::Read(_))) | Err(_) => Err(UploadError::Peer),
    }
}

/// Adds what was sent to what one connection got of each file.
fn note(sent: &mut BTreeMap<FileName, u64>, answered: Answered) -> Result<(), UploadError> {
    if let Some((name, content_len)) = answered.sent
        && (sent.len() < NAMES_MAX || sent.contains_key(&name))
    {
        *sent.entry(name).or_default() += content_len;
    }
    answered.result
}

/// Hands what is written to the network in buffers. Waits where that is slower; an error when nobody
/// takes them any more.
struct Buffered {
    to: mpsc::Sender<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_LEN {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let buffer = std::mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER_LEN));
        self.to.blocking_send(buffer).map_err(|_| io::ErrorKind::ConnectionReset.into())
    }
}
