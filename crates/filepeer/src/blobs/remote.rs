//! Content of other peers, over QUIC.

use std::{io, ops::Range, time::Duration};

use bao_tree::{
    BaoTree, ChunkRanges, blake3,
    io::{
        DecodeError,
        fsm::{ResponseDecoder, ResponseDecoderNext},
    },
};
use iroh::{
    Endpoint, EndpointAddr,
    endpoint::{Connection, ReadError, ReadExactError, RecvStream},
};
use iroh_io::TokioStreamReader;
use n0_future::{Stream, stream};
use tokio::time::timeout;

use super::{
    source::{Blobs, Piece, SourceError},
    tree::{self, Blob, SIZE_MAX},
    wire::{ALPN, Request, code},
};

/// How long a holder may take to be connected, and again to prove the size.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Those who can be dialled from `endpoint`.
#[derive(Clone, Debug)]
pub(crate) struct RemoteBlobs {
    pub(crate) endpoint: Endpoint,
}

impl Blobs for RemoteBlobs {
    type Source = Connection;

    async fn reach(
        &self,
        holder: &EndpointAddr,
        hash: blake3::Hash,
    ) -> Result<(Connection, u64), SourceError> {
        let unreachable = |why: String| SourceError::Unreachable(why);
        let connecting = timeout(REACH_TIMEOUT, self.endpoint.connect(holder.clone(), ALPN)).await;
        let connection = connecting
            .map_err(|_| unreachable("no answer".to_owned()))?
            .map_err(|err| unreachable(err.to_string()))?;
        let size = timeout(REACH_TIMEOUT, proven_size(&connection, hash)).await;
        let size = size.map_err(|_| SourceError::Silent(REACH_TIMEOUT))??;
        Ok((connection, size))
    }

    fn read(
        source: Connection,
        blob: Blob,
        span: Range<u64>,
    ) -> impl Stream<Item = Result<Piece, SourceError>> + Send {
        stream::unfold(Reading::Asking(source, blob, span), |reading| async {
            let answer = match reading {
                Reading::Asking(source, blob, span) => {
                    match Answer::to(&source, blob.hash, tree::chunks(&span), Some(blob.size)).await
                    {
                        Ok((answer, _)) => answer,
                        Err(err) => return Some((Err(err), Reading::Over)),
                    }
                }
                Reading::Under(answer) => answer,
                Reading::Over => return None,
            };
            match answer.next().await? {
                (Ok(piece), answer) => Some((Ok(piece), Reading::Under(answer))),
                (Err(err), _) => Some((Err(err), Reading::Over)),
            }
        })
    }
}

enum Reading {
    Asking(Connection, Blob, Range<u64>),
    Under(Answer),
    Over,
}

/// The last chunk cannot be proved to be the last of a content that is longer or shorter.
async fn proven_size(connection: &Connection, hash: blake3::Hash) -> Result<u64, SourceError> {
    let (mut answer, size) = Answer::to(connection, hash, tree::last_chunk(), None).await?;
    while let Some((piece, rest)) = answer.next().await {
        piece?;
        answer = rest;
    }
    Ok(size)
}

/// What comes back, once its size is known.
struct Answer(ResponseDecoder<TokioStreamReader<RecvStream>>);

impl Answer {
    /// `size` is what was proved before; a holder that says something else now is wrong.
    async fn to(
        connection: &Connection,
        hash: blake3::Hash,
        chunks: ChunkRanges,
        size: Option<u64>,
    ) -> Result<(Self, u64), SourceError> {
        let (mut request, mut answer) =
            connection.open_bi().await.map_err(|err| SourceError::Lost(err.to_string()))?;
        let bytes = Request { hash, chunks: chunks.clone() }.to_bytes();
        request.write_all(&bytes).await.map_err(|err| SourceError::Lost(err.to_string()))?;
        // Fails only where the holder has closed the stream; what it has to say is read below.
        let _ = request.finish();
        let mut claimed = [0; 8];
        answer.read_exact(&mut claimed).await.map_err(|err| match err {
            ReadExactError::FinishedEarly(_) => SourceError::NotHeld,
            ReadExactError::ReadError(err) => of_read(&err),
        })?;
        let claimed = u64::from_le_bytes(claimed);
        if claimed > SIZE_MAX {
            return Err(SourceError::OtherSize(claimed));
        }
        if size.is_some_and(|size| size != claimed) {
            return Err(SourceError::WrongBytes { at: 0 });
        }
        let tree: BaoTree = tree::tree(claimed);
        let reader = TokioStreamReader(answer);
        Ok((Self(ResponseDecoder::new(hash, chunks, tree, reader)), claimed))
    }

    /// `None` when all has come.
    async fn next(self) -> Option<(Result<Piece, SourceError>, Self)> {
        match self.0.next().await {
            ResponseDecoderNext::More((rest, piece)) => {
                Some((piece.map_err(|err| of_decoding(&err)), Self(rest)))
            }
            ResponseDecoderNext::Done(_) => None,
        }
    }
}

fn of_decoding(err: &DecodeError) -> SourceError {
    match err {
        DecodeError::ParentHashMismatch(node) => {
            SourceError::WrongBytes { at: node.chunk_range().start.to_bytes() }
        }
        DecodeError::LeafHashMismatch(chunk) => SourceError::WrongBytes { at: chunk.to_bytes() },
        DecodeError::ParentNotFound(_) | DecodeError::LeafNotFound(_) => SourceError::Stopped,
        DecodeError::Io(err) => of_io(err),
    }
}

fn of_io(err: &io::Error) -> SourceError {
    match err.get_ref().and_then(|err| err.downcast_ref()) {
        Some(err) => of_read(err),
        None => SourceError::Lost(err.to_string()),
    }
}

fn of_read(err: &ReadError) -> SourceError {
    match err {
        ReadError::Reset(reason) if *reason == code::LIMIT.into() => SourceError::Busy,
        ReadError::Reset(_) => SourceError::Stopped,
        ReadError::ConnectionLost(err) => SourceError::Lost(err.to_string()),
        ReadError::ClosedStream | ReadError::ZeroRttRejected => SourceError::Lost(err.to_string()),
    }
}
