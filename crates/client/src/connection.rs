//! One connection to a server, and what can be asked on it.

mod download;
mod fetch;
mod piece;
mod store;
mod upload;
mod wire;

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    mem,
    net::SocketAddr,
    time::Instant,
};

use protocol::{
    EchoText, Feature, FileName, Request,
    request::{Fetch, Store},
};
use serde_json::Value;

use self::{
    download::Download,
    fetch::Sink,
    piece::CONTENT_LEN,
    wire::{Received, Wire, refused},
};
use crate::{ClientError, ConnectionOptions, Framing, socket::Socket};

pub use self::fetch::FetchedRange;

/// One blocking connection, TCP or TLS over it; requests go one after another.
///
/// Every call blocks until the whole reply is there or a limit of [`ConnectionOptions`] strikes. An error
/// that leaves the place in the stream unknown ends the connection: every later request fails
/// with [`ClientError::Closed`]. Dropping it closes it.
///
/// Servers that send no ending after a reply cost a quarter of a second for each.
#[derive(Debug)]
pub struct Connection {
    wire: Wire,
    framing: Framing,
    /// File content on its way; empty until the first transfer.
    plain: Vec<u8>,
    /// What the reply to the first PING told of.
    features: Option<Vec<Feature>>,
    usable: bool,
}

/// A finished upload or download.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transfer {
    /// Length of the file, as it went over the wire.
    pub bytes: u64,
    /// The server named the same length. One that names none may have stored anything.
    pub size_confirmed: bool,
    /// When the first byte of the reply was there.
    pub first_byte: Instant,
    /// When the last byte of the reply, without its ending, was there and the content in its sink.
    pub finished: Instant,
}

/// A finished FETCH.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetched {
    pub range: FetchedRange,
    /// When the first byte of the reply was there.
    pub first_byte: Instant,
    /// When the last byte of the range was in its sink.
    pub finished: Instant,
}

/// A finished STORE.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    /// Length of the file, of which earlier connections may have sent some.
    pub bytes: u64,
    /// Of what the server has stored, as in [`FileDigest`].
    pub digest: String,
    /// When the first byte of the last reply was there.
    pub first_byte: Instant,
    /// When its last byte was there.
    pub finished: Instant,
}

/// The answer to a LIST.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listing {
    pub names: Vec<String>,
    /// Servers behind a balancer whose files are not among these.
    pub missing: Vec<String>,
    /// When the first byte of the reply was there.
    pub first_byte: Instant,
    /// When its last byte was there, before it was taken apart.
    pub finished: Instant,
}

/// The answer to an ECHO.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Echo {
    /// What the server sent back; not compared with what it was sent.
    pub text: String,
    /// When the first byte of the reply was there.
    pub first_byte: Instant,
    /// When its last byte was there.
    pub finished: Instant,
}

/// Names with the sizes that are told, in the server's order and not checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Files {
    pub files: Vec<(String, Option<u64>)>,
    /// Servers behind a balancer whose files are not among these.
    pub missing: Vec<String>,
}

const NO_NAMES: ClientError = ClientError::Lacks("list of names");
const NO_DIGEST: ClientError = ClientError::Lacks("digest");

/// What a stored file hashes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileDigest {
    pub size: u64,
    /// The algorithm, a colon and lower-case hexadecimal digits: `blake3:...`. Not checked.
    pub digest: String,
}

impl Connection {
    /// Connects to `server`, a host and a port such as `localhost:46666` or `[::1]:46666`; agrees on TLS and says the
    /// token where the options have them. A token that the server does not accept is
    /// [`ClientError::Refused`].
    ///
    /// Resolving a host's name is not bounded by the options.
    pub fn connect(server: &str, options: ConnectionOptions) -> Result<Self, ClientError> {
        let wire = Wire::new(Socket::connect(server, &options)?);
        let mut connection = Self {
            wire,
            framing: options.framing,
            plain: Vec::new(),
            features: None,
            usable: true,
        };
        if let Some(token) = options.token {
            connection.ask(&Request::Auth(token))?;
        }
        Ok(connection)
    }

    /// Our side of the connection, by which the server's log names it.
    pub fn local_addr(&self) -> SocketAddr {
        self.wire.socket.local_addr()
    }

    /// Whether another request has a chance: no error has ended the connection, and the server has
    /// neither closed it nor sent something that nobody asked for. Does not block.
    pub fn is_reusable(&mut self) -> bool {
        self.usable && self.wire.socket.is_quiet()
    }

    /// Whether a byte of the reply to the last request has come. Until then, nothing was written to
    /// a sink.
    pub(crate) fn reply_began(&self) -> bool {
        self.wire.reply_began
    }

    /// The names of the stored files, in the server's order and not checked: they may hold
    /// anything.
    pub fn list(&mut self) -> Result<Listing, ClientError> {
        let Received { reply, first_byte, finished, .. } = self.ask(&Request::List)?;
        let files = reply.files().ok_or(NO_NAMES)?;
        let names = files.into_iter().map(|(name, _)| name).collect();
        Ok(Listing { names, missing: reply.missing, first_byte, finished })
    }

    /// The names that are answered to one of the requests for them, with the sizes that are told.
    pub fn files(&mut self, request: &Request) -> Result<Files, ClientError> {
        let reply = self.ask(request)?.reply;
        Ok(Files { files: reply.files().ok_or(NO_NAMES)?, missing: reply.missing })
    }

    /// Downloads a file into `sink`, which is written to but not flushed.
    ///
    /// An error leaves an unknown part of the content in the sink.
    pub fn get(&mut self, name: &FileName, sink: &mut dyn Write) -> Result<Transfer, ClientError> {
        self.get_announced(name, sink, &mut |_| ())
    }

    /// The same. `announced` is told the file's length before its first byte reaches the sink, where the
    /// server names it there.
    pub fn get_announced(
        &mut self,
        name: &FileName,
        sink: &mut dyn Write,
        announced: &mut dyn FnMut(u64),
    ) -> Result<Transfer, ClientError> {
        let mut plain = mem::take(&mut self.plain);
        plain.resize(CONTENT_LEN, 0);
        let mut content = Download::new(&mut plain, sink, announced);
        let received = self.exchange(|connection| {
            connection.send(&Request::Get(name.clone()))?;
            connection.wire.receive(Some(&mut content))
        });
        let bytes = received.and_then(|received| {
            let received = received.about(name)?;
            if !received.reply.has_file() {
                let text = received.reply.file_under_data(name).ok_or(ClientError::NoFile)?;
                content.take_all(text.as_bytes())?;
            }
            Ok((received, content.finish()?))
        });
        self.plain = plain;
        let (received, bytes) = bytes?;
        transfer(&received, bytes)
    }

    /// Uploads all that `source` gives, until it ends. How long it takes to give it is not bounded.
    ///
    /// An error leaves nothing on a server of this project. Whether the file is stored is unknown
    /// when the connection is lost after the last byte was sent.
    pub fn upload(
        &mut self,
        name: &FileName,
        source: &mut dyn Read,
    ) -> Result<Transfer, ClientError> {
        let mut plain = mem::take(&mut self.plain);
        plain.resize(CONTENT_LEN, 0);
        let mut sent = 0;
        let received = self.exchange(|connection| {
            let Self { wire, framing, .. } = connection;
            sent = upload::send(wire, *framing, name, source, &mut plain)?;
            connection.wire.receive(None)
        });
        self.plain = plain;
        transfer(&received?.about(name)?, sent)
    }

    /// Writes bytes of a file to `sink` as they are, without flushing it; `begun` is told which they are before the
    /// first. A server that does not know of [`Feature::Fetch`] may take this for something else.
    ///
    /// The first bytes of the range may be in the sink after an error.
    pub fn fetch(
        &mut self,
        fetch: &Fetch,
        sink: &mut dyn Write,
        begun: &mut dyn FnMut(&FetchedRange),
    ) -> Result<Fetched, ClientError> {
        self.fetch_into(fetch, Sink::Writer(sink), begun)
    }

    /// The same into a file, each byte to the place that it has in the stored one; without TLS they do not leave the
    /// kernel on their way. `moved` is told of how many went there, and ends the transfer by an error.
    pub fn fetch_to_file(
        &mut self,
        fetch: &Fetch,
        file: &File,
        moved: &mut dyn FnMut(usize) -> io::Result<()>,
        begun: &mut dyn FnMut(&FetchedRange),
    ) -> Result<Fetched, ClientError> {
        self.fetch_into(fetch, Sink::File { file, moved }, begun)
    }

    fn fetch_into(
        &mut self,
        fetch: &Fetch,
        sink: Sink<'_>,
        begun: &mut dyn FnMut(&FetchedRange),
    ) -> Result<Fetched, ClientError> {
        let received = self.exchange(|connection| {
            connection.send_raw(&Request::Fetch(fetch.clone()))?;
            fetch::receive(&mut connection.wire, fetch, sink, begun)
        })?;
        let range = FetchedRange::of(&received.reply, fetch)?;
        Ok(Fetched { range, first_byte: received.first_byte, finished: received.finished })
    }

    /// Stores a file of the length that `store` tells of as it is, of which `source` gives what the server does
    /// not have yet. A server that does not know of [`Feature::Store`] may take this for something else.
    ///
    /// An error leaves nothing on the server, or what came so far where `store` has an ID: the next call
    /// with the same goes on from there. Whether the file is stored is unknown when the connection is
    /// lost after the last byte was sent.
    pub fn store(
        &mut self,
        store: &Store,
        source: &mut (impl Read + Seek),
    ) -> Result<Stored, ClientError> {
        let received = self.exchange(|connection| {
            connection.send_raw(&Request::Store(store.clone()))?;
            store::send(&mut connection.wire, store, source)
        })?;
        let received = received.about(&store.name)?;
        let Transfer { bytes, first_byte, finished, .. } = transfer(&received, store.length)?;
        let digest = received.reply.data_digest.ok_or(NO_DIGEST)?;
        Ok(Stored { bytes, digest, first_byte, finished })
    }

    /// Deletes a stored file; the server's sentence about it, which may hold control characters.
    pub fn delete(&mut self, name: &FileName) -> Result<String, ClientError> {
        let received = self.ask(&Request::Delete(name.clone()))?;
        Ok(received.about(name)?.reply.sentence())
    }

    /// The server's counts, as it gives them: from this project's server, a [`protocol::Stats`].
    pub fn stats(&mut self) -> Result<Value, ClientError> {
        match self.ask(&Request::Stats)?.reply.data() {
            Value::Null => Err(ClientError::Lacks("statistics")),
            stats => Ok(stats.clone()),
        }
    }

    /// Asks whether the server answers.
    pub fn ping(&mut self) -> Result<(), ClientError> {
        self.features = Some(self.ask(&Request::Ping)?.reply.features);
        Ok(())
    }

    /// What the server knows besides the verbs that every server knows; asked with a PING unless one was
    /// answered on this connection. Servers that do not know PING refuse it in their own way.
    pub fn features(&mut self) -> Result<&[Feature], ClientError> {
        if self.features.is_none() {
            self.ping()?;
        }
        Ok(self.features.as_deref().unwrap_or_default())
    }

    /// Has the server send `text` back.
    pub fn echo(&mut self, text: &EchoText) -> Result<Echo, ClientError> {
        let Received { reply, first_byte, finished, .. } =
            self.ask(&Request::Echo(text.clone()))?;
        match reply.data() {
            Value::String(text) => Ok(Echo { text: text.clone(), first_byte, finished }),
            _ => Err(ClientError::Lacks("text")),
        }
    }

    /// What a stored file hashes to.
    pub fn digest(&mut self, name: &FileName) -> Result<FileDigest, ClientError> {
        let reply = self.ask(&Request::Digest(name.clone()))?.about(name)?.reply;
        let (Some(size), Some(digest)) = (reply.data_size, reply.data_digest) else {
            return Err(NO_DIGEST);
        };
        Ok(FileDigest { size, digest })
    }

    fn ask(&mut self, request: &Request) -> Result<Received, ClientError> {
        self.exchange(|connection| {
            connection.send(request)?;
            connection.wire.receive(None)
        })
    }

    fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        self.send_head(request, self.framing)
    }

    /// The head of a FETCH or STORE has one ending only.
    fn send_raw(&mut self, request: &Request) -> Result<(), ClientError> {
        self.send_head(request, Framing::CrlfCrlf)
    }

    fn send_head(&mut self, request: &Request, framing: Framing) -> Result<(), ClientError> {
        let head = request.to_wire();
        let len = upload::put(&[head.as_bytes(), framing.ending()], self.wire.outgoing());
        self.wire.send(len)
    }

    /// Makes one request. Until its whole reply is there the connection cannot be used again.
    fn exchange(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<Received, ClientError>,
    ) -> Result<Received, ClientError> {
        if !mem::take(&mut self.usable) {
            return Err(ClientError::Closed);
        }
        self.wire.reply_began = false;
        let received = run(self)?;
        // Servers without codes may answer one request twice when they do not understand it.
        let is_understood = received.reply.is_ok() || received.reply.code.is_some();
        self.usable = received.more_may_follow && is_understood;
        refused(&received.reply).map_or(Ok(received), Err)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // In the middle of a request the stream just ends: an upload cut short must not look whole.
        if self.usable {
            self.wire.socket.close();
        }
    }
}

/// Holds what was moved against what the server says.
fn transfer(received: &Received, bytes: u64) -> Result<Transfer, ClientError> {
    let Received { reply, first_byte, finished, .. } = received;
    match reply.data_size {
        Some(named) if named != bytes => Err(ClientError::SizeDiffers { moved: bytes, named }),
        named => Ok(Transfer {
            bytes,
            size_confirmed: named.is_some(),
            first_byte: *first_byte,
            finished: *finished,
        }),
    }
}
