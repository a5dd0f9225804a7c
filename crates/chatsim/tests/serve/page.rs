//! A page without a browser.

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testkit::PATIENCE;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Page {
    socket: Socket,
    /// Messages of frames that have come.
    unread: VecDeque<Value>,
    /// How many frames have come.
    pub(crate) frames: usize,
    /// Bytes of the last of them.
    pub(crate) last_len: usize,
    /// What it was told when it came.
    pub(crate) connected: Value,
}

impl Page {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let (socket, _) = connect_async(url(address)).await.unwrap();
        Self::greeted(socket).await
    }

    /// One whose system keeps little for it while it does not read.
    pub(crate) async fn open_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
        let (socket, _) = client_async(url(address), stream).await.unwrap();
        Self::greeted(socket).await
    }

    /// One on a machine of this address, which is this machine's too.
    pub(crate) async fn open_from(own: [u8; 4], address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((own, 0))).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
        let (socket, _) = client_async(url(address), stream).await.unwrap();
        Self::greeted(socket).await
    }

    async fn greeted(socket: Socket) -> Self {
        let mut page = Self {
            socket,
            unread: VecDeque::new(),
            frames: 0,
            last_len: 0,
            connected: Value::Null,
        };
        page.connected = page.wait_for("connected").await;
        page
    }

    /// A page that plays this node.
    pub(crate) async fn of_node(address: SocketAddr, node: &str) -> Self {
        let mut page = Self::open(address).await;
        page.say(json!({"type": "register", "node": node})).await;
        page.wait_for("registered").await;
        page
    }

    /// Changes the configuration, and returns when that is done.
    pub(crate) async fn configure(&mut self, patch: Value) {
        let rev = self.connected["rev"].clone();
        self.say(json!({"type": "update_config", "rev": rev, "patch": patch})).await;
        self.connected["rev"] = self.wait_for("config_updated").await["rev"].clone();
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.say_raw(Message::text(json!({"v": 1, "message": message}).to_string())).await.unwrap();
    }

    pub(crate) async fn say_raw(&mut self, message: Message) -> Result<(), Error> {
        timeout(PATIENCE, self.socket.send(message)).await.expect("the server reads")
    }

    /// Sends text messages; returns their ids.
    pub(crate) async fn send(&mut self, from: &str, method: &str, count: u32) -> Vec<u64> {
        self.say(json!({
            "type": "send_message", "from": from, "method": method, "text": "hello", "count": count
        }))
        .await;
        let ack = self.wait_for("sent_ack").await;
        ack["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
    }

    pub(crate) async fn control(&mut self, action: &str) {
        self.say(json!({"type": "control", "action": action})).await;
    }

    /// The next message of the server.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            if let Some(message) = self.unread.pop_front() {
                return message;
            }
            self.read_frame().await.expect("the server goes on");
        }
    }

    /// Reads a frame; an error is the end, with the number that the server gave for it.
    async fn read_frame(&mut self) -> Result<(), Option<u16>> {
        let message =
            timeout(PATIENCE, self.socket.next()).await.expect("the server says something");
        match message {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(frame["v"], 1);
                self.frames += 1;
                self.last_len = text.len();
                self.unread.extend(frame["messages"].as_array().unwrap().iter().cloned());
                Ok(())
            }
            Some(Ok(Message::Close(frame))) => Err(frame.map(|frame| u16::from(frame.code))),
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(None),
        }
    }

    /// The next message of this type; others are passed over.
    pub(crate) async fn wait_for(&mut self, kind: &str) -> Value {
        self.wait_until(|message| message["type"] == kind).await
    }

    /// The next message of which that is true; others are passed over.
    pub(crate) async fn wait_until(&mut self, mut is_it: impl FnMut(&Value) -> bool) -> Value {
        let find = async {
            loop {
                let message = self.next().await;
                if is_it(&message) {
                    return message;
                }
            }
        };
        timeout(PATIENCE, find).await.expect("the server says that at some time")
    }

    /// Reads until the server ends the conversation, and returns the number that it gives for that.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Err(number) = self.read_frame().await {
                return number;
            }
        }
    }

    /// Everything that was said and not read.
    pub(crate) fn take_unread(&mut self) -> Vec<Value> {
        self.unread.drain(..).collect()
    }
}

pub(crate) fn url(address: SocketAddr) -> String {
    format!("ws://{address}/ws")
}

/// What a page of another origin, or one that asks for another host, is answered.
pub(crate) async fn status_for(
    address: SocketAddr,
    header: &'static str,
    value: &str,
) -> Result<(), u16> {
    let mut request = url(address).into_client_request().unwrap();
    request.headers_mut().insert(header, HeaderValue::from_str(value).unwrap());
    match connect_async(request).await {
        Ok(_) => Ok(()),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(err) => panic!("{err}"),
    }
}
