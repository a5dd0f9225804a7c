//! The conversation with one page.
//!
//! A page that reads slowly holds up nobody: frames wait for it, once for all pages, and when it is too far
//! behind it is told how many it has missed and gets the whole picture anew. One that does not read at all
//! is closed, and comes back by itself when it can.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{self, Instant},
};

use super::{
    commands,
    limits::{
        COUNT_MAX, EXCESS_MAX, FRAME_LEN_MAX, IN_FLIGHT_MAX, Meter, NAME_LEN_MAX, NODES_MAX, RATE,
        SEND_TIME_MAX, TEXT_LEN_MAX,
    },
    messages::{
        self, Connected, ErrorCode, LimitsShown, PageFrame, PageMessage, Refusal, ServerMessage,
        VERSION,
    },
    room::Room,
    site::Site,
};
use crate::live::{Stage, World};

/// Messages that a page gets when it comes.
const RECENT: usize = 50;

/// How long a page that broke the rules has to read why, before its connection is closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a conversation ends: as the numbers of WebSockets, those from 4000 on are ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// The page has closed, is lost, or does not read.
    Gone,
    Stopping,
    Policy(&'static str),
    TooLarge,
    /// What came is no WebSocket's.
    Broken,
    Idle,
}

impl Ending {
    fn close_frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Stopping => (1001, "the server stops"),
            Self::Policy(reason) => (1008, reason),
            Self::TooLarge => (1009, "too large"),
            Self::Broken => (1002, "no frame of a WebSocket"),
            Self::Idle => (4000, "idle"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

struct Page<'a> {
    site: &'a Site,
    number: u64,
    socket: WebSocket,
    /// What all pages are told.
    frames: broadcast::Receiver<Utf8Bytes>,
    meter: Meter,
    /// Frames that came too fast, less one for each that did not.
    excess: u32,
    /// When something was heard of it.
    heard: Instant,
}

/// Talks with a page until one of both ends that.
pub(crate) async fn serve(site: &Site, number: u64, socket: WebSocket) {
    let frames = site.world.act(|stage| {
        stage.watcher.pages += 1;
        stage.watcher.feed.listen()
    });
    let now = Instant::now();
    let meter = Meter::new(now);
    let mut page = Page { site, number, socket, frames, meter, excess: 0, heard: now };
    let ending = page.talk().await;
    site.world.act(|stage| {
        stage.watcher.pages -= 1;
        commands::leave_all(stage, number);
    });
    page.part(ending).await;
}

impl Page<'_> {
    async fn talk(&mut self) -> Ending {
        let mut stop = self.site.stop.clone();
        let mut ticks = time::interval(self.site.idle_timeout / 3);
        if let Err(ending) = self.catch_up(Vec::new()).await {
            return ending;
        }
        loop {
            let done = tokio::select! {
                _ = stop.changed() => Err(Ending::Stopping),
                frame = self.frames.recv() => self.pass_on(frame).await,
                message = self.socket.recv() => self.hear(message).await,
                _ = ticks.tick() => self.look_after().await,
            };
            if let Err(ending) = done {
                return ending;
            }
        }
    }

    async fn pass_on(&mut self, frame: Result<Utf8Bytes, RecvError>) -> Result<(), Ending> {
        match frame {
            Ok(frame) => self.send(Message::Text(frame)).await,
            Err(RecvError::Lagged(missed)) => {
                self.catch_up(vec![ServerMessage::Lagged { missed }]).await
            }
            Err(RecvError::Closed) => Err(Ending::Stopping),
        }
    }

    /// Tells the page everything as it is now; the frames that it gets from then on begin there.
    async fn catch_up(&mut self, mut messages: Vec<ServerMessage>) -> Result<(), Ending> {
        let world = &self.site.world;
        let (connected, frames, now) = world.act(|stage| {
            (connected(world, stage, self.number), stage.watcher.feed.listen(), stage.now)
        });
        self.frames = frames;
        messages.push(ServerMessage::Connected(Box::new(connected)));
        self.send(Message::Text(messages::frame(now, &messages).into())).await
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Ending> {
        let now = Instant::now();
        self.heard = now;
        match message {
            Some(Ok(Message::Text(text))) => self.answer(&text, now).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.expect_pace(now).await.map(drop),
            Some(Ok(Message::Binary(_))) => {
                let text = "frames are text";
                self.reply(vec![ServerMessage::error(ErrorCode::Malformed, text)]).await?;
                Err(Ending::Policy("frames are text"))
            }
            Some(Err(err)) if is_too_large(&err) => {
                let text = format!("a frame has at most {FRAME_LEN_MAX} bytes");
                self.reply(vec![ServerMessage::error(ErrorCode::TooLarge, text)]).await?;
                Err(Ending::TooLarge)
            }
            // Who is gone is not told so, though trying costs nothing.
            Some(Err(_)) => Err(Ending::Broken),
            Some(Ok(Message::Close(_))) | None => Err(Ending::Gone),
        }
    }

    async fn answer(&mut self, text: &str, now: Instant) -> Result<(), Ending> {
        if !self.expect_pace(now).await? {
            return Ok(());
        }
        match read(text) {
            Ok(message) => {
                let answer = commands::obey(&self.site.world, self.number, message);
                self.reply(answer).await
            }
            Err(refusal) => {
                let is_other_version =
                    matches!(*refusal, ServerMessage::Error { code: ErrorCode::Version, .. });
                self.reply(vec![*refusal]).await?;
                if is_other_version { Err(Ending::Policy("another version")) } else { Ok(()) }
            }
        }
    }

    /// Whether a frame comes slowly enough to be read. The first that does not is answered, and a page that
    /// goes on is closed.
    async fn expect_pace(&mut self, now: Instant) -> Result<bool, Ending> {
        if self.meter.admits(now) {
            self.excess = self.excess.saturating_sub(1);
            return Ok(true);
        }
        self.excess += 1;
        if self.excess > EXCESS_MAX {
            return Err(Ending::Policy("too fast"));
        }
        if self.excess == 1 {
            let text = format!("more than {RATE} messages a second");
            self.reply(vec![ServerMessage::error(ErrorCode::TooFast, text)]).await?;
        }
        Ok(false)
    }

    /// Asks a page that is silent whether it is still there.
    async fn look_after(&mut self) -> Result<(), Ending> {
        if self.heard.elapsed() > self.site.idle_timeout {
            return Err(Ending::Idle);
        }
        self.send(Message::Ping(Vec::new().into())).await
    }

    async fn reply(&mut self, messages: Vec<ServerMessage>) -> Result<(), Ending> {
        if messages.is_empty() {
            return Ok(());
        }
        let now = self.site.world.clock().now();
        self.send(Message::Text(messages::frame(now, &messages).into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Ending> {
        match time::timeout(SEND_TIME_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ending::Gone),
        }
    }

    /// Says why it ends. What comes meanwhile is not read; closing at once would reset the connection, and
    /// the reason would be lost on its way.
    async fn part(mut self, ending: Ending) {
        let Some(frame) = ending.close_frame() else { return };
        let is_said = time::timeout(FAREWELL, self.socket.send(Message::Close(Some(frame)))).await;
        if is_said.is_ok_and(|said| said.is_ok()) {
            let read_on = async { while let Some(Ok(_)) = self.socket.recv().await {} };
            let _ = time::timeout(FAREWELL, read_on).await;
            if matches!(ending, Ending::TooLarge) {
                time::sleep(FAREWELL).await;
            }
        }
    }
}

fn connected(world: &World<Room>, stage: &Stage<'_, Room>, page: u64) -> Connected {
    let room = &*stage.watcher;
    let pace = world.clock().pace();
    Connected {
        page,
        rev: room.rev,
        config: room.config.clone(),
        config_default: delivery::Config::default(),
        seed: room.seed,
        speed: pace.speed,
        paused: pace.paused,
        partitioned: room.is_partitioned,
        runner: world.runner_name(),
        nodes: room.nodes.names(),
        messages: room.conversation.last(RECENT),
        history: room.history.iter().cloned().collect(),
        experiment: room.experiment.as_ref().map(|run| run.shown.clone()),
        limits: LimitsShown {
            text: TEXT_LEN_MAX,
            count: COUNT_MAX,
            nodes: NODES_MAX,
            name: NAME_LEN_MAX,
            in_flight: IN_FLIGHT_MAX,
        },
    }
}

/// What a frame asks for, or what is answered to one that asks for nothing.
fn read(text: &str) -> Result<PageMessage, Refusal> {
    let malformed =
        |err: serde_json::Error| ServerMessage::refusal(ErrorCode::Malformed, err.to_string());
    let frame: PageFrame = serde_json::from_str(text).map_err(malformed)?;
    if frame.v != VERSION {
        let text = format!("version {} is spoken here, not {}", VERSION, frame.v);
        return Err(ServerMessage::refusal(ErrorCode::Version, text));
    }
    serde_json::from_value(frame.message).map_err(malformed)
}

/// The library says it in words alone.
fn is_too_large(err: &axum::Error) -> bool {
    err.to_string().contains("too long")
}
