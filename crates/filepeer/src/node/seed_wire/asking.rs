//! Asking a node by the seed's line protocol: who it is, who has a file, and for the file.
//!
//! The seed's nodes read once and take all of it for the question, so a question to one of them has no
//! ending. What they answer is read until they close, within a limit and a deadline. Nothing of it is
//! verified: the seed has no hash.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use iroh::EndpointId;
use protocol::FileName;
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time,
};

/// How long a connection may take to be made.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// How long `ID` may take. A node of the seed that says nothing is known for one after that.
const IDENTIFY_WAIT: Duration = Duration::from_secs(2);

/// How long `SEARCH` may take: a node of the seed asks its neighbours one after another.
const SEARCH_WAIT: Duration = Duration::from_secs(5);

/// How long a file may stand still.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Longest answer that is not a file.
const ANSWER_LEN_MAX: u64 = 1024;

const PIECE_LEN: usize = 64 * 1024;

/// Who answers at an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    Peer(EndpointId),
    /// It does not know the question.
    Seed,
}

/// Why a file did not come from a node of the seed. What was written until then is no file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GetError {
    #[error("it does not have the file")]
    NotFound,
    #[error("it sends more than {0} bytes")]
    TooLong(u64),
    #[error("it was silent for {SILENCE_MAX:?}")]
    Silent,
    #[error("connection lost: {0}")]
    Peer(#[source] io::Error),
    #[error("cannot write the file: {0}")]
    Disk(#[source] io::Error),
}

/// Finds out whether a peer of ours or a node of the seed is at `address`.
pub(crate) async fn identify(address: SocketAddr) -> io::Result<Who> {
    let mut stream = ask(address, "ID\n").await?;
    let answer = time::timeout(IDENTIFY_WAIT, whole_answer(&mut stream)).await;
    // Who neither answers nor closes, or resets what it does not understand, does not know the question.
    let answer = answer.ok().and_then(Result::ok).unwrap_or_default();
    let id = answer.trim_end().strip_prefix("ID ").and_then(|id| id.parse().ok());
    Ok(id.map_or(Who::Seed, Who::Peer))
}

/// Where the node, or one that it asked, says the file is.
pub(crate) async fn search(address: SocketAddr, name: &FileName) -> io::Result<Option<SocketAddr>> {
    let mut stream = ask(address, &format!("SEARCH {name}")).await?;
    let answer = time::timeout(SEARCH_WAIT, whole_answer(&mut stream)).await??;
    let place = answer.trim_end().strip_prefix("FOUND ");
    let place = place.and_then(|rest| rest.strip_prefix(name.as_str())?.strip_prefix(" di "));
    Ok(place.and_then(named_place))
}

/// Writes the file that the node has under `name`, of `len_max` bytes at most; returns its length.
pub(crate) async fn get(
    address: SocketAddr,
    name: &FileName,
    into: &mut (impl AsyncWrite + Unpin),
    len_max: u64,
) -> Result<u64, GetError> {
    let mut stream = ask(address, &format!("GET {name}")).await.map_err(GetError::Peer)?;
    let refusal = not_found(name);
    let mut piece = vec![0; PIECE_LEN];
    // What may still turn out to be the refusal is held back.
    let mut held = Vec::new();
    let mut len = 0;
    loop {
        let read = time::timeout(SILENCE_MAX, stream.read(&mut piece));
        let read = read.await.map_err(|_| GetError::Silent)?.map_err(GetError::Peer)?;
        if read == 0 {
            break;
        }
        len += read as u64;
        if len > len_max {
            return Err(GetError::TooLong(len_max));
        }
        held.extend_from_slice(&piece[..read]);
        if !refusal.as_bytes().starts_with(held.trim_ascii_end()) {
            into.write_all(&held).await.map_err(GetError::Disk)?;
            held.clear();
        }
    }
    if held.trim_ascii_end() == refusal.as_bytes() {
        return Err(GetError::NotFound);
    }
    into.write_all(&held).await.map_err(GetError::Disk)?;
    into.flush().await.map_err(GetError::Disk)?;
    Ok(len)
}

/// What a node says that does not have the file.
pub(super) fn not_found(name: &FileName) -> String {
    format!("File {name} tidak ditemukan")
}

/// What a node says that knows where the file is.
pub(super) fn found(name: &FileName, holder: SocketAddr) -> String {
    format!("FOUND {name} di {holder}")
}

async fn ask(address: SocketAddr, question: &str) -> io::Result<TcpStream> {
    time::timeout(CONNECT_WAIT, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(question.as_bytes()).await?;
        Ok(stream)
    })
    .await?
}

async fn whole_answer(stream: &mut TcpStream) -> io::Result<String> {
    let mut answer = String::new();
    stream.take(ANSWER_LEN_MAX).read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Only what needs no name server: what others answer must not have this node ask one.
fn named_place(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into()),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_localhost_and_no_name_to_look_up() {
        for (text, place) in [
            ("localhost:5001", Some("127.0.0.1:5001")),
            ("10.0.0.7:80", Some("10.0.0.7:80")),
            ("[::1]:80", Some("[::1]:80")),
            ("example.org:80", None),
            ("localhost:65536", None),
            ("localhost", None),
            ("", None),
        ] {
            assert_eq!(named_place(text), place.map(|place| place.parse().unwrap()), "{text}");
        }
    }
}
