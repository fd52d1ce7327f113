//! What waits to be written to a socket: bounded, and watched for a reader who does not read.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt;
use tokio::time::Instant;

use crate::limits;

/// Messages on their way to one client.
#[derive(Default)]
pub struct Outbox {
    waiting: VecDeque<Message>,
    bytes: usize,
    /// Whether the socket has taken something that it has not written yet.
    unwritten: bool,
    /// Since when the socket takes nothing more.
    stalled: Option<Instant>,
}

impl Outbox {
    /// Adds a message.
    pub fn push(&mut self, message: Message) {
        self.bytes += size(&message);
        self.waiting.push_back(message);
    }

    /// Whether more should be made for this client now.
    pub fn has_room(&self) -> bool {
        self.has_room_beside(0, 0)
    }

    /// The same, where so many frames with so many bytes are on their way into it.
    pub fn has_room_beside(&self, frames: usize, bytes: usize) -> bool {
        self.waiting.len() + frames < limits::OUTBOUND_FRAMES && self.bytes + bytes < limits::OUTBOUND_BYTES
    }

    /// When a reader who takes nothing is given up.
    pub fn deadline(&self) -> Option<Instant> {
        self.stalled.map(|since| since + limits::WRITE_WAIT)
    }

    /// Writes what the socket takes: everything that waits goes into one write.
    pub fn poll_write(&mut self, socket: &mut WebSocket, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        while !self.waiting.is_empty() {
            if socket.poll_ready_unpin(cx)?.is_pending() {
                return self.stall();
            }
            if let Some(message) = self.waiting.pop_front() {
                self.bytes -= size(&message);
                socket.start_send_unpin(message)?;
                self.unwritten = true;
                self.stalled = None;
            }
        }
        if self.unwritten {
            if socket.poll_flush_unpin(cx)?.is_pending() {
                return self.stall();
            }
            self.unwritten = false;
        }
        self.stalled = None;
        Poll::Ready(Ok(()))
    }

    fn stall(&mut self) -> Poll<Result<(), axum::Error>> {
        self.stalled.get_or_insert_with(Instant::now);
        Poll::Pending
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}
