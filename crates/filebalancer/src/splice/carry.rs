//! One direction of a connection: what comes from one socket goes to another.
//!
//! Little is copied through a buffer of the thread. What fills that is a transfer, and is spliced: it goes
//! through a pipe and never leaves the kernel.

use std::{
    cell::RefCell,
    future::poll_fn,
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWriteExt, Interest, ReadBuf},
    net::tcp::{ReadHalf, WriteHalf},
};

use super::pipe::Pipe;

/// What is copied at once; more is spliced.
const BUFFER_LEN: usize = 16 * 1024;

/// A transfer is over when so often in a row less came.
const LITTLE_MAX: u32 = 16;

thread_local! {
    /// Never held over a wait, so that a connection that waits has none.
    static BUFFER: RefCell<[u8; BUFFER_LEN]> = const { RefCell::new([0; BUFFER_LEN]) };
}

/// Which of the two sockets is of no more use, and why.
#[derive(Debug)]
pub(super) enum Lost {
    From(io::Error),
    To(io::Error),
}

/// Carries until `from` ends, and ends `to` as well. `moved` is told how much, each time.
pub(super) async fn carry(
    from: &mut ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    moved: impl Fn(usize),
) -> Result<(), Lost> {
    let (mut pipe, mut little_in_a_row) = (None, 0);
    loop {
        let len = match &pipe {
            None => copy(from, &mut to).await?,
            Some(pipe) => splice(from, &to, pipe).await?,
        };
        if len == 0 {
            // A peer that is gone already needs no end.
            let _ = to.shutdown().await;
            return Ok(());
        }
        moved(len);
        little_in_a_row = if len < BUFFER_LEN { little_in_a_row + 1 } else { 0 };
        if pipe.is_some() && little_in_a_row >= LITTLE_MAX {
            pipe = None;
        } else if pipe.is_none() && len == BUFFER_LEN {
            // Without descriptors for one, copying does it too.
            pipe = Pipe::open().ok();
        }
    }
}

/// How much was copied; nothing at the end.
///
/// What is ready on all connections is read before any of it is written: whoever gets something from several
/// is woken once, and not once for each.
async fn copy(from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> Result<usize, Lost> {
    let bytes = poll_fn(|cx| read(from, cx)).await.map_err(Lost::From)?;
    others_first().await;
    to.write_all(&bytes).await.map_err(Lost::To)?;
    Ok(bytes.len())
}

fn read(from: &mut ReadHalf<'_>, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
    BUFFER.with_borrow_mut(|buffer| {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(from).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().to_vec()))
    })
}

/// Returns when the others of this thread that are ready have had their turn. Unlike tokio's `yield_now` it
/// does not ask the kernel who else is.
async fn others_first() {
    let mut is_turn = false;
    poll_fn(|cx| {
        if mem::replace(&mut is_turn, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// How much was spliced; nothing at the end.
async fn splice(from: &ReadHalf<'_>, to: &WriteHalf<'_>, pipe: &Pipe) -> Result<usize, Lost> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let filled = from.async_io(Interest::READABLE, || pipe.fill_from(from)).await;
    let len = filled.map_err(Lost::From)?;
    let mut left = len;
    while left > 0 {
        let emptied = to.async_io(Interest::WRITABLE, || pipe.empty_into(to, left)).await;
        left -= emptied.map_err(Lost::To)?;
    }
    Ok(len)
}
