//! One neighbour on the network: a QUIC connection with a stream of messages in each direction.
//!
//! A link is one task. What it receives it hands on one by one and waits until it is taken, so a peer that
//! sends faster than the node works is slowed down by QUIC itself. What it has to send waits in a short
//! queue; a peer that does not read loses what no longer fits, and in the end its link.

use std::time::Duration;

use iroh::{
    EndpointId,
    endpoint::{Connection, ConnectionError, ReadExactError, RecvStream, Side, VarInt},
};
use searching::{Message, codec};
use tokio::{sync::mpsc, task, time};

use super::{counts::Tally, event::Place};

/// What connections between neighbours say they are for.
pub(crate) const ALPN: &[u8] = b"/filepeer/search/1";

/// Messages that wait for one neighbour: a flood of some hundred searches at once.
const OUTBOX_LEN: usize = 256;

/// Most bytes of messages that a neighbour may have on their way to us.
const RECEIVE_WINDOW: u32 = 256 * 1024;

/// How long a neighbour may take for one message, in either direction.
const MESSAGE_WAIT: Duration = Duration::from_secs(5);

/// Messages that are read in one second; more of them wait.
const MESSAGES_PER_SECOND_MAX: u32 = 5_000;

/// Names one link of this process. A link that replaces another has a new one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct LinkId(pub(super) u64);

/// What a link tells the node.
#[derive(Debug)]
pub(super) enum Report {
    Received(LinkId, Message),
    Ended(LinkId, Ending),
}

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ending {
    #[error("the node ended it")]
    Ours,
    #[error("the peer closed the connection")]
    Closed,
    #[error("the connection is lost")]
    Lost,
    #[error("it has neighbours enough")]
    Full,
    #[error("it takes no messages")]
    Stalled,
    #[error("{0}")]
    Misbehaved(String),
}

/// Why a connection is closed, as the peer reads it. Other numbers mean nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub(super) enum Closing {
    Done = 0,
    Refused = 1,
    Full = 2,
    /// There is another connection between the two, which stays.
    Double = 3,
}

impl Closing {
    pub(super) fn close(self, connection: &Connection) {
        connection.close(VarInt::from_u32(self as u32), b"");
    }
}

/// The node's end of a link. The link ends when it is dropped.
pub(super) struct Link {
    pub(super) place: Place,
    pub(super) peer: EndpointId,
    /// Which of the two began the connection.
    pub(super) side: Side,
    outbox: mpsc::Sender<Message>,
}

impl Link {
    /// Takes over the connection, in a task of its own.
    pub(super) fn start(id: LinkId, connection: Connection, reports: mpsc::Sender<Report>) -> Self {
        connection.set_receive_window(VarInt::from_u32(RECEIVE_WINDOW));
        connection.set_max_concurrent_bi_streams(VarInt::from_u32(0));
        let (outbox, unsent) = mpsc::channel(OUTBOX_LEN);
        let peer = connection.remote_id();
        let side = connection.side();
        let place = Place::of(&connection);
        task::spawn(async move {
            let ending = run(id, &connection, unsent, &reports).await;
            let closing = match ending {
                Ending::Misbehaved(_) | Ending::Stalled => Closing::Refused,
                _ => Closing::Done,
            };
            closing.close(&connection);
            let _ = reports.send(Report::Ended(id, ending)).await;
        });
        Self { place, peer, side, outbox }
    }

    /// Sends the message if there is room for it.
    pub(super) fn send(&self, message: Message, tally: &Tally) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.outbox.try_send(message) {
            tally.lost_to_slow();
        }
    }
}

async fn run(
    id: LinkId,
    connection: &Connection,
    unsent: mpsc::Receiver<Message>,
    reports: &mpsc::Sender<Report>,
) -> Ending {
    tokio::select! {
        ending = receive(id, connection, reports) => ending,
        ending = send(connection, unsent) => ending,
        _ = connection.accept_bi() => misbehaved(connection, "it opened a stream that searches have none of"),
    }
}

/// The streams end with the connection, so which of them notices first says nothing.
fn misbehaved(connection: &Connection, what: impl ToString) -> Ending {
    match connection.close_reason() {
        Some(reason) => ending_of(&reason),
        None => Ending::Misbehaved(what.to_string()),
    }
}

/// In words of ours: what a peer says on closing may be anything.
fn ending_of(reason: &ConnectionError) -> Ending {
    match reason {
        ConnectionError::ApplicationClosed(close)
            if close.error_code == VarInt::from_u32(Closing::Full as u32) =>
        {
            Ending::Full
        }
        ConnectionError::ApplicationClosed(_) | ConnectionError::ConnectionClosed(_) => {
            Ending::Closed
        }
        ConnectionError::LocallyClosed => Ending::Ours,
        _ => Ending::Lost,
    }
}

async fn send(connection: &Connection, mut unsent: mpsc::Receiver<Message>) -> Ending {
    let Ok(mut stream) = connection.open_uni().await else {
        return misbehaved(connection, "it takes no stream of messages");
    };
    while let Some(message) = unsent.recv().await {
        let frame = codec::encode(&message);
        match time::timeout(MESSAGE_WAIT, stream.write_all(&frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return misbehaved(connection, "it stopped the stream of messages"),
            Err(_) => return Ending::Stalled,
        }
    }
    Ending::Ours
}

async fn receive(id: LinkId, connection: &Connection, reports: &mpsc::Sender<Report>) -> Ending {
    // A peer that has nothing to say opens none.
    let Ok(mut stream) = connection.accept_uni().await else {
        return misbehaved(connection, "the connection is lost");
    };
    let mut pace = Pace::default();
    loop {
        pace.keep().await;
        let message = match next_message(&mut stream).await {
            Ok(message) => message,
            Err(what) => return misbehaved(connection, what),
        };
        if reports.send(Report::Received(id, message)).await.is_err() {
            return Ending::Ours;
        }
    }
}

/// The next message, or what is wrong with it. A message may come at any time, but not bit by bit.
async fn next_message(stream: &mut RecvStream) -> Result<Message, String> {
    let mut prefix = [0; codec::PREFIX_LEN];
    stream.read_exact(&mut prefix).await.map_err(what_is_wrong)?;
    let len = codec::frame_len(prefix).map_err(|err| err.to_string())?;
    let mut frame = vec![0; len];
    let whole = time::timeout(MESSAGE_WAIT, stream.read_exact(&mut frame)).await;
    whole.map_err(|_| "it did not finish a message".to_owned())?.map_err(what_is_wrong)?;
    codec::decode(&frame).map_err(|err| err.to_string())
}

fn what_is_wrong(err: ReadExactError) -> String {
    match err {
        ReadExactError::FinishedEarly(0) => "it ended the stream of messages",
        ReadExactError::FinishedEarly(_) => "it ended the stream of messages within one",
        ReadExactError::ReadError(_) => "it reset the stream of messages",
    }
    .to_owned()
}

/// Lets so many messages through in a second.
struct Pace {
    second: time::Instant,
    messages: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { second: time::Instant::now(), messages: 0 }
    }
}

impl Pace {
    async fn keep(&mut self) {
        self.messages += 1;
        if self.messages > MESSAGES_PER_SECOND_MAX {
            time::sleep_until(self.second + Duration::from_secs(1)).await;
        }
        if self.second.elapsed() >= Duration::from_secs(1) {
            *self = Self::default();
        }
    }
}
