//! The floor: a server that knows no GraphQL, stores nothing and answers from constants, but sends real frames to every
//! subscriber. Its figures are the most that the load generator can count, and the least that loopback TCP costs a server.
//!
//! With a [`Fault`] it is what the load generator's own counters are tested with.

mod answers;
mod fault;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Result, ensure};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify};
use tokio::task::LocalSet;

use crate::ws::{ACCEPT, KEY};
use answers::Message;
pub use fault::{Fault, Wrong};

/// Such a server.
#[derive(Default)]
pub struct Floor {
    subscribers: Mutex<Vec<Subscriber>>,
    /// The last `seq` of each conversation.
    seqs: RefCell<Vec<u64>>,
    /// The messages, where they are kept for those who come back.
    log: Option<RefCell<Vec<Message>>>,
    /// A fault that is committed.
    wrong: Option<Wrong>,
    /// How often the fault could have been committed.
    chances: Cell<u64>,
    /// How often it was.
    pub committed: Arc<AtomicU64>,
    /// Ends the connections of all subscribers.
    pub end_all: Arc<Notify>,
}

struct Subscriber {
    socket: OwnedWriteHalf,
    /// One conversation, or all.
    room: Option<usize>,
    has_cursor: bool,
    /// Messages that were to be delivered to it, without probes.
    measured: u64,
    /// What is sent after the next message instead of before it.
    held: Option<Vec<u8>>,
}

impl Subscriber {
    /// Sends at once what fits, and waits for the rest.
    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let done = self.socket.try_write(bytes).unwrap_or(0);
        self.socket.write_all(&bytes[done..]).await
    }
}

impl Floor {
    /// A server that keeps messages for those who come back, and commits a fault.
    #[cfg(test)]
    pub fn faulty(wrong: Option<Wrong>) -> Self {
        Self { wrong, log: Some(RefCell::default()), ..Self::default() }
    }

    /// Serves on a port of this machine.
    pub async fn serve(self, port: u16) -> Result<()> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into())?;
        socket.listen(4096)?;
        Rc::new(self).accept(TcpListener::from_std(socket.into())?).await
    }

    /// Serves whoever connects.
    pub async fn accept(self: Rc<Self>, listener: TcpListener) -> Result<()> {
        let connections = async {
            loop {
                let (stream, _) = tokio::select! {
                    accepted = listener.accept() => accepted?,
                    () = self.end_all.notified() => {
                        self.subscribers.lock().await.clear();
                        continue;
                    }
                };
                stream.set_nodelay(true)?;
                let floor = self.clone();
                // A connection that ends is the client's business.
                tokio::task::spawn_local(async move { drop(floor.connection(stream).await) });
            }
        };
        LocalSet::new().run_until(connections).await
    }

    async fn connection(&self, mut stream: TcpStream) -> Result<()> {
        let mut read = Vec::new();
        loop {
            let head = read_until(&mut stream, &mut read, b"\r\n\r\n").await? + 4;
            let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
            if text.contains("upgrade: websocket") {
                ensure!(text.contains(&KEY.to_lowercase()));
                return self.websocket(stream).await;
            }
            let length = text.split("content-length: ").nth(1).and_then(|text| text.split('\r').next()?.parse().ok());
            let length: usize = length.unwrap_or(0);
            while read.len() < head + length {
                ensure!(stream.read_buf(&mut read).await? > 0, "half a request");
            }
            let body = self.answer(&read[head..head + length]).await;
            read.drain(..head + length);
            let response = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(response.as_bytes()).await?;
        }
    }

    async fn websocket(&self, mut stream: TcpStream) -> Result<()> {
        ensure!(!self.commits(Fault::Refuse), "refused");
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        // The load generator masks its frames with zeroes, which leaves their text readable.
        let mut read = Vec::new();
        read_until(&mut stream, &mut read, b"connection_init").await?;
        stream.write_all(&frame(r#"{"type":"connection_ack"}"#)).await?;
        read_until(&mut stream, &mut read, b"\"subscribe\"").await?;
        let variables = read_until(&mut stream, &mut read, b"\"variables\"").await?;
        while read.last() != Some(&b'}') {
            ensure!(stream.read_buf(&mut read).await? > 0, "half a subscription");
        }
        let room = answers::room(&read[variables..]);
        let has_cursor = memmem::find(&read, b"feedCursor").is_some();
        let after = answers::after(&read[variables..]);
        let (mut incoming, socket) = stream.into_split();
        let mut subscriber = Subscriber { socket, room, has_cursor, measured: 0, held: None };
        let mut muted = None;
        {
            // No message gets its number meanwhile, so that each is either among those missed or delivered later.
            let mut subscribers = self.subscribers.lock().await;
            if self.commits(Fault::Mute) {
                muted = Some(subscriber);
            } else {
                if let (Some(after), Some(log)) = (after, &self.log) {
                    let missed: Vec<Message> =
                        log.borrow().iter().filter(|message| message.position > after).cloned().collect();
                    for message in missed {
                        let frame = frame(&message.delivery(has_cursor));
                        ensure!(self.deliver_to(&mut subscriber, &frame, &message).await, "ended");
                    }
                }
                subscribers.push(subscriber);
            }
        }
        let mut sink = [0; 1024];
        while incoming.read(&mut sink).await? > 0 {}
        drop(muted);
        Ok(())
    }

    /// Delivers a message to a subscriber; `false` if its connection is at its end.
    async fn deliver_to(&self, subscriber: &mut Subscriber, frame: &[u8], message: &Message) -> bool {
        match self.wrong {
            None => subscriber.write(frame).await.is_ok(),
            Some(_) => self.deliver_badly(subscriber, frame, message).await,
        }
    }

    /// Gives a message its number, and delivers it to everybody who subscribed to it.
    async fn send(&self, body: &[u8]) -> Message {
        let mut subscribers = self.subscribers.lock().await;
        let message = self.sent(body);
        let [plain, with_cursor] = [false, true].map(|has_cursor| frame(&message.delivery(has_cursor)));
        let mut at = 0;
        while let Some(subscriber) = subscribers.get_mut(at) {
            if subscriber.room.is_some_and(|room| room != message.room) {
                at += 1;
                continue;
            }
            let frame = if subscriber.has_cursor { &with_cursor } else { &plain };
            match self.deliver_to(subscriber, frame, &message).await {
                true => at += 1,
                false => drop(subscribers.swap_remove(at)),
            }
        }
        message
    }
}

/// Reads until something was read; where it begins.
async fn read_until(stream: &mut TcpStream, read: &mut Vec<u8>, what: &[u8]) -> Result<usize> {
    loop {
        if let Some(at) = memmem::find(read, what) {
            return Ok(at);
        }
        ensure!(stream.read_buf(read).await? > 0, "closed");
    }
}

/// A text frame.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = match u8::try_from(text.len()) {
        Ok(short) if short < 126 => vec![0x81, short],
        _ => [&[0x81, 126][..], &(text.len() as u16).to_be_bytes()].concat(),
    };
    frame.extend_from_slice(text.as_bytes());
    frame
}
